"""A data directory with a server at work in it, and what somebody does to its database."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kernel.lease import FileLease
from kernel.settings import DATABASE_FILE
from ledger.report import Report
from ledger.verify import verify
from ledger.verify.living import CHECKPOINT_PLACE
from tests.integration.ledger.world import Candidate, LedgerWorld

S, T = "sitting/sitting_1", "sitting/sitting_2"


@dataclass
class Site:
    """A data directory with a server at work in it."""

    folder: Path
    world: LedgerWorld
    people: list[Candidate]

    @property
    def file(self) -> Path:
        return self.folder / DATABASE_FILE

    async def stop(self) -> None:
        await self.world.ledger.stop()
        await self.world.database.close()


async def verified(folder: Path, trust: bytes | None = None) -> Report:
    return await asyncio.to_thread(verify, folder, trust=trust)


Change = Callable[[sqlite3.Connection], None]
NUMBER = "(select number from ledger_stream where stream_id = ?)"


def sql(text: str, *values: object) -> Change:
    return lambda database: database.execute(text.replace(":of", NUMBER), values)  # type: ignore[return-value]


async def covered(site: Site) -> None:
    """A tree over everything, its last checkpoint beside the database."""
    place = site.folder / CHECKPOINT_PLACE
    lease = FileLease(site.folder / "ledger" / "lock")
    sequencer = site.world.another().sequencer(place, lease)
    await sequencer.round()
    await site.people[0].save(2)
    await sequencer.round()
    await sequencer.leave()


async def one_round(site: Site) -> None:
    lease = FileLease(site.folder / "ledger" / "lock")
    sequencer = site.world.another().sequencer(site.folder / CHECKPOINT_PLACE, lease)
    await sequencer.round()
    await sequencer.leave()
