"""Finding candidates, for this room and later ones.

Rules kept here: an ID number is looked up by its keyed hash; ticket and ID number are compared in
one step, so that nobody learns which of the two was wrong.
"""

from collections.abc import Collection

from sqlalchemy import select

from kernel.codec import encode
from kernel.crypto import digest
from kernel.crypto.keyring import KeyRing
from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from server.registration.rules import normal_id_number
from server.registration.tables import CandidateRow

LOOKUP_PURPOSE = "registration/id-number"


def lookup_key_of(keyring: KeyRing) -> bytes:
    """The key of all keyed hashes of ID numbers; the desk and the seat need the same."""
    return keyring.lookup_key(LOOKUP_PURPOSE)


def id_number_hash(lookup_key: bytes, id_number: str) -> bytes:
    """What an ID number is stored and found by."""
    return digest.keyed(lookup_key, encode("id-number", 1, [normal_id_number(id_number)]))


async def candidate_of(session: ReadSession, candidate_id: str) -> CandidateRow:
    """Raises ``registration.unknown``."""
    row = await session.get(CandidateRow, candidate_id)
    if row is None:
        raise Refusal("registration.unknown", Kind.NOT_FOUND, id=candidate_id)
    return row


async def candidate_of_sitting(session: ReadSession, sitting_id: str) -> CandidateRow:
    """Raises ``registration.unknown``."""
    found = await session.execute(select(CandidateRow).where(CandidateRow.sitting_id == sitting_id))
    row = found.scalar_one_or_none()
    if row is None:
        raise Refusal("registration.unknown", Kind.NOT_FOUND, id=sitting_id)
    return row


async def candidates_of(
    session: ReadSession, session_id: str, among: Collection[str] | None = None
) -> list[CandidateRow]:
    """Everybody in the session, or of these sittings only, by ticket number."""
    wanted = select(CandidateRow).where(CandidateRow.session_id == session_id)
    if among is not None:
        wanted = wanted.where(CandidateRow.sitting_id.in_(among))
    found = await session.execute(wanted.order_by(CandidateRow.ticket_no))
    return list(found.scalars())


async def candidate_by_number(
    session: ReadSession, lookup_key: bytes, session_id: str, number: str
) -> CandidateRow | None:
    """The candidate of the session with this ticket or ID number."""
    plain = normal_id_number(number)
    found = await session.execute(
        select(CandidateRow).where(
            CandidateRow.session_id == session_id,
            (CandidateRow.ticket_no == plain)
            | (CandidateRow.id_number_hash == id_number_hash(lookup_key, plain)),
        )
    )
    return found.scalars().first()


async def candidate_signing_in(
    session: ReadSession, lookup_key: bytes, ticket_no: str, id_number: str
) -> CandidateRow | None:
    """The candidate whose ticket and ID number both fit, else None."""
    wanted = id_number_hash(lookup_key, id_number)
    found = await session.execute(
        select(CandidateRow).where(CandidateRow.ticket_no == normal_id_number(ticket_no))
    )
    row = found.scalar_one_or_none()
    stored = row.id_number_hash if row is not None else bytes(len(wanted))
    return row if digest.same(stored, wanted) else None
