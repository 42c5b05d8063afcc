"""Published results, candidates with ID numbers, and the services of reviews over them."""

from dataclasses import dataclass

from kernel.access import Principal
from kernel.settings import PortalSettings
from ledger.book import Act
from server.marking.service import MarkingService
from server.registration.service import id_number_hash, lookup_key_of
from server.registration.tables import CandidateRow
from server.results.rules.periods import Calendar
from server.results.service import (
    Applying,
    Deciding,
    LinesShown,
    Openings,
    Portal,
    ResultsService,
)
from tests.integration.server.after import SESSION, Afternoon, sitting_of, staff

OFFICER, CHIEF = staff("officer"), staff("chief")
SEED = bytes(range(32))
ADDRESS = "192.0.2.1"


def number_of(name: str) -> str:
    """An ID number of the candidate's own."""
    return f"34080119900101{sum(name.encode()) % 10_000:04d}"


@dataclass
class Aftermath:
    """The services, and the days that pass."""

    hall: Afternoon
    results: ResultsService
    portal: Portal
    deciding: Deciding
    openings: Openings

    @classmethod
    async def build(cls, hall: Afternoon) -> "Aftermath":
        lookup, calendar = lookup_key_of(hall.keyring), Calendar()
        async with hall.database.write() as tx:
            for name in ("alice", "bob", "chen", "dora", "erik"):
                row = await tx.get_one(CandidateRow, f"cand_{name}")
                row.id_number_hash = id_number_hash(lookup, number_of(name))
            for name in ("alice", "bob", "chen"):
                act = Act("started", {"form_code": "A", "order_seed": SEED.hex()}, 1)
                await hall.ledger.append(tx, f"sitting/{sitting_of(name)}", [act])
        openings = Openings(hall.database, hall.clock, hall.ledger, hall.papers, calendar)
        applying = Applying(hall.database, hall.clock, hall.ledger, calendar)
        portal = Portal(
            hall.database, hall.clock, lookup, calendar, PortalSettings(), openings, applying,
            LinesShown(hall.ledger, hall.clock),
        )  # fmt: skip
        return cls(
            hall,
            ResultsService(hall.database, hall.clock, hall.ledger),
            portal,
            Deciding(hall.database, hall.clock, hall.ledger),
            openings,
        )

    async def published(self) -> "Aftermath":
        """Marked and published by two people."""
        hall = self.hall
        marking = MarkingService(hall.database, hall.clock, hall.ledger, hall.keyring, hall.papers)
        await marking.run(OFFICER, SESSION)
        marker = staff("marker")
        while task := await marking.queue.next(marker, SESSION):
            await marking.queue.mark(marker, task.task_id, score="1", remark="")
        await self.results.publish(OFFICER, SESSION)
        await self.results.publish(CHIEF, SESSION)
        return self

    async def in_review(self) -> "Aftermath":
        """Published, and the publicity has ended."""
        await self.published()
        self.hall.clock.advance(minutes=14 * 24 * 60)
        return self

    async def applied(self, name: str, *positions: int) -> str:
        """The candidate's application; returns its id."""
        me = candidate(name)
        await self.portal.apply(me, "我答了这几题", positions)
        return (await self.portal.own(me)).reviews[-1].row.id

    async def opened(self, review_id: str, position: int) -> str:
        """Opened by both; returns the opening's id."""
        opening_id = await self.openings.request(OFFICER, SESSION, review_id, position, "核对作答")
        await self.openings.approve(CHIEF, SESSION, review_id, opening_id)
        return opening_id


def candidate(name: str) -> Principal:
    """Somebody signed in at their own page."""
    return Principal(sitting_of(name), "portal", {})
