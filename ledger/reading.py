"""Reading a stream back: rows in, opened records out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kernel.crypto.suite import suite_named
from kernel.db import ReadSession
from ledger.keys import Keys, scope_of
from ledger.record import Header, open_record
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
    """Every record in order; empty for a stream that was never opened."""
    rows = await session.execute(
        select(RecordRow.header, RecordRow.ciphertext, RecordRow.hash)
        .join(StreamRow, StreamRow.number == RecordRow.stream)
        .where(StreamRow.stream_id == stream_id)
        .order_by(RecordRow.seq)
    )
    opened = []
    for header_bytes, ciphertext, found in rows:
        header = Header.from_bytes(header_bytes)
        key = await keys.data_key(session, scope_of(stream_id), header.key_version)
        body = open_record(suite_named(header.suite), key, header_bytes, ciphertext)
        opened.append(
            OpenRecord(
                stream_id=stream_id,
                seq=header.seq,
                server_ms=header.server_ms,
                epoch=header.epoch,
                kind=body.kind,
                body=body.content,
                hash=found,
            )
        )
    return opened


async def heads(session: ReadSession, session_id: str) -> Sequence[StreamHead]:
    """Every stream of a session, by name."""
    rows = await session.execute(
        select(StreamRow.stream_id, StreamRow.next_seq, StreamRow.head)
        .where(StreamRow.session_id == session_id)
        .order_by(StreamRow.stream_id)
    )
    return [StreamHead(stream_id, next_seq - 1, head) for stream_id, next_seq, head in rows]
