"""Rows go in, move and come back the fastest way, and fail as SQLAlchemy's do."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from kernel.bulk import AT_ONCE, Insert, Move, Wanted, select_rows, write_rows
from kernel.db import Database

METADATA = MetaData()
TABLE = Table(
    "device",
    METADATA,
    Column("stream", BigInteger, primary_key=True),
    Column("epoch", BigInteger, primary_key=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("acked_through", BigInteger, nullable=False),
)
ASKED = select(TABLE.c.stream, TABLE.c.acked_through).where(
    TABLE.c.stream.in_(bindparam("streams", expanding=True))
)


def device(epoch: int, stream: int) -> dict[str, object]:
    return {"stream": stream, "epoch": epoch, "public_key": bytes(65), "acked_through": 0}


def moving(rows: list[tuple[int, int, int]]) -> Move:
    return Move(TABLE, ("stream", "epoch"), ("acked_through",), rows)


@pytest.fixture
async def stream(database: Database) -> AsyncIterator[int]:
    """A stream with one device, epoch 1."""
    async with database.writer_engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.execute(TABLE.insert(), [device(1, 7)])
    yield 7
    if not database.is_sqlite:
        async with database.writer_engine.begin() as connection:
            await connection.run_sync(METADATA.drop_all)


@pytest.mark.parametrize("count", [1, 40, 512, AT_ONCE + 3])
async def test_rows_are_inserted_moved_and_found(
    database: Database, stream: int, count: int
) -> None:
    async with database.write() as tx:
        await write_rows(
            tx,
            Insert(TABLE, [device(epoch, stream) for epoch in range(2, 2 + count)]),
            moving([(stream, epoch, epoch * 10) for epoch in range(2, 2 + count)]),
            Insert(TABLE, []),
            moving([]),
        )
        nothing, rows = await select_rows(
            tx, Wanted(ASKED, "streams", []), Wanted(ASKED, "streams", [stream, 1_000, stream])
        )
        assert nothing == []
        assert sorted(tuple(row) for row in rows) == [
            (stream, 0), *((stream, epoch * 10) for epoch in range(2, 2 + count)),
        ]  # fmt: skip


async def test_columns_come_back_as_sqlalchemy_reads_them(database: Database, stream: int) -> None:
    said = '{"a": [1, null]}'
    whole = literal_column(f"'{said}'" if database.is_sqlite else f"'{said}'::json", JSON)
    async with database.write() as tx:
        [[row]] = await select_rows(tx, Wanted(ASKED.add_columns(whole), "streams", [stream]))
    assert row[2] == {"a": [1, None]}


async def test_a_statement_keeps_its_own_values_wherever_the_wanted_ones_stand(
    database: Database, stream: int
) -> None:
    shown = select(TABLE.c.epoch, literal(5), TABLE.c.public_key)
    wanted = TABLE.c.stream.in_(bindparam("streams", expanding=True))
    asked = shown.where(TABLE.c.epoch < 3, wanted).order_by(TABLE.c.epoch.desc()).limit(2)
    async with database.write() as tx:
        await write_rows(tx, Insert(TABLE, [device(epoch, stream) for epoch in (2, 3, 0)]))
        one, other = await select_rows(
            tx, Wanted(asked, "streams", [1, stream, 2]), Wanted(shown.where(TABLE.c.epoch > 1))
        )
    assert [tuple(row) for row in one] == [(2, 5, bytes(65)), (1, 5, bytes(65))]
    assert sorted(row[0] for row in other) == [2, 3]


async def test_what_is_null_stays_null_and_what_is_empty_stays_empty(database: Database) -> None:
    asked = select(
        literal_column("NULL", LargeBinary),
        literal_column("CAST('' AS BLOB)" if database.is_sqlite else "''::bytea", LargeBinary),
        literal_column("NULL", BigInteger),
        literal_column("'\"\\ 中'", String),
    )
    async with database.write() as tx:
        [[row]] = await select_rows(tx, Wanted(asked))
    assert tuple(row) == (None, b"", None, '"\\ 中')


async def test_a_column_of_floats_is_not_asked_for_in_words(database: Database) -> None:
    if database.is_sqlite:
        async with database.write() as tx:
            with pytest.raises(ValueError, match="floats"):
                await select_rows(tx, Wanted(select(literal_column("0.1", Float))))


async def without_writing(database: Database, rows: list[dict[str, object]]) -> None:
    """On what a read-only disk or a standby is like; without rows one is moved."""
    said = "PRAGMA query_only=ON" if database.is_sqlite else "SET TRANSACTION READ ONLY"
    async with database.write() as tx:
        await tx.execute(text(said))
        if rows:
            await write_rows(tx, Insert(TABLE, rows))
        else:
            await write_rows(tx, moving([(1, 1, 5)]))


@pytest.mark.parametrize("count", [0, 1, 40])
async def test_a_database_that_takes_nothing_fails_as_sqlalchemy_says_it(
    database: Database, stream: int, count: int
) -> None:
    with pytest.raises(DBAPIError) as failed:
        await without_writing(database, [device(n, stream) for n in range(2, 2 + count)])
    assert isinstance(failed.value, OperationalError) or not database.is_sqlite


@pytest.mark.parametrize("count", [1, 40])
async def test_a_row_that_is_there_already_is_a_broken_constraint(
    database: Database, stream: int, count: int
) -> None:
    rows = [device(epoch, stream) for epoch in range(1, 1 + count)]
    with pytest.raises(IntegrityError):
        async with database.write() as tx:
            await write_rows(tx, Insert(TABLE, rows))


async def test_what_comes_after_a_step_that_failed_is_rolled_back_with_it(
    database: Database, stream: int
) -> None:
    there, new = device(1, stream), device(2, stream)
    with pytest.raises(IntegrityError):
        async with database.write() as tx:
            await write_rows(tx, Insert(TABLE, [new, there]), moving([(stream, 1, 9)]))
    async with database.write() as tx:
        [rows] = await select_rows(tx, Wanted(ASKED, "streams", [stream]))
    assert [tuple(row) for row in rows] == [(stream, 0)]
