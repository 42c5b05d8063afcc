"""Sessions: plans, staffing, state. What later rooms call stands in ``state``."""

from server.sessions.service.noting import note, room_stream, session_stream
from server.sessions.service.plans import Plan, SessionsService, SessionView, Staffing
from server.sessions.service.state import (
    count_candidates,
    freeze_roster,
    locked_session,
    move_session,
    need_duty,
    need_people_seen,
    need_reached,
    need_seen,
    policy_of,
    rooms_of,
    session_row,
    thaw_roster,
)

__all__ = [
    "Plan",
    "SessionView",
    "SessionsService",
    "Staffing",
    "count_candidates",
    "freeze_roster",
    "locked_session",
    "move_session",
    "need_duty",
    "need_people_seen",
    "need_reached",
    "need_seen",
    "note",
    "policy_of",
    "room_stream",
    "rooms_of",
    "session_row",
    "session_stream",
    "thaw_roster",
]
