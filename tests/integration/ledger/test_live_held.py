"""What a data directory's seals, streams and keys are held against."""

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest

from kernel.settings import DATABASE_FILE
from ledger.chain import Damage
from ledger.layout import SealList
from ledger.seal import seal_frame
from tests.integration.ledger.site import S, Site, covered, one_round, sql, verified


async def _sealed(site: Site) -> None:
    """Covered and sealed, the seal in the tree too."""
    await covered(site)
    await site.world.seal([(f"sitting_{n}", "number") for n in (1, 2, 3)])
    await one_round(site)
    await site.stop()


async def test_a_seal_that_is_gone_is_missed(site: Site) -> None:
    await _sealed(site)
    assert (await verified(site.folder)).good
    with closing(sqlite3.connect(site.file)) as database, database:
        database.execute("delete from ledger_seal")
    [one] = (await verified(site.folder)).findings
    assert (one.damage, one.place) == (Damage.SEAL, "seal of session_1")


async def test_a_seal_that_the_server_signed_anew_is_not_the_one_in_the_tree(site: Site) -> None:
    await _sealed(site)
    signer = site.world.keyring.signer("ledger")
    with closing(sqlite3.connect(site.file)) as database, database:
        ((frame,),) = database.execute("select frame from ledger_seal").fetchall()
        held = SealList.from_frame(frame)
        roster = [(sitting_id, "violation") for sitting_id in held.roster]
        streams = [(name, *final) for name, final in held.streams.items()]
        other = seal_frame(held.origin, held.session_id, held.sealed_at_ms, roster, streams)
        told = "update ledger_seal set frame = ?, signature = ?"
        database.execute(told, (other, signer.sign(other)))
    [one] = (await verified(site.folder)).findings
    assert (one.damage, one.place) == (Damage.SEAL, "seal of session_1")


@pytest.mark.parametrize(
    "text",
    [
        "delete from ledger_growing where stream = :of",
        "update ledger_growing set through = 99 where stream = :of",
    ],
)
async def test_a_stream_that_is_kept_from_the_tree_is_found(site: Site, text: str) -> None:
    await covered(site)
    fourth = await site.world.candidate("sitting_4")
    with closing(sqlite3.connect(site.file)) as database, database:
        sql(text, fourth.stream)(database)
    await fourth.save(2)
    await one_round(site)
    await site.stop()
    [one] = (await verified(site.folder)).findings
    assert (one.damage, one.place, one.seq) == (Damage.TREE, fourth.stream, 1)


async def test_a_stream_that_was_moved_to_another_session_is_found(site: Site) -> None:
    await site.world.open_session("session_2")
    await site.stop()
    with closing(sqlite3.connect(site.file)) as database, database:
        told = "update ledger_stream set session_id = 'session_2' where stream_id in (?, ?)"
        database.execute(told, (S, S.replace("sitting/", "camera/")))
    [one] = (await verified(site.folder)).findings
    assert (one.damage, one.place) == (Damage.RELABELLED, "session session_2")


@pytest.mark.parametrize(
    ("text", "place", "seq"),
    [
        ("update ledger_record set hash = 'abc' where stream = :of and seq = 3", S, 3),
        ("update ledger_record set server_ms = -5 where stream = :of and seq = 4", S, 4),
        ("update ledger_record set server_ms = 1e30 where stream = :of and seq = 4", S, 4),
        ("update ledger_record set key_version = 'a' where stream = :of and seq = 5", S, 5),
        ("update ledger_record set salt = 'text' where stream = :of and seq = 2", S, 2),
        ("update ledger_stream set suite = 'none' where stream_id = ?", S, 1),
        ("update ledger_stream set next_seq = 4000000000000 where stream_id = ?", S, 9),
        ("update ledger_stream set session_id = x'ff' where stream_id = ?", DATABASE_FILE, 0),
        ("update ledger_device set acked_through = 'q' where stream = :of", DATABASE_FILE, 0),
        ("update ledger_stream set head = null where stream_id = ?", DATABASE_FILE, 0),
    ],
)
async def test_what_no_server_writes_is_a_finding_at_its_place(
    site: Site, text: str, place: str, seq: int
) -> None:
    await site.stop()
    with closing(sqlite3.connect(site.file)) as database, database:
        try:
            sql(text, S)(database)
        except sqlite3.IntegrityError:
            return
    report = await asyncio.wait_for(verified(site.folder), 40)
    assert report.first is not None
    assert (place, seq) in {(one.place, one.seq) for one in report.findings}, report.words()
    assert json.loads(report.to_json())["good"] is False


@pytest.mark.parametrize("name", [DATABASE_FILE, "keys/keyring.json"])
@pytest.mark.parametrize("data", [b"x" * 9_000, b"[]", b'{"masters": {"1": 5}}', None])
async def test_a_database_or_ring_that_is_none_is_named(
    site: Site, name: str, data: bytes | None
) -> None:
    await site.stop()
    place = site.folder / name
    whole = place.read_bytes()
    place.write_bytes(data or whole[: len(whole) // 2])
    report = await verified(site.folder)
    assert report.first is not None
    assert (report.first.damage, report.first.place) == (Damage.CONTAINER, name), report.words()
