"""``bench saves``: durable answer saves per second, over HTTP and over the socket.

Rules kept here: the server is the shipped program in a process of its own; every limit comes from
this run: what the same database commits for as many who wait (256), and what the same route does
with a constant handler, behind the short way and as the framework's declared endpoint; the load is
signed beforehand. CPU counts the server with the database's own processes. Afterwards every
acknowledged answer is looked for, and one that is missing is an error.
"""

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from kernel.clock import Clock
from kernel.errors import Kind, Refusal
from kernel.settings import Settings
from server.rehearsal.bench.echo import Echo, echoes
from server.rehearsal.bench.figure import Figure, latencies
from server.rehearsal.bench.load import Act, Loaded, load, paced
from server.rehearsal.bench.machine import DatabaseMeter, Meter
from server.rehearsal.bench.seat import Prepared, Seat, Seats
from server.rehearsal.bench.serving import CONSTANT, DECLARED, Served, serving
from server.rehearsal.bench.store import Store, commits_between
from server.rehearsal.day import Admitted

CONSTANT_S = 5.0
SHORT = {"HTTP": "constant handler/s, short way", "socket": "constant handler/s"}
SIGNED_PER_S = 2_000
"""Saves signed beforehand for each second of a closed load; beyond it, on the way."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way in, as it was measured."""

    name: str
    saved: Loaded
    more: dict[str, Any]


class SavesBench:
    """One run over a data folder whose session is under way."""

    def __init__(self, settings: Settings, crowd: list[Admitted], clock: Clock) -> None:
        self._settings = settings
        self._crowd = crowd
        self._clock = clock
        self._store = Store(settings)

    async def run(self, seconds: float, rate: float = 0.0) -> list[Figure]:
        """Both ways in, one after the other; with a ``rate`` also an open load of so many a second.

        Raises ``bench.missing`` and what the server says.
        """
        async with self._seated() as (served, seats, memory):
            examples = [seat.example() for seat in seats.all]
            async with seats.kept_alive():
                over_http = await self._closed(served, seats, "HTTP", Seat.save_over_http, seconds)
                opened = await self._open(served, seats, rate, seconds) if rate else []
            over_socket = await self._closed(
                served, seats, "socket", Seat.save_over_socket, seconds
            )
            promised = await _check(seats)
        constants = await self._constants(examples, min(CONSTANT_S, seconds))
        declared = await self._declared(examples, min(CONSTANT_S, seconds))
        limit = await self._store.limit()
        raw = f"rows/s, {self._store.name}, {limit.in_flight} in flight, {limit.row_bytes} B"
        figures = []
        for way, constant in zip((over_http, over_socket), constants, strict=True):
            told = {
                **latencies(way.saved.each_ms),
                **way.more,
                **memory,
                "acknowledged": promised,
                "bulk_rows_per_s": limit.bulk_per_s,
            }
            figures += [
                Figure(
                    "saves", way.name, "saves/s", raw, limit.group_commit_per_s,
                    way.saved.per_s, told,
                ),
                Figure(
                    "saves", way.name, "saves/s", SHORT[way.name], constant.per_s,
                    way.saved.per_s,
                ),
            ]  # fmt: skip
        what = "constant handler/s, declared route"
        beside = Figure("saves", "HTTP", "saves/s", what, declared.per_s, over_http.saved.per_s)
        return [*figures[:2], beside, *figures[2:], *opened]

    async def over_http(self, seconds: float) -> Way:
        """HTTP alone, without the limits. Raises as ``run`` does."""
        async with self._seated() as (served, seats, memory):
            async with seats.kept_alive():
                way = await self._closed(served, seats, "HTTP", Seat.save_over_http, seconds)
            more = {"start_s": served.start_s, **memory, "acknowledged": await _check(seats)}
        return Way(way.name, way.saved, {**way.more, **more})

    @asynccontextmanager
    async def _seated(self) -> AsyncIterator[tuple[Served, Seats, dict[str, float]]]:
        """The server runs, everybody has the paper and both lines; memory as it is then."""
        async with (
            serving(self._settings) as served,
            Seats(served, self._crowd, self._clock) as seats,
        ):
            meter = Meter(served.process_id)
            empty_bytes = meter.rss_bytes()
            for act in ("sit_down", "take_paper", "connect"):
                await seats.each(act)
            self._database = DatabaseMeter(await self._store.backend_pid())
            yield (
                served,
                seats,
                {
                    "rss_mib": meter.rss_bytes() / (1 << 20),
                    "kib_per_candidate": (meter.rss_bytes() - empty_bytes)
                    / 1_024
                    / len(self._crowd),
                },
            )

    async def _closed(
        self, served: Served, seats: Seats, name: str, act: Act[Seat], seconds: float
    ) -> Way:
        await _ready(seats, SIGNED_PER_S * seconds)
        return await self._measured(served, seats, name, load(seats.all, act, seconds))

    async def _open(
        self, served: Served, seats: Seats, rate: float, seconds: float
    ) -> list[Figure]:
        await _ready(seats, rate * seconds)
        load_ = paced(seats.all, Seat.save_over_http, rate, seconds)
        way = await self._measured(served, seats, "HTTP", load_)
        told = {**latencies(way.saved.each_ms), **way.more}
        what = f"HTTP, open, {rate:g}/s"
        return [Figure("saves", what, "saves/s", "asked/s", rate, way.saved.per_s, told)]

    async def _measured(
        self, served: Served, seats: Seats, name: str, running: Coroutine[Any, Any, Loaded]
    ) -> Way:
        meter, before = Meter(served.process_id), seats.promised
        cpu_ms, database_ms = meter.cpu_ms(), self._database.cpu_ms()
        commits = await self._store.commits()
        saved = await running
        count = seats.promised - before
        groups = commits_between(commits, await self._store.commits())
        cpu_ms, database_ms = meter.cpu_ms() - cpu_ms, self._database.cpu_ms() - database_ms
        more = {
            "candidates": len(seats.all),
            "saves": len(saved.each_ms),
            "group": max(1.0, count / groups),
            "cpu_ms_per_save": (cpu_ms + database_ms) / max(1, count),
            "database_cpu_ms_per_save": database_ms / max(1, count),
        }
        return Way(name, saved, more)

    async def _constants(self, saves: list[Prepared], seconds: float) -> list[Loaded]:
        async with (
            serving(self._settings, CONSTANT) as served,
            echoes(served, saves) as seats,
        ):
            return [
                await load(seats, Echo.over_http, seconds),
                await load(seats, Echo.over_socket, seconds),
            ]

    async def _declared(self, saves: list[Prepared], seconds: float) -> Loaded:
        """The framework's own way to the same constant handler."""
        async with (
            serving(self._settings, DECLARED) as served,
            echoes(served, saves) as seats,
        ):
            return await load(seats, Echo.over_http, seconds)


async def _ready(seats: Seats, saves: float) -> None:
    """So many are signed, and every line is fresh: the server ends one that idled meanwhile."""
    for seat in seats.all:
        seat.prepare(round(saves / len(seats.all)) + 1)
        await seat.ping_over_socket()
    for seat in seats.all:
        await seat.fresh_wire()


async def _check(seats: Seats) -> int:
    """How many events were acknowledged. Raises ``bench.missing`` when one is not held."""
    missing: list[str] = []
    for seat in seats.all:
        held = (await seat.who.take_paper())["answers"]
        missing += seat.who.missing(held)
    if missing:
        raise Refusal("bench.missing", Kind.CONFLICT, count=len(missing))
    return seats.promised
