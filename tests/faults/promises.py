"""What a ledger process noted before it said it, and whether all of that is there on some disk."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from kernel.crypto.keyring import FileKeyRing
from tests.faults.heads import extended
from tests.faults.judging import lost_of, records_of


@dataclass(slots=True)
class Promises:
    """``events`` counts by stream; ``acked_heads`` are the hashes in acknowledgements, by stream;
    ``heads`` are checkpoints that were published.
    """

    events: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    acked_heads: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    heads: dict[str, None] = field(default_factory=dict)
    blobs: dict[str, str] = field(default_factory=dict)
    ring: int = 1

    @classmethod
    def of(cls, notes: bytes) -> "Promises":
        """The lines of the process's notes."""
        made = cls()
        for line in notes.splitlines():
            made._hear(msgspec.json.decode(line))
        return made

    def _hear(self, note: dict[str, Any]) -> None:
        if "to" in note:
            stream = note["stream"]
            self.events[stream] = max(self.events[stream], note["to"])
            self.acked_heads[stream].add(note["head_hash"])
        elif "ring" in note:
            self.ring = note["ring"]
        elif "head" in note:
            self.heads[note["head"]] = None
        else:
            self.blobs[note["blob"]] = note["data"]

    @property
    def count(self) -> int:
        """Events promised."""
        return sum(self.events.values())

    async def lost(self, url: str, folder: Path) -> int:
        """How many promised events are not there; of the rest anything that is not is an error."""
        for name, data in self.blobs.items():
            assert (folder / "blobs" / name).read_bytes().hex() == data, f"{name} is lost"
        assert FileKeyRing(folder / "keys.json").version >= self.ring, "a master key is lost"
        found = await records_of(url, folder, set(self.events))
        lost = sum(lost_of(found[name], name, {1: n}) for name, n in self.events.items())
        if lost:
            return lost
        for name, hashes in self.acked_heads.items():
            assert hashes <= {one.hash.hex() for one in found[name]}, "an acknowledged head is gone"
        await extended(url, folder, list(self.heads))
        return 0
