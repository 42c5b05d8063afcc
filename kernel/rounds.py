"""Work that comes again and again while the program runs.

Rule kept here: a round that fails is logged and the next one tries again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from logging import Logger


async def rounds(
    work: Callable[[], Awaitable[None]],
    stop: asyncio.Event,
    period_s: float,
    log: Logger,
    failed: str,
) -> None:
    """``work`` at once and every ``period_s`` after it has ended, until ``stop`` is set. ``failed``
    is what the log says of a round that raised.
    """
    while not stop.is_set():
        try:
            await work()
        except Exception:
            log.exception(failed)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), period_s)
