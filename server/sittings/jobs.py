"""The loops of the hall: one listens, with the other servers, and notices who is offline; one tells
what seats called for again and again; one wakes pages for which something changed, hands in at the
deadline, makes the receipts that are missing, watches the clock, erases templates that are due.

Rules kept here: every round asks the database what is due, so a restart forgets nothing; a round
that fails is logged and the next one tries again; a long work of the hall holds up no listening;
being offline opens a case for a person and does no more.
"""

import asyncio
import logging

from kernel.clock import JUMP_MS, Clock
from kernel.db import is_storage_fault
from kernel.lease import Lease
from kernel.rounds import rounds
from server.sittings.service import Forgetting, SittingsService

ROUND_S = 1.0
_log = logging.getLogger(__name__)


class SittingJobs:
    """One per process; several processes do no harm: each hand-in happens once, and who holds the
    ``lease`` reports outages and makes missing receipts.
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
        self._leads = False

    async def run(self, stop: asyncio.Event) -> None:
        """Rounds until ``stop`` is set."""
        await asyncio.gather(
            rounds(self.listen, stop, ROUND_S, _log, "nobody was listened to; tried again"),
            rounds(
                self._service.calls.round, stop, ROUND_S, _log, "calls were not told; tried again"
            ),
            rounds(self.round, stop, ROUND_S, _log, "a round of the hall failed; tried again"),
        )
        await self._service.calls.round()
        await self._lease.release()
        try:
            await self._service.hearing.leave()
        except Exception as failed:
            if not is_storage_fault(failed):
                raise
            _log.warning("our row stays: the database does not answer")

    async def listen(self) -> None:
        """One round of listening: whoever is heard anywhere, then who is not."""
        hearing, watching = self._service.hearing, self._service.watching
        await hearing.round()
        self._leads = await self._lease.held()
        if not self._leads:
            watching.stand_down()
            return
        if hearing.is_settled():
            await watching.sweep()
        await watching.watch_servers(hearing.off_ms())

    async def round(self) -> None:
        """One round of what is due. Nobody's time ends while a server at work has it running."""
        await self._service.changes.round()
        await self._service.submitting.hand_in_due(self._service.hearing.behind_ms())
        if self._leads:
            await self._service.receipting.round()
        await self._service.watching.watch_clock(self._jump_ms)
        await self._forgetting.round()
        await keep_time(self._service.hall.clock)


async def keep_time(clock: Clock) -> None:
    """Our time is written down before anybody is served, and again by every round."""
    try:
        await asyncio.to_thread(clock.keep)
    except OSError:
        _log.exception("our time is not kept; the next round tries again")
