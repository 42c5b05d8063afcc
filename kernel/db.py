"""The database: SQLAlchemy 2 async on SQLite (WAL, synchronous=FULL) or PostgreSQL.

Rules kept here: the commit is made in one place, when ``write`` ends without an error; SQLite has
one writer at a time (BEGIN IMMEDIATE behind a lock), so a transaction never fails for being
upgraded; what one ``read`` answers is of one moment, while ``write`` on PostgreSQL sees at every
question what others have committed, above all behind a lock that it waited for; a task that holds a
transaction may not ask for a second one; a PostgreSQL that is not heard of for ``SILENCE_S`` is an
error and not waited for. Instants are BigInteger milliseconds.
"""

import asyncio
import errno
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NewType, Self
from urllib.parse import quote

from sqlalchemy import BigInteger, LargeBinary, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import NullPool, PoolResetState

from kernel.errors import Kind, Refusal
from kernel.sqlite import prepare, prepare_snapshot

ReadSession = NewType("ReadSession", AsyncSession)
WriteSession = NewType("WriteSession", ReadSession)
WRITES = "writes"
"""In the ``info`` of a session that holds the right to write."""

SILENCE_S = 8
"""Seconds after which a connection counts as cut whose other end acknowledges nothing, not even
that it lives; a long statement on a server that lives is no silence.
"""
_PROBES = 3
_UNDEFINED_TABLE = "42P01"
_GIVEN_UP = {"40P01", "40001"}
_DISK = {errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT}

_held: ContextVar[str] = ContextVar("held_transaction", default="")


def is_storage_fault(failed: Exception) -> bool:
    """Whether the database or the disk is away, full or read-only, and not the program wrong."""
    if isinstance(failed, OSError):
        return isinstance(failed, ConnectionError | TimeoutError) or failed.errno in _DISK
    return isinstance(failed, OperationalError | InterfaceError | PoolTimeout) or (
        isinstance(failed, DBAPIError) and failed.connection_invalidated
    )


def is_given_up(failed: Exception) -> bool:
    """Whether PostgreSQL gave this transaction up for another's sake: a deadlock, or changes that
    cannot follow each other. Nothing of it is written; the same again may well succeed.
    """
    return isinstance(failed, DBAPIError) and getattr(failed.orig, "sqlstate", None) in _GIVEN_UP


def is_without_tables(failed: Exception) -> bool:
    """Whether the database is there and nobody has made its tables yet."""
    if not isinstance(failed, DBAPIError):
        return False
    undefined = getattr(failed.orig, "sqlstate", None) == _UNDEFINED_TABLE
    return undefined or "no such table" in str(failed.orig)


class Table(DeclarativeBase):
    """Root of all tables; every context derives its own abstract base with its own MetaData."""

    type_annotation_map = {int: BigInteger, bytes: LargeBinary}  # noqa: RUF012 - SQLAlchemy reads it


class Database:
    """One database. ``read`` and ``write`` are the only ways in."""

    def __init__(self, reader: AsyncEngine, writer: AsyncEngine) -> None:
        self._reader = reader
        self._writer = writer
        self._one_writer = asyncio.Lock() if self.is_sqlite else None

    @classmethod
    def open(cls, url: str, *, pool_size: int = 8) -> Self:
        """Opens lazily; creates the folder of an SQLite file."""
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            engine = create_async_engine(
                url,
                pool_size=pool_size,
                max_overflow=pool_size,
                connect_args={"timeout": SILENCE_S},
            )
            _notice_silence(engine)
            # The same connections; what a reader's transactions are is said in their BEGIN.
            reader = engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            return cls(reader, engine)
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        plain: dict[str, Any] = {
            "pool_reset_on_return": None,
            # ``kernel.bulk`` asks short questions of a transaction where it stands.
            "connect_args": {"check_same_thread": False},
        }
        reader = create_async_engine(url, pool_size=pool_size, max_overflow=pool_size, **plain)
        writer = create_async_engine(url, pool_size=1, max_overflow=0, **plain)
        for engine, begin in ((reader, "BEGIN"), (writer, "BEGIN IMMEDIATE")):
            prepare(engine, begin)
            _reset_what_is_open(engine)
        return cls(reader, writer)

    @property
    def is_sqlite(self) -> bool:
        return self._writer.dialect.name == "sqlite"

    @property
    def sqlite_file(self) -> Path | None:
        """SQLite's own file; None on PostgreSQL."""
        return Path(str(self._writer.url.database)) if self.is_sqlite else None

    @property
    def writer_engine(self) -> AsyncEngine:
        """For migrations and the ledger's batch insert; take ``write`` for everything else."""
        return self._writer

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """A consistent view: all that is read through it is of one moment, that of the first
        question. Nothing written through it stays: SQLite rolls it back, PostgreSQL refuses it.
        """
        with _holding("read"):
            async with AsyncSession(self._reader, expire_on_commit=False) as session:
                yield ReadSession(session)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        """One transaction: committed at the end, rolled back on any error."""
        with _holding("write"):
            if self._one_writer is None:
                async with self._transaction() as session:
                    yield session
                return
            async with self._one_writer, self._transaction() as session:
                yield session

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[WriteSession]:
        session = AsyncSession(self._writer, expire_on_commit=False, info={WRITES: True})
        async with session, session.begin():
            yield WriteSession(ReadSession(session))

    async def scrub(self, tables: Sequence[str], *, whole: bool = False) -> bool:
        """Drop what deleted rows left behind, outside any transaction; False when readers kept the
        write-ahead log from being emptied.

        SQLite overwrites deleted content (``secure_delete``); here its log is emptied, and with
        ``whole`` the file is written anew. PostgreSQL writes the tables anew (``VACUUM FULL``);
        its own log, replicas and base backups are not reached.
        """
        with _holding("scrub"):
            if self._one_writer is not None:
                async with self._one_writer, self._writer.connect() as connection:
                    return await _scrub_sqlite(connection, whole=whole)
            async with self._writer.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                for table in tables:
                    await connection.exec_driver_sql(f'VACUUM FULL "{table}"')
            return True

    async def close(self) -> None:
        await self._writer.dispose()
        if self.is_sqlite:  # the others have one pool for both
            await self._reader.dispose()


