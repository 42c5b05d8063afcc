"""Receipts that were not made at hand-in: a server was killed between the two, or the database was
away.

Rules kept here: whoever handed in gets the receipt without asking; some of them a round, so nothing
else waits; one that cannot be made holds up no other; one server at a time looks, and whoever hands
in is left the time to make it.
"""

from server.sittings.service.everybody import without_receipt
from server.sittings.service.hall import Hall
from server.sittings.service.submitting import Submitting

AT_ONCE = 20
EVERY_MS = 10_000
LEFT_MS = 10_000  # to whoever hands in, for the receipt that follows the commit
BACK_MS = 86_400_000  # what is older is looked for when the program starts


class Receipting:
    """Looks for them, in the order of handing in and again from the beginning."""

    def __init__(self, hall: Hall, submitting: Submitting) -> None:
        self._hall = hall
        self._submitting = submitting
        self._after = (0, "")
        self._next_ms = 0

    async def round(self) -> int:
        """Makes some; returns how many."""
        now_ms = self._hall.clock.now_ms()
        if now_ms < self._next_ms:
            return 0
        async with self._hall.database.read() as session:
            owed = await without_receipt(session, self._after, now_ms - LEFT_MS, AT_ONCE)
        made = 0
        for _, sitting_id in owed:
            made += await self._submitting.make_receipt(sitting_id)
        if len(owed) == AT_ONCE:
            self._after = owed[-1]
        else:
            self._after, self._next_ms = (now_ms - BACK_MS, ""), now_ms + EVERY_MS
        return made
