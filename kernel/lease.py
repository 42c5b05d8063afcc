"""A lease: at most one process at a time does a thing that must not be done twice.

Rules kept here: PostgreSQL's advisory lock lives and dies with a connection of its own; where the
database is a file, the lock is on a file beside it and dies with the process. A lease says who may
try; whoever writes still compares what he read, for a process that was asleep may not know that
its lease has gone.
"""

import asyncio
import fcntl
import os
from pathlib import Path
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from kernel.crypto import digest
from kernel.db import Database


class Lease(Protocol):
    """``held`` takes the lease when it is free and says whether it is ours now."""

    async def held(self) -> bool: ...
    async def release(self) -> None: ...


class FileLease:
    """A lock on a file; the operating system drops it when the process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    async def held(self) -> bool:
        if self._handle is None:
            self._handle = await asyncio.to_thread(_locked, self._path)
        return self._handle is not None

    async def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class PostgresLease:
    """An advisory lock; gone with its connection, so every answer asks the connection again."""

    def __init__(self, database: Database, name: str) -> None:
        self._db = database
        self._key = int.from_bytes(digest.sha256(name.encode())[:8], "big", signed=True)
        self._connection: AsyncConnection | None = None

    async def held(self) -> bool:
        try:
            if self._connection is not None:
                await self._connection.execute(select(1))
                return True
            return await self._take()
        except (SQLAlchemyError, OSError):
            await self.release()
            return False

    async def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.invalidate()
            await connection.close()

    async def _take(self) -> bool:
        engine = self._db.writer_engine.execution_options(isolation_level="AUTOCOMMIT")
        connection = await engine.connect()
        try:
            taken = bool(await connection.scalar(select(func.pg_try_advisory_lock(self._key))))
        except BaseException:
            await connection.close()
            raise
        if not taken:
            await connection.close()
            return False
        self._connection = connection
        return True


def lease_of(database: Database, name: str, folder: Path) -> Lease:
    """The lease that fits the database; ``folder`` is where a file's lock may lie."""
    if database.is_sqlite:
        return FileLease(folder / f"{name}.lock")
    return PostgresLease(database, name)


def _locked(path: Path) -> int | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
