"""The wall and its queue."""

from typing import Any, Literal

from typing_extensions import TypedDict

from server.invigilation.rules import Decision, IncidentKind, SeatState, Severity
from server.sessions.rules import SessionState


class CodedReason(TypedDict):
    """Why: a code from the list and free text."""

    code: str | None
    text: str | None


class Proposal(TypedDict):
    """What the measured outages would justify."""

    extend_s: int


class Incident(TypedDict):
    """A case as the queue shows it; ``score`` and ``threshold`` are similarities."""

    incident_id: str
    sitting_id: str
    room_id: str
    seat_no: str
    name_masked: str
    kind: IncidentKind
    severity: Severity
    opened_at_ms: int
    last_at_ms: int
    count: int
    score: float | None
    threshold: float | None
    state: Literal["open", "decided"]
    decision: Decision | None
    decided_by: str | None
    reason: CodedReason | None
    capture_ids: list[str]
    proposal: Proposal | None
    detail: dict[str, Any]


class WallSeat(TypedDict):
    """A tile. Nobody's id or name is in it before the desk admitted the person."""

    seat_id: str
    seat_no: str
    row: int
    col: int
    spare: bool
    sitting_id: str | None
    name_masked: str
    state: SeatState
    answered: int
    item_count: int
    deadline_ms: int | None
    offline_since_ms: int | None
    badge: IncidentKind | None
    severity: Severity | None
    thumb_at_ms: int | None
    extra_s: int
    late: bool
    simulated: bool


class WallSession(TypedDict):
    """The session on the wall's head."""

    session_id: str
    name: str
    subject: str
    state: SessionState
    starts_at_ms: int
    duration_s: int
    ends_at_ms: int


class WallRoom(TypedDict):
    """The room's grid."""

    room_id: str
    name: str
    rows: int
    cols: int


class WallCounts(TypedDict):
    """The room in figures; ``signed_in`` counts everybody who has come so far."""

    expected: int
    signed_in: int
    answering: int
    offline: int
    submitted: int
    absent: int
    incidents: int


class RoomWall(TypedDict):
    """The projection that the wall shows."""

    server_ms: int
    session: WallSession
    room: WallRoom
    counts: WallCounts
    seats: list[WallSeat]
    incidents: list[Incident]
