"""A database of the benchmark's own: an SQLite file in the folder, or one made and dropped again.

Rules kept here: nothing that was there before is touched; a scratch database has a name that chance
made and is dropped however the benchmark ends.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from kernel.crypto import chance


@asynccontextmanager
async def scratch(url: str) -> AsyncIterator[str]:
    """The URL of an empty database beside the one named; empty for SQLite in the data folder."""
    if not url:
        yield ""
        return
    name = f"gongyuan_bench_{chance.token_bytes(6).hex()}"
    await _say(url, f'CREATE DATABASE "{name}"')
    try:
        yield f"{url.rpartition('/')[0]}/{name}"
    finally:
        await _say(url, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _say(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
