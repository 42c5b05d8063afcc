"""Calls for a person: a raised hand, a lost camera.

Rules kept here: a call is told at once; one of the same kind within the next second waits and is
told by one transaction of the next round, so however often a hand is raised, the others are served;
a call that waits is told also when the last case was decided meanwhile; one that is sent again
(the same event of the same device) is the same call.
"""

import logging
from collections.abc import Mapping

from kernel.errors import Kind, Refusal
from server.sittings.ports import Observation
from server.sittings.service.hall import Hall
from server.sittings.service.rows import Loaded, locked

PACE_MS = 1_000
Mark = tuple[int, int]
"""Device epoch and client number of the event that calls; (0, 0) of one that has none."""
UNMARKED: Mark = (0, 0)
_log = logging.getLogger(__name__)


class Calls:
    """One server's calls: what was told, and what waits for the round."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        # The newest call of a sitting and kind that a person was told of: one sent again is not
        # even asked about. After a restart the case knows it.
        self._called: dict[tuple[str, str], Mark] = {}
        self._told_ms: dict[tuple[str, str], int] = {}
        self._waiting: dict[str, dict[str, Mark]] = {}

    async def call(self, sitting_id: str, kinds: Mapping[str, Mark]) -> None:
        """A person is told what the sitting calls for: the incident's words, each with the newest
        event that calls. Raises ``sitting.unknown``, ``ledger.stream_closed``.
        """
        fresh = {
            kind: mark
            for kind, mark in kinds.items()
            if mark == UNMARKED or mark > self._called.get((sitting_id, kind), UNMARKED)
        }
        since_ms = self._hall.clock.now_ms() - PACE_MS
        early = {k for k in fresh if self._told_ms.get((sitting_id, k), since_ms) > since_ms}
        if early:
            self._wait(sitting_id, {kind: fresh[kind] for kind in early})
        if fresh.keys() - early:
            await self._tell(sitting_id, {k: fresh[k] for k in fresh.keys() - early})

    async def raise_hand(self, sitting_id: str) -> None:
        """举手 beside the log: asking again is the same case."""
        await self.call(sitting_id, {"help": UNMARKED})

    async def round(self) -> None:
        """Tells what waits; what cannot be written waits for the next round."""
        waiting, self._waiting = self._waiting, {}
        for sitting_id, kinds in waiting.items():
            try:
                await self._tell(sitting_id, kinds)
            except Refusal as refused:
                if refused.kind is Kind.UNAVAILABLE:
                    self._wait(sitting_id, kinds)
            except Exception:  # noqa: BLE001 - the other seats are told
                _log.exception("what %s calls for was not told; tried again", sitting_id)
                self._wait(sitting_id, kinds)

    def _wait(self, sitting_id: str, kinds: Mapping[str, Mark]) -> None:
        waiting = self._waiting.setdefault(sitting_id, {})
        for kind, mark in kinds.items():
            waiting[kind] = max(mark, waiting.get(kind, UNMARKED))

    async def _tell(self, sitting_id: str, kinds: Mapping[str, Mark]) -> None:
        hall, now_ms = self._hall, self._hall.clock.now_ms()
        self._told_ms |= {(sitting_id, kind): now_ms for kind in kinds}
        try:
            loaded = await self._report(sitting_id, kinds)
        except BaseException:
            # Nobody was told: whoever sends it again is not to wait behind this one.
            for kind in kinds:
                self._told_ms.pop((sitting_id, kind), None)
            raise
        for kind, mark in kinds.items():
            self._called[sitting_id, kind] = max(mark, self._called.get((sitting_id, kind), mark))
        hall.moved(loaded)

    async def _report(self, sitting_id: str, kinds: Mapping[str, Mark]) -> Loaded:
        hall = self._hall
        async with hall.database.write() as tx:
            loaded = await locked(tx, sitting_id)
            for kind, (epoch, seq) in kinds.items():
                await hall.incidents.report(
                    tx,
                    Observation(
                        sitting_id, kind, "amber", hall.clock.now_ms(),
                        name=f"{epoch}" if epoch else "", number=seq,
                    ),
                )  # fmt: skip
        return loaded
