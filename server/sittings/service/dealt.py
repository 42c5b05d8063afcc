"""The items of each sitting's form, kept in memory: an answer is read against them without the
database.

Rules kept here: only what never changes after the opening of the paper is kept; the transaction
that takes an answer compares session and form with the sitting's row, and what differs is dropped.
"""

from collections import OrderedDict
from dataclasses import dataclass

from kernel.errors import Kind, Refusal
from paper.items import FormItem
from server.sittings.service.hall import Hall
from server.sittings.service.paper import PaperDesk
from server.sittings.service.rows import load

SITTINGS_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Dealt:
    """A sitting's form. ``items`` is one mapping for all sittings of the form."""

    session_id: str
    form_code: str
    items: dict[str, FormItem]


class DealtItems:
    """What was asked for lately."""

    def __init__(self, hall: Hall, papers: PaperDesk) -> None:
        self._hall = hall
        self._papers = papers
        self._known: OrderedDict[str, Dealt] = OrderedDict()
        self._forms: dict[tuple[str, str], dict[str, FormItem]] = {}

    async def of(self, sitting_id: str) -> Dealt:
        """Raises ``sitting.unknown``, ``answer.too_early``, ``paper.form_missing``."""
        known = self._known.get(sitting_id)
        if known is not None:
            return known
        async with self._hall.database.read() as session:
            loaded = await load(session, sitting_id)
        if not loaded.paper_open:
            raise Refusal(
                "answer.too_early",
                Kind.CONFLICT,
                starts_at_ms=loaded.exam.starts_at_ms,
                now_ms=self._hall.clock.now_ms(),
            )
        form = loaded.row.session_id, loaded.row.form_code
        if form not in self._forms:
            self._forms[form] = await self._papers.items(loaded)
        dealt = Dealt(*form, self._forms[form])
        self._known[sitting_id] = dealt
        while len(self._known) > SITTINGS_KEPT:
            self._known.popitem(last=False)
        return dealt

    def forget(self, sitting_id: str) -> None:
        """The sitting's row says something else."""
        self._known.pop(sitting_id, None)
