"""What the room shows, over HTTP and on the wall's socket.

Rules kept here: every shape is typed where it is made, so that both ways, the API's description and
the client's types say the same. Answers' contents are in none of them but in a conflict's.
"""

from server.invigilation.service.shapes.conflict import ConflictShown, ContentShown
from server.invigilation.service.shapes.record import (
    OpenPoint,
    RecordAbsence,
    RecordAct,
    RecordCounts,
    RecordExtension,
    RecordRoom,
    RecordSession,
    RecordViolation,
    RoomRecord,
    Timeline,
    TimelineCapture,
    TimelineEvent,
    TimelineSegment,
)
from server.invigilation.service.shapes.wall import (
    CodedReason,
    Incident,
    Proposal,
    RoomWall,
    WallCounts,
    WallRoom,
    WallSeat,
    WallSession,
)

__all__ = [
    "CodedReason",
    "ConflictShown",
    "ContentShown",
    "Incident",
    "OpenPoint",
    "Proposal",
    "RecordAbsence",
    "RecordAct",
    "RecordCounts",
    "RecordExtension",
    "RecordRoom",
    "RecordSession",
    "RecordViolation",
    "RoomRecord",
    "RoomWall",
    "Timeline",
    "TimelineCapture",
    "TimelineEvent",
    "TimelineSegment",
    "WallCounts",
    "WallRoom",
    "WallSeat",
    "WallSession",
]
