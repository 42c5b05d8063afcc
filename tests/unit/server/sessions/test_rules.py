"""server.sessions.rules: states go forward, the desk opens in time."""

import itertools

import pytest

from kernel.errors import Refusal, RowRefusal
from server.sessions.rules import (
    ORDER,
    SessionState,
    check_move,
    check_plan,
    desk_is_open,
    reached,
)

EARLY_CLOSE = {
    (SessionState.ARRANGED, SessionState.CLOSED),
    (SessionState.RELEASED, SessionState.CLOSED),
}


@pytest.mark.parametrize(("now", "to"), list(itertools.product(ORDER, ORDER)))
def test_a_session_moves_only_to_the_next_state(now: SessionState, to: SessionState) -> None:
    allowed = ORDER.index(to) == ORDER.index(now) + 1 or (now, to) in EARLY_CLOSE
    if allowed:
        check_move(now, to)
    else:
        with pytest.raises(Refusal, match=r"sessions\.wrong_state"):
            check_move(now, to)


def test_a_milestone_stays_reached() -> None:
    assert reached("closed", SessionState.RELEASED)
    assert not reached("planned", SessionState.ARRANGED)


@pytest.mark.parametrize(
    ("state", "now_ms", "open_"),
    [
        ("planned", 100_000, False),
        ("arranged", 39_999, False),
        ("arranged", 40_000, True),
        ("released", 100_000, True),
        ("running", 200_000, True),
        ("closed", 200_000, False),
        ("archived", 200_000, False),
    ],
)
def test_the_desk_is_open_when_drawn_not_closed_and_in_time(
    state: str, now_ms: int, open_: bool
) -> None:
    assert desk_is_open(state, now_ms, starts_at_ms=100_000, check_in_opens_s=60) is open_


def test_every_fault_of_a_plan_is_named() -> None:
    with pytest.raises(RowRefusal) as refused:
        check_plan(starts_at_ms=0, duration_s=10, level=6, room_ids=["r", "r"], now_ms=1_000_000)
    assert [row.field for row in refused.value.rows] == [
        "starts_at_ms", "duration_s", "level", "room_ids",
    ]  # fmt: skip


def test_a_session_that_has_begun_may_still_be_planned_for_the_rest_of_its_time() -> None:
    check_plan(starts_at_ms=0, duration_s=3_600, level=3, room_ids=["r"], now_ms=1_000)
