"""The ledger's tables on both databases, and a world with a running writer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.db import Database
from kernel.settings import DATABASE_FILE
from ledger.tables import LedgerTable
from migrations.run import upgrade
from tests.conftest import FreshDatabase
from tests.integration.ledger.site import Site
from tests.integration.ledger.world import LedgerWorld


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> str:
    return fresh_database(upgrade)


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[LedgerWorld]:
    made = LedgerWorld(database, tmp_path)
    await made.open_session()
    made.ledger.start()
    yield made
    await made.ledger.stop()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    folder = tmp_path / "data"
    database = Database.open(f"sqlite+aiosqlite:///{folder / DATABASE_FILE}")
    async with database.writer_engine.begin() as connection:
        await connection.run_sync(LedgerTable.metadata.create_all)
    world = LedgerWorld(database, folder / "keys")
    (folder / "keys" / "keys.json").rename(folder / "keys" / "keyring.json")
    await world.open_session()
    world.ledger.start()
    people = [await world.candidate(f"sitting_{n}") for n in (1, 2, 3)]
    for one in people:
        for count in (1, 3, 2):
            await one.save(count)
    made = Site(folder, world, people)
    yield made
    await made.stop()
