"""The dealt paper as the candidate's page needs it."""

from typing_extensions import TypedDict

from paper.items import ItemType
from server.sittings.rules.dealing import LETTERS
from server.sittings.service.paper import DealtPaper


class ResponseShown(TypedDict, total=False):
    """An answer as it was sent: option ids, or text."""

    options: list[str]
    text: str


class OptionShown(TypedDict):
    """An option at its place; the letter exists on this screen only."""

    id: str
    letter: str
    text: str


class ItemShown(TypedDict):
    """An item in this candidate's order; ``number`` counts from 1, ``score`` is decimal text."""

    number: int
    item_id: str
    type: ItemType
    stem: str
    options: list[OptionShown]
    score: str


SectionShown = TypedDict(  # ``from`` is a keyword of Python
    "SectionShown", {"type": ItemType, "title": str, "from": int, "to": int}
)


class PaperShown(TypedDict):
    """The paper, and what the server holds of the answers.

    ``settled_ms`` tells for an item when its answer, or its clearing, was made.
    """

    form_code: str
    form_hash: str
    title: str
    items: list[ItemShown]
    sections: list[SectionShown]
    answers: dict[str, ResponseShown]
    settled_ms: dict[str, int]
    marks: list[str]
    epoch: int
    next_seq: int


def paper_json(paper: DealtPaper) -> PaperShown:
    """The dealt paper with display letters."""
    return PaperShown(
        form_code=paper.form_code,
        form_hash=paper.form_hash,
        title=paper.title,
        items=[
            ItemShown(
                number=dealt.number,
                item_id=dealt.item.item_id,
                type=dealt.item.type,
                stem=dealt.item.stem,
                options=[
                    OptionShown(id=option.id, letter=letter, text=option.text)
                    for letter, option in zip(LETTERS, dealt.options, strict=False)
                ],
                score=dealt.item.score,
            )
            for dealt in paper.items
        ],
        sections=[
            {"type": s.type, "title": s.title, "from": s.first, "to": s.last}
            for s in paper.sections
        ],
        answers=paper.answered.answers,
        settled_ms=paper.answered.settled_ms,
        marks=paper.answered.marks,
        epoch=paper.answered.epoch,
        next_seq=paper.answered.next_seq,
    )
