"""The loop of the hall: wakes pages for which something changed, hands in at the deadline, notices
who is offline, watches the clock, erases templates that are due.

Rules kept here: every round asks the database what is due, so a restart forgets nothing; a round
that fails is logged and the next one tries again; being offline opens a case for a person and does
no more.
"""

import asyncio
import logging

from kernel.clock import JUMP_MS, Clock
from kernel.lease import Lease
from server.sittings.service import Forgetting, SittingsService

ROUND_S = 1.0
_log = logging.getLogger(__name__)


class SittingJobs:
    """One per process; several processes do no harm: each hand-in happens once, and who holds the
    ``lease`` reports outages.
    """

    def __init__(
        self,
        service: SittingsService,
        forgetting: Forgetting,
        lease: Lease,
        *,
        clock_jump_ms: int = JUMP_MS,
    ) -> None:
        self._service = service
        self._forgetting = forgetting
        self._lease = lease
        self._jump_ms = clock_jump_ms

    async def run(self, stop: asyncio.Event) -> None:
        """Rounds until ``stop`` is set."""
        while not stop.is_set():
            try:
                await self.round()
            except Exception:  # noqa: BLE001 - whatever failed, the next round must come
                _log.exception("round of the hall failed; the next one tries again")
            try:
                await asyncio.wait_for(stop.wait(), ROUND_S)
            except TimeoutError:
                continue
        await self._lease.release()

    async def round(self) -> None:
        """One round."""
        await self._service.changes.round()
        await self._service.submitting.hand_in_due()
        if await self._lease.held():
            await self._service.watching.sweep()
        else:
            self._service.watching.stand_down()
        await self._service.watching.watch_clock(self._jump_ms)
        await self._forgetting.round()
        await keep_time(self._service.hall.clock)
        await self._service.hearing.round()


async def keep_time(clock: Clock) -> None:
    """Our time is written down before anybody is served, and again by every round."""
    try:
        await asyncio.to_thread(clock.keep)
    except OSError:
        _log.exception("our time is not kept; the next round tries again")
