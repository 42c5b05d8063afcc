"""The tree as others read it: checkpoints, proofs, tiles, entries, cosignatures in.

Rules kept here: nothing is given out beyond what the newest signed checkpoint covers; a witness's
line is taken only from a known key and only under a checkpoint that this log signed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from kernel.db import ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from ledger.tables import RecordRow, StreamRow
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.entry import tree_entry
from ledger.tree.holding import Published, fetch_tiles, leaf_of, published, read_around, tree_of
from ledger.tree.merkle import inclusion_path
from ledger.tree.note import Note, NoteKey
from ledger.tree.proof import TlogProof
from ledger.tree.tables import CheckpointRow, CosignatureRow, LeafRow, OtherLeafRow, TreeRow
from ledger.tree.tiles import HASH_BYTES, HEIGHT, WIDTH, bundle


@dataclass(frozen=True, slots=True)
class Located:
    """A proof, the entry it proves, and how many witnesses signed its checkpoint."""

    proof: TlogProof
    entry: bytes
    cosigned: int
    size: int
    at_ms: int


class Tree:
    """One origin's tree, read. ``witnesses`` are the keys whose cosignatures are taken."""

    def __init__(self, key: NoteKey, witnesses: Sequence[NoteKey] = ()) -> None:
        self.key = key
        self.witnesses = tuple(witnesses)

    async def newest(self, session: ReadSession) -> Published | None:
        """The newest signed checkpoint with its cosignatures; None before the first."""
        row = await tree_of(session, self.key.name)
        return None if row is None else await published(session, row.number)

    async def proof(self, session: ReadSession, stream_id: str, seq: int) -> Located | None:
        """The proof of one record; None until a signed checkpoint covers it.

        The newest checkpoint that witnesses signed is taken where it covers the record.
        """
        found = await session.execute(
            select(StreamRow.number, RecordRow.hash)
            .join(RecordRow, RecordRow.stream == StreamRow.number)
            .where(StreamRow.stream_id == stream_id, RecordRow.seq == seq)
        )
        row = found.one_or_none()
        leaf = None if row is None else await leaf_of(session, row.number, seq)
        if row is None or leaf is None:
            return None
        return await self._located(session, leaf, tree_entry(stream_id, seq, row[1]))

    async def proof_of_other(self, session: ReadSession, name: str) -> Located | None:
        """The proof of a seal (``seal/<session>``) or a link."""
        row = await session.get(OtherLeafRow, name)
        if row is None or row.tree is None or row.index is None:
            return None
        entry = tree_entry(row.name, row.seq, row.hash)
        return await self._located(session, (row.tree, row.index), entry)

    async def covering(self, session: ReadSession, tree: int, index: int) -> Published | None:
        """A signed checkpoint over the leaf: the newest cosigned one, else the newest."""
        return await published(session, tree, beyond=index, cosigned=True) or await published(
            session, tree, beyond=index
        )

    async def _located(
        self, session: ReadSession, leaf: tuple[int, int], entry: bytes
    ) -> Located | None:
        tree, index = leaf
        head = await self.covering(session, tree, index)
        if head is None:
            return None
        read = await read_around(session, tree, [index], head.size, self.key.hasher)
        path = inclusion_path(read, index, head.size, self.key.hasher)
        proof = TlogProof(index, tuple(path), head.note)
        return Located(proof, entry, head.cosigned, head.size, head.at_ms)

    async def tile(self, session: ReadSession, level: int, number: int, width: int) -> bytes | None:
        """The first ``width`` hashes of a tile; None beyond the newest checkpoint."""
        head = await self._covers(session, level, number, width)
        if head is None:
            return None
        fetch = await fetch_tiles(session, head.tree, [(level, number)])
        try:
            return fetch(level, number)[: width * HASH_BYTES]
        except KeyError:
            return None

    async def entries(self, session: ReadSession, number: int, width: int) -> bytes | None:
        """The first ``width`` entries of a bundle; None beyond the newest checkpoint."""
        head = await self._covers(session, 0, number, width)
        if head is None:
            return None
        first = number * WIDTH
        leaves = await session.execute(
            select(LeafRow.index, StreamRow.stream_id, RecordRow.seq, RecordRow.hash)
            .join(StreamRow, StreamRow.number == LeafRow.stream)
            .join(
                RecordRow,
                (RecordRow.stream == LeafRow.stream) & (RecordRow.seq == LeafRow.seq),
            )
            .where(LeafRow.tree == head.tree, LeafRow.index.between(first, first + width - 1))
        )
        found = {at: tree_entry(name, seq, hashed) for at, name, seq, hashed in leaves}
        others = await session.execute(
            select(
                OtherLeafRow.index, OtherLeafRow.name, OtherLeafRow.seq, OtherLeafRow.hash
            ).where(
                OtherLeafRow.tree == head.tree,
                OtherLeafRow.index.between(first, first + width - 1),
            )
        )
        found |= {at or 0: tree_entry(name, seq, hashed) for at, name, seq, hashed in others}
        return bundle(found[at] for at in range(first, first + width))

    async def _covers(
        self, session: ReadSession, level: int, number: int, width: int
    ) -> Published | None:
        head = await self.newest(session)
        if head is None or number * WIDTH + width > head.size >> (HEIGHT * level):
            return None
        return head

    async def take_cosignature(self, session: WriteSession, text: str) -> int:
        """Lines of known witnesses under one of our checkpoints; how many were new.

        Raises ``witness.note_bad``, ``witness.unknown``, ``witness.checkpoint_unknown``.
        """
        try:
            note = Note.parse(text)
            checkpoint = Checkpoint.parse(note.text)
            signers = [key for key in self.witnesses if note.signed_by(key)]
        except ValueError as wrong:
            raise Refusal("witness.note_bad", detail=str(wrong)[:120]) from wrong
        if not signers:
            raise Refusal("witness.unknown", Kind.FORBIDDEN)
        row = await self._signed_row(session, checkpoint)
        new = 0
        for key in signers:
            if await session.get(CosignatureRow, (row.tree, row.size, key.name)) is not None:
                continue
            mine = next(
                one for one in note.signatures if (one.name, one.key_id) == (key.name, key.id)
            )
            session.add(
                CosignatureRow(
                    tree=row.tree,
                    size=row.size,
                    name=key.name,
                    line=mine.line(),
                    at_s=note.signed_at_s(key) or 0,
                )
            )
            new += 1
        return new

    async def _signed_row(self, session: WriteSession, checkpoint: Checkpoint) -> CheckpointRow:
        row = (
            await session.scalars(
                select(CheckpointRow)
                .join(TreeRow, TreeRow.number == CheckpointRow.tree)
                .where(
                    TreeRow.origin == checkpoint.origin,
                    CheckpointRow.size == checkpoint.size,
                    CheckpointRow.note != "",
                )
            )
        ).one_or_none()
        if row is None or row.root != checkpoint.root:
            raise Refusal("witness.checkpoint_unknown", Kind.CONFLICT, size=checkpoint.size)
        return row
