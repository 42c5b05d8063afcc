"""The stream of a session's destruction, apart from the streams that its seal closed."""

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy.exc import IntegrityError

from kernel.db import WriteSession
from ledger.append import Act, Appended
from ledger.book import Ledger
from ledger.keys import session_scope
from ledger.stored import stored_head
from ledger.tables import KeyRow

OWNER = "destruction"
"""The streams of destruction belong to this instead of a session: their keys are not destroyed."""


def destruction_stream(session_id: str) -> str:
    """Holds, orders and destructions of the session."""
    return f"destruction/{session_id}"


async def record(
    tx: WriteSession, ledger: Ledger, session_id: str, acts: Sequence[Act]
) -> Appended:
    """Append to the session's destruction stream, which the first act opens."""
    stream = destruction_stream(session_id)
    if await stored_head(tx, stream) is None:
        await _open_owner(tx, ledger)
        facts = {"about": session_id}
        await ledger.open_stream(tx, stream, OWNER, "destruction_opened", facts)
    return await ledger.append(tx, stream, acts)


async def _open_owner(tx: WriteSession, ledger: Ledger) -> None:
    """The key that all sessions' streams of destruction have in common. Two sessions' first acts
    may come at once: one makes it, the other waits for it and goes on.
    """
    if await tx.get(KeyRow, (session_scope(OWNER), 1)) is None:
        with suppress(IntegrityError):
            async with tx.begin_nested():
                await ledger.open_session(tx, OWNER)
