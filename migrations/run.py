"""Brings a database to the newest schema: every context's own line of revisions, in one
transaction.

Rules kept here: each context has its folder of revisions and its own version table, so contexts
move apart; two programs that start together wait for each other; a failed step leaves nothing
behind. Upgrading reads only the revisions: no context's code is loaded.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from kernel.db import Database

HOME = Path(__file__).parent
EXAM = ("kernel", "ledger", "item_bank", "proctor", "server")
"""The contexts of the exam's database, in the order in which they are brought up."""
PRACTICE = ("practice",)
"""The public program's own database."""
_LOCK = 0x6779_6D69_6772_6174


def configuration(context: str, connection: Connection) -> Config:
    """Alembic's configuration for one context on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(HOME))
    config.set_main_option("version_locations", str(HOME / context))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    config.attributes["context"] = context
    return config


def has_revisions(context: str) -> bool:
    """Whether the context has laid its first revision."""
    return any((HOME / context).glob("r[0-9]*.py"))


def upgrade(url: str, contexts: Sequence[str] = EXAM) -> None:
    """Brings the contexts up to date. Blocks; from a coroutine call it in a thread."""
    asyncio.run(_upgrade(url, contexts))


async def _upgrade(url: str, contexts: Sequence[str]) -> None:
    database = Database.open(url, pool_size=1)
    try:
        async with database.writer_engine.begin() as connection:
            await connection.run_sync(upgrade_on, contexts)
    finally:
        await database.close()


def upgrade_on(connection: Connection, contexts: Sequence[str] = EXAM) -> None:
    """The same within the caller's transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    for context in contexts:
        if has_revisions(context):
            command.upgrade(configuration(context, connection), "head")
