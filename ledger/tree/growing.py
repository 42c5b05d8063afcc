"""What has no leaf yet, and giving it one.

Rules kept here: only streams in ``ledger_growing`` are looked at, so a round costs what is open and
what is new and nothing for what is finished; a stream's records come in order and without gaps,
because its head row was locked while they were written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, and_, bindparam, delete, insert, select, update

from kernel.bulk import Insert, write_rows
from kernel.db import ReadSession, WriteSession
from ledger.tables import RecordRow, StreamRow
from ledger.tree.entry import tree_entry
from ledger.tree.tables import GrowingRow, LeafRow, OtherLeafRow, TileRow

LEAVES_LIMIT = 20_000
"""Leaves of one round, so that a round after a long pause stays short."""

_LEAF = cast("Table", LeafRow.__table__)
_GROWING = cast("Table", GrowingRow.__table__)
_GROWN = (
    update(_GROWING).where(_GROWING.c.stream == bindparam("of")).values(through=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry without a leaf: a record by stream number and seq, others with stream 0, by name."""

    entry: bytes
    stream: int
    seq: int
    name: str = ""


async def waiting_entries(session: ReadSession) -> list[Waiting]:
    """What stands in no tree, seals and links first, then records by stream and number."""
    others = await session.execute(
        select(OtherLeafRow.name, OtherLeafRow.seq, OtherLeafRow.hash)
        .where(OtherLeafRow.index.is_(None))
        .order_by(OtherLeafRow.name)
    )
    found = [Waiting(tree_entry(name, seq, hashed), 0, 0, name) for name, seq, hashed in others]
    rows = await session.execute(
        select(StreamRow.number, StreamRow.stream_id, RecordRow.seq, RecordRow.hash)
        .join(GrowingRow, GrowingRow.stream == StreamRow.number)
        .join(
            RecordRow,
            and_(
                RecordRow.stream == GrowingRow.stream,
                RecordRow.seq > GrowingRow.through,
                RecordRow.seq < StreamRow.next_seq,
            ),
        )
        .where(StreamRow.next_seq > GrowingRow.through + 1)
        .order_by(StreamRow.number, RecordRow.seq)
        .limit(LEAVES_LIMIT)
    )
    found += [
        Waiting(tree_entry(stream_id, seq, hashed), number, seq)
        for number, stream_id, seq, hashed in rows
    ]
    return found


async def store_leaves(
    session: WriteSession, tree: int, first: int, waiting: Sequence[Waiting]
) -> None:
    """Give the entries the leaves from ``first`` on, and leave finished streams alone from now."""
    numbered = list(enumerate(waiting, first))
    leaves = [
        {"leaf_index": at, "tree": tree, "stream": one.stream, "seq": one.seq}
        for at, one in numbered
    ]
    await write_rows(session, Insert(_LEAF, leaves))
    for at, one in numbered:
        if one.name:
            await session.execute(
                update(OtherLeafRow)
                .where(OtherLeafRow.name == one.name)
                .values(tree=tree, index=at)
            )
    through = {one.stream: one.seq for one in waiting if one.stream}
    if through:
        connection = await session.connection()
        await connection.execute(
            _GROWN, [{"of": stream, "now": seq} for stream, seq in sorted(through.items())]
        )
    finished = (
        select(StreamRow.number)
        .join(GrowingRow, GrowingRow.stream == StreamRow.number)
        .where(StreamRow.closed, StreamRow.next_seq == GrowingRow.through + 1)
    )
    await session.execute(delete(GrowingRow).where(GrowingRow.stream.in_(finished)))


async def store_tiles(
    session: WriteSession, tree: int, changed: dict[tuple[int, int], bytes]
) -> None:
    """Every changed tile in its new form; within a level they stand side by side."""
    by_level: dict[int, list[int]] = {}
    for level, number in changed:
        by_level.setdefault(level, []).append(number)
    for level, numbers in by_level.items():
        await session.execute(
            delete(TileRow).where(
                TileRow.tree == tree,
                TileRow.level == level,
                TileRow.number.between(min(numbers), max(numbers)),
            )
        )
    rows: list[dict[str, Any]] = [
        {"tree": tree, "level": level, "number": number, "hashes": hashes}
        for (level, number), hashes in changed.items()
    ]
    await session.execute(insert(TileRow), rows)
