"""Load: closed (every seat asks, waits for the answer, and asks again) and open (so many a second,
whatever becomes of them).

Rules kept here: of a closed load what ends within the window counts, what was begun before its end
is waited for and does not; the first moment warms up and is not counted. An open load counts from
the moment at which a save was due, so that a server that stalls is charged for everybody who had to
wait.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

from server.rehearsal.bench.seat import Seat

WARM_S = 1.0
S = TypeVar("S")
Act = Callable[[S], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came back within the window, in ms of client time."""

    seconds: float
    each_ms: list[float]

    @property
    def per_s(self) -> float:
        return len(self.each_ms) / self.seconds


async def load(seats: Sequence[S], act: Act[S], seconds: float) -> Loaded:
    """All seats at once, each one after another."""
    await _run(seats, act, min(WARM_S, seconds / 4))
    return Loaded(seconds, await _run(seats, act, seconds))


async def burst(seats: Sequence[S], act: Act[S]) -> Loaded:
    """Everybody once, at the same moment; the window is until the last has it."""
    each_ms: list[float] = []
    begun = perf_counter()

    async def one(seat: S) -> None:
        await act(seat)
        each_ms.append((perf_counter() - begun) * 1_000)

    async with asyncio.TaskGroup() as group:
        for seat in seats:
            group.create_task(one(seat))
    return Loaded(perf_counter() - begun, each_ms)


async def paced(seats: Sequence[Seat], act: Act[Seat], per_s: float, seconds: float) -> Loaded:
    """So many a second, seat after seat; one that is due at a busy seat waits its turn there."""
    each_ms: list[float] = []

    async def one(seat: Seat, due: float) -> None:
        async with seat.free:
            await act(seat)
        each_ms.append((perf_counter() - due) * 1_000)

    begun = perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(round(per_s * seconds)):
            due = begun + number / per_s
            if (early := due - perf_counter()) > 0:
                await asyncio.sleep(early)
            group.create_task(one(seats[number % len(seats)], due))
    return Loaded(perf_counter() - begun, each_ms)


async def _run(seats: Sequence[S], act: Act[S], seconds: float) -> list[float]:
    each_ms: list[float] = []
    until = perf_counter() + seconds

    async def one(seat: S) -> None:
        while (begun := perf_counter()) < until:
            await act(seat)
            ended = perf_counter()
            if ended <= until:
                each_ms.append((ended - begun) * 1_000)

    async with asyncio.TaskGroup() as group:
        for seat in seats:
            group.create_task(one(seat))
    return each_ms
