"""``gongyuan bench NAME``: physical limit, our figure and the ratio, from one run."""

import argparse
import asyncio

from kernel.settings import Settings
from server.app import face_bench
from server.rehearsal.faces import load_faces


def bench_arguments(command: argparse.ArgumentParser) -> None:
    """``bench face``."""
    command.add_argument("name", choices=("face",), help="what to measure · 项目")


def run_bench(chosen: argparse.Namespace) -> int:
    """Timings never fail: the exit code is 0 when the benchmark ran."""
    BENCHES[chosen.name]()
    return 0


def _face() -> None:
    frame = load_faces()["obama"].frames[0]
    asyncio.run(face_bench.bench_face(frame, Settings().face))


BENCHES = {"face": _face}
