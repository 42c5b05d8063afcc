"""The databases that the tests stand on are real, empty and their own."""

from sqlalchemy import text

from kernel.db import Database
from tests.postgres import PostgresCluster


async def _count_after_insert(database: Database) -> int:
    async with database.write() as session:
        await session.execute(text("CREATE TABLE mark (n INTEGER)"))
        await session.execute(text("INSERT INTO mark VALUES (1)"))
    async with database.read() as session:
        return len((await session.execute(text("SELECT n FROM mark"))).all())


async def test_a_database_is_empty_the_first_time(database: Database) -> None:
    assert await _count_after_insert(database) == 1


async def test_a_database_is_empty_the_second_time(database: Database) -> None:
    assert await _count_after_insert(database) == 1


async def test_the_engine_is_the_one_asked_for(database: Database, database_url: str) -> None:
    async with database.read() as session:
        query = "SELECT sqlite_version()" if database.is_sqlite else "SHOW server_version"
        version = str((await session.execute(text(query))).scalar_one())
    assert database.is_sqlite == database_url.startswith("sqlite")
    assert version[0].isdigit()


def test_a_cluster_survives_a_crash_with_what_was_committed() -> None:
    cluster = PostgresCluster.create(durable=True)
    try:
        cluster.start()
        cluster.sql("CREATE TABLE mark AS SELECT 7 AS n")
        cluster.crash()
        cluster.start()
        assert cluster.sql("SELECT n FROM mark").strip() == "7"
    finally:
        cluster.destroy()
