"""The last checkpoint, kept beside the database: what a restored or exchanged one is held against.

Rules kept here: durable before it is published; never replaced by an older one of the same origin,
also when two believe to hold the lease, for whoever writes has locked the folder; the last one of
an origin that another follows stays in a file of its own; a database that is behind the last one of
its origin, or whose tree does not begin with it, is refused.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from kernel.crypto import digest
from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from kernel.files import PUBLIC, folder_held, make_folder, replace_file
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.holding import read_around, tree_of
from ledger.tree.merkle import tree_root
from ledger.tree.note import Note, NoteKey

KEPT_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Outside:
    """A checkpoint as it lies in the file."""

    note: Note
    checkpoint: Checkpoint


class Beside:
    """One file, and one for every origin before; whoever holds the sequencer's lease writes."""

    def __init__(self, path: Path, key: NoteKey) -> None:
        self._path = path
        self._key = key

    def load(self) -> Outside | None:
        """The checkpoint; None before the first. Raises ``ledger.checkpoint_unreadable``."""
        return self._read(self._path)

    def kept(self, origin: str) -> Path:
        """Where the last checkpoint of an origin stays that another follows. Its name is a digest,
        for an origin may be longer than a file's name; the origin is the first line within.
        """
        return self._path.with_name(
            f"{self._path.name}.{digest.sha256(origin.encode()).hex()[:KEPT_DIGITS]}"
        )

    def _read(self, path: Path) -> Outside | None:
        if not path.exists():
            return None
        try:
            note = Note.parse(path.read_text(encoding="utf-8"))
            held = Outside(note, Checkpoint.parse(note.text))
            known = held.checkpoint.origin != self._key.name or note.signed_by(self._key)
        except ValueError:
            known = False
        if not known:
            raise Refusal("ledger.checkpoint_unreadable", Kind.UNAVAILABLE, path=str(path))
        return held

    def _load_own(self) -> tuple[Outside | None, Outside | None]:
        """What ``load`` gives, and the last one of this origin, which may have been followed."""
        held = self.load()
        if held is None or held.checkpoint.origin == self._key.name:
            return held, held
        return held, self._read(self.kept(self._key.name))

    def store(self, note: Note) -> None:
        """Durable when it returns. Raises OSError and what ``load`` raises."""
        make_folder(self._path.parent)
        with folder_held(self._path.parent):
            self._replace(note)

    def _replace(self, note: Note) -> None:
        fresh, held = Checkpoint.parse(note.text), self.load()
        followed = held is not None and held.checkpoint.origin != fresh.origin
        last = self._read(self.kept(fresh.origin)) if followed else held
        if last is not None and last.checkpoint.size > fresh.size:
            return
        if held is not None and followed:
            self._write(self.kept(held.checkpoint.origin), held.note)
        self._write(self._path, note)

    def _write(self, path: Path, note: Note) -> None:
        replace_file(path, note.to_text().encode(), mode=PUBLIC)

    async def compare(self, session: ReadSession) -> Outside | None:
        """What was published last, if the database still holds it; another origin's as it is.

        The file is read before ``session`` is asked anything, for whoever publishes meanwhile has
        committed before. Raises ``ledger.rolled_back``, ``ledger.forked``,
        ``ledger.checkpoint_unreadable``.
        """
        held, own = await asyncio.to_thread(self._load_own)
        if own is None:
            return held
        row = await tree_of(session, self._key.name)
        published, size = own.checkpoint, 0 if row is None else row.size
        if row is None or size < published.size:
            raise Refusal(
                "ledger.rolled_back", Kind.UNAVAILABLE, published=published.size, size=size
            )
        read = await read_around(session, row.number, [], published.size, self._key.hasher)
        if tree_root(read, published.size, self._key.hasher) != published.root:
            raise Refusal("ledger.forked", Kind.UNAVAILABLE, size=published.size)
        return held
