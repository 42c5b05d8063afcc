"""A database with whole headers in its rows is brought to compact rows and reads the same."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, TextClause, text

from kernel.clock import HandClock
from kernel.crypto import chance
from kernel.crypto.keyring import FileKeyRing
from kernel.crypto.signing import DeviceKey
from kernel.crypto.suite import InternationalSuite
from kernel.db import Database
from ledger.book import Ledger
from ledger.record import ZERO_HASH, Place, Sealed, seal_record
from ledger.stored import stored_head, stored_records
from migrations.run import configuration, upgrade
from tests.conftest import FreshDatabase
from tests.integration.ledger.world import ORIGIN, SESSION, Candidate, answers, let_pass

OLD_ORIGIN = "before.example/ledger"
STREAMS = ("sitting/sitting_1", "sitting/sitting_2", "camera/sitting_1")
COUNT = 1_203  # more than two pieces of the copy


async def on(url: str, work: Callable[[Connection], Any]) -> None:
    database = Database.open(url, pool_size=1)
    try:
        async with database.writer_engine.begin() as connection:
            await connection.run_sync(work)
    finally:
        await database.close()


def to_first(connection: Connection) -> None:
    command.upgrade(configuration("ledger", connection), "r0001")


def old_stream(stream_id: str, key: bytes, device: DeviceKey, count: int) -> list[Sealed]:
    """Records as the first revision's code made them: one device, then its answers."""
    suite, previous, made = InternationalSuite(), ZERO_HASH, []
    for seq in range(1, count + 1):
        kind, content = "answer_set", {"client_seq": seq - 2, "client_ms": seq, "item_id": "i",
                                       "response": {"choice": ["A"]}}  # fmt: skip
        if seq <= 2:
            kind = ("opened", "device")[seq - 1]
            content = {"public_key": device.public.hex()}
        sealed = seal_record(
            suite, key, Place(OLD_ORIGIN, stream_id, seq, previous, 1), salt=chance.token_bytes(32),
            server_ms=1_700_000_000_000 + seq, epoch=0 if seq == 1 else 1, kind=kind,
            content=content,
        )  # fmt: skip
        made.append(sealed)
        previous = sealed.hash
    return made


class Old:
    """A database of the first revision, with keys that open it."""

    def __init__(self, url: str, folder: Path, count: int) -> None:
        self.url = url
        self.keyring = FileKeyRing(folder / "keys.json")
        self.count = count
        self.device = DeviceKey()
        self.made: dict[str, list[Sealed]] = {}

    async def fill(self, apart: str) -> None:
        """``apart`` is a database of today, on which the keys are made."""
        keys, wrapped = await self._keys(apart)
        await on(self.url, to_first)
        database = Database.open(self.url)
        async with database.write() as tx:
            await tx.execute(insert("ledger_key", "scope", "version", "parent", "wrapped"), wrapped)
            for number, stream_id in enumerate(STREAMS, 1):
                made = old_stream(stream_id, keys[stream_id], self.device, self.count)
                self.made[stream_id] = made
                await tx.execute(
                    insert(
                        "ledger_stream",
                        "number", "stream_id", "session_id", "next_seq", "head", "closed",
                    ),
                    {"number": number, "stream_id": stream_id, "session_id": SESSION,
                     "next_seq": self.count + 1, "head": made[-1].hash, "closed": False},
                )  # fmt: skip
                await tx.execute(
                    insert("ledger_device", "stream", "epoch", "public_key", "acked_through"),
                    {"stream": number, "epoch": 1, "public_key": self.device.public,
                     "acked_through": self.count - 2},
                )  # fmt: skip
                await tx.execute(
                    insert("ledger_record", "stream", "seq", "header", "ciphertext", "hash"),
                    [
                        {"stream": number, "seq": seq, "header": one.header,
                         "ciphertext": one.ciphertext, "hash": one.hash}
                        for seq, one in enumerate(made, 1)
                    ],
                )  # fmt: skip
        await database.close()

    async def _keys(self, apart: str) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
        database = Database.open(apart)
        ledger = Ledger(database, self.keyring, HandClock(), OLD_ORIGIN)
        keys = {}
        async with database.write() as tx:
            await ledger.open_session(tx, SESSION)
            for stream_id in STREAMS:
                scope = stream_id.replace("camera", "sitting")
                keys[stream_id] = (await ledger.keys.make_data_key(tx, SESSION, scope)).key
        async with database.read() as session:
            rows = await session.execute(
                text("SELECT scope, version, parent, wrapped FROM ledger_key")
            )
            wrapped = [row._asdict() for row in rows]
        await database.close()
        return keys, wrapped


def insert(table: str, *columns: str) -> TextClause:
    """As the first revision's code wrote it."""
    values = ", ".join(f":{name}" for name in columns)
    return text(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})")  # noqa: S608 - names of this file


@pytest.fixture
def old(fresh_database: FreshDatabase, tmp_path: Path) -> Callable[[int], Old]:
    def make(count: int) -> Old:
        made = Old(fresh_database(None), tmp_path, count)
        apart = f"sqlite+aiosqlite:///{tmp_path}/apart.db"
        upgrade(apart, ("ledger",))
        asyncio.run(made.fill(apart))
        return made

    return make


def test_every_record_is_read_as_it_was_written_and_the_stream_goes_on(
    old: Callable[[int], Old],
) -> None:
    was = old(COUNT)
    upgrade(was.url, ("ledger",))

    async def look() -> None:
        database = Database.open(was.url)
        ledger = Ledger(database, was.keyring, HandClock(), ORIGIN)
        async with database.read() as session:
            for stream_id, made in was.made.items():
                head = await stored_head(session, stream_id)
                assert head is not None
                assert head.origin == OLD_ORIGIN
                held = await stored_records(session, head)
                assert [(o.header, o.ciphertext, o.hash) for o in held] == [
                    (o.header, o.ciphertext, o.hash) for o in made
                ]
                assert len(await ledger.read(session, stream_id)) == COUNT
        ledger.start()
        one = Candidate(ledger, "sitting_1", key=was.device, next_seq=COUNT - 1)
        batch = one.batch(answers(one.next_seq, 2), origin=OLD_ORIGIN)
        assert (await ledger.submit(batch, let_pass)).acked_through == COUNT
        async with database.read() as session:
            assert len(await ledger.read(session, one.stream)) == COUNT + 2
        await ledger.stop()
        await database.close()

    asyncio.run(look())


def test_a_header_that_does_not_follow_stops_the_upgrade_and_changes_nothing(
    old: Callable[[int], Old],
) -> None:
    was = old(5)

    def spoil(connection: Connection) -> None:
        with closing(
            connection.execute(
                text(
                    "UPDATE ledger_record SET header ="
                    " (SELECT header FROM ledger_record WHERE stream = 1 AND seq = 3)"
                    " WHERE stream = 1 AND seq = 4"
                )
            )
        ):
            pass

    def still_old(connection: Connection) -> None:
        count = connection.scalar(text("SELECT count(header) FROM ledger_record"))
        assert count == 5 * len(STREAMS)
        assert connection.scalar(text("SELECT count(*) FROM ledger_seen")) == 0

    asyncio.run(on(was.url, spoil))
    with pytest.raises(RuntimeError, match=r"sitting/sitting_1, record 4"):
        upgrade(was.url, ("ledger",))
    asyncio.run(on(was.url, still_old))
