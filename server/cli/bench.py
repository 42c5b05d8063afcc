"""``gongyuan bench NAME``: physical limit, our figure and the ratio, from one run.

Rules kept here: timings never fail, so the exit code is 0 when the benchmark ran and 1 when it
could not or when an acknowledged answer was missing; everything runs in a temporary folder on
127.0.0.1.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from kernel.clock import SystemClock
from kernel.settings import Settings
from ledger.bench import Figures as LedgerFigures
from ledger.bench import bench_growth, bench_ledger
from ledger.bench_suites import bench_suites
from ledger.bench_tree import bench_covered, bench_tree
from ledger.verify.bench import bench_verify
from migrations.run import upgrade
from server.app import face_bench
from server.demo.trial import Bank, arrange, fill
from server.rehearsal.bench.figure import Figure, latencies, notes, table
from server.rehearsal.bench.filling import fill_records
from server.rehearsal.bench.grown import Grown, grown_figures
from server.rehearsal.bench.machine import machine
from server.rehearsal.bench.saves import SavesBench
from server.rehearsal.bench.scratch import scratch
from server.rehearsal.bench.start import StartBench
from server.rehearsal.faces import load_faces

T = TypeVar("T")
SAVING, STARTING = 64, 300
VERIFIED_SITTINGS, VERIFIED_RECORDS = 200, 500
GROWN = (10_000, 100_000)
COVERED_PER_S, COVERED_WITHIN_MS = 1_000.0, 2_000.0
UNDER_WAY_MS = 10 * 60_000
_SUITE_SECONDS = 2.0
LEAST_LEAD_S = 20.0
LEAD_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked for; ``candidates`` 0 takes the benchmark's own number."""

    candidates: int
    seconds: float
    database_url: str
    rate: float = 0.0
    records: tuple[int, ...] = ()


def bench_arguments(command: argparse.ArgumentParser) -> None:
    """``bench NAME [--candidates N] [--seconds S] [--rate R] [--records N,…] [--database-url URL]
    [--json]``.
    """
    command.add_argument("name", choices=(*BENCHES, "all"), help="what to measure · 项目")
    command.add_argument("--candidates", type=_count, default=0, help="how many · 人数")
    command.add_argument(
        "--seconds", type=float, default=15.0, help="measured time of each way · 每项秒数"
    )
    command.add_argument(
        "--database-url",
        default="",
        help="a PostgreSQL in which a scratch database may be made (default: SQLite) · 数据库",
    )
    command.add_argument(
        "--rate", type=float, default=0.0, help="saves, tree: so many a second, open · 每秒次数"
    )
    command.add_argument(
        "--records",
        type=_records,
        default=(),
        help="growth, grown, tree: e.g. 10000,100000 · 已有记录数",
    )
    command.add_argument("--json", action="store_true", help="JSON lines · 逐行 JSON")


def run_bench(chosen: argparse.Namespace) -> int:
    """Machine line first, then each benchmark's figures."""
    wish = Wish(
        chosen.candidates,
        max(0.5, chosen.seconds),
        chosen.database_url,
        max(0.0, chosen.rate),
        chosen.records,
    )
    names = list(BENCHES) if chosen.name == "all" else [chosen.name]
    here = machine()
    if chosen.json:
        print(json.dumps(here, ensure_ascii=False), flush=True)
    else:
        Console().print(" · ".join(f"{k} {v}" for k, v in here.items() if k != "kind"))
    for name in names:
        figures = asyncio.run(BENCHES[name](wish))
        if chosen.json:
            for one in figures:
                print(json.dumps(one.line(), ensure_ascii=False), flush=True)
        else:
            Console().print(table(figures), *notes(figures), sep="\n")
    return 0


async def _saves(wish: Wish) -> list[Figure]:
    clock = SystemClock()

    async def measure(settings: Settings, bank: Bank) -> list[Figure]:
        begun_ms = clock.now_ms() - UNDER_WAY_MS
        trial = await arrange(settings, bank, wish.candidates or SAVING, begun_ms)
        bench = SavesBench(settings, trial.candidates, clock)
        return await bench.run(wish.seconds, wish.rate)

    return await _in_world(wish, measure)


async def _start(wish: Wish) -> list[Figure]:
    clock = SystemClock()

    async def measure(settings: Settings, bank: Bank) -> list[Figure]:
        count = wish.candidates or STARTING
        # How long the arranging takes is told by how long the bank took on the same machine.
        lead_s = LEAST_LEAD_S + count * bank.took_s * LEAD_SHARE
        starts_at_ms = clock.now_ms() + int(lead_s * 1_000)
        trial = await arrange(settings, bank, count, starts_at_ms)
        return await StartBench(settings, trial.candidates, clock).run(starts_at_ms)

    return await _in_world(wish, measure)


async def _face(_: Wish) -> list[Figure]:
    frame = load_faces()["obama"].frames[0]
    found = await face_bench.bench_face(frame, Settings().face, emit=lambda _line: None)
    more = {
        "p50_ms": found.alone_ms,
        "p95_ms": found.p95_ms,
        "workers": found.workers,
        "model": found.model,
    }
    return [
        Figure(
            "face", "verification", "verifications/s and core", "bare inferences/s and core",
            found.limit_per_core_s, found.ours_per_core_s, more,
        )
    ]  # fmt: skip


async def _ledger(wish: Wish) -> list[Figure]:
    async with _own_database(wish) as url:
        found = await bench_ledger(url)
        protected = Figure(
            "ledger", "in process", "saves/s", "saves/s of bare cryptography and a bare row",
            found.limits.protected_per_s, found.saves_per_s,
            {"cryptography_per_s": found.limits.cryptography_per_s},
        )  # fmt: skip
        return [_ledger_figure("ledger", "in process", found), protected]


