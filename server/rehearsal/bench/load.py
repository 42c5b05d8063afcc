"""Closed-loop load: every seat asks, waits for the answer, and asks again, until time is up.

Rules kept here: what ends within the window counts, what was begun before its end is waited for and
does not; the first moment warms up and is not counted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from server.rehearsal.bench.seat import Seat

WARM_S = 1.0
Act = Callable[[Seat], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came back within the window, in ms of client time."""

    seconds: float
    each_ms: list[float]

    @property
    def per_s(self) -> float:
        return len(self.each_ms) / self.seconds


async def load(seats: Sequence[Seat], act: Act, seconds: float) -> Loaded:
    """All seats at once, each one after another."""
    await _run(seats, act, min(WARM_S, seconds / 4))
    return Loaded(seconds, await _run(seats, act, seconds))


async def burst(seats: Sequence[Seat], act: Act) -> Loaded:
    """Everybody once, at the same moment; the window is until the last has it."""
    each_ms: list[float] = []
    begun = perf_counter()

    async def one(seat: Seat) -> None:
        await act(seat)
        each_ms.append((perf_counter() - begun) * 1_000)

    async with asyncio.TaskGroup() as group:
        for seat in seats:
            group.create_task(one(seat))
    return Loaded(perf_counter() - begun, each_ms)


async def _run(seats: Sequence[Seat], act: Act, seconds: float) -> list[float]:
    each_ms: list[float] = []
    until = perf_counter() + seconds

    async def one(seat: Seat) -> None:
        while (begun := perf_counter()) < until:
            await act(seat)
            ended = perf_counter()
            if ended <= until:
                each_ms.append((ended - begun) * 1_000)

    async with asyncio.TaskGroup() as group:
        for seat in seats:
            group.create_task(one(seat))
    return each_ms
