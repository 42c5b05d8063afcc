"""A closed session on both databases."""

from pathlib import Path

import pytest

from kernel.db import Database
from tests.conftest import FreshDatabase
from tests.integration.server.after import Afternoon, schema
from tests.integration.server.results.aftermath import Aftermath


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> str:
    return fresh_database(schema)


@pytest.fixture
async def hall(database: Database, tmp_path: Path) -> Afternoon:
    return await Afternoon(database, tmp_path).build()


@pytest.fixture
async def after(hall: Afternoon) -> Aftermath:
    return await Aftermath.build(hall)
