"""Marking as arithmetic: a folded sitting and a scoring key in, marks out.

Rules kept here: decimal arithmetic; only what the ledger holds is marked; a text answer waits for a
person; a mark by hand lies between 0 and the full mark in steps of 0.5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from kernel.errors import Refusal
from paper.package import Form
from paper.responses import Response
from paper.scoring import Key, score_item

STEP = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class ItemMark:
    """``mark`` is None while a person still has to mark the answer."""

    item_id: str
    full: Decimal
    mark: Decimal | None
    answered: bool


def mark_form(
    form: Form, keys: Mapping[str, Key], responses: Mapping[str, Response]
) -> list[ItemMark]:
    """A mark for every item of the form, answered or not. Raises ``marking.key_missing``."""
    marks = []
    for item in form.items:
        key = keys.get(item.item_id)
        if key is None:
            raise Refusal("marking.key_missing", item=item.item_id)
        response = responses.get(item.item_id)
        marks.append(
            ItemMark(
                item_id=item.item_id,
                full=Decimal(item.score),
                mark=score_item(key, response),
                answered=response is not None,
            )
        )
    return marks


def mark_by_hand(text: str, full: Decimal) -> Decimal:
    """The mark a marker typed. Raises ``marking.mark_bad`` outside 0..full or off the step."""
    try:
        mark = Decimal(text)
    except InvalidOperation:
        mark = Decimal(-1)
    if not mark.is_finite() or not 0 <= mark <= full or mark % STEP:
        raise Refusal("marking.mark_bad", mark=text[:20], full=str(full))
    return mark
