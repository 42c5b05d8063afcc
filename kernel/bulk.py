"""The fastest way of each database to put many rows into one table, to move many rows of one and
to ask for some, inside the session's transaction: COPY and unnest on PostgreSQL, one prepared
statement and one errand to the driver's thread on SQLite.

Rules kept here: the session's own connection and transaction, under SQLAlchemy's feet; statements
are built from the declared tables and nothing that came from outside is in them; what the driver
raises is said as SQLAlchemy says it, so nobody has to know which way a row took.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import BigInteger, Integer, Select, SmallInteger, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from kernel.db import WriteSession

T = TypeVar("T")

_AWAY = (
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.PostgresSystemError,
)
"""SQLSTATE classes 53 (a full disk), 57, 08 and 58: the database and not the statement."""

_COPY_FROM_ROWS = 16


async def select_rows(
    session: WriteSession, statement: Select[Any], name: str, wanted: Collection[T]
) -> Sequence[Sequence[Any]]:
    """The statement's rows for the wanted values of its one parameter, the expanding ``name``."""
    # A power of two of values, the last repeated: few lengths mean few statements to prepare.
    found = list(wanted)
    found += found[-1:] * ((1 << (len(found) - 1).bit_length()) - len(found))
    connection = await session.connection()
    if connection.dialect.driver == "asyncpg":
        answer: Sequence[Sequence[Any]] = (await connection.execute(statement, {name: found})).all()
        return answer
    raw: Any = (await connection.get_raw_connection()).driver_connection
    text, turns = _selected(statement, name, len(found))
    with _said(text):
        rows: Sequence[Sequence[Any]] = await raw.execute_fetchall(text, found)
    if not turns:
        return rows
    turned = [list(row) for row in rows]
    for row in turned:
        for at, turn in turns:
            row[at] = turn(row[at])
    return turned


async def insert_rows(
    session: WriteSession, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows that all have the same columns."""
    if not rows:
        return
    columns = tuple(rows[0])
    connection = await session.connection()
    if connection.dialect.driver == "asyncpg" and len(rows) < _COPY_FROM_ROWS:
        await connection.execute(table.insert(), list(rows))
        return
    raw: Any = (await connection.get_raw_connection()).driver_connection
    values = [tuple(row[column] for column in columns) for row in rows]
    with _said(text := _insert(table, columns)):
        if connection.dialect.driver == "asyncpg":
            await raw.copy_records_to_table(table.name, columns=columns, records=values)
        else:
            await raw.executemany(text, values)


async def update_rows(
    session: WriteSession,
    table: Table,
    *,
    keys: tuple[str, ...],
    values: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    """Set ``values`` where ``keys`` are equal; a row holds keys, then values."""
    if not rows:
        return
    connection = await session.connection()
    raw: Any = (await connection.get_raw_connection()).driver_connection
    if connection.dialect.driver == "asyncpg":
        columns = [list(column) for column in zip(*rows, strict=True)]
        with _said(text := _update_from(table, keys, values)):
            await raw.execute(text, *columns)
        return
    count = len(keys)
    turned = [(*row[count:], *row[:count]) for row in rows]
    with _said(text := _update(table, keys, values)):
        await raw.executemany(text, turned)


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
def _selected(
    statement: Select[Any], name: str, count: int
) -> tuple[str, list[tuple[int, Callable[[Any], Any]]]]:
    """The text, and what turns the raw value at some places of a row into Python's."""
    dialect = sqlite.dialect()
    wanted = statement.params({name: [None] * count})
    text = str(wanted.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
    if text.count("?") != count:
        raise ValueError("the statement has another parameter")
    types = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
    turns = [(at, one.result_processor(dialect, None)) for at, one in enumerate(types)]
    return text, [(at, turn) for at, turn in turns if turn is not None]


@lru_cache
def _insert(table: Table, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" for _ in columns)
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608


@lru_cache
def _update(table: Table, keys: tuple[str, ...], values: tuple[str, ...]) -> str:
    new = ", ".join(f"{name} = ?" for name in values)
    old = " AND ".join(f"{name} = ?" for name in keys)
    return f"UPDATE {table.name} SET {new} WHERE {old}"  # noqa: S608


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
