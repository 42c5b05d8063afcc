"""Two programs that open one new SQLite file wait for each other."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

import kernel.sqlite
from kernel.db import Database


def file_about_to_be_written(folder: Path) -> tuple[str, sqlite3.Connection]:
    """A file not yet in WAL, and the connection that has announced a write to it."""
    other = sqlite3.connect(folder / "new.db", isolation_level=None)
    other.execute("CREATE TABLE mark (n INTEGER)")
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO mark VALUES (1)")
    return f"sqlite+aiosqlite:///{folder}/new.db", other


async def marks(url: str) -> list[int]:
    database = Database.open(url)
    try:
        async with database.read() as session:
            return list((await session.execute(text("SELECT n FROM mark"))).scalars())
    finally:
        await database.close()


async def test_a_new_file_that_another_is_about_to_write_is_waited_for(tmp_path: Path) -> None:
    url, other = file_about_to_be_written(tmp_path)
    opening = asyncio.create_task(marks(url))
    await asyncio.sleep(0.3)
    assert not opening.done()
    other.execute("COMMIT")
    other.close()
    assert await opening == [1]


async def test_a_new_file_that_is_never_let_go_is_an_error_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel.sqlite, "BUSY_MS", 200)
    url, other = file_about_to_be_written(tmp_path)
    with pytest.raises(OperationalError, match="locked"):
        await marks(url)
    other.close()


async def test_a_file_that_another_writes_without_end_is_an_error_of_sqlalchemy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel.sqlite, "BUSY_MS", 200)
    url = f"sqlite+aiosqlite:///{tmp_path}/held.db"
    assert await made(url) == []
    other = sqlite3.connect(tmp_path / "held.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database = Database.open(url)
    with pytest.raises(OperationalError, match="locked"):
        await mark(database)
    other.close()
    await mark(database)  # and it goes on afterwards
    await database.close()
    assert await marks(url) == [1]


async def mark(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(text("INSERT INTO mark VALUES (1)"))


async def made(url: str) -> list[int]:
    database = Database.open(url)
    async with database.write() as tx:
        await tx.execute(text("CREATE TABLE mark (n INTEGER)"))
    await database.close()
    return await marks(url)


async def test_a_connection_that_comes_back_within_a_transaction_is_rolled_back(
    tmp_path: Path,
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/new.db"
    assert await made(url) == []
    database = Database.open(url)
    async with database.writer_engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.execute("BEGIN IMMEDIATE")
        await driver.execute("INSERT INTO mark VALUES (2)")
    await mark(database)
    await database.close()
    assert await marks(url) == [1]
