"""Looking for deleted keys in a database's own files, byte by byte."""

import asyncio
import mmap
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_PIECE = 4 * 1024 * 1024
_HEAD = 4


async def traces_in(database: Path, needles: Sequence[bytes]) -> int:
    """How many of the needles can still be read in the database, its log or its index file."""
    beside = [database.with_name(database.name + end) for end in ("", "-wal", "-shm", "-journal")]
    return await asyncio.to_thread(lambda: len(found_in(beside, needles)))


def found_in(files: Sequence[Path], needles: Sequence[bytes]) -> set[bytes]:
    """The needles (longer than 16 bytes each) of which a file holds the first or the last 16 bytes.

    A page that is split can keep a part of a row, so both ends are looked for.
    """
    ends = {end: one for one in needles for end in (one[:16], one[-16:])}
    heads = np.unique(np.array([np.frombuffer(end[:_HEAD], "<u4")[0] for end in ends], "<u4"))
    found: set[bytes] = set()
    for path in files:
        if ends and path.is_file() and path.stat().st_size:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as m:
                found |= _found(m, ends, heads)
    return found


def _found(held: mmap.mmap, ends: dict[bytes, bytes], heads: "np.ndarray") -> set[bytes]:
    found: set[bytes] = set()
    for start in range(0, len(held), _PIECE):
        piece = held[start : start + _PIECE + 15]
        for shift in range(_HEAD):
            count = (len(piece) - shift) // _HEAD
            words = np.frombuffer(piece, "<u4", count=count, offset=shift)
            for at in np.flatnonzero(np.isin(words, heads)):
                place = shift + int(at) * _HEAD
                one = ends.get(piece[place : place + 16])
                if one is not None:
                    found.add(one)
    return found
