"""Records as they lie in the database: the one place that takes a row apart and puts it together.

Rules kept here: a header is built again from its row, from its stream's row and from the hash of
the record before it, byte for byte as it was hashed; whoever changed one of these gets a record
that does not fit its hash. Nothing is opened here and no key is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, text

from kernel.db import ReadSession
from ledger.record import ZERO_HASH, Header, Sealed
from ledger.tables import RecordRow, StreamRow


@dataclass(frozen=True, slots=True)
class StoredHead:
    """A stream's row: ``count`` records, the last with hash ``head``. ``number`` is the
    database's own name for the stream.
    """

    number: int
    stream_id: str
    session_id: str
    origin: str
    suite: str
    count: int
    head: bytes
    closed: bool


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record with its header's bytes as they were hashed, and the hash as it is stored."""

    seq: int
    header: bytes
    ciphertext: bytes
    hash: bytes


def row_of(number: int, sealed: Sealed) -> dict[str, Any]:
    """The row of a new record in the stream with this number."""
    fields = sealed.fields
    return {
        "server_ms": fields.server_ms,
        "stream": number,
        "seq": fields.seq,
        "epoch": fields.epoch,
        "key_version": fields.key_version,
        "salt": fields.salt,
        "body_commit": fields.body_commit,
        "hash": sealed.hash,
        "ciphertext": sealed.ciphertext,
    }


async def stored_head(session: ReadSession, stream_id: str) -> StoredHead | None:
    """Where a stream stands; None when it was never opened."""
    row = (await session.execute(_heads().where(StreamRow.stream_id == stream_id))).one_or_none()
    return None if row is None else _head(row)


async def stored_heads(session: ReadSession, session_id: str) -> Sequence[StoredHead]:
    """Every stream of a session, by name."""
    wanted = _heads().where(StreamRow.session_id == session_id).order_by(StreamRow.stream_id)
    return [_head(row) for row in await session.execute(wanted)]


async def stored_records(
    session: ReadSession, head: StoredHead, *, first: int = 1, last: int | None = None
) -> list[StoredRecord]:
    """The records ``first`` to ``last`` of a stream in order, up to its head.

    A row that is missing is missing in the answer, and the one after it is built on zeros.
    """
    last = head.count if last is None else min(last, head.count)
    rows = await session.execute(
        select(
            RecordRow.seq,
            RecordRow.server_ms,
            RecordRow.epoch,
            RecordRow.key_version,
            RecordRow.salt,
            RecordRow.body_commit,
            RecordRow.hash,
            RecordRow.ciphertext,
        )
        .where(RecordRow.stream == head.number, RecordRow.seq.between(first, last))
        .order_by(RecordRow.seq)
    )
    before = await _hash_at(session, head, first - 1)
    found: list[StoredRecord] = []
    expected = first
    for row in rows:
        previous = before if row.seq == expected else ZERO_HASH
        found.append(_record(head, row, previous))
        before, expected = row.hash, row.seq + 1
    return found


async def stored_record(session: ReadSession, stream_id: str, seq: int) -> StoredRecord | None:
    """One record; None when the stream has none with this number."""
    head = await stored_head(session, stream_id)
    if head is None:
        return None
    found = await stored_records(session, head, first=seq, last=seq)
    return found[0] if found else None


async def record_bytes(session: ReadSession) -> int:
    """What a record weighs on average by itself, without keys and the database's own bytes."""
    weight = (
        func.length(RecordRow.ciphertext)
        + func.length(RecordRow.hash)
        + func.length(RecordRow.salt)
        + func.length(RecordRow.body_commit)
    )
    return int(await session.scalar(select(func.avg(weight))) or 1) + _NUMBERS_BYTES


async def stored_bytes(session: ReadSession) -> tuple[int, float]:
    """How many records there are, and what one takes beside its ciphertext, indexes included."""
    total = select(func.count(), func.sum(func.length(RecordRow.ciphertext)))
    count, bodies = (await session.execute(total)).one()
    size = _SIZE_SQLITE if session.get_bind().dialect.name == "sqlite" else _SIZE_POSTGRES
    taken = int(await session.scalar(text(size)) or 0)
    return count, (taken - int(bodies or 0)) / max(1, count)


# dbstat is in the SQLite that Python brings on most systems; the index has the table's name in it.
_SIZE_SQLITE = (
    "SELECT sum(pgsize) FROM dbstat WHERE aggregate = 1"
    " AND name IN ('ledger_record', 'sqlite_autoindex_ledger_record_1')"
)
_SIZE_POSTGRES = "SELECT pg_total_relation_size('ledger_record')"
_NUMBERS_BYTES = 20  # stream, seq, time, epoch, key version


async def _hash_at(session: ReadSession, head: StoredHead, seq: int) -> bytes:
    if seq < 1:
        return ZERO_HASH
    found = await session.scalar(
        select(RecordRow.hash).where(RecordRow.stream == head.number, RecordRow.seq == seq)
    )
    return ZERO_HASH if found is None else found


def _record(head: StoredHead, row: Any, previous: bytes) -> StoredRecord:
    header = Header(
        origin=head.origin,
        stream_id=head.stream_id,
        seq=row.seq,
        previous=previous,
        server_ms=row.server_ms,
        epoch=row.epoch,
        key_version=row.key_version,
        suite=head.suite,
        salt=row.salt,
        body_commit=row.body_commit,
    )
    return StoredRecord(row.seq, header.to_bytes(), row.ciphertext, row.hash)


def _heads() -> Select[int, str, str, str, str, int, bytes, bool]:
    return select(
        StreamRow.number,
        StreamRow.stream_id,
        StreamRow.session_id,
        StreamRow.origin,
        StreamRow.suite,
        StreamRow.next_seq,
        StreamRow.head,
        StreamRow.closed,
    )


def _head(row: Any) -> StoredHead:
    number, stream_id, session_id, origin, suite, next_seq, head, closed = row
    return StoredHead(number, stream_id, session_id, origin, suite, next_seq - 1, head, closed)
