"""The whole program with candidates at their seats: a full disk and a clock that jumps."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from kernel.clock import SystemClock
from kernel.crypto.keyring import FileKeyRing
from kernel.db import Database
from ledger.book import Ledger
from server.rehearsal.api import Refused
from tests.e2e.power_cut import compare_all
from tests.e2e.running import Running, arrange
from tests.e2e.serving import Server
from tests.e2e.worlds import Seeded, make_world, settings_of
from tests.e2e.writing import Writer, all_of
from tests.faults.judging import Tally
from tests.faults.shim import Shim
from tests.faults.test_disk import disk_of, fill

HOUR_MS = 3_600_000
WATCHED_WITHIN_S = 40


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with disk_of("128m", tmp_path_factory.mktemp("disk") / "small") as place:
        yield place


@pytest.fixture
def seeded(small_disk: Path, tmp_path: Path) -> Seeded:
    return make_world(small_disk / tmp_path.name)


@asynccontextmanager
async def seated(server: Server, running: Running) -> AsyncIterator[list[Writer]]:
    """Everybody has signed in and holds the paper."""
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
        writers = [
            Writer(http, one, lambda: None, number) for number, one in enumerate(running.candidates)
        ]
        await all_of(writers, Writer.sit_down)
        yield writers


async def write_some(writers: list[Writer], batches: int) -> None:
    """So many batches from everybody, one after another."""

    async def some(one: Writer) -> None:
        wanted = one.sent + batches
        await one.write(lambda: one.sent >= wanted)

    await all_of(writers, some)


@pytest.mark.timeout(400)
async def test_the_program_refuses_everybody_in_words_while_its_disk_is_full(
    seeded: Seeded, small_disk: Path, tally: Tally
) -> None:
    running = await asyncio.to_thread(arrange, seeded, 4)
    server = Server(seeded.data)
    server.start()
    try:
        await server.ready()
        async with seated(server, running) as writers:
            await write_some(writers, 10)
            pid, ballast = server.pid, small_disk / "ballast"
            fill(ballast)
            codes = await refusals(writers[0])
            assert codes == {"ledger.not_stored", "storage.unavailable"}, codes
            ballast.unlink()
            await write_some(writers, 10)
            await all_of(writers, Writer.hand_in)
            assert server.pid == pid, "no restart was needed"
            await all_of(writers, replayed_in_vain)
            server.kill()
            server.start()
            await server.ready()
            await all_of(writers, replayed_in_vain)
    finally:
        server.stop()
    found = await compare_all(seeded, writers)
    tally.add("disk full, the whole program", found.acknowledged, found.lost)
    writers[0].acknowledged[1, 10_000, "marked", "item_never_sent"] = None
    assert (await compare_all(seeded, writers)).lost == 1, "a loss would not be counted"


async def replayed_in_vain(one: Writer) -> None:
    """After the hand-in: whatever was sent before is acknowledged as it was and not stored again;
    another content under a used number, and anything new, is refused.
    """
    send = partial(one.who.api.call, "save", "POST", "/api/sitting/events")
    for body in one.bodies[:: max(1, len(one.bodies) // 8)]:
        ack = await send(json=body)
        assert ack["acked_through"] >= body["events"][-1]["seq"]
    item = one.who.paper["items"][0]["item_id"]
    one.who.note("marked", item)
    new = one.who.set_apart()
    with pytest.raises(Refused, match=r"sitting\.closed"):
        await send(json=new)


async def refusals(one: Writer) -> set[str]:
    """The codes of saving and of signing in again, until the disk refuses both."""
    item = one.who.paper["items"][0]["item_id"]
    seen: set[str] = set()
    one.who.api.patience_s = 0.0
    for _ in range(400):
        for act in (one.save, one.who.sign_in):
            one.who.note("marked", item)
            try:
                await act()
            except Refused as refused:
                seen.add(refused.code if refused.status == 503 else str(refused))
        if len(seen) == 2:
            break
    one.who.api.patience_s = 60.0
    return seen


@pytest.mark.timeout(400)
async def test_a_wall_clock_an_hour_off_moves_no_deadline_and_is_an_incident(
    seeded: Seeded, shim_library: Path, tally: Tally
) -> None:
    running = await asyncio.to_thread(arrange, seeded, 3)
    shim = Shim(shim_library, seeded.data)
    server = Server(seeded.data, preloaded=shim.environment)
    server.start()
    try:
        await server.ready()
        async with seated(server, running) as writers:
            await write_some(writers, 5)
            before = await writers[0].who.state()
            shim.set(clock_ms=HOUR_MS)
            await _until_recorded(seeded, running)
            await write_some(writers, 5)
            after = await writers[0].who.state()
            assert after["deadline_ms"] == before["deadline_ms"]
            assert 0 <= after["server_ms"] - before["server_ms"] < HOUR_MS // 10
            shim.set(clock_ms=-HOUR_MS)
            await write_some(writers, 5)
            assert (await writers[0].who.state())["deadline_ms"] == before["deadline_ms"]
            await all_of(writers, Writer.hand_in)
    finally:
        server.stop()
    found = await compare_all(seeded, writers)
    tally.add("wall clock ±1 h, the whole program", found.acknowledged, found.lost)


@pytest.mark.timeout(400)
async def test_a_kill_at_once_and_a_start_under_a_wrong_wall_clock_move_no_deadline(
    seeded: Seeded, shim_library: Path, tally: Tally
) -> None:
    running = await asyncio.to_thread(arrange, seeded, 2)
    shim = Shim(shim_library, seeded.data)
    server = Server(seeded.data, preloaded=shim.environment)
    server.start()
    try:
        await server.ready()
        server.kill()
        shim.set(clock_ms=HOUR_MS)
        server.start()
        await server.ready()
        async with seated(server, running) as writers:
            await write_some(writers, 5)
            before = await writers[0].who.state()
            assert abs(before["server_ms"] - SystemClock().now_ms()) < HOUR_MS // 10
            server.kill()
            shim.set(clock_ms=-HOUR_MS)
            server.start()
            await server.ready()
            await _until_recorded(seeded, running)
            await write_some(writers, 5)
            after = await writers[0].who.state()
            assert after["deadline_ms"] == before["deadline_ms"]
            assert 0 <= after["server_ms"] - before["server_ms"] < HOUR_MS // 10
            await all_of(writers, Writer.hand_in)
    finally:
        server.stop()
    found = await compare_all(seeded, writers)
    tally.add("restart with the wall clock ±1 h off", found.acknowledged, found.lost)


async def _until_recorded(seeded: Seeded, running: Running) -> None:
    """The jump is in the room's stream."""
    settings = settings_of(seeded.data)
    database = Database.open(settings.database)
    ring = FileKeyRing(settings.keyring_path)
    ledger = Ledger(database, ring, SystemClock(), settings.http.origin)
    try:
        for _ in range(WATCHED_WITHIN_S * 2):
            async with database.read() as session:
                for head in await ledger.heads(session, running.session_id):
                    records = await ledger.read(session, head.stream_id)
                    if any(record.kind == "clock_jump" for record in records):
                        return
            await asyncio.sleep(0.5)
    finally:
        await database.close()
    raise AssertionError("the jump was not recorded")
