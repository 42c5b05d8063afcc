"""What a replay looks like over HTTP.

Rules kept here: a text of an item goes out only with a look that may read it; everybody else gets
positions, types and letters.
"""

from typing import Any

from pydantic import BaseModel

from paper.items import ItemType
from server.marking.rules import plain
from server.sittings.rules.dealing import LETTERS, DealtItem
from server.supervision.rules.comparing import Difference
from server.supervision.rules.moments import Group
from server.supervision.rules.replaying import Beside, Phase
from server.supervision.service.comparing import Proof
from server.supervision.service.replaying import Course, Shown


class OptionAt(BaseModel):
    """An option at its displayed place; ``text`` is empty for who may not read items."""

    id: str
    letter: str
    text: str


class ItemAt(BaseModel):
    """An item at its place in the candidate's order."""

    number: int
    item_id: str
    type: ItemType
    stem: str
    options: list[OptionAt]
    score: str


class SectionAt(BaseModel):
    """Items ``first`` to ``last``."""

    type: ItemType
    title: str
    first: int
    last: int


class MomentBody(BaseModel):
    """One record on the time line; ``number`` is the item's position, 0 for none."""

    seq: int
    at_ms: int
    client_ms: int | None
    kind: str
    group: Group
    number: int


class PictureBody(BaseModel):
    """A capture; ``kept`` is false once the picture is gone."""

    capture_id: str
    taken_at_ms: int
    outcome: str
    kept: bool


class CourseBody(BaseModel):
    """A whole sitting, from its first record to its last."""

    title: str
    texts: bool
    from_ms: int
    to_ms: int
    items: list[ItemAt]
    sections: list[SectionAt]
    moments: list[MomentBody]
    pictures: list[PictureBody]


class AnswerAt(BaseModel):
    """A response: displayed options by id, or text."""

    options: list[str]
    text: str


class BesideBody(BaseModel):
    """An event beside the answers; ``counted`` is what two people decided about late data."""

    seq: int
    kind: str
    number: int
    item_id: str
    response: AnswerAt | None
    epoch: int
    client_seq: int
    client_ms: int
    came_ms: int
    counted: bool | None


class NoticeAt(BaseModel):
    """What staff said or did."""

    seq: int
    kind: str
    at_ms: int
    text: str
    extend_s: int | None


class FrameBody(BaseModel):
    """The sitting at a moment. ``order`` names the items in the candidate's order, empty before the
    form was dealt.
    """

    at_ms: int
    through_seq: int
    phase: Phase
    order: list[str]
    current_item: str | None
    answers: dict[str, AnswerAt]
    marks: list[str]
    on_its_way: list[BesideBody]
    late: list[BesideBody]
    conflicts: list[BesideBody]
    notices: list[NoticeAt]
    epoch: int
    machine: str
    seat_no: str
    offline_since_ms: int | None
    away_since_ms: int | None
    deadline_ms: int | None
    left_ms: int | None
    extended_s: int
    submitted: str | None


class ProvedItem(BaseModel):
    """An item's mark from the replay and as stored; decimals as text, null while it waits."""

    number: int
    item_id: str
    answer: str
    full: str
    replayed: str | None
    stored: str | None
    difference: Difference | None


class ProofBody(BaseModel):
    """The score made again. ``published`` is null where there is none with a number."""

    equal: bool
    replayed: str
    stored: str
    published: str | None
    items: list[ProvedItem]


def course_body(course: Course) -> CourseBody:
    """The time line, and the paper as it was dealt."""
    texts = course.look.row.texts
    return CourseBody(
        title=course.title,
        texts=texts,
        from_ms=course.from_ms,
        to_ms=course.to_ms,
        items=[_item(one, texts=texts) for one in course.items],
        sections=[
            SectionAt(type=one.type, title=one.title, first=one.first, last=one.last)
            for one in course.sections
        ],
        moments=[
            MomentBody(
                seq=one.seq,
                at_ms=one.at_ms,
                client_ms=one.client_ms,
                kind=one.kind,
                group=one.group,
                number=one.number,
            )
            for one in course.moments
        ],
        pictures=[
            PictureBody(
                capture_id=one.capture_id,
                taken_at_ms=one.taken_at_ms,
                outcome=one.outcome,
                kept=one.kept,
            )
            for one in course.pictures
        ],
    )


def frame_body(shown: Shown) -> FrameBody:
    """A frame as the console draws it."""
    frame = shown.frame
    numbers = {one.item.item_id: one.number for one in frame.items}
    return FrameBody(
        at_ms=frame.at_ms,
        through_seq=frame.through_seq,
        phase=frame.phase,
        order=[one.item.item_id for one in frame.items],
        current_item=frame.current_item,
        answers={key: _answer(given) for key, given in frame.answers.items()},
        marks=sorted(frame.marks),
        on_its_way=[_beside(one, numbers) for one in frame.on_its_way],
        late=[_beside(one, numbers) for one in frame.late],
        conflicts=[_beside(one, numbers) for one in frame.conflicts],
        notices=[
            NoticeAt(
                seq=one.seq, kind=one.kind, at_ms=one.at_ms, text=one.text, extend_s=one.extend_s
            )
            for one in frame.notices
        ],
        epoch=frame.connection.epoch,
        machine=frame.connection.machine,
        seat_no=frame.connection.seat_no,
        offline_since_ms=frame.connection.offline_since_ms,
        away_since_ms=frame.connection.away_since_ms,
        deadline_ms=frame.deadline_ms,
        left_ms=frame.left_ms,
        extended_s=frame.extended_s,
        submitted=frame.submitted,
    )


def proof_body(proof: Proof) -> ProofBody:
    """A comparison in the candidate's order."""
    numbers = {one.item.item_id: one.number for one in proof.items}
    compared = proof.compared
    items = [
        ProvedItem(
            number=numbers.get(one.item_id, 0),
            item_id=one.item_id,
            answer=proof.answers.get(one.item_id, ""),
            full=plain(one.full),
            replayed=None if one.replayed is None else plain(one.replayed),
            stored=None if one.stored is None else plain(one.stored),
            difference=one.difference,
        )
        for one in compared.items
    ]
    return ProofBody(
        equal=compared.equal,
        replayed=plain(compared.replayed),
        stored=plain(compared.stored),
        published=None if compared.published is None else plain(compared.published),
        items=sorted(items, key=lambda one: (one.number, one.item_id)),
    )


def _item(dealt: DealtItem, *, texts: bool) -> ItemAt:
    item = dealt.item
    return ItemAt(
        number=dealt.number,
        item_id=item.item_id,
        type=item.type,
        stem=item.stem if texts else "",
        options=[
            OptionAt(id=option.id, letter=letter, text=option.text if texts else "")
            for letter, option in zip(LETTERS, dealt.options, strict=False)
        ],
        score=item.score,
    )


def _answer(given: Any) -> AnswerAt:
    return AnswerAt(options=list(given.get("options", ())), text=given.get("text", ""))


def _beside(one: Beside, numbers: dict[str, int]) -> BesideBody:
    return BesideBody(
        seq=one.seq,
        kind=one.kind,
        number=numbers.get(one.item_id, 0),
        item_id=one.item_id,
        response=None if one.response is None else _answer(one.response),
        epoch=one.epoch,
        client_seq=one.client_seq,
        client_ms=one.client_ms,
        came_ms=one.came_ms,
        counted=one.counted,
    )
