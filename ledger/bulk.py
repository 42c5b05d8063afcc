"""The fastest way of each database to put many rows into one table and to move many rows of one,
inside the session's transaction: COPY and unnest on PostgreSQL, one prepared statement on SQLite.

Rules kept here: the session's own connection and transaction, under SQLAlchemy's feet; statements
are built from the declared tables and nothing that came from outside is in them.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer, SmallInteger, Table

from kernel.db import WriteSession

_COPY_FROM_ROWS = 16


async def insert_rows(
    session: WriteSession, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows that all have the same columns. Raises the driver's or SQLAlchemy's error."""
    if not rows:
        return
    columns = tuple(rows[0])
    connection = await session.connection()
    if connection.dialect.driver == "asyncpg" and len(rows) < _COPY_FROM_ROWS:
        await connection.execute(table.insert(), list(rows))
        return
    raw: Any = (await connection.get_raw_connection()).driver_connection
    values = [tuple(row[column] for column in columns) for row in rows]
    if connection.dialect.driver == "asyncpg":
        await raw.copy_records_to_table(table.name, columns=columns, records=values)
    else:
        await raw.executemany(_insert(table, columns), values)


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
        await raw.execute(_update_from(table, keys, values), *columns)
        return
    count = len(keys)
    turned = [(*row[count:], *row[:count]) for row in rows]
    await raw.executemany(_update(table, keys, values), turned)


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
