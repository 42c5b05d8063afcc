"""The one append function: chain records onto streams inside the caller's transaction.

Rules kept here: head rows are locked in the order of their names, so no two appenders wait for each
other in a circle; seq and previous hash come from the locked row; (stream, seq) is unique.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select, update

from kernel.clock import Clock
from kernel.crypto import chance
from kernel.crypto.suite import Suite
from kernel.db import WriteSession
from kernel.errors import Kind, Refusal
from ledger.keys import FIRST_VERSION, Keys, scope_of
from ledger.kinds import must_be_known
from ledger.record import SALT_BYTES, ZERO_HASH, Place, seal_record
from ledger.tables import RecordRow, StreamRow


@dataclass(frozen=True, slots=True)
class Act:
    """Something to be recorded; ``body`` is JSON-like."""

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
        row = await lock_head(session, stream_id)
        if row.closed:
            raise Refusal("ledger.stream_closed", Kind.CONFLICT, stream=stream_id)
        key = await self.keys.data_key(session, scope_of(stream_id), FIRST_VERSION)
        now_ms = self.clock.now_ms()
        seq, head, rows = row.next_seq, row.head, []
        for act in acts:
            must_be_known(act.kind, stream_id)
            sealed = seal_record(
                self.suite,
                key,
                Place(self.origin, stream_id, seq, head, FIRST_VERSION),
                salt=chance.token_bytes(SALT_BYTES),
                server_ms=now_ms,
                epoch=act.epoch,
                kind=act.kind,
                content=act.body,
            )
            rows.append(
                {
                    "stream": row.number,
                    "seq": seq,
                    "header": sealed.header,
                    "ciphertext": sealed.ciphertext,
                    "hash": sealed.hash,
                    "leaf_index": None,
                }
            )
            seq, head = seq + 1, sealed.hash
        if rows:
            await session.execute(insert(RecordRow), rows)
            await session.execute(
                update(StreamRow)
                .where(StreamRow.number == row.number)
                .values(next_seq=seq, head=head)
            )
        return Appended(stream_id, seq - 1, head, now_ms)


@dataclass(frozen=True, slots=True)
class Head:
    """A locked head row."""

    number: int
    stream_id: str
    session_id: str
    next_seq: int
    head: bytes
    closed: bool


async def lock_head(session: WriteSession, stream_id: str) -> Head:
    """The head row, locked until the commit. Raises ``ledger.stream_unknown``."""
    found = (
        await session.execute(
            select(
                StreamRow.number,
                StreamRow.stream_id,
                StreamRow.session_id,
                StreamRow.next_seq,
                StreamRow.head,
                StreamRow.closed,
            )
            .where(StreamRow.stream_id == stream_id)
            .with_for_update()
        )
    ).first()
    if found is None:
        raise Refusal("ledger.stream_unknown", Kind.NOT_FOUND, stream=stream_id)
    return Head(*found)


async def add_stream(session: WriteSession, stream_id: str, session_id: str) -> int:
    """A new empty stream. Raises ``ledger.stream_exists``."""
    there = await session.scalar(select(StreamRow.number).where(StreamRow.stream_id == stream_id))
    if there is not None:
        raise Refusal("ledger.stream_exists", Kind.CONFLICT, stream=stream_id)
    row = StreamRow(
        stream_id=stream_id, session_id=session_id, next_seq=1, head=ZERO_HASH, closed=False
    )
    session.add(row)
    await session.flush()
    return row.number
