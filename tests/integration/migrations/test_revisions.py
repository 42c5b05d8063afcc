"""Every context's line of revisions, from empty, on both databases, against the declared tables."""

import ast
import asyncio
from pathlib import Path
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from kernel.db import Database
from migrations.contexts import BASES, DECLARING, metadata_of
from migrations.run import EXAM, PRACTICE, has_revisions, upgrade

ROOT = Path(__file__).parents[3]
LAID = [name for name in (*EXAM, *PRACTICE) if has_revisions(name)]


def differences(connection: Connection, context: str) -> list[object]:
    metadata = metadata_of(context)
    names = set(metadata.tables)
    found = MigrationContext.configure(
        connection,
        opts={
            "version_table": f"alembic_{context}",
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "table" or name in names,
        },
    )
    return list(compare_metadata(found, metadata))


async def ask(url: str, context: str) -> list[object]:
    database = Database.open(url)
    try:
        async with database.writer_engine.begin() as connection:
            return await connection.run_sync(differences, context)
    finally:
        await database.close()


async def table_names(url: str) -> set[str]:
    database = Database.open(url)
    try:
        async with database.writer_engine.begin() as connection:
            return set(await connection.run_sync(lambda c: inspect(c).get_table_names()))
    finally:
        await database.close()


def test_every_context_with_tables_has_revisions() -> None:
    assert sorted(LAID) == sorted(BASES)


@pytest.mark.parametrize("context", LAID)
def test_revisions_from_empty_give_the_declared_tables(database_url: str, context: str) -> None:
    upgrade(database_url, (context,))
    assert asyncio.run(ask(database_url, context)) == []


def test_the_comparison_sees_a_missing_table(database_url: str) -> None:
    assert asyncio.run(ask(database_url, "kernel"))


def test_upgrading_twice_and_at_once_changes_nothing(database_url: str) -> None:
    together = [Thread(target=upgrade, args=(database_url, ("kernel", "ledger"))) for _ in range(2)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    before = asyncio.run(table_names(database_url))
    upgrade(database_url, ("kernel", "ledger"))
    assert asyncio.run(table_names(database_url)) == before
    assert {"alembic_kernel", "alembic_ledger", "access_token", "ledger_record"} <= before


def test_every_module_that_declares_tables_is_known() -> None:
    known = {Path(str(module.__file__)) for module in DECLARING}
    packages = ("kernel", "ledger", "item_bank", "proctor", "server", "practice")
    sources = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    assert {path for path in sources if declares_tables(path)} == known


def declares_tables(path: Path) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == "__tablename__"
        for node in ast.walk(ast.parse(path.read_text()))
    )
