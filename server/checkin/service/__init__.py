"""The desk at the door, and what later rooms may know of who was admitted."""

from server.checkin.service.acts import (
    Reason,
    Second,
    SecondBy,
    StaffAct,
    camera_stream,
    record,
    second_in_session,
    sitting_stream,
)
from server.checkin.service.desk import CheckinService
from server.checkin.service.opening import candidate_commitment
from server.checkin.service.views import CheckIn, Desk, DeskCandidate, DrawnSeat
from server.checkin.service.visits import Admission, admission_of, admissions, latest_visits

__all__ = [
    "Admission",
    "CheckIn",
    "CheckinService",
    "Desk",
    "DeskCandidate",
    "DrawnSeat",
    "Reason",
    "Second",
    "SecondBy",
    "StaffAct",
    "admission_of",
    "admissions",
    "camera_stream",
    "candidate_commitment",
    "latest_visits",
    "record",
    "second_in_session",
    "sitting_stream",
]
