"""Files that survive: whole under their name or not there, and durable when the call returns.

Rules kept here: a file is written beside its place under a name that no other writer has, fsynced,
given its name, and its folder fsynced, as is the folder above one that had to be made; a write that
fails leaves what was there; a crash leaves at the most a file named ``.new-…`` of the same mode,
which is in nobody's way. All of it blocks.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FRESH = ".new-"
"""What the name of a file begins with that is not whole yet."""

PRIVATE = 0o600
PUBLIC = 0o644


def replace_file(path: Path, data: bytes, *, mode: int = PRIVATE) -> None:
    """The file holds ``data``, whatever it held. Raises OSError."""
    with _written(path, data, mode) as fresh:
        fresh.rename(path)


def create_file(path: Path, data: bytes, *, mode: int = PRIVATE) -> None:
    """A file that was not there; two who try at once are told apart by a hard link.

    Raises FileExistsError; OSError.
    """
    with _written(path, data, mode) as fresh:
        path.hardlink_to(fresh)


def settle_folder(folder: Path) -> None:
    """What was named, renamed or taken away in the folder is on disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """The folder is there and stays, with those above it. Raises OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    settle_folder(folder.parent)


@contextmanager
def folder_held(folder: Path) -> Iterator[None]:
    """One at a time among all processes that ask; waits. Not for the same thread twice."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _written(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    """``data`` on disk under another name; gone afterwards unless it was renamed."""
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=FRESH, dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)
    settle_folder(path.parent)
