"""Where the acts of a session stand in the ledger."""

from collections.abc import Mapping

from kernel.db import WriteSession
from ledger.book import Act, Ledger
from ledger.scopes import session_stream

__all__ = ["note", "room_stream", "session_stream"]


def room_stream(session_id: str, room_id: str) -> str:
    """The ledger stream of one room in one session."""
    return f"room/{session_id}/{room_id}"


async def note(
    tx: WriteSession,
    ledger: Ledger,
    session_id: str,
    kind: str,
    body: Mapping[str, object],
) -> None:
    """Writes one act into the session's stream, in the caller's transaction."""
    await ledger.append(tx, session_stream(session_id), [Act(kind=kind, body=dict(body))])
