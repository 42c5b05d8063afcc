"""A world of the server's rooms on both databases."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from kernel.crypto.passwords import hash_password
from kernel.db import Database
from migrations.run import upgrade
from server.accounts.service import signing_in
from tests.conftest import FreshDatabase
from tests.integration.server.hall import ExamDay
from tests.integration.server.mornings import Mornings
from tests.integration.server.world import World


@pytest.fixture(autouse=True, scope="session")
def each_password_is_hashed_once() -> Iterator[None]:
    """Argon2id as ever, but the staff of every world have one password and one PIN between them,
    and hashing those for each test anew was half of these tests' time.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signing_in, "hash_password", lru_cache(hash_password))
        yield


@pytest.fixture(scope="session")
def mornings(tmp_path_factory: pytest.TempPathFactory) -> Mornings:
    return Mornings(tmp_path_factory.mktemp("mornings"))


@pytest.fixture
def database_url(
    request: pytest.FixtureRequest, fresh_database: FreshDatabase, mornings: Mornings
) -> str:
    """With the day in it for a test that asks for the ``morning``."""
    return fresh_database(mornings.bring if _asks_for_the_morning(request) else upgrade)


@pytest.fixture
def world(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path, mornings: Mornings
) -> World:
    if _asks_for_the_morning(request):
        mornings.lay_out(_engine(database), tmp_path)
    return World(database, tmp_path)


@pytest.fixture
def morning(world: World, mornings: Mornings) -> ExamDay:
    """Draw done, machines set up, staff in their rooms, desk open; everybody still to come."""
    return mornings.again(_engine(world.database), world)


def _asks_for_the_morning(request: pytest.FixtureRequest) -> bool:
    return "morning" in request.fixturenames


def _engine(database: Database) -> str:
    return database.writer_engine.dialect.name
