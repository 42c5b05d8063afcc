"""Sessions: plans, staffing, state. What later rooms call stands in ``state``."""

from server.sessions.service.state import (
    freeze_roster,
    locked_session,
    move_session,
    need_duty,
    need_reached,
    policy_of,
    rooms_of,
    session_row,
    thaw_roster,
)

__all__ = [
    "freeze_roster",
    "locked_session",
    "move_session",
    "need_duty",
    "need_reached",
    "policy_of",
    "rooms_of",
    "session_row",
    "thaw_roster",
]
