"""``bench start``: a whole session takes its papers at T0.

Rules kept here: everybody has signed in and waits on the socket as the player does; the server says
on its own that answering has begun, and each asks for the paper at once; who has none within
``WITHIN_S`` of T0, or meets an error, is counted; the limit is the constant handler for the same
crowd at the same moment, in the same run.
"""

import asyncio
from time import perf_counter

from websockets.exceptions import WebSocketException

from kernel.clock import Clock
from kernel.errors import Kind, Refusal
from kernel.settings import Settings
from server.rehearsal.bench.figure import Figure, latencies
from server.rehearsal.bench.load import Loaded, burst
from server.rehearsal.bench.machine import Meter
from server.rehearsal.bench.seat import TOGETHER, Seat, Seats
from server.rehearsal.bench.serving import serving
from server.rehearsal.day import Admitted

WITHIN_S = 60.0
SPARE_S = 2.0
PATIENCE_S = 120.0


class StartBench:
    """One run over a data folder whose session has not begun."""

    def __init__(self, settings: Settings, crowd: list[Admitted], clock: Clock) -> None:
        self._settings = settings
        self._crowd = crowd
        self._clock = clock

    async def run(self, starts_at_ms: int) -> list[Figure]:
        """Raises ``bench.late`` when T0 came before everybody was seated."""
        async with (
            serving(self._settings) as served,
            Seats(served, self._crowd, self._clock) as seats,
        ):
            meter = Meter(served.process_id)
            begun = perf_counter()
            await seats.each("sit_down")
            seated_s = perf_counter() - begun
            await seats.each("connect")
            constant = await burst(seats.all, Seat.health_over_http)
            if self._clock.now_ms() > starts_at_ms - SPARE_S * 1_000:
                raise Refusal("bench.late", Kind.CONFLICT, candidates=len(self._crowd))
            cpu_ms = meter.cpu_ms()
            asked, since_t0, errors = await self._start(seats, starts_at_ms)
            used_ms = meter.cpu_ms() - cpu_ms
        sign_in_ms = seats.figures.latencies_ms["sign_in"]
        in_time = sum(ms <= WITHIN_S * 1_000 for ms in since_t0)
        last_s = max(since_t0, default=0.0) / 1_000
        count = len(self._crowd)
        told = {
            **latencies(asked.each_ms),
            "candidates": count,
            f"within_{WITHIN_S:.0f}_s": in_time,
            "errors": errors,
            "last_after_t0_s": last_s,
            "cpu_ms_per_paper": used_ms / max(1, len(asked.each_ms)),
        }
        papers = len(asked.each_ms) / last_s if last_s else 0.0
        signing = {**latencies(sign_in_ms), "candidates": count, "at_once": TOGETHER}
        limit = constant.per_s
        return [
            Figure("start", "paper at T0", "papers/s", "/healthz/s", limit, papers, told),
            Figure(
                "start", "sign-in before T0, device included", "candidates/s", "/healthz/s",
                limit, len(sign_in_ms) / seated_s, signing,
            ),
        ]  # fmt: skip

    async def _start(self, seats: Seats, starts_at_ms: int) -> tuple[Loaded, list[float], int]:
        asked_ms: list[float] = []
        since_t0_ms: list[float] = []
        failed: list[BaseException] = []

        async def one(seat: Seat) -> None:
            try:
                async with asyncio.timeout(
                    PATIENCE_S + (starts_at_ms - self._clock.now_ms()) / 1_000
                ):
                    await seat.wait_until_open()
                    begun = perf_counter()
                    await seat.fresh_wire()
                    await seat.paper_over_http()
            except (Refusal, OSError, EOFError, WebSocketException) as error:
                failed.append(error)
                return
            asked_ms.append((perf_counter() - begun) * 1_000)
            since_t0_ms.append(float(self._clock.now_ms() - starts_at_ms))

        async with asyncio.TaskGroup() as group:
            for seat in seats.all:
                group.create_task(one(seat))
        return Loaded(WITHIN_S, asked_ms), since_t0_ms, len(failed)
