"""``python -m migrations.make CONTEXT "what changes"``: writes the next revision from the tables.

Rules kept here: the difference is taken against a fresh database brought up by the revisions so
far; the file is formatted and then read by a person before it is committed.
"""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from kernel.db import Database
from migrations.contexts import BASES, metadata_of
from migrations.run import HOME, configuration, upgrade_on


def next_number(context: str) -> str:
    """``r0001``, ``r0002`` …"""
    return f"r{len(list((HOME / context).glob('r[0-9]*.py'))) + 1:04d}"


def _revise(connection: Connection, context: str, message: str) -> None:
    (HOME / context).mkdir(exist_ok=True)
    upgrade_on(connection, (context,))
    config = configuration(context, connection)
    config.attributes["metadata"] = metadata_of(context)
    command.revision(config, message.capitalize(), autogenerate=True, rev_id=next_number(context))


async def _make(context: str, message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite+aiosqlite:///{Path(folder) / 'fresh.db'}", pool_size=1)
        async with database.writer_engine.begin() as connection:
            await connection.run_sync(_revise, context, message)
        await database.close()


def main(words: list[str]) -> int:
    """Exit code 0, or 2 for wrong usage."""
    if len(words) != 2 or words[0] not in BASES:
        sys.stderr.write(f"usage: python -m migrations.make {{{'|'.join(BASES)}}} MESSAGE\n")
        return 2
    asyncio.run(_make(words[0], words[1]))
    for path in (HOME / words[0]).glob("r[0-9]*.py"):
        kept = [line for line in path.read_text().splitlines() if "# ###" not in line]
        path.write_text("\n".join(kept) + "\n")
    ruff = [sys.executable, "-m", "ruff"]
    for step in (["check", "--fix-only", "--quiet"], ["format", "--quiet"]):
        subprocess.run([*ruff, *step, str(HOME / words[0])], check=False)  # noqa: S603 - our own tool
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
