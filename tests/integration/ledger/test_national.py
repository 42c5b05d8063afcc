"""A whole session on a 国密 origin: opened, answered, rotated, sealed, exported, verified."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from kernel.crypto.keyring import FileKeyRing
from kernel.crypto.signing import ServerKey, server_signature_holds
from kernel.crypto.suite import InternationalSuite, NationalSuite
from kernel.db import Database
from kernel.errors import Refusal
from kernel.lease import FileLease
from ledger.chain import Damage
from ledger.layout import STREAM_MAGIC
from ledger.parcel import FolderSink
from ledger.receipts import (
    ReceiptFault,
    check_receipt_proof,
    read_receipt_proof,
    receipt_extra,
)
from ledger.record import Header
from ledger.stored import stored_head, stored_records
from ledger.tables import KeyRow
from ledger.tree.tiles import parse_number
from ledger.tree.witnessing import Get, Witness
from ledger.verify import verify
from tests.integration.ledger.world import SESSION, LedgerWorld, bytes_in

pytest.importorskip("gmssl_pyx", reason="the optional extra `gm` is not installed")
STREAM = "3-process/ledger/sitting/sitting_1.records"


@pytest.fixture
async def national(database: Database, tmp_path: Path) -> LedgerWorld:
    FileKeyRing(tmp_path / "keys.json", NationalSuite.name)
    made = LedgerWorld(database, tmp_path)
    await made.open_session()
    return made


async def test_a_session_is_lived_exported_and_verified_and_a_mutation_found(
    national: LedgerWorld, tmp_path: Path
) -> None:
    world = national
    world.ledger.start()
    one, two = await world.candidate("sitting_1"), await world.candidate("sitting_2")
    ack = await one.save(3)
    assert (len(ack.signature), len(world.ledger.server_public)) == (64, 65)
    assert server_signature_holds(world.ledger.server_public, ack.frame, ack.signature)
    await world.ledger.rotate_keys(SESSION)
    await one.save(2)
    await two.save(4)
    for candidate in (one, two):
        await world.hand_in(candidate)
    async with world.database.write() as tx:
        receipt = await world.ledger.receipt(tx, one.stream, at_ms=5)
    assert world.ledger.holds(receipt.frame, receipt.signature)
    await world.ledger.stop()
    await world.seal([("sitting_1", "number"), ("sitting_2", "number")])
    archive, keys = await world.export(tmp_path / "out")
    report = verify(archive, keys, trust=world.ledger.server_public)
    assert report.findings == []
    assert report.trusted
    assert report.bodies == report.records
    assert report.device_events == 9

    files = {p: d for p, d in bytes_in(archive).items() if not p.startswith("manifest")}
    file = bytearray(files[STREAM])
    at = len(STREAM_MAGIC)
    for _ in range(4):
        at += 4 + int.from_bytes(file[at : at + 4], "big")
    file[at - 1] ^= 1  # the last byte of record 4: its tag
    files[STREAM] = bytes(file)
    world.pack(files, FolderSink(tmp_path / "changed"))
    found = verify(tmp_path / "changed", keys).findings
    assert [(f.damage, f.place, f.seq) for f in found] == [(Damage.EDITED, "sitting/sitting_1", 4)]


async def test_the_tree_of_a_national_origin_proves_its_archive_and_its_receipts(
    national: LedgerWorld, tmp_path: Path
) -> None:
    """Tree, proofs and witness hash with SM3 where the origin does."""
    world = national
    world.ledger.start()
    one = await world.candidate("sitting_1")
    await one.save(3)
    await world.hand_in(one)
    async with world.database.write() as tx:
        receipt = await world.ledger.receipt(tx, one.stream, at_ms=5)
    await world.ledger.stop()
    sequencer = world.ledger.sequencer(tmp_path / "beside", FileLease(tmp_path / "lock"))
    await sequencer.round()
    log, witness = world.ledger.log_key, Witness("w.test", ServerKey(bytes(32)), tmp_path / "seen")
    await witness.look(_served(world), log, 1)
    await world.seal([("sitting_1", "number")])
    await sequencer.round()
    seen = await witness.look(_served(world), log, 2)
    assert seen.grown == 1

    async with world.database.read() as session:
        found = await world.ledger.tree.proof(session, receipt.stream_id, receipt.count)
    assert found is not None
    public = world.ledger.server_public
    extra = receipt_extra(receipt.frame, receipt.signature, public)
    text = replace(found.proof, extra=extra).to_text()
    proven = check_receipt_proof(read_receipt_proof(text), trust=public)
    assert proven.stated.count == receipt.count
    with pytest.raises(ReceiptFault, match="inclusion"):
        check_receipt_proof(read_receipt_proof(text.replace("index ", "index 1")), trust=public)

    archive, keys = await world.export(tmp_path / "out")
    report = verify(archive, keys, trust=public)
    assert report.findings == []
    assert report.tree_size == seen.checkpoint.size


def _served(world: LedgerWorld) -> Get:
    """What ``/log`` serves, without the way there."""

    async def get(path: str) -> bytes:
        tree = world.ledger.tree
        async with world.database.read() as session:
            if path == "checkpoint":
                head = await tree.newest(session)
                assert head is not None
                return head.note.encode()
            _, level, place = path.split("/", 2)
            tile = await tree.tile(session, int(level), *parse_number(place))
            assert tile is not None
            return tile

    return get


async def test_everything_of_the_origin_is_under_its_suite(national: LedgerWorld) -> None:
    one = await national.candidate("sitting_1")
    async with national.database.read() as session:
        head = await stored_head(session, one.stream)
        assert head is not None
        rows = await stored_records(session, head)
        wrapped = (await session.scalars(select(KeyRow.wrapped))).all()
    assert {Header.from_bytes(row.header).suite for row in rows} == {"SM4GCM-SM3"}
    # two bytes of the ring's version stand before a session key's envelope
    assert {one[2:3] if one[:1] == b"\0" else one[:1] for one in wrapped} == {b"\x02"}


async def test_an_origin_keeps_its_suite_for_life(
    database: Database, world: LedgerWorld, tmp_path: Path
) -> None:
    assert world.keyring.suite == InternationalSuite.name
    with pytest.raises(Refusal, match="keyring.suite"):
        FileKeyRing(tmp_path / "keys.json", NationalSuite.name)
    FileKeyRing(tmp_path / "keys.json", InternationalSuite.name)
    elsewhere = tmp_path / "another"
    FileKeyRing(elsewhere / "keys.json", NationalSuite.name)
    other = LedgerWorld(database, elsewhere)
    with pytest.raises(Refusal, match="ledger.suite_changed"):
        await other.open_session("session_2")
