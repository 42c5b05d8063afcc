"""States and times of a session: pure decisions.

Rules kept here: a session moves forward one state at a time and never back; the desk opens only
when the seats are drawn and not before the policy's time.
"""

from collections.abc import Sequence
from enum import StrEnum

from kernel.errors import Kind, Refusal, RowError, RowRefusal


class SessionState(StrEnum):
    """In order of the day: roster frozen and seats drawn = arranged, content key out = released."""

    PLANNED = "planned"
    ARRANGED = "arranged"
    RELEASED = "released"
    RUNNING = "running"
    CLOSED = "closed"
    MARKED = "marked"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Duty(StrEnum):
    """What a person does in one session; the same words as the roles that allow it."""

    CHIEF = "chief"
    INVIGILATOR = "invigilator"
    OFFICER = "officer"
    KEY_HOLDER = "key_holder"
    MARKER = "marker"


ORDER = tuple(SessionState)


def reached(state: str, milestone: SessionState) -> bool:
    """True when the session is at the milestone or past it."""
    return ORDER.index(SessionState(state)) >= ORDER.index(milestone)


def check_move(state: str, to: SessionState) -> None:
    """Raises ``sessions.wrong_state`` unless ``to`` is the next state.

    A session that never ran (everybody absent) may also be closed from ``arranged`` or
    ``released``.
    """
    now = SessionState(state)
    early_close = to is SessionState.CLOSED and now in {
        SessionState.ARRANGED, SessionState.RELEASED,
    }  # fmt: skip
    if ORDER.index(to) != ORDER.index(now) + 1 and not early_close:
        raise Refusal("sessions.wrong_state", Kind.CONFLICT, state=now.value, needed=to.value)


def desk_opens_ms(starts_at_ms: int, check_in_opens_s: int) -> int:
    """From when the desk may admit."""
    return starts_at_ms - check_in_opens_s * 1_000


def desk_is_open(state: str, now_ms: int, starts_at_ms: int, check_in_opens_s: int) -> bool:
    """True when seats are drawn, the session is not closed, and it is time."""
    drawn = reached(state, SessionState.ARRANGED) and not reached(state, SessionState.CLOSED)
    return drawn and now_ms >= desk_opens_ms(starts_at_ms, check_in_opens_s)


def check_plan(
    *, starts_at_ms: int, duration_s: int, level: int, room_ids: Sequence[str], now_ms: int
) -> None:
    """Raises ``sessions.bad_plan`` with the faulty fields."""
    faults = []
    if starts_at_ms + duration_s * 1_000 <= now_ms:
        faults.append(RowError(0, "starts_at_ms", "sessions.plan_past"))
    if not 60 <= duration_s <= 24 * 3_600:
        faults.append(RowError(0, "duration_s", "sessions.plan_duration"))
    if not 1 <= level <= 5:
        faults.append(RowError(0, "level", "sessions.plan_level"))
    if not room_ids or len(set(room_ids)) != len(room_ids):
        faults.append(RowError(0, "room_ids", "sessions.plan_rooms"))
    if faults:
        raise RowRefusal("sessions.bad_plan", faults)
