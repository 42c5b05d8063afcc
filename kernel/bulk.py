"""The fastest way of each database to put many rows into one table, to move many rows of one and
to ask for some, inside the session's transaction: COPY and unnest on PostgreSQL, prepared
statements on SQLite, several of them in one way to the driver's thread and back.

Rules kept here: the session's own connection and transaction, under SQLAlchemy's feet; statements
are built from the declared tables and nothing that came from outside is in them; what the driver
raises is said as SQLAlchemy says it, so nobody has to know which way a row took.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import BigInteger, Integer, Select, SmallInteger, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from kernel.db import ReadSession, WriteSession

T = TypeVar("T")

_AWAY = (
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.PostgresSystemError,
)
"""SQLSTATE classes 53 (a full disk), 57, 08 and 58: the database and not the statement."""

_COPY_FROM_ROWS = 16


@dataclass(frozen=True, slots=True)
class Wanted:
    """The statement's rows for the wanted ``values`` of its one parameter, the expanding
    ``name``.
    """

    statement: Select[Any]
    name: str
    values: Collection[Any]


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
    if connection.dialect.driver == "asyncpg":
        return [
            (await connection.execute(one.statement, {one.name: _rounded(one.values)})).all()
            for one in wanted
        ]
    raw: Any = (await connection.get_raw_connection()).driver_connection
    values = [_rounded(one.values) for one in wanted]
    selected = [
        _selected(one.statement, one.name, len(given))
        for one, given in zip(wanted, values, strict=True)
    ]
    answers = await _in_turn(
        (text, raw.execute_fetchall(text, given))
        for (text, _), given in zip(selected, values, strict=True)
    )
    return [_turned(rows, turns) for rows, (_, turns) in zip(answers, selected, strict=True)]


async def write_rows(session: WriteSession, *steps: Insert | Move) -> None:
    """Insert and move rows, in this order."""
    taken = [one for one in steps if one.rows]
    if not taken:
        return
    connection = await session.connection()
    raw: Any = (await connection.get_raw_connection()).driver_connection
    if connection.dialect.driver != "asyncpg":
        prepared = [_prepared(one) for one in taken]
        await _in_turn((text, raw.executemany(text, values)) for text, values in prepared)
        return
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
            with _said(_insert(one.table, names)):
                await raw.copy_records_to_table(one.table.name, columns=names, records=records)


def _rounded(wanted: Collection[T]) -> list[T]:
    """A power of two of values, the last repeated: few lengths mean few statements to prepare."""
    found = list(wanted)
    return found + found[-1:] * ((1 << (len(found) - 1).bit_length()) - len(found))


async def _in_turn(errands: Iterable[tuple[str, Coroutine[Any, Any, T]]]) -> list[T]:
    """All handed to the driver's thread at once, which does them one after the other; the first
    that failed is raised when all have ended.
    """
    texts, doing = zip(*errands, strict=True)
    done = await asyncio.gather(*doing, return_exceptions=True)
    answers: list[T] = []
    for text, one in zip(texts, done, strict=True):
        if isinstance(one, BaseException):
            with _said(text):
                raise one
        answers.append(one)
    return answers


def _turned(rows: Found, turns: Sequence[tuple[int, Callable[[Any], Any]]]) -> Found:
    if not turns:
        return rows
    turned = [list(row) for row in rows]
    for row in turned:
        for at, turn in turns:
            row[at] = turn(row[at])
    return turned


def _prepared(step: Insert | Move) -> tuple[str, list[tuple[Any, ...]]]:
    """SQLite's statement and the values of each row."""
    if isinstance(step, Insert):
        names = tuple(step.rows[0])
        text = _insert(step.table, names, "INSERT OR REPLACE" if step.replacing else "INSERT")
        return text, [tuple(row[n] for n in names) for row in step.rows]
    count = len(step.keys)
    text = _update(step.table, step.keys, step.values)
    return text, [(*row[count:], *row[:count]) for row in step.rows]


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
def _insert(table: Table, columns: tuple[str, ...], verb: str = "INSERT") -> str:
    marks = ", ".join("?" for _ in columns)
    return f"{verb} INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"


@lru_cache
def _replace(table: Table) -> postgresql.Insert:
    new = postgresql.insert(table)
    keys = list(table.primary_key)
    rest = {column.name: new.excluded[column.name] for column in table.c if column not in keys}
    return new.on_conflict_do_update(index_elements=keys, set_=rest)


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
