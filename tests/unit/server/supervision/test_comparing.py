"""A difference between replay and store has a name."""

from decimal import Decimal
from typing import Any

import pytest

from kernel.errors import Refusal
from server.marking.rules import ItemMark
from server.sessions.rules import Duty
from server.supervision.rules.comparing import Difference, compare, hand_marks
from server.supervision.rules.looking import Viewer, texts_shown

REPLAYED = [
    ItemMark("one", Decimal(2), Decimal(2), answered=True),
    ItemMark("two", Decimal(3), Decimal(0), answered=False),
    ItemMark("text", Decimal(4), None, answered=True),
]
STORED = {one.item_id: one for one in REPLAYED}


def test_the_same_marks_are_equal_however_they_are_written() -> None:
    again = {**STORED, "one": ItemMark("one", Decimal("2.0"), Decimal("2.00"), answered=True)}
    found = compare(REPLAYED, again)
    assert found.equal
    assert found.replayed == found.stored == Decimal(2)


@pytest.mark.parametrize(
    ("item", "difference"),
    [
        (ItemMark("two", Decimal(3), Decimal(3), answered=False), Difference.MARK),
        (ItemMark("two", Decimal(3), None, answered=False), Difference.MARK),
        (ItemMark("two", Decimal(5), Decimal(0), answered=False), Difference.FULL),
        (ItemMark("two", Decimal(3), Decimal(0), answered=True), Difference.ANSWERED),
        (ItemMark("text", Decimal(4), Decimal(1), answered=True), Difference.MARK),
        (ItemMark("more", Decimal(4), Decimal(1), answered=True), Difference.NOT_IN_FORM),
    ],
)
def test_any_other_mark_is_found_in_its_place(item: ItemMark, difference: Difference) -> None:
    found = compare(REPLAYED, {**STORED, item.item_id: item})
    assert not found.equal
    assert {one.item_id: one.difference for one in found.items if one.difference} == {
        item.item_id: difference
    }


def test_marks_that_even_out_are_still_two_differences() -> None:
    swapped = {
        **STORED,
        "one": ItemMark("one", Decimal(2), Decimal(0), answered=True),
        "two": ItemMark("two", Decimal(3), Decimal(2), answered=False),
    }
    found = compare(REPLAYED, swapped)
    assert found.replayed == found.stored
    assert len([one for one in found.items if one.difference]) == 2


def test_a_published_score_is_compared_with_the_sum() -> None:
    assert compare(REPLAYED, STORED, published=Decimal(2)).equal
    assert not compare(REPLAYED, STORED, published=Decimal(3)).equal


def test_marks_by_hand_are_the_last_word_in_the_log() -> None:
    acts: list[tuple[str, dict[str, Any]]] = [
        ("marked_by_hand", {"sitting_id": "s", "item_id": "text", "mark": "3"}),
        ("marked_by_hand", {"sitting_id": "other", "item_id": "text", "mark": "1"}),
        ("mark_withdrawn", {"sitting_id": "s", "item_id": "text", "mark": "3"}),
    ]
    assert hand_marks(acts, "s") == {}
    again = [*acts, ("marked_by_hand", {"sitting_id": "s", "item_id": "text", "mark": "2.5"})]
    assert hand_marks(again, "s") == {"text": Decimal("2.5")}
    assert hand_marks(acts, "other") == {"text": Decimal(1)}


def test_a_mark_that_is_missing_is_named() -> None:
    found = compare(REPLAYED, {})
    assert {one.difference for one in found.items} == {Difference.NOT_STORED}


NOBODY: frozenset[Duty] = frozenset()


@pytest.mark.parametrize(
    ("viewer", "closed", "texts"),
    [
        (Viewer(supervises=True, duties=NOBODY), False, False),
        (Viewer(supervises=True, duties=NOBODY), True, True),
        (Viewer(supervises=False, duties=frozenset({Duty.CHIEF})), False, False),
        (Viewer(supervises=False, duties=frozenset({Duty.CHIEF})), True, False),
        (Viewer(supervises=False, duties=frozenset({Duty.OFFICER})), True, True),
    ],
)
def test_who_reads_the_items(viewer: Viewer, closed: bool, texts: bool) -> None:
    assert texts_shown(viewer, closed=closed) is texts


@pytest.mark.parametrize(
    ("duties", "closed", "code"),
    [
        (NOBODY, True, "sessions.not_staffed"),
        (frozenset({Duty.INVIGILATOR}), True, "sessions.not_staffed"),
        (frozenset({Duty.INVIGILATOR}), False, "sessions.not_staffed"),
        (frozenset({Duty.OFFICER}), False, "replay.running"),
    ],
)
def test_who_does_not_look_at_all(duties: frozenset[Duty], closed: bool, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        texts_shown(Viewer(supervises=False, duties=duties), closed=closed)
    assert refused.value.code == code
