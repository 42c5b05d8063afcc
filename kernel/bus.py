"""Notifications: "the position of this topic moved", nothing more.

Contract of ``Bus``: a notification may be lost, repeated or merged; whoever is told re-reads the
store from its own position. Nothing durable ever travels here.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol


class Waker(Protocol):
    """One subscription; ``wait`` returns True when something moved, False after the timeout."""

    async def wait(self, timeout_s: float) -> bool: ...


class Bus(Protocol):
    """See the module's contract."""

    def moved(self, topic: str) -> None: ...
    def watch(self, *topics: str) -> AbstractAsyncContextManager[Waker]: ...


class _EventWaker:
    def __init__(self) -> None:
        self.event = asyncio.Event()

    async def wait(self, timeout_s: float) -> bool:
        try:
            await asyncio.wait_for(self.event.wait(), timeout_s)
        except TimeoutError:
            return False
        self.event.clear()
        return True


class LocalBus:
    """Within one process."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[_EventWaker]] = defaultdict(set)

    def moved(self, topic: str) -> None:
        for waker in self._watchers.get(topic, ()):
            waker.event.set()

    @asynccontextmanager
    async def watch(self, *topics: str) -> AsyncIterator[Waker]:
        waker = _EventWaker()
        for topic in topics:
            self._watchers[topic].add(waker)
        try:
            yield waker
        finally:
            for topic in topics:
                self._watchers[topic].discard(waker)
