"""Statements of SQLite that do all their work in one step.

The driver gives the interpreter's lock away with every step of a statement and has to wait for it
again; beside a busy event loop that is up to the switch interval for every row that is read or
written. So many rows are written by one statement, and whatever is found comes as one text.

Rules kept here: statements are built from the declared tables and nothing that came from outside
is in them; rows come in the order of the question and are read as SQLAlchemy reads them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Float, LargeBinary, Select, Table
from sqlalchemy.dialects import sqlite

ROWS = 512
"""Rows of one statement; below SQLite's limit of 32,766 parameters for any table of ours."""

GIVEN = object()
Errand = tuple[str, Sequence[Any]]
_Turn = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Question:
    """The text, whose answer is one row with one text, and how to read that. ``constants`` are the
    statement's own values, with ``GIVEN`` where a wanted one goes.
    """

    text: str
    constants: tuple[Any, ...]
    turns: tuple[tuple[int, _Turn], ...]

    def asked(self, values: Sequence[Any]) -> Errand:
        """The text with its parameters."""
        rest = iter(values)
        return self.text, [next(rest) if one is GIVEN else one for one in self.constants]

    def read(self, answer: str) -> list[list[Any]]:
        """The rows, with the values as SQLAlchemy gives them."""
        rows: list[list[Any]] = msgspec.json.decode(answer)
        for at, turn in self.turns:
            for row in rows:
                row[at] = turn(row[at])
        return rows


@lru_cache
def question(statement: Select[*tuple[Any, ...]], name: str, count: int) -> Question:
    """For ``count`` values of the statement's one parameter ``name``; none has the name ``""``.

    Raises ValueError for a column of floats, which the text would round.
    """
    dialect = sqlite.dialect()
    compiled = statement.compile(dialect=dialect)
    wanted = compiled.construct_expanded_state({name: [GIVEN] * count} if name else {})
    kinds = [column.type for column in statement.selected_columns]
    if any(isinstance(kind, Float) for kind in kinds):
        raise ValueError("a column of floats")
    names = [f"c{at}" for at in range(len(kinds))]
    shown = [
        f"iif({one} IS NULL, NULL, hex({one}))" if isinstance(kind, LargeBinary) else one
        for one, kind in zip(names, kinds, strict=True)
    ]
    turns = [
        (at, _from_hex if isinstance(kind, LargeBinary) else _processor(kind, dialect))
        for at, kind in enumerate(kinds)
    ]
    whole = (
        f"WITH found({', '.join(names)}) AS ({wanted.statement})"  # noqa: S608
        f" SELECT json_group_array(json_array({', '.join(shown)})) FROM found"
    )
    return Question(
        whole,
        tuple(wanted.positional_parameters),
        tuple((at, turn) for at, turn in turns if turn is not None),
    )


def insertion(
    table: Table, names: tuple[str, ...], rows: Sequence[Sequence[Any]], *, replacing: bool
) -> Iterator[Errand]:
    """Puts the rows into the table, with ``replacing`` in the place of those with their key."""
    for some in _in_parts(rows):
        yield _insert(table, names, len(some), replacing), [one for row in some for one in row]


def moving(
    table: Table, keys: tuple[str, ...], values: tuple[str, ...], rows: Sequence[Sequence[Any]]
) -> Iterator[Errand]:
    """Sets ``values`` where ``keys`` are equal; a row holds keys, then values."""
    for some in _in_parts(rows):
        yield _update(table, keys, values, len(some)), [one for row in some for one in row]


def _in_parts(rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
    """By powers of two: few lengths mean few statements to prepare."""
    at, size = 0, ROWS
    while at < len(rows):
        while size > len(rows) - at:
            size //= 2
        yield rows[at : at + size]
        at += size


def _from_hex(value: str | None) -> bytes | None:
    return None if value is None else bytes.fromhex(value)


def _processor(kind: Any, dialect: Any) -> _Turn | None:
    found: _Turn | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return found


@lru_cache
def _insert(table: Table, names: tuple[str, ...], count: int, replacing: bool) -> str:
    verb = "INSERT OR REPLACE" if replacing else "INSERT"
    return f"{verb} INTO {table.name} ({', '.join(names)}) VALUES {_marks(len(names), count)}"


@lru_cache
def _update(table: Table, keys: tuple[str, ...], values: tuple[str, ...], count: int) -> str:
    new = ", ".join(f"{name} = given.column{at}" for at, name in enumerate(values, len(keys) + 1))
    old = " AND ".join(f"{table.name}.{name} = given.column{at}" for at, name in enumerate(keys, 1))
    given = f"(VALUES {_marks(len(keys) + len(values), count)}) AS given"
    return f"UPDATE {table.name} SET {new} FROM {given} WHERE {old}"  # noqa: S608


def _marks(columns: int, rows: int) -> str:
    row = f"({', '.join('?' for _ in range(columns))})"
    return ", ".join(row for _ in range(rows))
