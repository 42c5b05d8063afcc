"""The tree of a data directory: every leaf against its record, every signed head against the
leaves, and the checkpoint beside the database against both.

Rules kept here: leaves are read in their order, block by block; the tree is grown again from
records alone, so a tile that was changed cannot help a record that was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from kernel.crypto.suite import suite_named
from kernel.db import ReadSession
from ledger.chain import Damage, Finding
from ledger.report import Report
from ledger.tables import RecordRow, SealRow, StreamRow
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.entry import SEAL_STREAM, tree_entry
from ledger.tree.merkle import Hasher, leaf_hash
from ledger.tree.note import Note, NoteKey
from ledger.tree.tables import CheckpointRow, GrowingRow, LeafRow, OtherLeafRow, TreeRow
from ledger.tree.tiles import Edge

CHECKPOINT_PLACE = "ledger/checkpoint"
DEFAULT_SUITE = "A256GCM-SHA256"
_BLOCK = 5_000
_Leaf = tuple[int, int, int, bytes | None]


@dataclass(slots=True)
class _Heads:
    """Roots that somebody signed, by tree size, and where each stands."""

    wanted: dict[int, list[tuple[str, bytes]]] = field(default_factory=dict)

    def add(self, size: int, place: str, root: bytes) -> None:
        self.wanted.setdefault(size, []).append((place, root))


Outside = tuple[Note, Checkpoint] | None


async def check_tree(session: ReadSession, outside: Outside, report: Report, public: bytes) -> None:
    """Adds to the report's findings and counts."""
    rows = (await session.scalars(select(TreeRow).order_by(TreeRow.number))).all()
    through: dict[int, int] = {}
    whole = True
    for row in rows:
        whole = await _Tree(session, report, row, public, outside).run(through) and whole
    await _seals(session, report)
    if rows and whole:
        await _ends(session, report, through)
    if outside is not None and outside[1].origin not in {row.origin for row in rows}:
        detail = f"{outside[1].origin}, {outside[1].size}"
        report.found.append(Finding(Damage.ROLLED_BACK, CHECKPOINT_PLACE, detail=detail))


def outside_of(folder: Path, report: Report) -> Outside:
    """The checkpoint beside the database. It is read before the view of the database begins: a
    server at work publishes on, and what it has published it has committed before.
    """
    place = folder / CHECKPOINT_PLACE
    if not place.is_file():
        return None
    try:
        note = Note.parse(place.read_text(encoding="utf-8"))
        return note, Checkpoint.parse(note.text)
    except ValueError as wrong:
        report.found.append(Finding(Damage.TREE, CHECKPOINT_PLACE, detail=str(wrong)))
        return None


