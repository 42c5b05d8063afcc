"""Stamps: a step is done when the hash of its inputs is the one it left behind."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def digest(paths: Iterable[Path], *extra: str) -> str:
    """Return the SHA-256 (hex) over the names and bytes of `paths` and the `extra` words."""
    total = hashlib.sha256()
    for path in sorted(paths):
        body = path.read_bytes()
        total.update(f"{path.name}\0{len(body)}\0".encode())
        total.update(body)
    for word in extra:
        total.update(f"{word}\0".encode())
    return total.hexdigest()


def is_current(stamp: Path, value: str) -> bool:
    """Tell whether the stamp holds `value`."""
    return stamp.is_file() and stamp.read_text().strip() == value


def leave(stamp: Path, value: str) -> None:
    """Write the stamp; call it only when the step is complete."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(value + "\n")
