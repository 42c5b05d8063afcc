"""Crash images from a trace: what a disk may hold when the power goes at any moment.

The model: what was written to a file and not fsynced since may be there or not, each sector of 512
bytes for itself, in any combination; a name made, renamed or removed counts only from the fsync of
its folder on, before that any number of such changes, oldest first, may have happened. What was
fsynced is there. Shared-memory files (``-shm``) are never there.

Not covered: disks that lie about fsync, bit rot, sectors that are half new.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

SECTOR_BYTES = 512
_HEAD = struct.Struct("=QQQQQ")


@dataclass(frozen=True, slots=True)
class Step:
    """One change: C reate, W rite, T runcate, S ync, R ename, L ink, U nlink."""

    op: str
    path: str
    to: str
    offset: int
    data: bytes


def steps(trace: Path) -> Iterator[Step]:
    """The changes in their order; a step cut off at the end is left out."""
    raw, at = trace.read_bytes(), 0
    while at + _HEAD.size <= len(raw):
        op, a, b, offset, n = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        ends = (at + a, at + a + b, at + a + b + n)
        if ends[2] > len(raw):
            return
        path, to, data = raw[at : ends[0]], raw[ends[0] : ends[1]], raw[ends[1] : ends[2]]
        yield Step(chr(op), path.decode(), to.decode(), offset, data)
        at = ends[2]


@dataclass(slots=True)
class _File:
    durable: bytearray
    pending: list[Step] = field(default_factory=list)

    def sync(self) -> None:
        for step in self.pending:
            _apply(self.durable, step)
        self.pending.clear()

    def after_cut(self, chance: Random, keep: float) -> bytes:
        image = bytearray(self.durable)
        for step in self.pending:
            if step.op == "T":
                if chance.random() < keep:
                    _apply(image, step)
                continue
            for at in _sectors(step):
                if chance.random() < keep:
                    _write(image, step.offset + at[0], step.data[at[0] : at[1]])
        return bytes(image)


class Disk:
    """Takes steps one after another; ``cut`` writes what may be left of them."""

    def __init__(self, folder: Path, before: Path | None = None) -> None:
        """``folder`` as it lies there now is on the disk, or as its copy ``before`` does."""
        self._root = folder
        there = folder if before is None else before
        self._now = {
            str(folder / path.relative_to(there)): _File(bytearray(path.read_bytes()))
            for path in there.rglob("*")
            if path.is_file()
        }
        self._durable = dict(self._now)
        self._names: list[tuple[Step, _File]] = []

    def take(self, step: Step) -> None:
        """One change."""
        match step.op:
            case "C":
                if step.path not in self._now:
                    self._now[step.path] = _File(bytearray())
                    self._names.append((step, self._now[step.path]))
            case "R" | "U" if step.path not in self._now:  # written by a way that is not traced
                self._lose(step)
            case "R":
                self._now[step.to] = self._now.pop(step.path)
                self._names.append((step, self._now[step.to]))
            case "L":
                self._now[step.to] = self._now[step.path]
                self._names.append((step, self._now[step.to]))
            case "U":
                self._names.append((step, self._now.pop(step.path)))
            case "S" if step.path in self._now:
                self._now[step.path].sync()
            case "S":
                self._sync_folder(step.path)
            case _:
                if step.path in self._now:
                    self._now[step.path].pending.append(step)

    def cut(self, to: Path, chance: Random, keep: float | None = None) -> None:
        """One of the states that the disk may be in now, as a folder; ``keep`` is the share of
        unsynced sectors that got there.
        """
        names = dict(self._durable)
        for step, file in self._names[: chance.randint(0, len(self._names))]:
            _name(names, step, file)
        if keep is None:
            keep = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for path, file in names.items():
            place = to / Path(path).relative_to(self._root)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.after_cut(chance, keep))

    def contents(self, path: str) -> bytes:
        """What a reader would see in a file now."""
        file = self._now.get(path)
        if file is None:
            return b""
        image = bytearray(file.durable)
        for step in file.pending:
            _apply(image, step)
        return bytes(image)

    def _lose(self, step: Step) -> None:
        """What came from elsewhere counts as never written; what it replaced is gone."""
        replaced = self._now.pop(step.to, None) if step.op == "R" else None
        if replaced is not None:
            self._names.append((Step("U", step.to, "", 0, b""), replaced))

    def _sync_folder(self, folder: str) -> None:
        left = []
        for step, file in self._names:
            if str(Path(step.to or step.path).parent) == folder.rstrip("/"):
                _name(self._durable, step, file)
            else:
                left.append((step, file))
        self._names = left


def _name(names: dict[str, _File], step: Step, file: _File) -> None:
    if step.op in "RU":
        names.pop(step.path, None)
    if step.op in "CRL":
        names[step.to or step.path] = file


def _sectors(step: Step) -> Iterator[tuple[int, int]]:
    """The parts of a write that lie in one sector each."""
    at = 0
    while at < len(step.data):
        end = min(len(step.data), at + SECTOR_BYTES - (step.offset + at) % SECTOR_BYTES)
        yield at, end
        at = end


def _apply(image: bytearray, step: Step) -> None:
    if step.op == "T":
        del image[step.offset :]
        image.extend(bytes(step.offset - len(image)))
    else:
        _write(image, step.offset, step.data)


def _write(image: bytearray, offset: int, data: bytes) -> None:
    image.extend(bytes(max(0, offset - len(image))))
    image[offset : offset + len(data)] = data
