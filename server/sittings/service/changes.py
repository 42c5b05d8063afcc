"""What changed for a candidate whose page is open here, whoever changed it: another server, an act
on the whole session, a notification that was lost.

Rules kept here: one question for everybody and none for each; who follows says what was seen last,
so no change falls between a reading and the next round.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from server.sittings.service.everybody import Revision, revision_of, revisions
from server.sittings.service.hall import Hall
from server.sittings.service.paper import State


class Following:
    """One open page and the state that it showed last; None while it reads the first."""

    def __init__(self) -> None:
        self.revision: Revision | None = None

    def saw(self, state: State) -> None:
        """Says what the page shows now."""
        self.revision = revision_of(state.loaded, len(state.notices))


class Changes:
    """Wakes whoever follows a sitting that is not any more as it was seen."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._following: defaultdict[str, set[Following]] = defaultdict(set)

    @contextmanager
    def follow(self, sitting_id: str) -> Iterator[Following]:
        """For as long as a page is open."""
        following = Following()
        self._following[sitting_id].add(following)
        try:
            yield following
        finally:
            self._following[sitting_id].discard(following)
            if not self._following[sitting_id]:
                del self._following[sitting_id]

    async def round(self) -> int:
        """Wakes who has something to read; returns how many sittings moved."""
        if not self._following:
            return 0
        async with self._hall.database.read() as session:
            now = await revisions(session, list(self._following))
        moved = [
            sitting_id
            for sitting_id, revision in now.items()
            if any(
                one.revision not in (None, revision) for one in self._following.get(sitting_id, ())
            )
        ]
        for sitting_id in moved:
            self._hall.bus.moved(f"sitting/{sitting_id}")
        return len(moved)
