"""``bench saves``: durable answer saves per second, over HTTP and over the socket.

Rules kept here: the server is the shipped program in a process of its own; both limits come from
this run: what database and disk can commit, and what the same server does with a request that does
nothing; afterwards every acknowledged answer is looked for, and one that is missing is an error.
"""

from typing import Any

from kernel.clock import Clock
from kernel.errors import Kind, Refusal
from kernel.settings import Settings
from server.rehearsal.bench.figure import Figure, latencies
from server.rehearsal.bench.load import Act, Loaded, load
from server.rehearsal.bench.machine import Meter
from server.rehearsal.bench.seat import Seat, Seats
from server.rehearsal.bench.serving import Served, serving
from server.rehearsal.bench.store import Store, commits_between
from server.rehearsal.day import Admitted

CONSTANT_S = 5.0
RAW_S = 3.0


class SavesBench:
    """One run over a data folder whose session is under way."""

    def __init__(self, settings: Settings, crowd: list[Admitted], clock: Clock) -> None:
        self._settings = settings
        self._crowd = crowd
        self._clock = clock
        self._store = Store(settings)

    async def run(self, seconds: float) -> list[Figure]:
        """Both ways in, one after the other. Raises ``bench.missing`` and what the server says."""
        async with (
            serving(self._settings) as served,
            Seats(served, self._crowd, self._clock) as seats,
        ):
            meter = Meter(served.process_id)
            empty_bytes = meter.rss_bytes()
            for act in ("sit_down", "take_paper", "connect"):
                await seats.each(act)
            memory = {
                "rss_mib": meter.rss_bytes() / (1 << 20),
                "kib_per_candidate": (meter.rss_bytes() - empty_bytes) / 1_024 / len(self._crowd),
            }
            constant_s = min(CONSTANT_S, seconds)
            async with seats.kept_alive():
                over_http = await self._way(served, seats, "HTTP", Seat.save_over_http, seconds)
                constants = [await load(seats.all, Seat.health_over_http, constant_s)]
            over_socket = await self._way(served, seats, "socket", Seat.save_over_socket, seconds)
            constants.append(await load(seats.all, Seat.ping_over_socket, constant_s))
            promised = await _check(seats)
        figures = []
        for (way, saved, more), constant in zip((over_http, over_socket), constants, strict=True):
            limit = await self._store.limit(round(more["group"]) or 1, min(RAW_S, seconds))
            told = {**latencies(saved.each_ms), **more, **memory, "acknowledged": promised}
            raw = f"rows/s, {limit.database}, {limit.group}/commit, {limit.row_bytes} B"
            name = "/healthz" if way == "HTTP" else "ping"
            figures += [
                Figure("saves", way, "saves/s", raw, limit.rows_per_s, saved.per_s, told),
                Figure("saves", way, "saves/s", f"{name}/s", constant.per_s, saved.per_s),
            ]
        return figures

    async def _way(
        self, served: Served, seats: Seats, way: str, act: Act, seconds: float
    ) -> tuple[str, Loaded, dict[str, Any]]:
        meter, before = Meter(served.process_id), sum(s.who.promised.events for s in seats.all)
        cpu_ms, commits = meter.cpu_ms(), await self._store.commits()
        saved = await load(seats.all, act, seconds)
        count = sum(s.who.promised.events for s in seats.all) - before
        groups = commits_between(commits, await self._store.commits())
        more = {
            "candidates": len(seats.all),
            "saves": len(saved.each_ms),
            "group": max(1.0, count / groups),
            "cpu_ms_per_save": (meter.cpu_ms() - cpu_ms) / max(1, count),
        }
        return way, saved, more


async def _check(seats: Seats) -> int:
    """How many events were acknowledged. Raises ``bench.missing`` when one is not held."""
    missing: list[str] = []
    for seat in seats.all:
        held = (await seat.who.take_paper())["answers"]
        missing += seat.who.missing(held)
    if missing:
        raise Refusal("bench.missing", Kind.CONFLICT, count=len(missing))
    return sum(seat.who.promised.events for seat in seats.all)
