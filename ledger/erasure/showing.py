"""What an archive tells of its session's destruction, out of the database."""

from sqlalchemy import select

from kernel.db import ReadSession
from ledger.book import Ledger
from ledger.erasure.orders import State
from ledger.erasure.proof import Shown, destruction_bytes
from ledger.erasure.stream import destruction_stream
from ledger.tables import ErasureRow


async def shown_destruction(session: ReadSession, ledger: Ledger, session_id: str) -> bytes | None:
    """``destruction.bin``; None where no order stands in the log under a signed checkpoint.

    Raises ``ledger.damaged``, ``ledger.key_missing`` (of the destruction's own stream).
    """
    row = await _row(session, session_id)
    if row is None or row.order_seq is None:
        return None
    order = await _shown(session, ledger, session_id, row.order_seq)
    if order is None:
        return None
    seq = (row.done.get("record") or {}).get("seq")
    done = None if seq is None else await _shown(session, ledger, session_id, int(seq))
    return destruction_bytes(order, done)


async def destruction_is_covered(session: ReadSession, ledger: Ledger, session_id: str) -> bool:
    """Whether a signed checkpoint covers what the log holds of a destruction; True where there is
    nothing to cover, or no tree.
    """
    row = await _row(session, session_id)
    if row is None or row.order_seq is None or await ledger.tree.newest(session) is None:
        return True
    last = (row.done.get("record") or {}).get("seq") or row.order_seq
    found = await ledger.tree.proof(session, destruction_stream(session_id), int(last))
    return found is not None


async def is_erased(session: ReadSession, session_id: str) -> bool:
    """Whether the session's keys were destroyed."""
    row = await _row(session, session_id)
    return row is not None and row.state == State.ERASED.value


async def _row(session: ReadSession, session_id: str) -> ErasureRow | None:
    found = await session.scalars(
        select(ErasureRow)
        .where(ErasureRow.session_id == session_id, ErasureRow.state != State.WITHDRAWN.value)
        .limit(1)
    )
    return found.first()


async def _shown(session: ReadSession, ledger: Ledger, session_id: str, seq: int) -> Shown | None:
    stream = destruction_stream(session_id)
    found = await ledger.tree.proof(session, stream, seq)
    if found is None:
        return None
    opening = await ledger.opening(session, stream, seq)
    return Shown(opening.to_bytes(), found.proof.to_text())
