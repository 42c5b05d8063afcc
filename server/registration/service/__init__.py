"""Registration: rosters in, candidates found, tickets out."""

from server.registration.service.importing import ImportReport
from server.registration.service.people import (
    candidate_by_number,
    candidate_of,
    candidate_of_sitting,
    candidate_signing_in,
    candidates_of,
    id_number_hash,
    lookup_key_of,
)
from server.registration.service.registry import RegistrationService
from server.registration.service.times import exam_time

__all__ = [
    "ImportReport",
    "RegistrationService",
    "candidate_by_number",
    "candidate_of",
    "candidate_of_sitting",
    "candidate_signing_in",
    "candidates_of",
    "exam_time",
    "id_number_hash",
    "lookup_key_of",
]
