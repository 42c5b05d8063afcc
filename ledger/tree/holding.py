"""The tree as it lies in the database: tiles, leaves, heads and checkpoints, read."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from kernel.db import ReadSession
from ledger.tree.merkle import Hasher, Read
from ledger.tree.tables import CheckpointRow, CosignatureRow, LeafRow, TileRow, TreeRow
from ledger.tree.tiles import HEIGHT, WIDTH, Fetch, reader


@dataclass(frozen=True, slots=True)
class Published:
    """A signed checkpoint. ``cosigned`` counts the witnesses' lines in ``note``."""

    tree: int
    size: int
    root: bytes
    at_ms: int
    note: str
    cosigned: int


async def tree_of(session: ReadSession, origin: str) -> TreeRow | None:
    """The head of an origin's tree."""
    return (await session.scalars(select(TreeRow).where(TreeRow.origin == origin))).one_or_none()


async def fetch_tiles(session: ReadSession, tree: int, places: Iterable[tuple[int, int]]) -> Fetch:
    """Tiles by (level, number), read at once; a missing one raises KeyError when it is used."""
    by_level: dict[int, set[int]] = {}
    for level, number in places:
        by_level.setdefault(level, set()).add(number)
    found: dict[tuple[int, int], bytes] = {}
    for level, numbers in by_level.items():
        rows = await session.execute(
            select(TileRow.number, TileRow.hashes).where(
                TileRow.tree == tree, TileRow.level == level, TileRow.number.in_(numbers)
            )
        )
        found |= {(level, number): hashes for number, hashes in rows}
    return lambda level, number: found[level, number]


def places_around(positions: Iterable[int], size: int) -> set[tuple[int, int]]:
    """The tiles that proofs about these leaves, in a tree of ``size``, are made of."""
    wanted: set[tuple[int, int]] = set()
    corners = [*positions, size, max(size - 1, 0)]
    level = 0
    while size >> (HEIGHT * level):
        wanted |= {(level, (at >> (HEIGHT * level)) // WIDTH) for at in corners}
        level += 1
    return wanted


async def read_around(
    session: ReadSession, tree: int, positions: Iterable[int], size: int, hasher: Hasher
) -> Read:
    """What proofs about these leaves are read from."""
    fetch = await fetch_tiles(session, tree, places_around(positions, size))
    return reader(fetch, hasher)


async def leaf_of(session: ReadSession, stream: int, seq: int) -> tuple[int, int] | None:
    """(tree, index) of a record; None while it is in none."""
    found = await session.execute(
        select(LeafRow.tree, LeafRow.index).where(LeafRow.stream == stream, LeafRow.seq == seq)
    )
    row = found.first()
    return None if row is None else (row[0], row[1])


async def published(
    session: ReadSession, tree: int, *, beyond: int = -1, cosigned: bool = False
) -> Published | None:
    """The newest signed checkpoint over more than ``beyond`` leaves; with ``cosigned`` the newest
    that a witness signed too.
    """
    lines = (
        select(CosignatureRow.size, func.count().label("lines"))
        .where(CosignatureRow.tree == tree)
        .group_by(CosignatureRow.size)
        .subquery()
    )
    wanted = (
        select(CheckpointRow, func.coalesce(lines.c.lines, 0))
        .join(lines, lines.c.size == CheckpointRow.size, isouter=not cosigned)
        .where(CheckpointRow.tree == tree, CheckpointRow.size > beyond, CheckpointRow.note != "")
        .order_by(CheckpointRow.size.desc())
        .limit(1)
    )
    found = (await session.execute(wanted)).first()
    if found is None:
        return None
    row, count = found
    more = await session.scalars(
        select(CosignatureRow.line)
        .where(CosignatureRow.tree == tree, CosignatureRow.size == row.size)
        .order_by(CosignatureRow.name)
    )
    note = row.note + "".join(more)
    return Published(tree, row.size, row.root, row.at_ms, note, count)
