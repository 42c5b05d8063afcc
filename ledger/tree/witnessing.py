"""A witness: sees that a log only grows, says so under its own key, and cries out when it does not.

Rules kept here: what it has seen is on disk before its signature leaves; it signs only a checkpoint
that the log's pinned key signed and that begins with the last one it saw; of a log that forked or
went back it keeps both notes as evidence and signs nothing; a memory that was damaged accuses
nobody, and nothing is signed on it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from kernel.crypto import digest
from kernel.crypto.signing import Signer
from kernel.errors import Kind, Refusal
from kernel.files import PUBLIC, replace_file
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.holding import places_around
from ledger.tree.merkle import consistency_holds, consistency_path
from ledger.tree.note import Algorithm, Note, NoteKey, cosign
from ledger.tree.tiles import HEIGHT, WIDTH, reader, tile_path

Get = Callable[[str], Awaitable[bytes]]
"""``get(path)`` below the log's prefix. Raises ``witness.unreachable``."""


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What was cosigned; ``note`` is the checkpoint with this witness's line alone beside the
    log's.
    """

    checkpoint: Checkpoint
    note: Note
    grown: int


class Witness:
    """One witness of one log; ``folder`` is its memory."""

    def __init__(self, name: str, signer: Signer, folder: Path) -> None:
        self.key = NoteKey(name, Algorithm.COSIGNATURE, signer.public)
        self._signer = signer
        self._folder = folder

    async def look(self, get: Get, log: NoteKey, now_s: int) -> Witnessed:
        """See the newest checkpoint and cosign it.

        Raises ``witness.note_bad``, ``witness.wrong_log``, ``witness.forked``,
        ``witness.rolled_back``, ``witness.memory_damaged``, ``witness.memory_full`` when its memory
        cannot be written, and what ``get`` raises.
        """
        note, seen = self._parse((await get("checkpoint")).decode(errors="replace"), log)
        last = self.last(log)
        if last is not None:
            await self._compare(get, log, last, (note, seen))
        line = cosign(note.text, self.key.name, self._signer, now_s)
        own = Note(note.text, (*(s for s in note.signatures if s.name == log.name), line))
        _remember(self._place(log), own.to_text())
        before = 0 if last is None else last[1].size
        return Witnessed(seen, own, seen.size - before)

    def last(self, log: NoteKey) -> tuple[Note, Checkpoint] | None:
        """The newest checkpoint that this witness has seen of the log, as the log signed it.

        Raises ``witness.memory_damaged``.
        """
        place = self._place(log)
        if not place.exists():
            return None
        try:
            note = Note.parse(place.read_text(encoding="utf-8"))
            held = note, Checkpoint.parse(note.text)
            note.signed_by(self.key)
            good = note.signed_by(log)  # what the log signed is evidence, whoever put it here
        except ValueError:
            good = False
        if not good:
            raise Refusal("witness.memory_damaged", Kind.UNAVAILABLE, path=str(place))
        return held

    def pin(self, log: NoteKey) -> bool:
        """Remember the log's key at first sight; True when it is new.

        Raises ``witness.wrong_log`` for another key under a name that is known,
        ``witness.memory_damaged``, ``witness.memory_full``.
        """
        place = self._place(log).with_suffix(".key")
        if not place.exists():
            _remember(place, log.text() + "\n")
            return True
        try:
            pinned = NoteKey.parse(place.read_text(encoding="utf-8"))
        except ValueError as wrong:
            raise Refusal("witness.memory_damaged", Kind.UNAVAILABLE, path=str(place)) from wrong
        if pinned != log:
            raise Refusal("witness.wrong_log", Kind.FORBIDDEN, log=log.name)
        return False

    @staticmethod
    def _parse(text: str, log: NoteKey) -> tuple[Note, Checkpoint]:
        try:
            note = Note.parse(text)
            seen = Checkpoint.parse(note.text)
            ours = note.signed_by(log) and seen.origin == log.name
        except ValueError as wrong:
            raise Refusal("witness.note_bad", detail=str(wrong)[:120]) from wrong
        if not ours:
            raise Refusal("witness.wrong_log", Kind.FORBIDDEN, log=log.name)
        return note, seen

    async def _compare(
        self,
        get: Get,
        log: NoteKey,
        last: tuple[Note, Checkpoint],
        new: tuple[Note, Checkpoint],
    ) -> None:
        old, seen = last[1], new[1]
        if seen.size < old.size:
            self._evidence(last[0], new[0])
            raise Refusal("witness.rolled_back", Kind.CONFLICT, before=old.size, now=seen.size)
        path = []
        if 0 < old.size < seen.size:
            try:
                path = await _path(get, log, old.size, seen.size)
            except KeyError:  # a tile that is shorter than its checkpoint says
                path = [b""]
        if not consistency_holds((old.size, old.root), (seen.size, seen.root), path, log.hasher):
            self._evidence(last[0], new[0])
            raise Refusal("witness.forked", Kind.CONFLICT, size=old.size)

    def _evidence(self, old: Note, new: Note) -> None:
        name = digest.sha256(old.text.encode() + new.text.encode()).hex()[:16]
        text = f"{old.to_text()}\n--\n\n{new.to_text()}"
        _remember(self._folder / f"evidence-{name}.txt", text)

    def _place(self, log: NoteKey) -> Path:
        return self._folder / f"{digest.sha256(log.name.encode()).hex()[:16]}.checkpoint"


def _remember(place: Path, text: str) -> None:
    try:
        replace_file(place, text.encode(), mode=PUBLIC)
    except OSError as failed:
        detail = failed.strerror or ""
        raise Refusal(
            "witness.memory_full", Kind.UNAVAILABLE, path=str(place), detail=detail
        ) from failed


async def _path(get: Get, log: NoteKey, old: int, new: int) -> list[bytes]:
    """The consistency proof, out of the log's own tiles. Raises KeyError where they are short."""
    tiles: dict[tuple[int, int], bytes] = {}
    for level, number in sorted(places_around([old, old - 1], new)):
        width = min(WIDTH, (new >> (HEIGHT * level)) - number * WIDTH)
        if width > 0:
            tiles[level, number] = await get(tile_path(level, number, width))
    read = reader(lambda level, number: tiles[level, number], log.hasher)
    return consistency_path(read, old, new, log.hasher)
