"""A task that is given up at any moment of a transaction leaves its connection fit for the next.

Rule kept here: a request is cancelled when its client goes away, so a beginning that is on its way
to the driver's thread may never be left behind on a connection that another takes.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from kernel.db import Database

TURNS = 40
"""Turns of the event loop; a transaction of ``mark`` or ``marks`` takes fewer."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    found = Database.open(f"sqlite+aiosqlite:///{tmp_path}/marks.db", pool_size=1)
    async with found.write() as tx:
        await tx.execute(text("CREATE TABLE mark (n INTEGER)"))
    yield found
    await found.close()


async def mark(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(text("INSERT INTO mark VALUES (1)"))


async def marks(database: Database) -> int:
    async with database.read() as session:
        return len((await session.execute(text("SELECT n FROM mark"))).all())


async def given_up(task: asyncio.Task[object], turns: int) -> bool:
    """Whether it was still under way after so many turns of the loop, and so was cancelled."""
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return task.cancelled()


async def test_a_reader_given_up_at_any_turn_leaves_a_connection_that_begins_again(
    database: Database,
) -> None:
    stopped = 0
    for turns in range(TURNS):
        stopped += await given_up(asyncio.create_task(marks(database)), turns)
        assert await marks(database) == 0
    assert stopped > 0


async def test_a_writer_given_up_at_any_turn_leaves_nothing_half_and_the_file_free(
    database: Database,
) -> None:
    stopped = 0
    for turns in range(TURNS):
        before = await marks(database)
        was_stopped = await given_up(asyncio.create_task(mark(database)), turns)
        stopped += was_stopped
        assert await marks(database) - before in ((0, 1) if was_stopped else (1,))
        await mark(database)
    assert stopped > 0


async def test_a_writer_given_up_while_another_program_holds_the_file_does_not_hold_it_later(
    database: Database, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "marks.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(mark(database))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    waiting.cancel()
    other.execute("COMMIT")
    with pytest.raises(asyncio.CancelledError):
        await waiting
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO mark VALUES (2)")
    other.execute("COMMIT")
    other.close()
    await mark(database)
    assert await marks(database) == 2
