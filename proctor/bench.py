"""``gongyuan bench face``: verifications per second through the pool, beside bare model inference.

Rules kept here: the limit is measured in the same run, on the same frame, in a process of its own
with every worker's core busy likewise; what is ours on top (queue, pickling, event loop) is the
ratio.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from typing import Any

from kernel.settings import FaceSettings
from proctor.commands import print_json
from proctor.engines import worker
from proctor.pool import FacePool


@dataclass(frozen=True, slots=True)
class FaceBench:
    """Verifications (decode, count, describe, compare) per second and core; ``limit`` is bare
    inference (detect and describe a decoded frame).
    """

    model: str
    workers: int
    rounds: int
    limit_per_core_s: float
    ours_per_core_s: float
    ratio: float
    alone_ms: float
    p95_ms: float


async def bench_face(
    frame: bytes,
    settings: FaceSettings,
    *,
    rounds: int = 100,
    emit: Callable[[dict[str, Any]], None] = print_json,
) -> FaceBench:
    """Runs both sides; ``frame`` is a JPEG with one face, best 640 x 480."""
    limit = await asyncio.to_thread(_limit, frame, settings, rounds)
    pool = FacePool(settings)
    await pool.start()
    try:
        known = ((await pool.look(frame, keep_templates=True)).faces[0].template,)
        alone = await _timed(pool, frame, known, max(10, rounds // 5), together=1)
        spent = await _timed(pool, frame, known, rounds * settings.workers, settings.workers * 2)
    finally:
        await pool.stop()
    ours = len(spent.each_ms) / spent.total_s / settings.workers
    result = FaceBench(
        model=pool.model,
        workers=settings.workers,
        rounds=rounds,
        limit_per_core_s=limit,
        ours_per_core_s=ours,
        ratio=ours / limit,
        alone_ms=sorted(alone.each_ms)[len(alone.each_ms) // 2],
        p95_ms=sorted(spent.each_ms)[int(len(spent.each_ms) * 0.95)],
    )
    emit({"kind": "bench", "bench": "face", **asdict(result)})
    return result


@dataclass(frozen=True, slots=True)
class _Spent:
    total_s: float
    each_ms: list[float]


async def _timed(
    pool: FacePool, frame: bytes, known: tuple[bytes, ...], count: int, together: int
) -> _Spent:
    left = iter(range(count))
    each_ms: list[float] = []

    async def client() -> None:
        for _ in left:
            begun = time.perf_counter()
            await pool.look(frame, known)
            each_ms.append((time.perf_counter() - begun) * 1_000)

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(together)))
    return _Spent(time.perf_counter() - begun, each_ms)


def _limit(frame: bytes, settings: FaceSettings, rounds: int) -> float:
    """Bare inferences per second and core, in as many processes at once as there are workers."""
    with ProcessPoolExecutor(
        settings.workers,
        mp_context=get_context("spawn"),
        initializer=worker.begin,
        initargs=(settings,),
    ) as executor:
        for warm in [executor.submit(worker.inferences, frame, 5) for _ in range(settings.workers)]:
            warm.result()
        runs = [executor.submit(worker.inferences, frame, rounds) for _ in range(settings.workers)]
        return sum(rounds / run.result() for run in runs) / settings.workers
