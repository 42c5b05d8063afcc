"""The last checkpoint, kept beside the database: what a restored or exchanged one is held against.

Rules kept here: durable before it is published; never replaced by an older one of the same origin,
also when two believe to hold the lease, for whoever writes has locked the folder; a database that
is behind it, or whose tree does not begin with it, is refused.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from kernel.files import PUBLIC, folder_held, make_folder, replace_file
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.holding import read_around
from ledger.tree.merkle import tree_root
from ledger.tree.note import Note, NoteKey
from ledger.tree.tables import TreeRow


@dataclass(frozen=True, slots=True)
class Outside:
    """A checkpoint as it lies in the file."""

    note: Note
    checkpoint: Checkpoint


class Beside:
    """One file; read and written by whoever holds the sequencer's lease."""

    def __init__(self, path: Path, key: NoteKey) -> None:
        self._path = path
        self._key = key

    def load(self) -> Outside | None:
        """The checkpoint; None before the first. Raises ``ledger.checkpoint_unreadable``."""
        if not self._path.exists():
            return None
        try:
            note = Note.parse(self._path.read_text(encoding="utf-8"))
            held = Outside(note, Checkpoint.parse(note.text))
            known = held.checkpoint.origin != self._key.name or note.signed_by(self._key)
        except ValueError:
            known = False
        if not known:
            raise Refusal("ledger.checkpoint_unreadable", Kind.UNAVAILABLE, path=str(self._path))
        return held

    def store(self, note: Note) -> None:
        """Durable when it returns. Raises OSError and what ``load`` raises."""
        make_folder(self._path.parent)
        with folder_held(self._path.parent):
            self._replace(note)

    def _replace(self, note: Note) -> None:
        fresh, held = Checkpoint.parse(note.text), self.load()
        if (
            held is not None
            and held.checkpoint.origin == fresh.origin
            and held.checkpoint.size > fresh.size
        ):
            return
        replace_file(self._path, note.to_text().encode(), mode=PUBLIC)

    async def compare(self, session: ReadSession, row: TreeRow | None) -> Outside | None:
        """What was published last, if the database still holds it; another origin's as it is.

        Raises ``ledger.rolled_back``, ``ledger.forked``, ``ledger.checkpoint_unreadable``.
        """
        held = await asyncio.to_thread(self.load)
        if held is None or held.checkpoint.origin != self._key.name:
            return held
        published, size = held.checkpoint, 0 if row is None else row.size
        if row is None or size < published.size:
            raise Refusal(
                "ledger.rolled_back", Kind.UNAVAILABLE, published=published.size, size=size
            )
        read = await read_around(session, row.number, [], published.size, self._key.hasher)
        if tree_root(read, published.size, self._key.hasher) != published.root:
            raise Refusal("ledger.forked", Kind.UNAVAILABLE, size=published.size)
        return held
