"""A world of the server's rooms on both databases."""

import asyncio
from pathlib import Path

import pytest

import ledger.tables
import server.bodies.tables
import server.papers.tables
import server.registration.tables
import server.seating.tables
import server.sessions.tables
from kernel.access import KernelTable
from kernel.db import Database
from server.accounts.tables import ServerTable
from tests.conftest import FreshDatabase
from tests.integration.server.world import World

DECLARING = (
    server.bodies.tables,
    server.papers.tables,
    server.registration.tables,
    server.seating.tables,
    server.sessions.tables,
)


def schema(url: str) -> None:
    """The tables of kernel, ledger and server."""

    async def create() -> None:
        database = Database.open(url)
        async with database.writer_engine.begin() as connection:
            for base in (KernelTable, ledger.tables.LedgerTable, ServerTable):
                await connection.run_sync(base.metadata.create_all)
        await database.close()

    assert DECLARING
    asyncio.run(create())


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> str:
    return fresh_database(schema)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)
