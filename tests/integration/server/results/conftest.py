"""A closed session on both databases."""

from pathlib import Path

import pytest

from kernel.db import Database
from tests.conftest import FreshDatabase
from tests.integration.server.after import Afternoon, schema


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> str:
    return fresh_database(schema)


@pytest.fixture
async def hall(database: Database, tmp_path: Path) -> Afternoon:
    return await Afternoon(database, tmp_path).build()
