"""How a connection to an SQLite file is prepared.

Rules kept here: WAL with synchronous=FULL, so that a commit is on the disk when it returns; deleted
content is overwritten; whoever finds the file held by another waits ``BUSY_MS`` for it, also while
a new file is turned to WAL.
"""

import asyncio
import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

BUSY_MS = 15_000
"""Milliseconds for which a connection waits for a file that another one holds."""
_LOOK_AGAIN_MS = 20


def prepare(engine: AsyncEngine, begin: str) -> None:
    """Every connection of the engine keeps the rules, and its transactions start with ``begin``."""

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        _turn_to_wal(cursor)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    _begin_with(engine, begin)


def prepare_snapshot(engine: AsyncEngine) -> None:
    """The same for an engine that only reads."""

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("query_only=ON", f"busy_timeout={BUSY_MS}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    _begin_with(engine, "BEGIN")


def _begin_with(engine: AsyncEngine, begin: str) -> None:
    """One errand to the driver's thread; a cursor of SQLAlchemy's would be three.

    Whoever is given up on that way leaves a beginning behind that nobody ends: such a connection is
    closed, as SQLAlchemy does with one whose statement is given up.
    """

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        try:
            await_only(connection.connection.driver_connection.execute(begin))
        except sqlite3.OperationalError as failed:
            raise OperationalError(begin, None, failed) from failed
        except asyncio.CancelledError as given_up:
            connection.invalidate(given_up)
            raise


def _turn_to_wal(cursor: Any) -> None:
    """SQLite does not wait by itself here when another is about to write: turning asks for an
    exclusive lock over a shared one, which could wait for ever, so it says busy at once.
    """
    for left in reversed(range(BUSY_MS // _LOOK_AGAIN_MS)):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as failed:
            if left == 0 or failed.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            await_only(asyncio.sleep(_LOOK_AGAIN_MS / 1_000))
        else:
            return
