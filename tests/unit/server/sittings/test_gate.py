"""The gate at the seat."""

from dataclasses import replace

import pytest

from kernel.errors import Refusal
from server.sittings.rules.gate import Arrival, Place, check, needs_help

PLACE = Place(room_name="第三考场", seat_no="07", machine_code="M07", room_id="room_1")
ARRIVAL = Arrival(
    at_ms=1_000, machine_room_id="room_1", machine_code="M07", admitted=True, late_override=False,
    signed_in_before=False, finished=False, answering_elsewhere=False,
)  # fmt: skip
LATE = 2_000


def test_the_admitted_person_at_the_right_machine_enters() -> None:
    check(ARRIVAL, PLACE, late_after_ms=LATE)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"admitted": False}, "gate.not_admitted"),
        ({"finished": True}, "gate.finished"),
        ({"machine_code": "M08"}, "gate.wrong_machine"),
        ({"machine_room_id": "room_2"}, "gate.wrong_machine"),
        ({"machine_code": "M08", "answering_elsewhere": True}, "gate.already_open"),
        ({"at_ms": LATE + 1}, "gate.too_late"),
    ],
)
def test_everybody_else_stays_outside(change: dict[str, object], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        check(replace(ARRIVAL, **change), PLACE, late_after_ms=LATE)  # type: ignore[arg-type]  # table
    assert refused.value.code == code


def test_a_wrong_machine_is_shown_the_right_seat() -> None:
    with pytest.raises(Refusal) as refused:
        check(replace(ARRIVAL, machine_code="M08"), PLACE, late_after_ms=LATE)
    assert refused.value.params == {"room": "第三考场", "seat_no": "07"}


def test_who_has_no_seat_is_not_admitted() -> None:
    with pytest.raises(Refusal, match=r"gate\.not_admitted"):
        check(ARRIVAL, None, late_after_ms=LATE)


def test_lateness_is_judged_at_the_first_sign_in_only() -> None:
    check(replace(ARRIVAL, at_ms=LATE), PLACE, late_after_ms=LATE)
    check(replace(ARRIVAL, at_ms=9_999, signed_in_before=True), PLACE, late_after_ms=LATE)
    check(replace(ARRIVAL, at_ms=9_999, late_override=True), PLACE, late_after_ms=LATE)


def test_after_three_tries_a_person_looks() -> None:
    assert [needs_help(n) for n in (0, 1, 2, 3, 4)] == [False, False, False, True, True]
