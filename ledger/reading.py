"""Reading a stream back: rows in, opened records out.

Rules kept here: a record opens only at its place in the chain, up to the head; what was changed,
moved, dropped or cut off in the database is refused and never shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernel.crypto.suite import suite_named
from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from ledger.disclosure import Opening, make_opening
from ledger.keys import Keys, scope_of
from ledger.record import ZERO_HASH, Header, open_record, record_hash
from ledger.stored import (
    StoredHead,
    StoredRecord,
    stored_head,
    stored_heads,
    stored_record,
    stored_records,
)


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
    head = await stored_head(session, stream_id)
    if head is None:
        return []
    return await read_records(session, keys, head)


async def read_records(
    session: ReadSession,
    keys: Keys,
    head: StoredHead,
    *,
    first: int = 1,
    last: int | None = None,
) -> list[OpenRecord]:
    """The records ``first`` to ``last`` in order, opened; to the head when no ``last`` is given.

    Raises ``ledger.damaged``, ``ledger.key_missing``.
    """
    last = head.count if last is None else min(last, head.count)
    found: list[OpenRecord] = []
    for one in await stored_records(session, head, first=first, last=last):
        expected = first + len(found)
        if one.seq != expected:
            raise damaged(head.stream_id, expected)
        try:
            found.append(await _opened(session, keys, head, one))
        except ValueError as wrong:
            raise damaged(head.stream_id, expected) from wrong
    ends = found[-1].hash if found else ZERO_HASH
    if len(found) != last - first + 1 or (last == head.count and ends != head.head):
        raise damaged(head.stream_id, first + len(found))
    return found


async def _opened(
    session: ReadSession, keys: Keys, head: StoredHead, one: StoredRecord
) -> OpenRecord:
    suite = suite_named(head.suite)
    if record_hash(suite, one.header, one.ciphertext) != one.hash:
        raise ValueError("a record that does not fit its hash")
    header = Header.from_bytes(one.header)
    key = await keys.data_key(session, scope_of(head.stream_id), header.key_version)
    body = open_record(suite, key, one.header, one.ciphertext)
    return OpenRecord(
        stream_id=head.stream_id,
        seq=header.seq,
        server_ms=header.server_ms,
        epoch=header.epoch,
        kind=body.kind,
        body=body.content,
        hash=one.hash,
    )


async def open_one(session: ReadSession, keys: Keys, stream_id: str, seq: int) -> Opening:
    """One record's opening, for whoever may show it to somebody without a key.

    Raises ``ledger.damaged`` when the record is not there or does not open, ``ledger.key_missing``.
    """
    one = await stored_record(session, stream_id, seq)
    if one is None:
        raise damaged(stream_id, seq)
    version = Header.from_bytes(one.header).key_version
    key = await keys.data_key(session, scope_of(stream_id), version)
    try:
        return make_opening(key, one.header, one.ciphertext)
    except ValueError as wrong:
        raise damaged(stream_id, seq) from wrong


def damaged(stream_id: str, seq: int) -> Refusal:
    """What to raise for a record that is not what was written."""
    return Refusal("ledger.damaged", Kind.UNAVAILABLE, stream=stream_id, seq=seq)


async def heads(session: ReadSession, session_id: str) -> Sequence[StreamHead]:
    """Every stream of a session, by name."""
    return [
        StreamHead(one.stream_id, one.count, one.head)
        for one in await stored_heads(session, session_id)
    ]
