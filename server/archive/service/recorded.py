"""The destruction record with what paper adds to it: names, leaves, and the verifier's word.

Rule kept here: the signed facts stay as they are; whatever is added is read beside them, and the
verifier's word comes from the verifier's own check of what stands in the log.
"""

from dataclasses import dataclass

from kernel.db import ReadSession
from kernel.words import LANGUAGES, say
from ledger.book import Ledger
from ledger.erasure import Hold, Orders, Statement
from ledger.erasure.proof import NoOrder, read_destruction
from ledger.erasure.showing import shown_destruction
from ledger.report import say_erased
from server.archive.service.standing import Names, Told, names_of, told
from server.sessions.service import session_row


@dataclass(frozen=True, slots=True)
class PrintedDestruction:
    """What the sheet shows; ``verified`` is a sentence in each language."""

    session_name: str
    subject: str
    statement: Statement
    told: Told
    holds: list[Hold]
    names: Names
    verified: list[str]


async def printed_destruction(
    session: ReadSession, ledger: Ledger, orders: Orders, statement: Statement
) -> PrintedDestruction:
    """Of the session whose keys are destroyed."""
    session_id = str(statement.facts["session_id"])
    exam = await session_row(session, session_id)
    erasure = await orders.of_session(session, session_id)
    if erasure is None:
        raise LookupError(session_id)
    holds = await orders.holds(session, session_id)
    seal_hash = bytes.fromhex(str(statement.facts["seal_hash"]))
    return PrintedDestruction(
        session_name=exam.name,
        subject=f"{exam.occupation_name} · {exam.subject}",
        statement=statement,
        told=await told(session, ledger, erasure),
        holds=holds,
        names=await names_of(session, [one for h in holds for one in (h.issued_by, h.lifted_by)]),
        verified=await _verified(session, ledger, session_id, seal_hash),
    )


async def _verified(
    session: ReadSession, ledger: Ledger, session_id: str, seal_hash: bytes
) -> list[str]:
    """What ``gongyuan verify`` says of the destruction in an archive that is made now."""
    shown = await shown_destruction(session, ledger, session_id)
    if shown is None:
        return [say("verify.erased_uncovered", {}, language) for language in LANGUAGES]
    try:
        erased = read_destruction(shown, session_id, seal_hash, ledger.server_public)
    except NoOrder as broken:
        params = {"place": f"destruction/{session_id}", "detail": str(broken.fault)}
        return [say("verify.order", params, language) for language in LANGUAGES]
    return [say_erased(erased, language) for language in LANGUAGES]
