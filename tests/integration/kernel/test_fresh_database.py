"""The databases that the tests stand on are real, empty and their own."""

import asyncio

from sqlalchemy import text

from kernel.db import Database
from tests.conftest import FreshDatabase
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


PREPARED: list[str] = []


def bring_a_table(url: str) -> None:
    PREPARED.append(url)

    async def bring() -> None:
        database = Database.open(url)
        async with database.write() as session:
            await session.execute(text("CREATE TABLE mark (n INTEGER)"))
        await database.close()

    asyncio.run(bring())


async def test_a_copy_of_a_template_has_its_tables_and_not_its_neighbours_rows(
    fresh_database: FreshDatabase,
) -> None:
    urls = [fresh_database(bring_a_table), fresh_database(bring_a_table)]
    assert len({*urls, *PREPARED}) == len(urls) + len(PREPARED)
    for url in urls:
        database = Database.open(url)
        async with database.write() as session:
            rows = (await session.execute(text("SELECT n FROM mark"))).all()
            await session.execute(text("INSERT INTO mark VALUES (1)"))
        await database.close()
        assert rows == []


def test_a_template_is_prepared_once(fresh_database: FreshDatabase) -> None:
    fresh_database(bring_a_table)
    before = len(PREPARED)
    fresh_database(bring_a_table)
    assert len(PREPARED) == before


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
