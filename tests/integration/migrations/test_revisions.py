"""Every context's revisions run up from empty on both databases and say what the tables say."""

import importlib
import pkgutil

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy import Table as SqlTable

import item_bank
import kernel
import ledger
import practice
import proctor
import server
from kernel.db import Database, Table
from migrations.contexts import BASES, metadata_of
from migrations.run import configuration, has_revisions, upgrade_on


def _differences(connection: Connection, context: str) -> list[object]:
    upgrade_on(connection, (context,))
    metadata = metadata_of(context)
    seen = MigrationContext.configure(
        connection,
        opts={
            "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
            "compare_type": True,
        },
    )
    missing = set(metadata.tables) - set(inspect(connection).get_table_names())
    return [*sorted(missing), *compare_metadata(seen, metadata)]


@pytest.mark.parametrize("context", sorted(BASES))
async def test_revisions_from_empty_make_exactly_the_declared_tables(
    database: Database, context: str
) -> None:
    assert has_revisions(context)
    assert metadata_of(context).tables
    async with database.writer_engine.begin() as connection:
        assert await connection.run_sync(_differences, context) == []


@pytest.mark.parametrize("context", sorted(BASES))
async def test_every_context_is_one_line_of_revisions(database: Database, context: str) -> None:
    async with database.writer_engine.begin() as connection:
        heads = await connection.run_sync(
            lambda c: ScriptDirectory.from_config(configuration(context, c)).get_heads()
        )
    assert len(heads) == 1


async def test_all_contexts_come_up_together_and_a_second_time_changes_nothing(
    database: Database,
) -> None:
    for _ in range(2):
        async with database.writer_engine.begin() as connection:
            await connection.run_sync(upgrade_on)


def test_no_table_of_the_sources_is_forgotten() -> None:
    for package in (kernel, ledger, item_bank, proctor, server, practice):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(("tables", "access")):
                importlib.import_module(module.name)
    listed = {table for base in BASES.values() for table in base.metadata.tables}
    declared = {
        mapper.local_table.name
        for mapper in Table.registry.mappers
        if isinstance(mapper.local_table, SqlTable)
    }
    assert declared == listed
