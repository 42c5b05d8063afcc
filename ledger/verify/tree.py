"""The tree's part of an archive: its checkpoint, its witnesses, its leaves against the streams.

Rules kept here: leaves count for something only under a checkpoint that the seal's key signed and
whose root they come to; a witness counts only by a key that the reader named.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.chain import Damage, Finding
from ledger.layout import SEAL_FILE, SealList
from ledger.parcel import Parcel
from ledger.placing import placed
from ledger.sweep.reading import StreamSeen
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.entry import SEAL_STREAM
from ledger.tree.merkle import Hasher
from ledger.tree.note import Note, NoteKey, each_once
from ledger.tree.part import CHECKPOINT_FILE, LEAVES_FILE, StreamLeaves, TreePart


@dataclass(frozen=True, slots=True)
class Witnesses:
    """The keys that a reader trusts, and how many of them must have cosigned."""

    keys: tuple[NoteKey, ...] = ()
    quorum: int = 0


@dataclass(slots=True)
class TreeCheck:
    """One archive's tree. ``trusted`` says that the leaves are those of the signed root."""

    folder: str
    size: int = 0
    signatures: int = 0
    witnessed: tuple[str, ...] = ()
    trusted: bool = False
    part: TreePart | None = None
    found: list[Finding] = field(default_factory=list)
    _wrong_leaf: bool = False
    _rootless: bool = False
    _uncovered: int = 0

    def stream(self, seen: StreamSeen) -> Finding | None:
        """What is first wrong with a stream, the tree's word included."""
        if self.part is None:
            return seen.finding
        mine = self.part.streams.get(seen.stream_id, StreamLeaves((), ()))
        held = [seen.hashes[at : at + 32] for at in range(0, len(seen.hashes), 32)]
        if self.trusted:
            if seen.finding is None and len(held) > len(mine.hashes):
                self._uncovered += len(held) - len(mine.hashes)
                held = held[: len(mine.hashes)]
            return placed(seen.stream_id, seen.finding, held, mine.hashes)
        if seen.finding is None and not self._wrong_leaf:
            pairs = enumerate(zip(held, mine.hashes, strict=False), 1)
            wrong = next((seq for seq, (one, leaf) in pairs if one != leaf), None)
            if wrong is not None:
                self._wrong_leaf = True
                self._add(Damage.TREE, LEAVES_FILE, f"{seen.stream_id} #{wrong}")
        return seen.finding

    def finish(self, listed: SealList, seal_hash: bytes) -> list[Finding]:
        """After the last stream: everything that the tree has against the archive."""
        if self.part is None:
            return self.found
        if self._rootless and not self._wrong_leaf:
            self._add(Damage.FORKED, CHECKPOINT_FILE, f"size {self.size}")
        if self.trusted:
            self._cover(self.part, listed, seal_hash)
        return self.found

    def _cover(self, part: TreePart, listed: SealList, seal_hash: bytes) -> None:
        seal_stream = f"{SEAL_STREAM}{listed.session_id}"
        sealed = part.streams.get(seal_stream)
        if self._uncovered or sealed is None or not sealed.hashes:
            detail = f"{self._uncovered} records after it" if self._uncovered else "no seal in it"
            self._add(Damage.ROLLED_BACK, CHECKPOINT_FILE, detail)
        elif sealed.hashes != (seal_hash,):
            self._add(Damage.SEAL, SEAL_FILE, "not the one in the tree")
        for stream_id in sorted(part.streams.keys() - listed.streams.keys() - {seal_stream}):
            sitting = stream_id.startswith("sitting/")
            damage = Damage.MISSING_SITTING if sitting else Damage.MISSING_STREAM
            self.found.append(Finding(damage, stream_id, detail="in the tree, not in the seal"))

    def _add(self, damage: Damage, name: str, detail: str) -> None:
        self.found.append(Finding(damage, self.folder + name, detail=detail))

    # --- reading the two files -------------------------------------------------------------------

    def read(self, parcel: Parcel, listed: SealList, public: bytes, witnesses: Witnesses) -> None:
        """Checkpoint and leaves. An archive without them is not wrong, unless witnesses are
        wanted.
        """
        present = set(parcel.paths())
        here = {name for name in (CHECKPOINT_FILE, LEAVES_FILE) if self.folder + name in present}
        if not here:
            if witnesses.quorum:
                self._add(Damage.WITNESSES, CHECKPOINT_FILE, f"0 / {witnesses.quorum}")
            return
        for name in sorted({CHECKPOINT_FILE, LEAVES_FILE} - here):
            self._add(Damage.TREE, name, "missing")
        if len(here) < 2:
            return
        checkpoint = self._checkpoint(parcel, listed.origin, public, witnesses)
        part = self._leaves(parcel, listed.origin)
        if checkpoint is not None and part is not None:
            self._joined(checkpoint, part, NoteKey.of_log(listed.origin, public).hasher)

    def _checkpoint(
        self, parcel: Parcel, origin: str, public: bytes, witnesses: Witnesses
    ) -> Checkpoint | None:
        try:
            note = Note.parse(parcel.read(self.folder + CHECKPOINT_FILE).decode())
            checkpoint = Checkpoint.parse(note.text)
            signed = note.signed_by(NoteKey.of_log(origin, public))
        except ValueError as wrong:
            self._add(Damage.TREE, CHECKPOINT_FILE, str(wrong)[:120])
            return None
        if not signed or checkpoint.origin != origin:
            self._add(Damage.TREE, CHECKPOINT_FILE, "not signed by the seal's key")
            return None
        self.size, self.signatures = checkpoint.size, len(note.signatures) - 1
        self.witnessed = tuple(one.name for one in witnesses.keys if _cosigned(note, one))
        if len(self.witnessed) < witnesses.quorum:
            detail = f"{len(self.witnessed)} / {witnesses.quorum}"
            self._add(Damage.WITNESSES, CHECKPOINT_FILE, detail)
        return checkpoint

    def _leaves(self, parcel: Parcel, origin: str) -> TreePart | None:
        try:
            part = TreePart.from_bytes(parcel.read(self.folder + LEAVES_FILE))
        except ValueError as wrong:
            self._add(Damage.TREE, LEAVES_FILE, str(wrong)[:120])
            return None
        if part.origin != origin:
            self._add(Damage.TREE, LEAVES_FILE, "of another origin")
            return None
        return part

    def _joined(self, checkpoint: Checkpoint, part: TreePart, hasher: Hasher) -> None:
        self.part = part
        if checkpoint.size != part.size:
            older = checkpoint.size < part.size
            detail = f"size {checkpoint.size}, leaves of {part.size}"
            self._add(Damage.ROLLED_BACK if older else Damage.TREE, CHECKPOINT_FILE, detail)
            return
        try:
            self.trusted = part.root(hasher) == checkpoint.root
        except ValueError as wrong:
            self._add(Damage.TREE, LEAVES_FILE, str(wrong)[:120])
            return
        self._rootless = not self.trusted


def _cosigned(note: Note, key: NoteKey) -> bool:
    """A cosignature that does not hold is none."""
    try:
        return note.signed_by(key)
    except ValueError:
        return False


def witnesses_of(keys: Sequence[NoteKey], quorum: int | None) -> Witnesses:
    """All of the named witnesses, unless the reader asks for fewer."""
    named = each_once(keys)
    return Witnesses(named, len(named) if quorum is None else quorum)
