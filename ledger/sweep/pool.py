"""Reading many files with every core; the answers come in the order of the questions.

Rules kept here: the answers are the same whatever the number of workers; a worker holds one piece
of one file; small archives are read in this process, because a worker costs more to start.
"""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from ledger.sweep.reading import Expected, FileSeen, read_one

Job = tuple[str, str | None]

SMALL_BYTES = 16 << 20
"""Of streams whose bodies are opened: a second's work of one core, several times what starting a
worker costs.
"""
_CLOSED = 10
"""Bytes that are only hashed and chained take at most a tenth of the time."""
_BATCH_BYTES = 1 << 20
_BATCH_FILES = 256


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))


def workers_for(expected: Expected, jobs: Sequence[Job]) -> int:
    """One for a small archive, else as many as there are cores."""
    opened = expected.keys is not None
    work = sum(
        expected.parcel.size(path) // (1 if opened and stream_id is not None else _CLOSED)
        for path, stream_id in jobs
    )
    return 1 if work < SMALL_BYTES else cores()


def read_all(
    expected: Expected, jobs: Sequence[Job], workers: int | None = None
) -> Iterator[FileSeen]:
    """Every job's answer, in order. ``workers`` None takes what the size is worth."""
    count = workers or workers_for(expected, jobs)
    if count == 1:
        for path, stream_id in jobs:
            yield read_one(expected, path, stream_id)
        return
    # Fresh processes: a fork would copy the threads of a progress bar and of an event loop.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, fresh, _Worker.begin, (expected,)) as pool:
        for answers in pool.map(_Worker.read, _batches(expected, jobs)):
            yield from answers


class _Worker:
    """What one process keeps: the parcel's table of contents and what the seal says."""

    expected: Expected

    @classmethod
    def begin(cls, expected: Expected) -> None:
        cls.expected = expected

    @classmethod
    def read(cls, jobs: Sequence[Job]) -> list[FileSeen]:
        return [read_one(cls.expected, path, stream_id) for path, stream_id in jobs]


def _batches(expected: Expected, jobs: Sequence[Job]) -> Iterator[list[Job]]:
    batch: list[Job] = []
    size = 0
    for job in jobs:
        batch.append(job)
        size += expected.parcel.size(job[0])
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
