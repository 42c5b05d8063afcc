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
from tests.integration.server.world import World


@pytest.fixture(autouse=True, scope="session")
def each_password_is_hashed_once() -> Iterator[None]:
    """Argon2id as ever, but the staff of every world have one password and one PIN between them,
    and hashing those for each test anew was half of these tests' time.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signing_in, "hash_password", lru_cache(hash_password))
        yield


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> str:
    return fresh_database(upgrade)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)
