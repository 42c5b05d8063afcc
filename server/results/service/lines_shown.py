"""What candidates are shown: the lines of the newest published list, as the log has it.

Rules kept here: a list is held against the log before a line of it is shown, again after a minute
and when another is the newest; what is shown meanwhile is what was looked at then, whatever its
rows have become; a list that is not the log's is withheld from all its candidates.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from kernel.clock import Clock
from kernel.db import ReadSession
from kernel.errors import Refusal
from ledger.book import Ledger
from server.results.rules.lines import Line
from server.results.service.agreeing import need_newest_as_published
from server.results.service.listing import line_of, newest_publication, rows_of
from server.results.tables import PublicationRow

AGAIN_MS = 60_000
KEPT = 32
"""Lists in memory; the one looked at longest ago goes first."""


@dataclass(frozen=True, slots=True)
class Published:
    """A list by candidate; version 0 before publication. ``withheld``: the rows are not those that
    the log names, and nobody's line is shown.
    """

    publication_id: str
    version: int
    lines: Mapping[str, Line]
    withheld: bool = False


UNPUBLISHED = Published("", 0, {})


class LinesShown:
    """The lists that were looked at in the last minute, by session."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._kept: dict[str, tuple[int, Published]] = {}
        self._looking = asyncio.Lock()

    async def newest(self, session: ReadSession, session_id: str) -> Published:
        """The newest list; many who ask at once wait for one look."""
        publication = await newest_publication(session, session_id)
        if publication is None:
            return UNPUBLISHED
        async with self._looking:
            now_ms = self._clock.now_ms()
            looked_ms, kept = self._kept.get(session_id, (now_ms - AGAIN_MS, UNPUBLISHED))
            if kept.publication_id == publication.id and 0 <= now_ms - looked_ms < AGAIN_MS:
                return kept
            found = await self._look(session, publication)
            self._kept.pop(session_id, None)
            self._kept[session_id] = now_ms, found
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
            return found

    async def _look(self, session: ReadSession, publication: PublicationRow) -> Published:
        rows = await rows_of(session, publication)
        try:
            await need_newest_as_published(session, self._ledger, publication, rows)
        except Refusal as refused:
            if refused.code != "results.list_differs":
                raise
            return Published(publication.id, publication.version, {}, withheld=True)
        lines = {row.candidate_id: line_of(row) for row in rows}
        return Published(publication.id, publication.version, lines)
