"""What a request is answered when PostgreSQL gives its transaction up for another's."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from kernel.clock import HandClock
from kernel.db import Database, WriteSession
from kernel.web import install
from tests.databases import Databases


@pytest.fixture
def database_url(databases: Databases, tmp_path: Path) -> Iterator[str]:
    """On PostgreSQL alone: SQLite has one writer, so none waits for another in a circle."""
    url = databases.fresh("postgresql", tmp_path, None)
    yield url
    databases.drop(url)


@pytest.fixture
def app(database: Database) -> FastAPI:
    """Two doors into the same two rows."""
    made = FastAPI()
    install(made, database=database, clock=HandClock(), body_limit_bytes=1_000)
    first_taken = {"a": asyncio.Event(), "b": asyncio.Event()}

    @made.post("/in-a-circle/{first}/{second}")
    async def in_a_circle(first: str, second: str) -> str:
        async with database.write() as tx:
            await add_one(tx, first)
            first_taken[first].set()
            await first_taken[second].wait()
            await add_one(tx, second)
        return "done"

    @made.post("/on-what-was-read/{first}/{second}")
    async def on_what_was_read(first: str, second: str) -> str:
        async with database.write() as tx:
            await tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            await tx.execute(text("SELECT n FROM mark"))
            first_taken[first].set()
            await first_taken[second].wait()
            await add_one(tx, "a")
        return "done"

    return made


async def add_one(tx: WriteSession, name: str) -> None:
    await tx.execute(text("UPDATE mark SET n = n + 1 WHERE name = :name"), {"name": name})


@pytest.mark.parametrize("path", ["in-a-circle", "on-what-was-read"])
async def test_of_two_that_cannot_both_be_written_one_is_and_one_is_told_to_try_again(
    app: FastAPI, database: Database, path: str
) -> None:
    async with database.write() as tx:
        await tx.execute(text("CREATE TABLE mark (name TEXT PRIMARY KEY, n INTEGER)"))
        await tx.execute(text("INSERT INTO mark VALUES ('a', 0), ('b', 0)"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hall") as http:
        found = await asyncio.gather(http.post(f"/{path}/a/b"), http.post(f"/{path}/b/a"))
    written, given_up = sorted(found, key=lambda one: one.status_code)
    assert (written.status_code, written.json()) == (200, "done")
    assert (given_up.status_code, given_up.json()["code"]) == (503, "storage.given_up")
    assert given_up.json()["message"]["en"].endswith("Please try again.")
    async with database.read() as session:
        sums = await session.scalar(text("SELECT sum(n) FROM mark"))
    assert sums == (2 if path == "in-a-circle" else 1)
