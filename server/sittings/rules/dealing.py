"""Dealing a form: the order of items and options is a function of the sitting's seed and the form.

Rules kept here: items are shuffled within their section and never across; options of a judge item
are never shuffled; letters are for display, responses name canonical option ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from kernel.lot import shuffled
from paper.items import TYPE_NAMES, FormItem, ItemType, Option
from paper.package import Form

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class DealtItem:
    """An item at its place; ``options`` are in display order, so the first one is A."""

    number: int
    item: FormItem
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Items ``first`` to ``last`` (1-based, both included) of one type."""

    type: ItemType
    title: str
    first: int
    last: int


def deal(form: Form, seed: bytes) -> list[DealtItem]:
    """The candidate's own order of the whole form."""
    dealt: list[DealtItem] = []
    for kind in _types(form.items):
        of_kind = [item for item in form.items if item.type is kind]
        for item in shuffled(seed, f"items/{form.form_code}/{kind.value}", of_kind):
            dealt.append(DealtItem(len(dealt) + 1, item, _options(item, seed)))
    return dealt


def sections(dealt: Sequence[DealtItem]) -> list[Section]:
    """One section per type, in the form's order of types."""
    found: list[Section] = []
    for entry in dealt:
        kind = entry.item.type
        if found and found[-1].type is kind:
            first = found[-1].first
            found[-1] = Section(kind, TYPE_NAMES[kind], first, entry.number)
        else:
            found.append(Section(kind, TYPE_NAMES[kind], entry.number, entry.number))
    return found


def full_score(items: Sequence[FormItem]) -> str:
    """The sum of the items' scores as decimal text."""
    return str(sum((Decimal(item.score) for item in items), Decimal(0)))


def _types(items: Sequence[FormItem]) -> list[ItemType]:
    return list(dict.fromkeys(item.type for item in items))


def _options(item: FormItem, seed: bytes) -> tuple[Option, ...]:
    if item.type is ItemType.JUDGE:
        return item.options
    return tuple(shuffled(seed, f"options/{item.item_id}", item.options))
