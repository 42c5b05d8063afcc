"""What stays of a sitting and of a room: timeline and room record."""

from typing import Literal, NotRequired

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from server.sessions.rules import SessionState


@with_config(ConfigDict(extra="allow"))
class TimelineEvent(TypedDict):
    """A record of a stream; further fields belong to its kind."""

    seq: int
    kind: str
    at_ms: int
    by: NotRequired[str | None]
    second: NotRequired[str | None]
    sitting_id: NotRequired[str | None]
    reason_text: NotRequired[str | None]
    text: NotRequired[str | None]
    extend_s: NotRequired[int | None]


class TimelineCapture(TypedDict):
    """A matched capture; ``outcome`` is the proctor's word for it."""

    capture_id: str
    taken_at_ms: int
    outcome: str
    score: float | None
    threshold: float | None
    faces: int


class TimelineSegment(TypedDict):
    """A piece of the recording."""

    index: int
    t0_ms: int
    t1_ms: int


class Timeline(TypedDict):
    """A sitting's events, captures and recording."""

    sitting_id: str
    server_ms: int
    events: list[TimelineEvent]
    captures: list[TimelineCapture]
    segments: list[TimelineSegment]
    camera_stream: str


class RecordSession(TypedDict):
    """The record's session."""

    session_id: str
    name: str
    subject: str
    occupation_name: str
    level: int
    starts_at_ms: int
    ends_at_ms: int
    state: SessionState


class RecordRoom(TypedDict):
    """The record's room."""

    room_id: str
    name: str
    site_name: str


class RecordCounts(TypedDict):
    """The room in figures, for the signature."""

    expected: int
    present: int
    absent: int
    submitted: int
    forced: int
    violations: int
    incidents: int


class OpenPoint(TypedDict):
    """What keeps the record from being complete, and where."""

    code: Literal["not_submitted", "no_answers", "incident_open", "absence_unconfirmed"]
    seat_no: NotRequired[str]
    incident_id: NotRequired[str]


class RecordAbsence(TypedDict):
    """缺考."""

    name: str
    ticket_no: str
    seat_no: str
    confirmed: bool


class RecordExtension(TypedDict):
    """补时, all of a sitting's together."""

    seat_no: str
    name: str
    ticket_no: str
    extend_s: int


class RecordViolation(TypedDict):
    """违纪登记; ``evidence`` counts pictures."""

    name: str
    article_id: str
    authority: str
    reason_text: str
    at_ms: int
    evidence: int


@with_config(ConfigDict(extra="allow"))
class RecordAct(TypedDict):
    """An act of staff from the room's stream; further fields belong to its kind."""

    seq: int
    kind: str
    at_ms: int
    by_name: str
    name: str
    reason_code: NotRequired[str | None]
    reason_text: NotRequired[str | None]


class RoomRecord(TypedDict):
    """考场情况记录单."""

    session: RecordSession
    room: RecordRoom
    made_at_ms: int
    counts: RecordCounts
    open_points: list[OpenPoint]
    absent: list[RecordAbsence]
    extensions: list[RecordExtension]
    violations: list[RecordViolation]
    acts: list[RecordAct]
