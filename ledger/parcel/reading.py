"""Reading a parcel, ZIP or folder, with every byte of the container compared on the way."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from ledger.parcel.container import (
    LOCAL_SIZE,
    Member,
    is_local,
    local_header,
    parse_local,
    tail,
    variable_size,
)

READ_LIMIT_BYTES = 512 << 20
"""What is read into memory as a whole: lists, seals, leaves, and a stream that is broken. The
leaves of a session of ten million records have 400 MB.
"""
FILES_LIMIT = 1 << 20
_PIECE = 1 << 20


class Parcel(Protocol):
    """Files by path. ``faults`` names what is wrong with the container itself, place first."""

    faults: list[tuple[str, str]]

    def paths(self) -> list[str]: ...
    def size(self, path: str) -> int: ...
    def pieces(self, path: str) -> Iterator[bytes]: ...
    def read(self, path: str) -> bytes:
        """Raises KeyError when the file is not there, ValueError over ``READ_LIMIT_BYTES``."""
        ...


class FolderParcel:
    """A folder. Links and special files are faults."""

    def __init__(self, root: Path) -> None:
        self.faults: list[tuple[str, str]] = []
        self._files: dict[str, Path] = {}
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                self.faults.append((name, "is neither a file nor a folder"))
            elif path.is_file():
                self._files[name] = path

    def paths(self) -> list[str]:
        return sorted(self._files)

    def size(self, path: str) -> int:
        return self._files[path].stat().st_size

    def pieces(self, path: str) -> Iterator[bytes]:
        with self._files[path].open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece

    def read(self, path: str) -> bytes:
        _need_small(self.size(path))
        return self._files[path].read_bytes()


class ZipParcel:
    """A ZIP file in the canonical form of ``ledger.parcel.container``."""

    def __init__(self, file: Path) -> None:
        self.faults: list[tuple[str, str]] = []
        self._path = file
        self._members: dict[str, Member] = {}
        try:
            self._walk()
        except (ValueError, UnicodeDecodeError) as wrong:
            last = next(reversed(self._members), "the beginning")
            self.faults.append((self._path.name, f"container broken after {last}: {wrong}"))

    def paths(self) -> list[str]:
        return sorted(self._members)

    def size(self, path: str) -> int:
        return self._members[path].size_bytes

    def pieces(self, path: str) -> Iterator[bytes]:
        member = self._members[path]
        left, crc = member.size_bytes, 0
        with self._path.open("rb") as file:
            file.seek(member.data_offset)
            while left:
                piece = file.read(min(left, _PIECE))
                if not piece:
                    break
                left -= len(piece)
                crc = zlib.crc32(piece, crc)
                yield piece
        if crc != member.crc or left:
            self.faults.append((path, "its checksum in the container does not fit"))

    def read(self, path: str) -> bytes:
        _need_small(self.size(path))
        return b"".join(self.pieces(path))

    def _walk(self) -> None:
        length = self._path.stat().st_size
        at = 0
        with self._path.open("rb") as file:
            while True:
                file.seek(at)
                fixed = file.read(LOCAL_SIZE)
                if not is_local(fixed) or len(fixed) < LOCAL_SIZE:
                    break
                rest = file.read(variable_size(fixed))
                path, size, crc = parse_local(fixed, rest)
                member = Member(path, size, crc, at)
                header = local_header(member)
                if header != fixed + rest or path in self._members:
                    raise ValueError(f"header at byte {at}")
                if at + len(header) + size > length:
                    raise ValueError(f"{path} ends after the file")
                if len(self._members) >= FILES_LIMIT:
                    raise ValueError(f"more than {FILES_LIMIT} files")
                self._members[path] = member
                at += len(header) + size
            file.seek(at)
            expected = tail(list(self._members.values()), at)
            if length - at != len(expected) or file.read() != expected:
                raise ValueError(f"directory at byte {at}")


def is_readable(path: Path) -> bool:
    """True for a file or a folder: a pipe or a device is never opened."""
    return path.is_file() or path.is_dir()


def _need_small(size: int) -> None:
    if size > READ_LIMIT_BYTES:
        raise ValueError(f"{size} bytes, over {READ_LIMIT_BYTES}")


def open_parcel(path: Path) -> Parcel:
    """The parcel at a path, whichever form it has."""
    return FolderParcel(path) if path.is_dir() else ZipParcel(path)
