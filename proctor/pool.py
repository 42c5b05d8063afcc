"""Face work in its own processes: never in the web server's event loop, never in its memory.

Rules kept here: one process per worker with its models loaded once; a full queue is refused with
``proctor.busy`` at once instead of growing; a dead worker costs its task one more try and nothing
else; after ``stop`` no process is left.
"""

import asyncio
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ParamSpec, TypeVar

from kernel.errors import Kind, Refusal
from kernel.settings import FaceSettings
from proctor.engines import catalogue, worker
from proctor.rules import Thresholds
from proctor.sight import Look, Sight

_P = ParamSpec("_P")
_T = TypeVar("_T")
_TRIES = 2


class FacePool:
    """``settings.workers`` matcher processes. Start it, use it from one event loop, stop it."""

    def __init__(self, settings: FaceSettings) -> None:
        self._settings = settings
        self._room = threading.BoundedSemaphore(settings.workers + settings.queue)
        self._executor: ProcessPoolExecutor | None = None
        self._retired: list[ProcessPoolExecutor] = []
        self._stopped = False

    @property
    def model(self) -> str:
        """The engine's model id."""
        return catalogue.model_of(self._settings)

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds that belong to the model."""
        return catalogue.thresholds_of(self._settings)

    @property
    def worker_ids(self) -> list[int]:
        """Process ids of the workers that run."""
        processes: dict[int, Any] = getattr(self._executor, "_processes", None) or {}
        return sorted(processes)

    async def start(self) -> None:
        """Checks the models, starts the workers and waits until they have loaded them.

        Raises ``face.model_missing``, ``face.model_differs``, ``face.engine_missing``.
        """
        await asyncio.to_thread(catalogue.check, self._settings)
        self._stopped = False
        starts = [self._run(worker.process_id) for _ in range(self._settings.workers)]
        await asyncio.gather(*starts)

    async def stop(self) -> None:
        """Waits for running tasks, drops waiting ones, ends every process."""
        self._stopped = True
        executors = [*self._retired, *([self._executor] if self._executor else [])]
        self._executor = None
        self._retired.clear()
        for executor in executors:
            await asyncio.to_thread(executor.shutdown, wait=True, cancel_futures=True)

    async def look(
        self, frame: bytes, references: tuple[bytes, ...] = (), *, keep_templates: bool = False
    ) -> Sight:
        """What is seen in the frame, compared with the reference templates.

        Raises ``proctor.busy``, ``proctor.failed``, ``image.unreadable``, ``image.too_large``,
        ``image.too_many_pixels``.
        """
        return await self._run(worker.look, Look(frame, references, keep_templates))

    async def similarities(self, pairs: list[tuple[bytes, bytes]]) -> list[float]:
        """The similarity of each pair of templates."""
        return await self._run(worker.similarities, pairs)

    async def thumbnail(self, frame: bytes, side_px: int) -> bytes:
        """A small JPEG. Raises as ``look`` does."""
        return await self._run(worker.thumbnail, frame, side_px)

    async def _run(self, task: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        for _ in range(_TRIES):
            executor = self._working()
            if not self._room.acquire(blocking=False):
                raise Refusal("proctor.busy", Kind.UNAVAILABLE, queue=self._settings.queue)
            try:
                future = executor.submit(task, *args, **kwargs)
            except (BrokenProcessPool, RuntimeError):
                self._room.release()
                self._working(executor)
                continue
            future.add_done_callback(self._leave)
            try:
                return await asyncio.wrap_future(future)
            except BrokenProcessPool:
                self._working(executor)
            except asyncio.CancelledError:
                if self._stopped and future.cancelled():
                    raise Refusal("proctor.stopped", Kind.UNAVAILABLE) from None
                raise
        raise Refusal("proctor.failed", Kind.UNAVAILABLE)

    def _leave(self, _: Future[Any]) -> None:
        self._room.release()

    def _working(self, broken: ProcessPoolExecutor | None = None) -> ProcessPoolExecutor:
        if self._stopped:
            raise Refusal("proctor.stopped", Kind.UNAVAILABLE)
        if self._executor is None or self._executor is broken:
            if broken is not None:
                broken.shutdown(wait=False, cancel_futures=True)
                self._retired.append(broken)
            self._executor = ProcessPoolExecutor(
                self._settings.workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=worker.begin,
                initargs=(self._settings,),
            )
        return self._executor
