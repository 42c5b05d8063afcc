"""Reading a stream back: rows in, opened records out.

Rules kept here: a record opens only at its place in the chain, up to the head; what was changed,
moved, dropped or cut off in the database is refused and never shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kernel.crypto.suite import suite_named
from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from ledger.keys import Keys, scope_of
from ledger.record import ZERO_HASH, Header, open_record, record_hash
from ledger.tables import RecordRow, StreamRow


@dataclass(frozen=True, slots=True)
class OpenRecord:
    """A decrypted record. ``body`` is the content as it was given."""

    stream_id: str
    seq: int
    server_ms: int
    epoch: int
    kind: str
    body: dict[str, Any]
    hash: bytes

    @property
    def client_ms(self) -> int | None:
        """When the device says it happened; None for acts of server and staff."""
        at = self.body.get("client_ms")
        return at if isinstance(at, int) else None


@dataclass(frozen=True, slots=True)
class StreamHead:
    """Where a stream stands: ``count`` records, the last with hash ``head``."""

    stream_id: str
    count: int
    head: bytes


async def read_stream(session: ReadSession, keys: Keys, stream_id: str) -> list[OpenRecord]:
    """Every record in order; empty for a stream that was never opened.

    Raises ``ledger.damaged``, ``ledger.key_missing``.
    """
    head = (
        await session.execute(
            select(StreamRow.number, StreamRow.next_seq, StreamRow.head).where(
                StreamRow.stream_id == stream_id
            )
        )
    ).first()
    if head is None:
        return []
    rows = await session.execute(
        select(RecordRow.header, RecordRow.ciphertext)
        .where(RecordRow.stream == head.number, RecordRow.seq < head.next_seq)
        .order_by(RecordRow.seq)
    )
    found: list[OpenRecord] = []
    previous = ZERO_HASH
    for header_bytes, ciphertext in rows:
        try:
            one = await _opened(session, keys, stream_id, header_bytes, ciphertext)
        except ValueError as wrong:
            raise _damaged(stream_id, len(found) + 1) from wrong
        header = Header.from_bytes(header_bytes)
        if (header.stream_id, header.seq, header.previous) != (
            stream_id,
            len(found) + 1,
            previous,
        ):
            raise _damaged(stream_id, len(found) + 1)
        found.append(one)
        previous = one.hash
    if len(found) != head.next_seq - 1 or previous != head.head:
        raise _damaged(stream_id, len(found))
    return found


async def _opened(
    session: ReadSession, keys: Keys, stream_id: str, header_bytes: bytes, ciphertext: bytes
) -> OpenRecord:
    header = Header.from_bytes(header_bytes)
    suite = suite_named(header.suite)
    key = await keys.data_key(session, scope_of(stream_id), header.key_version)
    body = open_record(suite, key, header_bytes, ciphertext)
    return OpenRecord(
        stream_id=stream_id,
        seq=header.seq,
        server_ms=header.server_ms,
        epoch=header.epoch,
        kind=body.kind,
        body=body.content,
        hash=record_hash(suite, header_bytes, ciphertext),
    )


def _damaged(stream_id: str, seq: int) -> Refusal:
    return Refusal("ledger.damaged", Kind.UNAVAILABLE, stream=stream_id, seq=seq)


async def heads(session: ReadSession, session_id: str) -> Sequence[StreamHead]:
    """Every stream of a session, by name."""
    rows = await session.execute(
        select(StreamRow.stream_id, StreamRow.next_seq, StreamRow.head)
        .where(StreamRow.session_id == session_id)
        .order_by(StreamRow.stream_id)
    )
    return [StreamHead(stream_id, next_seq - 1, head) for stream_id, next_seq, head in rows]
