"""The loop of given shares: servers on one database pass them on to each other.

Rule kept here: whoever ends says so.
"""

import asyncio
import logging

from kernel.rounds import rounds
from server.papers.service import PapersService

ROUND_S = 5.0
_log = logging.getLogger(__name__)


async def share_rounds(papers: PapersService, stop: asyncio.Event) -> None:
    """Rounds until ``stop`` is set."""
    failed = "given shares were not passed on; the next round tries again"
    await rounds(papers.round, stop, ROUND_S, _log, failed)
    try:
        await papers.leave()
    except Exception:  # noqa: BLE001 - the database may be away
        _log.exception("our keys for shares stand for %s s more", ROUND_S * 3)
