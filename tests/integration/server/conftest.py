"""A world of the server's rooms on both databases."""

from pathlib import Path

import pytest

from kernel.db import Database
from migrations.run import upgrade
from tests.conftest import FreshDatabase
from tests.integration.server.world import World


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> str:
    return fresh_database(upgrade)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)
