"""A session's part of the tree, for its archive.

Rules kept here: the checkpoint is a signed one that covers the session's seal and every record of
it, with witnesses' lines where there are any; a session whose leaves lie in two trees has no part.
"""

from collections import defaultdict

from sqlalchemy import func, select

from kernel.db import ReadSession
from ledger.tables import RecordRow, StreamRow
from ledger.tree.entry import SEAL_STREAM
from ledger.tree.holding import read_around
from ledger.tree.part import CHECKPOINT_FILE, LEAVES_FILE, StreamLeaves, make_part
from ledger.tree.reading import Tree
from ledger.tree.tables import LeafRow, OtherLeafRow


async def tree_part(session: ReadSession, tree: Tree, session_id: str) -> dict[str, bytes]:
    """Files by path from the ledger's folder; empty until a checkpoint covers seal and records."""
    name = f"{SEAL_STREAM}{session_id}"
    seal = await session.get(OtherLeafRow, name)
    if seal is None or seal.tree is None or seal.index is None:
        return {}
    leaves = await _leaves(session, seal.tree, session_id)
    if leaves is None:
        return {}
    leaves[name] = StreamLeaves((seal.index,), (seal.hash,))
    indices = [index for held in leaves.values() for index in held.indices]
    head = await tree.covering(session, seal.tree, max(indices))
    if head is None:
        return {}
    read = await read_around(session, seal.tree, indices, head.size, tree.key.hasher)
    part = make_part(tree.key.name, head.size, leaves, read, tree.key.hasher)
    return {CHECKPOINT_FILE: head.note.encode(), LEAVES_FILE: part.to_bytes()}


async def _leaves(
    session: ReadSession, tree: int, session_id: str
) -> dict[str, StreamLeaves] | None:
    """Every stream's leaves in order; None when one record is in another tree or in none."""
    rows = await session.execute(
        select(
            StreamRow.stream_id,
            RecordRow.hash,
            LeafRow.index.label("leaf"),
            func.coalesce(LeafRow.tree, 0),
        )
        .join(RecordRow, RecordRow.stream == StreamRow.number)
        .join(
            LeafRow,
            (LeafRow.stream == RecordRow.stream) & (LeafRow.seq == RecordRow.seq),
            isouter=True,
        )
        .where(StreamRow.session_id == session_id)
        .order_by(StreamRow.stream_id, RecordRow.seq)
    )
    indices: dict[str, list[int]] = defaultdict(list)
    hashes: dict[str, list[bytes]] = defaultdict(list)
    for stream_id, hashed, leaf, of in rows:
        if of != tree:
            return None
        indices[stream_id].append(leaf)
        hashes[stream_id].append(hashed)
    return {
        stream_id: StreamLeaves(tuple(numbers), tuple(hashes[stream_id]))
        for stream_id, numbers in indices.items()
    }


async def is_covered(session: ReadSession, tree: Tree, session_id: str) -> bool:
    """Whether a signed checkpoint covers the session's seal and all its records, which may come
    some rounds after it; True where there is no tree at all.
    """
    if await tree.newest(session) is None:
        return True
    seal = await session.get(OtherLeafRow, f"{SEAL_STREAM}{session_id}")
    if seal is None or seal.tree is None or seal.index is None:
        return False
    streams, in_tree, last = (
        await session.execute(
            select(func.count(), func.count(LeafRow.index), func.max(LeafRow.index))
            .select_from(StreamRow)
            .join(
                LeafRow,
                (LeafRow.stream == StreamRow.number) & (LeafRow.seq == StreamRow.next_seq - 1),
                isouter=True,
            )
            .where(StreamRow.session_id == session_id)
        )
    ).one()
    if in_tree < streams:
        return False
    return await tree.covering(session, seal.tree, max(seal.index, last or 0)) is not None
