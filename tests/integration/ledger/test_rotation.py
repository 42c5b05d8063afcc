"""Rotation of data keys and of the ring: nothing is lost, and old keys still open."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from kernel.crypto.keyring import FileKeyRing
from kernel.errors import Refusal
from ledger.archive import export_keys
from ledger.book import Act, Ledger
from ledger.layout import read_key_file
from ledger.record import Header
from ledger.stored import stored_head, stored_records
from ledger.tables import KeyRow
from ledger.verify import verify
from tests.integration.ledger.world import ORIGIN, SESSION, LedgerWorld, answers, let_pass


async def test_rotation_under_load_loses_nothing_and_the_archive_verifies(
    world: LedgerWorld, tmp_path: Path
) -> None:
    people = [await world.candidate(f"sitting_{n}") for n in range(4)]
    other = world.another()  # a second process, whose memory knows only the old keys
    done = asyncio.Event()
    acked: dict[str, int] = {}

    async def work(number: int) -> None:
        one = people[number]
        while not done.is_set() or one.next_seq < 12:
            ack = await one.save(3)
            acked[one.stream] = ack.acked_through

    working = [asyncio.create_task(work(n)) for n in range(4)]
    for _ in range(3):
        rotated = await other.rotate_keys(SESSION)
        assert {one.scope for one in rotated} == {
            *(person.stream for person in people),
            f"session/{SESSION}",
        }
        await asyncio.sleep(0.05)
    done.set()
    await asyncio.gather(*working)
    for one in people:
        async with world.database.read() as session:
            held = await world.ledger.read(session, one.stream)
        assert [r.kind for r in held].count("key_rotated") == 3
        numbers = [r.body["client_seq"] for r in held if "client_seq" in r.body]
        assert numbers == list(range(1, acked[one.stream] + 1))
        await world.hand_in(one)
    await world.seal([(one.sitting_id, "number") for one in people])
    archive, keys = await world.export(tmp_path / "out")
    report = verify(archive, keys)
    assert report.findings == []
    assert report.bodies == report.records
    versions = read_key_file(keys).keys[people[0].stream]
    assert sorted(versions) == ["1", "2", "3", "4"]


async def test_a_repetition_from_before_the_rotation_is_still_known(world: LedgerWorld) -> None:
    one = await world.candidate("sitting_1")
    events = one.batch(answers(1, 2))
    first = await world.ledger.submit(events, let_pass)
    await world.ledger.rotate_keys(SESSION)
    again = await world.ledger.submit(events, let_pass)
    assert (again.acked_through, first.acked_through) == (2, 2)
    with pytest.raises(Refusal, match="ledger.conflict"):
        await world.ledger.submit(one.batch(answers(1, 2, "B")), let_pass)


async def test_records_after_the_announcement_are_under_the_next_version(
    world: LedgerWorld,
) -> None:
    one = await world.candidate("sitting_1")
    await one.save(1)
    await world.ledger.rotate_keys(SESSION)
    await one.save(1)
    async with world.database.read() as session:
        head = await stored_head(session, one.stream)
        assert head is not None
        rows = await stored_records(session, head)
        versions = [Header.from_bytes(row.header).key_version for row in rows]
        kinds = [record.kind for record in await world.ledger.read(session, one.stream)]
    assert kinds == ["opened", "device", "answer_set", "key_rotated", "answer_set"]
    assert versions == [1, 1, 1, 1, 2]


async def test_a_camera_that_begins_later_begins_under_the_newest_key(
    world: LedgerWorld, tmp_path: Path
) -> None:
    async with world.database.write() as tx:
        facts = {"sitting_id": "sitting_9"}
        await world.ledger.open_stream(tx, "sitting/sitting_9", SESSION, "opened", facts)
    for _ in range(2):
        await world.ledger.rotate_keys(SESSION)
    async with world.database.write() as tx:
        await world.ledger.open_stream(tx, "camera/sitting_9", SESSION, "opened", facts)
        await world.ledger.append(tx, "camera/sitting_9", [Act("gap", {})])
    await world.seal([("sitting_9", "number")])
    assert verify(*await world.export(tmp_path / "out")).findings == []


async def test_a_sealed_session_is_not_rotated(world: LedgerWorld) -> None:
    await world.candidate("sitting_1")
    await world.seal([("sitting_1", "number")])
    with pytest.raises(Refusal, match="ledger.stream_closed"):
        await world.ledger.rotate_keys(SESSION)
    with pytest.raises(Refusal, match="ledger.stream_unknown"):
        await world.ledger.rotate_keys("session_none")
    async with world.database.read() as session:
        assert set(await session.scalars(select(KeyRow.version))) == {1}


async def test_session_keys_move_under_the_newest_ring_version_and_old_rings_still_open(
    world: LedgerWorld, tmp_path: Path
) -> None:
    await world.candidate("sitting_1")
    for number in range(2, 5):
        await world.open_session(f"session_{number}")
    running = world.another()  # started before the rotation, with the old ring in memory
    public = world.ledger.server_public
    ring = FileKeyRing(tmp_path / "keys.json")
    assert ring.rotate() == 2
    after = Ledger(world.database, FileKeyRing(tmp_path / "keys.json"), world.clock, ORIGIN)
    async with world.database.read() as session:
        before = await export_keys(session, after, SESSION)
    assert await after.rewrap_keys() == 4
    assert await after.rewrap_keys() == 0
    async with world.database.read() as session:
        rows = await session.scalars(select(KeyRow.wrapped).where(KeyRow.parent == ""))
        assert {wrapped[:2] for wrapped in rows} == {b"\x00\x02"}
        assert await export_keys(session, running, SESSION) == before
    assert after.server_public == public


def test_the_ring_is_rewritten_whole_and_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    ring = FileKeyRing(path)
    before = path.read_text()
    beside = path.open()  # whoever reads the file meanwhile reads one whole ring
    old = ring.wrap(bytes(32), b"p")
    assert (ring.rotate(), ring.rotate()) == (2, 3)
    masters = json.loads(path.read_text())["masters"]
    with beside:
        assert beside.read() == before
    assert masters["1"] == json.loads(before)["masters"]["1"]
    assert sorted(masters) == ["1", "2", "3"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["ring.json"]
    assert FileKeyRing(path).unwrap(old, b"p") == bytes(32)
    assert ring.wrap(bytes(32), b"p")[:2] == b"\x00\x03"
