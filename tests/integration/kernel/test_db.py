"""What a reader and a writer are promised, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import Context

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.db import Database, ReadSession, WriteSession

COUNT = text("SELECT n FROM counted")
MORE = text("UPDATE counted SET n = n + 1")


@pytest.fixture
async def one(database_url: str) -> AsyncIterator[Database]:
    """With one connection, so that whoever comes next gets the one that was just used."""
    opened = Database.open(database_url, pool_size=1)
    async with opened.write() as tx:
        await tx.execute(text("CREATE TABLE counted (n integer NOT NULL)"))
        await tx.execute(text("INSERT INTO counted VALUES (0)"))
    yield opened
    await opened.close()


async def count(session: ReadSession) -> int:
    return int((await session.execute(COUNT)).scalar_one())


async def test_a_reader_sees_one_moment_whatever_is_committed_meanwhile(
    one: Database, database: Database
) -> None:
    async with one.read() as session:
        assert await count(session) == 0
        await asyncio.create_task(count_up(database), context=Context())  # as another process does
        assert await count(session) == 0
    async with one.read() as session:
        assert await count(session) == 1


async def count_up(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(MORE)


async def test_nothing_stays_of_what_is_written_through_a_reader(one: Database) -> None:
    async with one.read() as session:
        if one.is_sqlite:
            await session.execute(MORE)
        else:
            with pytest.raises(DBAPIError, match="read-only transaction"):
                await session.execute(MORE)
    async with one.read() as session:
        assert await count(session) == 0


async def test_a_writer_that_waited_for_a_lock_sees_what_was_committed_before_it(
    one: Database, database: Database
) -> None:
    async with one.read() as session:  # leaves its connection to the writer
        await count(session)
    begun, go = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with database.write() as tx:
            await tx.execute(MORE)
            begun.set()
            await go.wait()

    async def second() -> int:
        await begun.wait()
        async with one.write() as tx:
            return await _seen_behind_the_lock(tx)

    tasks = asyncio.create_task(first()), asyncio.create_task(second())
    await begun.wait()
    await asyncio.sleep(0.2)
    go.set()
    await asyncio.wait_for(tasks[0], 10)
    assert await asyncio.wait_for(tasks[1], 10) == 2


async def _seen_behind_the_lock(tx: WriteSession) -> int:
    before = await count(tx)
    assert before in {0, 1}  # PostgreSQL shows what was committed until now
    await tx.execute(MORE)
    return await count(tx)
