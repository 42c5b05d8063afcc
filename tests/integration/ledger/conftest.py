"""The ledger's tables on both databases, and a world with a running writer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.db import Database
from migrations.run import upgrade
from tests.conftest import FreshDatabase
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
