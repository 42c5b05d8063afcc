"""What every test may ask for: a fresh database on each engine, and the kernel's door to it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from kernel.db import Database
from tests.postgres import PostgresCluster

ENGINES = ("sqlite", "postgresql")

settings.register_profile(
    "gongyuan",
    deadline=None,  # shared machines pause at will; pytest-timeout watches the whole test
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("gongyuan")


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """One running PostgreSQL for the whole run (not durable; see `tests.postgres`)."""
    cluster = PostgresCluster.create()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.destroy()


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database, on SQLite and on PostgreSQL; gone after the test."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'gongyuan.db'}"
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    name = cluster.new_database()
    yield cluster.url(name)
    cluster.drop_database(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, empty `Database` on both engines."""
    opened = Database.open(database_url)
    yield opened
    await opened.close()
