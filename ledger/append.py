"""The one append function: chain records onto streams inside the caller's transaction.

Rules kept here: head rows are locked in one order, so no two appenders wait for each other in a
circle: a group's by their names, a room's after its session's, a sitting's by whoever holds the
sitting's row; seq and previous hash come from the locked row; (stream, seq) is unique. A record
of server or staff carries the stream's newest device epoch, so no header tells who wrote it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, literal_column, select

from kernel.bulk import Found, Insert, Move, Wanted, select_rows, write_rows
from kernel.clock import Clock
from kernel.crypto import chance
from kernel.crypto.suite import Suite, suite_named
from kernel.db import WriteSession
from kernel.errors import Kind, Refusal
from ledger.keys import Keys, scope_of
from ledger.kinds import must_be_known
from ledger.record import SALT_BYTES, ZERO_HASH, Place, seal_record
from ledger.scopes import locked_before, session_stream
from ledger.stored import row_of
from ledger.tables import DeviceRow, RecordRow, StreamRow
from ledger.tree.tables import GrowingRow

_RECORD = cast("Table", RecordRow.__table__)
_STREAM = cast("Table", StreamRow.__table__)
_DEVICE = cast("Table", DeviceRow.__table__)
_HEADS = (
    select(
        _STREAM.c.number,
        _STREAM.c.stream_id,
        _STREAM.c.session_id,
        _STREAM.c.next_seq,
        _STREAM.c.head,
        _STREAM.c.closed,
        _STREAM.c.key_version,
        _STREAM.c.origin,
        _STREAM.c.suite,
        select(func.coalesce(func.max(_DEVICE.c.epoch), literal_column("0")))
        .where(_DEVICE.c.stream == _STREAM.c.number)
        .scalar_subquery(),
    )
    .where(_STREAM.c.stream_id.in_(bindparam("streams", expanding=True)))
    .order_by(_STREAM.c.stream_id)
    .with_for_update(of=_STREAM)
)


@dataclass(frozen=True, slots=True)
class Act:
    """Something to be recorded; ``body`` is JSON-like. Epoch 0: the stream's newest."""

    kind: str
    body: Mapping[str, Any] = field(default_factory=dict)
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Appended:
    """Where the last of some acts stands now."""

    stream_id: str
    seq: int
    head: bytes
    server_ms: int


@dataclass(slots=True)
class Head:
    """A locked head row; ``chain`` moves it on, under the data key of ``key_version``. ``epoch`` is
    the newest device's, 0 before any.
    """

    number: int
    stream_id: str
    session_id: str
    next_seq: int
    head: bytes
    closed: bool
    key_version: int
    origin: str
    suite: str
    epoch: int


class Appender:
    """Holds what every record needs; no state of its own."""

    def __init__(self, keys: Keys, clock: Clock, suite: Suite, origin: str) -> None:
        self.keys = keys
        self.clock = clock
        self.suite = suite
        self.origin = origin

    async def append(self, session: WriteSession, stream_id: str, acts: Sequence[Act]) -> Appended:
        """Chain the acts. Raises ``ledger.stream_unknown``, ``ledger.stream_closed``,
        ``ledger.kind_unknown``, ``ledger.too_large``, ``ledger.key_missing``.
        """
        before = locked_before(stream_id)
        if before is not None:
            await lock_heads(session, [before])
        head = await lock_head(session, stream_id)
        key = await self.keys.data_key(session, scope_of(stream_id), head.key_version)
        now_ms = self.clock.now_ms()
        rows = self.chain(head, key, acts, now_ms)
        await store(session, rows, [head] if rows else [])
        return Appended(stream_id, head.next_seq - 1, head.head, now_ms)

    def chain(
        self, head: Head, key: bytes, acts: Sequence[Act], now_ms: int
    ) -> list[dict[str, Any]]:
        """Rows for the acts, and the head moved past them; a refusal leaves it where it was."""
        if head.closed:
            raise Refusal("ledger.stream_closed", Kind.CONFLICT, stream=head.stream_id)
        suite = suite_named(head.suite)
        seq, previous, rows = head.next_seq, head.head, []
        for act in acts:
            must_be_known(act.kind, head.stream_id)
            sealed = seal_record(
                suite,
                key,
                Place(head.origin, head.stream_id, seq, previous, head.key_version),
                salt=chance.token_bytes(SALT_BYTES),
                server_ms=now_ms,
                epoch=act.epoch or head.epoch,
                kind=act.kind,
                content=act.body,
            )
            rows.append(row_of(head.number, sealed))
            seq, previous = seq + 1, sealed.hash
        head.next_seq, head.head = seq, previous
        return rows


async def lock_head(session: WriteSession, stream_id: str) -> Head:
    """The head row, locked until the commit. Raises ``ledger.stream_unknown``."""
    found = await lock_heads(session, [stream_id])
    if stream_id not in found:
        raise Refusal("ledger.stream_unknown", Kind.NOT_FOUND, stream=stream_id)
    return found[stream_id]


async def lock_session(session: WriteSession, session_id: str) -> None:
    """The head of the session's stream, locked until the commit, where there is one: by whoever
    seals the session or decides about its keys, before anything else of the session (ADR 0017).
    """
    await lock_heads(session, [session_stream(session_id)])


async def lock_heads(session: WriteSession, stream_ids: Collection[str]) -> dict[str, Head]:
    """The head rows that exist, locked in the order of their names."""
    [rows] = await select_rows(session, wanted_heads(stream_ids))
    return heads_of(rows)


def wanted_heads(stream_ids: Collection[str]) -> Wanted:
    """The question that locks them."""
    return Wanted(_HEADS, "streams", stream_ids)


def heads_of(rows: Found) -> dict[str, Head]:
    """Its answer, by name."""
    return {row[1]: Head(*row) for row in rows}


async def store(
    session: WriteSession, rows: Sequence[dict[str, Any]], moved: Sequence[Head]
) -> None:
    """Insert chained rows and move their heads."""
    await write_rows(session, *stored(rows, moved))


def stored(rows: Sequence[dict[str, Any]], moved: Sequence[Head]) -> tuple[Insert, Move]:
    """What is written for them."""
    heads = [(one.number, one.next_seq, one.head) for one in moved]
    return Insert(_RECORD, rows), Move(_STREAM, ("number",), ("next_seq", "head"), heads)


async def add_stream(
    session: WriteSession,
    stream_id: str,
    session_id: str,
    *,
    origin: str,
    suite: str,
    key_version: int,
) -> int:
    """A new empty stream under this version of its key. Raises ``ledger.stream_exists``."""
    there = await session.scalar(select(StreamRow.number).where(StreamRow.stream_id == stream_id))
    if there is not None:
        raise Refusal("ledger.stream_exists", Kind.CONFLICT, stream=stream_id)
    row = StreamRow(
        stream_id=stream_id,
        session_id=session_id,
        origin=origin,
        suite=suite,
        next_seq=1,
        head=ZERO_HASH,
        closed=False,
        key_version=key_version,
    )
    session.add(row)
    await session.flush()
    session.add(GrowingRow(stream=row.number, through=0))
    await session.flush()
    return row.number
