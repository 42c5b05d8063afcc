"""Heads that left the server, held against a tree that goes on growing after a fault.

Rules kept here: the next sequencer starts as the server does, over the files as they lie there; a
head is extended when the tree that it goes on with has the head's root at the head's size.
"""

from collections.abc import Sequence
from pathlib import Path

from kernel.clock import SystemClock
from kernel.crypto.keyring import FileKeyRing
from kernel.db import Database
from kernel.lease import lease_of
from ledger.book import Ledger
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.holding import fetch_tiles, published, tree_of
from ledger.tree.merkle import tree_root
from ledger.tree.note import Note
from ledger.tree.tiles import reader, tiles_of
from tests.faults.ledger_process import CHECKPOINT, LEASE, ORIGIN


async def extended(url: str, folder: Path, notes: Sequence[str]) -> int:
    """Start a sequencer, let it cover what is there, and find every head in its tree; returns how
    many leaves the tree has then. Raises what the start refuses.
    """
    database = Database.open(url)
    ledger = Ledger(database, FileKeyRing(folder / "keys.json"), SystemClock(), ORIGIN)
    sequencer = ledger.sequencer(folder / CHECKPOINT, lease_of(database, LEASE, folder))
    try:
        await sequencer.check()
        while await sequencer.round():
            continue
        await sequencer.leave()
        async with database.read() as session:
            row = await tree_of(session, ORIGIN)
            assert row is not None
            signed = await published(session, row.number)
            assert signed is not None
            assert (signed.size, signed.root) == (row.size, row.root), "the end is not signed"
            places = [(level, number) for level, number, _ in tiles_of(row.size)]
            read = reader(await fetch_tiles(session, row.number, places))
        for text in notes:
            note = Note.parse(text)
            assert note.signed_by(ledger.log_key)
            head = Checkpoint.parse(note.text)
            assert head.size <= row.size, f"head {head.size} left the server and is gone"
            assert tree_root(read, head.size) == head.root, f"head {head.size} was forked"
        return row.size
    finally:
        await database.close()
