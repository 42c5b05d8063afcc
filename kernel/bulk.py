"""The fastest way of each database to put many rows into one table, to move many rows of one and
to ask for some, inside the session's transaction: COPY and unnest on PostgreSQL, statements of one
step (``kernel.onestep``) on SQLite.

A transaction that writes to SQLite waits for nobody between its beginning and its commit, and its
commit alone waits for the disk. So what takes some tenths of a millisecond is done where it is
asked for: a way to the driver's thread and back waits twice for the interpreter's lock, up to 5 ms
each beside a busy event loop. Readers, and whoever brings many rows, take that way, once.

Rules kept here: the session's own connection and transaction, under SQLAlchemy's feet; statements
are built from the declared tables and nothing that came from outside is in them; what the driver
raises is said as SQLAlchemy says it, so nobody has to know which way a row took.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import BigInteger, Integer, Select, SmallInteger, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from kernel.db import WRITES, ReadSession, WriteSession
from kernel.onestep import Errand, insertion, moving, question

T = TypeVar("T")

_AWAY = (
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.PostgresSystemError,
)
"""SQLSTATE classes 53 (a full disk), 57, 08 and 58: the database and not the statement."""

_COPY_FROM_ROWS = 16
AT_ONCE = 2_048
"""Rows or wanted values that are done without leaving the event loop; some milliseconds."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The statement's rows for the wanted ``values`` of its one parameter, the expanding
    ``name``; a statement without parameters has neither.
    """

    statement: Select[*tuple[Any, ...]]
    name: str = ""
    values: Collection[Any] = ()


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows that all have the same columns. With ``replacing`` a row takes the place of the one with
    its primary key; for few rows.
    """

    table: Table
    rows: Sequence[Mapping[str, Any]]
    replacing: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """Set ``values`` where ``keys`` are equal; a row holds keys, then values."""

    table: Table
    keys: tuple[str, ...]
    values: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


Found = Sequence[Sequence[Any]]


async def select_rows(session: ReadSession, *wanted: Wanted) -> list[Found]:
    """What each question finds, asked in this order."""
    connection = await session.connection()
    values = [_rounded(one.values) for one in wanted]
    if connection.dialect.driver == "asyncpg":
        return [
            (await connection.execute(one.statement, {one.name: given} if one.name else {})).all()
            for one, given in zip(wanted, values, strict=True)
        ]
    asked = [
        question(one.statement, one.name, len(given))
        for one, given in zip(wanted, values, strict=True)
    ]
    errands = [one.asked(given) for one, given in zip(asked, values, strict=True)]
    answers = await _run(session, errands, sum(map(len, values)))
    return [one.read(text) for one, [(text,)] in zip(asked, answers, strict=True)]


async def write_rows(session: WriteSession, *steps: Insert | Move) -> None:
    """Insert and move rows, in this order."""
    taken = [one for one in steps if one.rows]
    if not taken:
        return
    connection = await session.connection()
    if connection.dialect.driver != "asyncpg":
        errands = [errand for one in taken for errand in _errands(one)]
        await _run(session, errands, sum(len(one.rows) for one in taken))
        return
    raw: Any = (await connection.get_raw_connection()).driver_connection
    for one in taken:
        if isinstance(one, Move):
            columns = [list(column) for column in zip(*one.rows, strict=True)]
            with _said(text := _update_from(one.table, one.keys, one.values)):
                await raw.execute(text, *columns)
        elif one.replacing:
            await connection.execute(_replace(one.table), list(one.rows))
        elif len(one.rows) < _COPY_FROM_ROWS:
            await connection.execute(one.table.insert(), list(one.rows))
        else:
            names = tuple(one.rows[0])
            records = [tuple(row[name] for name in names) for row in one.rows]
            with _said(_copy(one.table, names)):
                await raw.copy_records_to_table(one.table.name, columns=names, records=records)


def _rounded(wanted: Collection[T]) -> list[T]:
    """A power of two of values, the last repeated: few lengths mean few statements to prepare."""
    found = list(wanted)
    return found + found[-1:] * ((1 << (len(found) - 1).bit_length()) - len(found))


async def _run(session: ReadSession, errands: Sequence[Errand], size: int) -> list[list[Any]]:
    """What each finds, one after the other as far as they succeed."""
    raw: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    if session.info.get(WRITES) and size <= AT_ONCE:
        return _here(raw._conn, errands)  # noqa: SLF001 - nothing else is under way on it
    found: list[list[Any]] = await raw._execute(_here, raw._conn, errands)  # noqa: SLF001 - one way
    return found


def _here(connection: sqlite3.Connection, errands: Sequence[Errand]) -> list[list[Any]]:
    answers = []
    for text, values in errands:
        with _said(text):
            answers.append(connection.execute(text, values).fetchall())
    return answers


def _errands(step: Insert | Move) -> Iterator[Errand]:
    if isinstance(step, Move):
        return moving(step.table, step.keys, step.values, step.rows)
    names = tuple(step.rows[0])
    rows = [tuple(row[name] for name in names) for row in step.rows]
    return insertion(step.table, names, rows, replacing=step.replacing)


@contextmanager
def _said(statement: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError) as failed:
        raise IntegrityError(statement, None, failed) from failed
    except (sqlite3.OperationalError, asyncpg.InterfaceError, *_AWAY) as failed:
        raise OperationalError(statement, None, failed) from failed
    except (sqlite3.Error, asyncpg.PostgresError) as failed:
        raise DBAPIError(statement, None, failed) from failed


@lru_cache
def _copy(table: Table, columns: tuple[str, ...]) -> str:
    return f"COPY {table.name} ({', '.join(columns)}) FROM STDIN"


@lru_cache
def _replace(table: Table) -> postgresql.Insert:
    new = postgresql.insert(table)
    keys = list(table.primary_key)
    rest = {column.name: new.excluded[column.name] for column in table.c if column not in keys}
    return new.on_conflict_do_update(index_elements=keys, set_=rest)


@lru_cache
def _update_from(table: Table, keys: tuple[str, ...], values: tuple[str, ...]) -> str:
    names = (*keys, *values)
    lists = ", ".join(f"${number}::{_type(table, name)}[]" for number, name in enumerate(names, 1))
    new = ", ".join(f"{name} = given.{name}" for name in values)
    old = " AND ".join(f"{table.name}.{name} = given.{name}" for name in keys)
    return (
        f"UPDATE {table.name} SET {new} FROM unnest({lists}) AS given({', '.join(names)})"  # noqa: S608
        f" WHERE {old}"
    )


def _type(table: Table, name: str) -> str:
    kind = table.c[name].type
    for known, word in ((BigInteger, "bigint"), (SmallInteger, "smallint"), (Integer, "integer")):
        if isinstance(kind, known):
            return word
    return "bytea"