class _Tree:
    def __init__(
        self,
        session: ReadSession,
        report: Report,
        row: TreeRow,
        public: bytes,
        outside: Outside,
    ) -> None:
        self._session = session
        self._report = report
        self._row = row
        self._public = public
        self._outside = outside if outside and outside[1].origin == row.origin else None
        self._heads = _Heads()

    async def run(self, through: dict[int, int]) -> bool:
        """``through``: how far each stream is in this tree and the ones before it. False where a
        leaf is missing and nothing behind it was read.
        """
        await self._signed()
        hasher = await self._hasher()
        edge, at = Edge(), 0
        self._compare(edge, hasher)
        while at < self._row.size:
            block = await self._block(at)
            hashes: list[bytes] = []
            for index, stream, seq, entry in block:
                if index != at or entry is None or (stream and seq != through.get(stream, 0) + 1):
                    await self._missing(at, stream, seq)
                    return False
                through[stream] = seq
                hashes.append(leaf_hash(entry, hasher))
                at += 1
                if at in self._heads.wanted or len(hashes) == len(block):
                    edge.grow(hashes, hasher)
                    self._compare(edge, hasher)
                    hashes = []
            if not block:
                await self._missing(at, 0, 0)
                return False
            edge.grow(hashes, hasher)
        await self._beyond()
        self._report.tree_size += self._row.size
        return True

    async def _signed(self) -> None:
        """The newest checkpoint, the tree's own row, and the file: what must come out."""
        row = self._row
        self._heads.add(row.size, f"tree of {row.origin}", row.root)
        newest = (
            await self._session.scalars(
                select(CheckpointRow)
                .where(CheckpointRow.tree == row.number, CheckpointRow.note != "")
                .order_by(CheckpointRow.size.desc())
                .limit(1)
            )
        ).one_or_none()
        if newest is not None:
            place = f"checkpoint of {row.origin}"
            self._note(place, newest.note)
            self._heads.add(newest.size, place, newest.root)
        if self._outside is not None:
            note, checkpoint = self._outside
            self._note(CHECKPOINT_PLACE, note.to_text())
            if checkpoint.size > row.size:
                detail = f"{checkpoint.size} published, {row.size} here"
                self._add(Damage.ROLLED_BACK, CHECKPOINT_PLACE, detail)
            self._heads.add(checkpoint.size, CHECKPOINT_PLACE, checkpoint.root)

    def _note(self, place: str, text: str) -> None:
        if not self._public:
            return
        try:
            good = Note.parse(text).signed_by(NoteKey.of_log(self._row.origin, self._public))
        except ValueError:
            good = False
        if not good:
            self._add(Damage.TREE, place, "signature")

    async def _hasher(self) -> Hasher:
        """An origin keeps one suite for life, so any of its streams says which."""
        name = await self._session.scalar(
            select(StreamRow.suite).where(StreamRow.origin == self._row.origin).limit(1)
        )
        return suite_named(name or DEFAULT_SUITE).hash

    async def _block(self, first: int) -> list[_Leaf]:
        """(index, stream number, seq, entry) from ``first`` on; no entry without its record."""
        within = (
            LeafRow.tree == self._row.number,
            LeafRow.index.between(first, first + _BLOCK - 1),
        )
        rows = await self._session.execute(
            select(LeafRow.index, LeafRow.stream, LeafRow.seq, StreamRow.stream_id, RecordRow.hash)
            .join(StreamRow, StreamRow.number == LeafRow.stream, isouter=True)
            .join(
                RecordRow,
                (RecordRow.stream == LeafRow.stream) & (RecordRow.seq == LeafRow.seq),
                isouter=True,
            )
            .where(*within)
            .order_by(LeafRow.index)
        )
        others = {
            index or 0: tree_entry(name, seq, hashed)
            for index, name, seq, hashed in await self._session.execute(
                select(
                    OtherLeafRow.index, OtherLeafRow.name, OtherLeafRow.seq, OtherLeafRow.hash
                ).where(OtherLeafRow.tree == self._row.number)
            )
        }
        return [_entry(*row, others) for row in rows]

    def _compare(self, edge: Edge, hasher: Hasher) -> None:
        for place, root in self._heads.wanted.pop(edge.size, ()):
            if edge.root(hasher) != root:
                self._add(Damage.FORKED, place, f"size {edge.size}")

    async def _missing(self, index: int, stream: int, seq: int) -> None:
        name = await self._session.scalar(
            select(StreamRow.stream_id).where(StreamRow.number == stream)
        )
        place = name or f"tree of {self._row.origin}"
        self._report.found.append(Finding(Damage.TREE, place, seq, f"leaf {index}"))

    async def _beyond(self) -> None:
        """Leaves after the tree's end."""
        extra = await self._session.scalar(
            select(func.count())
            .select_from(LeafRow)
            .where(LeafRow.tree == self._row.number, LeafRow.index >= self._row.size)
        )
        if extra:
            self._add(Damage.TREE, f"tree of {self._row.origin}", f"{extra} leaves after its end")

    def _add(self, damage: Damage, place: str, detail: str) -> None:
        self._report.found.append(Finding(damage, place, detail=detail))


async def _seals(session: ReadSession, report: Report) -> None:
    """Every seal that has a leaf is there, and is the one that the leaf names."""
    leaves = await session.execute(
        select(OtherLeafRow.name, OtherLeafRow.hash).where(
            OtherLeafRow.name.startswith(SEAL_STREAM)
        )
    )
    for name, hashed in leaves.all():
        session_id = name.removeprefix(SEAL_STREAM)
        seal = await session.get(SealRow, session_id)
        suite = await session.scalar(
            select(StreamRow.suite).where(StreamRow.session_id == session_id).limit(1)
        )
        if seal is None:
            detail = "in the tree, not in the database"
        elif suite_named(suite or DEFAULT_SUITE).hash(seal.frame) != hashed:
            detail = "not the one in the tree"
        else:
            continue
        report.found.append(Finding(Damage.SEAL, f"seal of {session_id}", detail=detail))


async def _ends(session: ReadSession, report: Report, through: Mapping[int, int]) -> None:
    """Each stream is in the trees as far as is said; one of which nothing is said, whole."""
    rows = await session.execute(
        select(
            StreamRow.stream_id,
            StreamRow.number,
            func.coalesce(GrowingRow.through, StreamRow.next_seq - 1),
        )
        .join(GrowingRow, GrowingRow.stream == StreamRow.number, isouter=True)
        .order_by(StreamRow.stream_id)
    )
    broken = {one.place for one in report.found}
    for stream_id, number, said in rows:
        held = through.get(number, 0)
        if held != said and stream_id not in broken:
            report.found.append(
                Finding(Damage.TREE, stream_id, min(held, said) + 1, "not in the tree")
            )


def _entry(
    index: int,
    stream: int,
    seq: int,
    name: str | None,
    hashed: bytes | None,
    others: Mapping[int, bytes],
) -> _Leaf:
    if not stream:
        return index, 0, 0, others.get(index)
    if name is None or hashed is None:
        return index, stream, seq, None
    return index, stream, seq, tree_entry(name, seq, hashed)
