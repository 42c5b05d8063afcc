"""Checkpoints (C2SP tlog-checkpoint): origin, size and root of a tree in three lines. Pure."""

import base64
import binascii
from dataclasses import dataclass

HASH_BYTES = 32
SIZE_LIMIT = 1 << 63


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree of ``size`` leaves with this root; ``origin`` names the log and its key."""

    origin: str
    size: int
    root: bytes

    def to_text(self) -> str:
        """The text under the signatures."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Raises ValueError for anything but a checkpoint; extension lines are passed over."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise ValueError("not a checkpoint")
        origin, size_text, root_text = lines[:3]
        if not size_text.isascii() or not size_text.isdigit() or str(int(size_text)) != size_text:
            raise ValueError("not a tree's size")
        try:
            root = base64.b64decode(root_text, validate=True)
        except binascii.Error as wrong:
            raise ValueError("not a root") from wrong
        if len(root) != HASH_BYTES or base64.b64encode(root).decode() != root_text:
            raise ValueError("not a root")
        if int(size_text) >= SIZE_LIMIT:
            raise ValueError("not a tree's size")
        return cls(origin, int(size_text), root)
