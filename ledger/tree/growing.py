"""What has no leaf yet, and giving it one.

Rules kept here: only streams in ``ledger_growing`` are looked at, so a round costs what is open and
what is new and nothing for what is finished; a stream's records come in order and without gaps,
because its head row was locked while they were written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Select, Table, and_, delete, select, update

from kernel.bulk import Insert, Move, Wanted, select_rows, write_rows
from kernel.db import ReadSession, WriteSession
from ledger.tables import RecordRow, StreamRow
from ledger.tree.entry import tree_entry
from ledger.tree.tables import CheckpointRow, GrowingRow, LeafRow, OtherLeafRow, TileRow

LEAVES_LIMIT = 20_000
"""Leaves of one round, so that a round after a long pause stays short."""

_LEAF = cast("Table", LeafRow.__table__)
_GROWING = cast("Table", GrowingRow.__table__)
_TILE = cast("Table", TileRow.__table__)
_CHECKPOINT = cast("Table", CheckpointRow.__table__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry without a leaf: a record by stream number and seq, others with stream 0, by name.
    Nothing comes after a ``closed`` stream's last record.
    """

    entry: bytes
    stream: int
    seq: int
    name: str = ""
    closed: bool = False


async def waiting_entries(session: ReadSession) -> list[Waiting]:
    """What stands in no tree, seals and links first, then records by stream and number."""
    others = await session.execute(
        select(OtherLeafRow.name, OtherLeafRow.seq, OtherLeafRow.hash)
        .where(OtherLeafRow.index.is_(None))
        .order_by(OtherLeafRow.name)
    )
    found = [Waiting(tree_entry(name, seq, hashed), 0, 0, name) for name, seq, hashed in others]
    [rows] = await select_rows(session, Wanted(_unplaced(LEAVES_LIMIT)))
    found += [
        Waiting(tree_entry(stream_id, seq, hashed), number, seq, closed=closed)
        for number, stream_id, closed, seq, hashed in rows
    ]
    return found


@lru_cache
def _unplaced(limit: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            StreamRow.number, StreamRow.stream_id, StreamRow.closed, RecordRow.seq, RecordRow.hash
        )
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
        .limit(limit)
    )


async def store_growth(
    session: WriteSession,
    at: CheckpointRow,
    waiting: Sequence[Waiting],
    changed: dict[tuple[int, int], bytes],
) -> None:
    """Give the entries the last leaves before the checkpoint ``at``, store it and every changed
    tile in its new form, and leave finished streams alone from now.
    """
    numbered = list(enumerate(waiting, at.size - len(waiting)))
    through = {one.stream: one.seq for one in waiting if one.stream}
    await write_rows(
        session,
        Insert(
            _LEAF,
            [
                {"leaf_index": place, "tree": at.tree, "stream": one.stream, "seq": one.seq}
                for place, one in numbered
            ],
        ),
        Move(_GROWING, ("stream",), ("through",), sorted(through.items())),
        Insert(
            _TILE,
            [
                {"tree": at.tree, "level": level, "number": number, "hashes": hashes}
                for (level, number), hashes in changed.items()
            ],
            replacing=True,
        ),
        Insert(_CHECKPOINT, [{one.name: getattr(at, one.name) for one in _CHECKPOINT.c}]),
    )
    for place, one in numbered:
        if one.name:
            await session.execute(
                update(OtherLeafRow)
                .where(OtherLeafRow.name == one.name)
                .values(tree=at.tree, index=place)
            )
    if any(one.name or one.closed for one in waiting):
        finished = (
            select(StreamRow.number)
            .join(GrowingRow, GrowingRow.stream == StreamRow.number)
            .where(StreamRow.closed, StreamRow.next_seq == GrowingRow.through + 1)
        )
        await session.execute(delete(GrowingRow).where(GrowingRow.stream.in_(finished)))
