"""The loop of given shares: servers on one database pass them on to each other.

Rules kept here: a round that fails is logged and the next one tries again; whoever ends says so.
"""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from server.papers.service import PapersService

ROUND_S = 5.0
_log = logging.getLogger(__name__)


async def share_rounds(papers: PapersService, stop: asyncio.Event) -> None:
    """Rounds until ``stop`` is set."""
    while not stop.is_set():
        await _tried(papers.round())
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), ROUND_S)
    await _tried(papers.leave())


async def _tried(step: Coroutine[Any, Any, None]) -> None:
    try:
        await step
    except Exception:  # noqa: BLE001 - the database may be away for a moment
        _log.exception("given shares were not passed on; the next round tries again")
