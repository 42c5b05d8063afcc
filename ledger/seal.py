"""The session seal: every stream's final head and count under one signature.

Rules kept here: the roster is listed whole, absent candidates included, so a missing sitting shows;
a sealed stream takes no more records; sealing again gives the same seal; the seal is a leaf of the
tree like every record.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from kernel.codec import Field, encode
from kernel.crypto.signing import Signer
from kernel.db import WriteSession
from kernel.errors import Kind, Refusal
from ledger.append import Appender, lock_session
from ledger.reading import heads
from ledger.tables import SealRow, StreamRow
from ledger.tree.entry import SEAL_STREAM
from ledger.tree.tables import OtherLeafRow


@dataclass(frozen=True, slots=True)
class SessionSeal:
    """The signed list. ``streams`` are (stream id, count, head); ``roster`` (sitting id, state)."""

    frame: bytes
    signature: bytes
    sealed_at_ms: int


def seal_frame(
    origin: str,
    session_id: str,
    sealed_at_ms: int,
    roster: Sequence[tuple[str, str]],
    streams: Sequence[tuple[str, int, bytes]],
) -> bytes:
    """The bytes under the server's signature."""
    listed: list[Field] = [list(one) for one in sorted(roster)]
    finals: list[Field] = [list(one) for one in sorted(streams)]
    return encode("session-seal", 1, [origin, session_id, sealed_at_ms, listed, finals])


async def seal_session(
    session: WriteSession,
    appender: Appender,
    signer: Signer,
    session_id: str,
    roster: Sequence[tuple[str, str]],
) -> SessionSeal:
    """Raises ``ledger.sitting_unlisted`` when a sitting's stream is not on the roster."""
    await lock_session(session, session_id)
    known = await session.get(SealRow, session_id)
    if known is not None:
        return SessionSeal(known.frame, known.signature, known.sealed_at_ms)
    await session.execute(
        select(StreamRow.number)
        .where(StreamRow.session_id == session_id)
        .order_by(StreamRow.stream_id)
        .with_for_update()
    )
    finals = [(one.stream_id, one.count, one.head) for one in await heads(session, session_id)]
    listed = {f"sitting/{sitting_id}" for sitting_id, _ in roster}
    for stream_id, _, _ in finals:
        if stream_id.startswith("sitting/") and stream_id not in listed:
            raise Refusal("ledger.sitting_unlisted", Kind.CONFLICT, stream=stream_id)
    now_ms = appender.clock.now_ms()
    frame = seal_frame(appender.origin, session_id, now_ms, roster, finals)
    seal = SessionSeal(frame, signer.sign(frame), now_ms)
    session.add(
        SealRow(session_id=session_id, frame=frame, signature=seal.signature, sealed_at_ms=now_ms)
    )
    session.add(
        OtherLeafRow(name=f"{SEAL_STREAM}{session_id}", seq=1, hash=appender.suite.hash(frame))
    )
    await session.execute(
        update(StreamRow).where(StreamRow.session_id == session_id).values(closed=True)
    )
    return seal
