"""The score made again from the log, against the marks that are stored. Pure.

Rules kept here: every item of either side is compared; a difference has a name; equal means equal
as decimal numbers and equal in every item, not in the sum alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from server.marking.rules import ItemMark


class Difference(StrEnum):
    """What is wrong with an item."""

    MARK = "mark"
    FULL = "full"
    ANSWERED = "answered"
    NOT_STORED = "not_stored"
    NOT_IN_FORM = "not_in_form"


@dataclass(frozen=True, slots=True)
class ItemCompared:
    """One item; a mark is None while it waits for a person."""

    item_id: str
    full: Decimal
    replayed: Decimal | None
    stored: Decimal | None
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A whole sitting; sums leave out what waits for a person. ``published`` is the score of the
    newest published list, None for none.
    """

    items: tuple[ItemCompared, ...]
    replayed: Decimal
    stored: Decimal
    published: Decimal | None = None

    @property
    def equal(self) -> bool:
        same_sum = self.published is None or self.published == self.replayed
        return same_sum and all(one.difference is None for one in self.items)


def hand_marks(
    acts: Iterable[tuple[str, Mapping[str, Any]]], sitting_id: str
) -> dict[str, Decimal]:
    """The last word of the log on each text answer of the sitting; acts are (kind, body)."""
    found: dict[str, Decimal] = {}
    for kind, body in acts:
        if body.get("sitting_id") != sitting_id:
            continue
        if kind == "marked_by_hand":
            found[body["item_id"]] = Decimal(body["mark"])
        elif kind == "mark_withdrawn":
            found.pop(body["item_id"], None)
    return found


def compare(
    replayed: Sequence[ItemMark],
    stored: Mapping[str, ItemMark],
    *,
    published: Decimal | None = None,
) -> Compared:
    """``replayed`` in the form's order; ``stored`` by item id."""
    items = [_compared(one, stored.get(one.item_id)) for one in replayed]
    known = {one.item_id for one in replayed}
    items += [
        ItemCompared(one.item_id, one.full, None, one.mark, Difference.NOT_IN_FORM)
        for one in stored.values()
        if one.item_id not in known
    ]
    zero = Decimal(0)
    return Compared(
        tuple(items),
        sum((one.replayed for one in items if one.replayed is not None), zero),
        sum((one.stored for one in items if one.stored is not None), zero),
        published,
    )


def _compared(replayed: ItemMark, stored: ItemMark | None) -> ItemCompared:
    difference: Difference | None = None
    if stored is None:
        difference = Difference.NOT_STORED
    elif stored.mark != replayed.mark:
        difference = Difference.MARK
    elif stored.full != replayed.full:
        difference = Difference.FULL
    elif stored.answered != replayed.answered:
        difference = Difference.ANSWERED
    return ItemCompared(
        replayed.item_id,
        replayed.full,
        replayed.mark,
        None if stored is None else stored.mark,
        difference,
    )