@asynccontextmanager
async def snapshot(file: Path) -> AsyncIterator[ReadSession]:
    """One consistent view of an SQLite file that a server may be writing; no byte there changes.

    A file whose server was killed and whose index is gone is read from a copy in the system's
    temporary folder. Raises ``db.moved`` when a server started or stopped meanwhile.
    """
    log, index = (file.with_name(file.name + end) for end in ("-wal", "-shm"))
    had_log, had_index = log.exists(), index.exists()
    with TemporaryDirectory(prefix="gongyuan-snapshot-") as scratch:
        place, options = file, "readonly_shm=1" if had_log else "immutable=1"
        if had_log and not had_index:
            for one in (file, log):
                shutil.copyfile(one, Path(scratch) / one.name)
            place, options = Path(scratch) / file.name, "cache=private"
        url = f"sqlite+aiosqlite:///file:{quote(str(place.absolute()))}?mode=ro&{options}&uri=true"
        engine = create_async_engine(url, poolclass=NullPool)
        prepare_snapshot(engine)
        try:
            async with AsyncSession(engine, expire_on_commit=False) as session:
                yield ReadSession(session)
        finally:
            await engine.dispose()
    if had_log != log.exists():
        raise Refusal("db.moved", Kind.UNAVAILABLE, path=str(file))


async def _scrub_sqlite(connection: AsyncConnection, *, whole: bool) -> bool:
    raw: Any = (await connection.get_raw_connection()).driver_connection
    if whole:
        await raw.execute("VACUUM")
    async with raw.execute("PRAGMA wal_checkpoint(TRUNCATE)") as done:
        busy, *_ = await done.fetchone()
    return not busy


class _holding:  # noqa: N801 - reads as a verb where it is used
    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        if _held.get():
            raise RuntimeError(f"this task already holds a {_held.get()} transaction")
        self._token = _held.set(self._what)

    def __exit__(self, *_: object) -> None:
        _held.reset(self._token)


def _reset_what_is_open(engine: AsyncEngine) -> None:
    """After a commit there is nothing to roll back, and no errand to the driver's thread for it."""

    @event.listens_for(engine.sync_engine, "reset")
    def _reset(connection: Any, _record: object, state: PoolResetState) -> None:
        if state.asyncio_safe and connection.driver_connection.in_transaction:
            connection.rollback()


def _notice_silence(engine: AsyncEngine) -> None:
    """Without this a cut cable holds a transaction until the kernel gives up, a quarter of an hour
    later.
    """
    probe_s = max(1, SILENCE_S // (_PROBES + 1))

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        line = connection.driver_connection._transport.get_extra_info("socket")  # noqa: SLF001 - asyncpg shows its socket nowhere else
        if line is None or line.family not in (socket.AF_INET, socket.AF_INET6):
            return
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (
            ("TCP_KEEPIDLE", probe_s),
            ("TCP_KEEPINTVL", probe_s),
            ("TCP_KEEPCNT", _PROBES),
            ("TCP_USER_TIMEOUT", SILENCE_S * 1_000),
        ):
            if hasattr(socket, name):  # Linux has all of them
                line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
