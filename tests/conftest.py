"""What every test may ask for: a fresh database on each engine, and the kernel's door to it.

`database_url` is empty. A folder whose tests need a schema overrides it in its own conftest:

    @pytest.fixture
    def database_url(fresh_database: FreshDatabase) -> str:
        return fresh_database(bring_schema)
"""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from kernel.db import Database
from tests.databases import ENGINES, Databases, Prepare
from tests.postgres import PostgresCluster

FreshDatabase = Callable[[Prepare | None], str]

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


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Databases:
    """The run's databases; PostgreSQL is started by the first test that wants it."""

    def cluster() -> PostgresCluster:
        running: PostgresCluster = request.getfixturevalue("postgres_cluster")
        return running

    return Databases(tmp_path_factory.mktemp("databases"), cluster)


@pytest.fixture(params=ENGINES)
def fresh_database(
    request: pytest.FixtureRequest, tmp_path: Path, databases: Databases
) -> Iterator[FreshDatabase]:
    """A function that gives a new database on SQLite, then on PostgreSQL; gone after the test."""
    if request.param == "postgresql":
        request.getfixturevalue("postgres_cluster")
    made: list[str] = []

    def fresh(prepare: Prepare | None) -> str:
        made.append(databases.fresh(request.param, tmp_path, prepare))
        return made[-1]

    yield fresh
    for url in made:
        databases.drop(url)


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> str:
    """The SQLAlchemy URL of an empty database, on SQLite and on PostgreSQL."""
    return fresh_database(None)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open `Database` on both engines."""
    opened = Database.open(database_url)
    yield opened
    await opened.close()