async def _growth(wish: Wish) -> list[Figure]:
    records = wish.records or GROWN
    async with _own_database(wish) as url:
        made = [
            _ledger_figure("growth", f"{found.records:,} records", found)
            async for found in bench_growth(url, records, told=_told)
        ]
    sys.stderr.write("\n")
    return made


async def _grown(wish: Wish) -> list[Figure]:
    """A server of its own for each size; the first is what the others are set against."""
    clock, ways = SystemClock(), []
    for wanted in sorted(wish.records or GROWN):

        async def measure(settings: Settings, bank: Bank, wanted: int = wanted) -> Grown:
            begun_ms = clock.now_ms() - UNDER_WAY_MS
            trial = await arrange(settings, bank, wish.candidates or SAVING, begun_ms)
            held = await fill_records(settings, wanted, _told)
            bench = SavesBench(settings, trial.candidates, clock)
            return Grown(held, await bench.over_http(wish.seconds))

        ways.append(await _in_world(wish, measure))
    sys.stderr.write("\n")
    return grown_figures(ways)


async def _tree(wish: Wish) -> list[Figure]:
    async with _own_database(wish) as url:
        made = [
            Figure(
                "tree",
                f"integrated, {one.leaves:,} leaves",
                "leaves/s",
                "leaves/s, bare hashing and bare inserts",
                one.limit_per_s,
                one.leaves_per_s,
                {
                    "hashed_per_s": one.hashed_per_s,
                    "inserted_per_s": one.inserted_per_s,
                    "idle_round_ms": one.idle_ms,
                    "round_of_100_ms": one.few_ms,
                },
            )
            async for one in bench_tree(url, wish.records or GROWN, told=_told)
        ]
    sys.stderr.write("\n")
    period_s = Settings().tree.checkpoint_s
    async with _own_database(wish) as url:
        rate = wish.rate or COVERED_PER_S
        found = await bench_covered(url, seconds=wish.seconds, rate=rate, period_s=period_s)
    soon = sum(waited <= COVERED_WITHIN_MS for waited in found.waited_ms)
    more = {**latencies(found.waited_ms), "uncovered": found.uncovered, "period_s": period_s}
    what, of = "commit to a checkpoint over it, within 2 s", "records/s committed"
    made.append(Figure("tree", what, "records/s", of, found.rate, soon / wish.seconds, more))
    return made


def _told(held: int) -> None:
    sys.stderr.write(f"\r{held:,}")


@asynccontextmanager
async def _own_database(wish: Wish) -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory(prefix="gongyuan-bench-") as folder:
        async with scratch(wish.database_url) as url:
            yield url or f"sqlite+aiosqlite:///{folder}/ledger.db"


def _ledger_figure(bench: str, what: str, found: LedgerFigures) -> Figure:
    more = {
        "p50_ms": found.p50_ms,
        "p99_ms": found.p99_ms,
        "cpu_ms_per_save": found.cpu_ms,
        "in_flight": found.in_flight,
        "bulk_rows_per_s": found.limits.bulk_per_s,
        "bytes_beside_body": found.beside_body_bytes,
        "records": found.records,
    }
    row_bytes, limit = found.limits.row_bytes, found.limits.group_commit_per_s
    limit_of = f"rows/s, {found.database}, {found.in_flight} in flight, {row_bytes} B"
    return Figure(bench, what, "saves/s", limit_of, limit, found.saves_per_s, more)


async def _suites(wish: Wish) -> list[Figure]:
    rates = await asyncio.to_thread(bench_suites, min(wish.seconds, _SUITE_SECONDS))
    return [
        Figure(
            "suites",
            f"SM4GCM-SM3, {one.what}",
            "a second and core",
            "a second and core, A256GCM-SHA256",
            one.by_suite["A256GCM-SHA256"],
            one.by_suite["SM4GCM-SM3"],
        )
        for one in rates
    ]


async def _verify(wish: Wish) -> list[Figure]:
    sittings = wish.candidates or VERIFIED_SITTINGS
    return [
        Figure(
            "verify",
            f"{one.what}, workers {one.workers}",
            "records/s",
            f"records/s, {one.limit_of}",
            one.limit,
            one.ours,
            {
                "per_worker": one.ours / one.workers,
                "records": one.records,
                "mib": one.size_bytes / (1 << 20),
            },
        )
        for one in await asyncio.to_thread(lambda: list(bench_verify(sittings, VERIFIED_RECORDS)))
    ]


async def _in_world(wish: Wish, measure: Callable[[Settings, Bank], Awaitable[T]]) -> T:
    outside = Settings()
    face = outside.face.model_copy(update={"models_dir": outside.face.models_dir.resolve()})
    with tempfile.TemporaryDirectory(prefix="gongyuan-bench-") as folder:
        async with scratch(wish.database_url) as url:
            settings = Settings(data_dir=Path(folder), database_url=url, face=face, pdf=outside.pdf)
            await asyncio.to_thread(upgrade, settings.database)
            sys.stderr.write("准备场次… · arranging the session…\n")
            return await measure(settings, await fill(settings, SystemClock()))


def _records(text: str) -> tuple[int, ...]:
    counts = tuple(int(one) for one in text.split(","))
    if min(counts) < 1:
        raise argparse.ArgumentTypeError("1-")
    return counts


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 900:
        raise argparse.ArgumentTypeError("1-900")
    return count


BENCHES: dict[str, Callable[[Wish], Coroutine[Any, Any, list[Figure]]]] = {
    "ledger": _ledger,
    "growth": _growth,
    "grown": _grown,
    "saves": _saves,
    "start": _start,
    "face": _face,
    "verify": _verify,
    "suites": _suites,
    "tree": _tree,
}
