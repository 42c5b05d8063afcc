"""Opening the ledger for one candidate: the first record binds what may never be exchanged.

Rules kept here: session, salted candidate commitment, form code and form hash stand in the first
record of the answers' stream and of the camera's; the salt stays with the visit.
"""

from kernel.codec import encode
from kernel.crypto import digest
from kernel.db import WriteSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger
from server.checkin.service.acts import camera_stream, sitting_stream
from server.checkin.tables import VisitRow
from server.papers.service import manifest_of
from server.registration.tables import CandidateRow
from server.seating.service import seat_of


def candidate_commitment(salt: bytes, candidate: CandidateRow) -> bytes:
    """SHA-256 that names the person only to somebody who has the salt (32 bytes)."""
    return digest.sha256(
        encode(
            "candidate-commitment",
            1,
            [
                salt, candidate.session_id, candidate.id, candidate.ticket_no, candidate.name,
                candidate.id_number_masked,
            ],
        )
    )  # fmt: skip


async def open_streams(
    ledger: Ledger, tx: WriteSession, visit: VisitRow, candidate: CandidateRow, now_ms: int
) -> None:
    """Opens ``sitting/…`` and ``camera/…``. Raises ``papers.no_package``, ``draw.no_seat``."""
    seat = await seat_of(tx, visit.sitting_id)
    manifest = await manifest_of(tx, visit.session_id)
    hashes = {form.form_code: form.form_hash for form in manifest.forms}
    if seat.form_code not in hashes:
        raise Refusal("checkin.no_form", Kind.CONFLICT, form=seat.form_code)
    binding = {
        "session_id": visit.session_id,
        "sitting_id": visit.sitting_id,
        "candidate_commitment": candidate_commitment(visit.candidate_salt or b"", candidate).hex(),
        "package_id": manifest.package_id,
        "form_code": seat.form_code,
        "form_hash": hashes[seat.form_code],
        "checkin_id": visit.id,
        "at_ms": now_ms,
    }
    for stream in (sitting_stream(visit.sitting_id), camera_stream(visit.sitting_id)):
        await ledger.open_stream(tx, stream, visit.session_id, "opened", binding)
