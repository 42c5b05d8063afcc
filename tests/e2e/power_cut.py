"""Cutting the power under a running session, and what must be found afterwards.

Rules kept here: the moments come from a written seed; some cuts hit the server while it starts; in
the end the database is opened without the server and compared with what each candidate was
promised, record by record.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from kernel.clock import SystemClock
from kernel.crypto.keyring import FileKeyRing
from kernel.crypto.suite import suite_named
from kernel.db import Database
from ledger.book import Ledger, OpenRecord
from ledger.fold import fold
from ledger.record import ZERO_HASH, Header, record_hash
from ledger.stored import StoredRecord, stored_head, stored_records
from tests.e2e.running import Running
from tests.e2e.serving import Server
from tests.e2e.worlds import Seeded, settings_of
from tests.e2e.writing import Event, Writer, all_of

EARLY = 2
ACKS_BETWEEN = 40
INSTANT_S = 0.05
STARTING_S = 3.0
CUT_WHILE_STARTING = 5


@dataclass(slots=True)
class Storm:
    """So many cuts; ``seed`` says when. ``cuts`` counts those that happened."""

    wanted: int
    seed: int
    cuts: int = 0
    acks: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        return self.cuts >= self.wanted

    def hear(self) -> None:
        """Somebody got an acknowledgement."""
        self.acks += 1
        self.heard.set()

    async def rage(self, server: Server) -> None:
        """Cut, start again, let them write, cut again."""
        chance = Random(self.seed)
        while not self.over:
            await self._listen(chance.randint(1, ACKS_BETWEEN))
            await asyncio.sleep(chance.uniform(0, INSTANT_S))
            server.kill()
            self.cuts += 1
            server.start()
            if self.cuts % CUT_WHILE_STARTING == 0 and not self.over:
                await asyncio.sleep(chance.uniform(0, STARTING_S))
                server.kill()
                self.cuts += 1
                server.start()
            await server.ready()

    async def _listen(self, count: int) -> None:
        until = self.acks + count
        while self.acks < until:
            self.heard.clear()
            await self.heard.wait()


async def outlive(
    seeded: Seeded, running: Running, *, cuts: int, seed: int, database_url: str = ""
) -> None:
    """The whole test: write under the storm, hand in, and compare everything."""
    storm = Storm(cuts, seed)
    server = Server(seeded.data, database_url)
    server.start()
    try:
        await server.ready()
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
        async with httpx.AsyncClient(base_url=server.url, timeout=30, limits=limits) as http:
            writers = [
                Writer(http, one, storm.hear, seed + number)
                for number, one in enumerate(running.candidates)
            ]
            await all_of(writers, Writer.sit_down)
            await _write_through(storm, server, writers)
            await all_of(writers[EARLY:], Writer.look_back)
            await all_of(writers, Writer.hand_in)
            await all_of(writers, lambda one: _receipt_stands(http, one))
    finally:
        server.stop()
    assert storm.cuts >= cuts
    found = await compare_all(seeded, writers, database_url)
    assert (found.lost, found.acknowledged > 0) == (0, True)


async def _write_through(storm: Storm, server: Server, writers: list[Writer]) -> None:
    """Two hand in early and ask for their receipt again at the end."""

    async def early(one: Writer, share: int) -> None:
        await one.write(lambda: storm.cuts >= share)
        await one.hand_in()

    async with asyncio.TaskGroup() as together:
        for number, one in enumerate(writers[:EARLY], 1):
            together.create_task(early(one, storm.wanted * number // (EARLY + 1)))
        for one in writers[EARLY:]:
            together.create_task(one.write(lambda: storm.over))
        together.create_task(storm.rage(server))


async def _receipt_stands(http: httpx.AsyncClient, one: Writer) -> None:
    assert one.receipt is not None
    state = await one.who.state()
    assert state["receipt"]["receipt_code"] == one.receipt["receipt_code"]
    public = (await http.get(f"/api/receipts/{one.receipt['receipt_code']}")).json()
    assert public["found"], public
    assert public["holds"], public
    assert public["head_hex"] == one.receipt["head_hex"]


@dataclass(frozen=True, slots=True)
class Found:
    """Of the events that were acknowledged, how many are not there word for word."""

    acknowledged: int
    lost: int


async def compare_all(seeded: Seeded, writers: list[Writer], database_url: str = "") -> Found:
    """What was promised against the log; whoever asks decides what a loss means. Raises where the
    log holds anything else than what was sent.
    """
    lost = 0
    settings = settings_of(seeded.data, database_url)
    database = Database.open(settings.database)
    try:
        keyring = FileKeyRing(settings.keyring_path)
        ledger = Ledger(database, keyring, SystemClock(), settings.http.origin)
        async with database.read() as session:
            for one in writers:
                stream_id = f"sitting/{one.who.sitting_id}"
                lost += lost_of(one, await ledger.read(session, stream_id))
                head = await stored_head(session, stream_id)
                assert head is not None
                rows = await stored_records(session, head)
                assert _last_of_chain(rows) == head.head
    finally:
        await database.close()
    return Found(sum(len(one.acknowledged) for one in writers), lost)


def lost_of(one: Writer, records: list[OpenRecord]) -> int:
    """Promised events that are not there with their words; where none is lost, each is there once
    and in order, and no answer that nobody promised.
    """
    events = [record for record in records if "client_seq" in record.body]
    held: dict[Event, Any] = {
        (r.epoch, r.body["client_seq"], r.kind, r.body.get("item_id", "")): r.body.get("response")
        for r in events
    }
    lost = [
        event
        for event, response in one.acknowledged.items()
        if event not in held or held[event] != response
    ]
    if lost:
        return len(lost)
    times = Counter((record.epoch, record.body["client_seq"]) for record in events)
    assert [number for number, count in times.items() if count > 1] == []
    assert held == one.acknowledged
    assert [r.body["client_seq"] for r in events] == list(range(1, len(events) + 1))
    assert fold(records).answers == one.who.standing
    assert [record.kind for record in records].count("submitted") == 1
    return 0


def _last_of_chain(rows: list[StoredRecord]) -> bytes:
    """Every record names its predecessor's hash and has its own; returns the last."""
    previous = ZERO_HASH
    for number, one in enumerate(rows, 1):
        header = Header.from_bytes(one.header)
        assert (one.seq, header.seq) == (number, number)
        assert header.previous == previous
        assert record_hash(suite_named(header.suite), one.header, one.ciphertext) == one.hash
        previous = one.hash
    return previous
