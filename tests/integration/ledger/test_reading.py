"""What the database can be made to say is not what the ledger says."""

import pytest
from sqlalchemy import delete, select, update

from kernel.errors import Refusal
from ledger.book import Act
from ledger.record import Header
from ledger.stored import stored_head, stored_records
from ledger.tables import RecordRow, StreamRow
from tests.integration.ledger.world import Candidate, LedgerWorld


async def spoil(world: LedgerWorld, one: Candidate, how: str) -> None:
    """Somebody with the whole database, and no key, helps himself."""
    async with world.database.write() as tx:
        stream = await tx.scalar(select(StreamRow.number).where(StreamRow.stream_id == one.stream))
        last = RecordRow.stream == stream, RecordRow.seq == 4
        if how == "last answer taken out":
            await tx.execute(delete(RecordRow).where(*last))
        elif how == "last answer forgotten by the head too":
            before = await tx.scalar(
                select(RecordRow.hash).where(RecordRow.stream == stream, RecordRow.seq == 3)
            )
            await tx.execute(delete(RecordRow).where(*last))
            await tx.execute(
                update(StreamRow).where(StreamRow.number == stream).values(next_seq=4, head=before)
            )
        elif how == "middle taken out":
            await tx.execute(
                delete(RecordRow).where(RecordRow.stream == stream, RecordRow.seq == 3)
            )
        elif how in {"server_ms", "epoch", "key_version"}:
            await tx.execute(update(RecordRow).where(*last).values({how: 7}))
        elif how == "hash":
            await tx.execute(update(RecordRow).where(*last).values(hash=bytes(32)))
        elif how in {"origin", "suite"}:
            await tx.execute(update(StreamRow).where(StreamRow.number == stream).values({how: "x"}))
        elif how == "one byte changed":
            found = await tx.scalar(select(RecordRow.ciphertext).where(*last))
            assert found is not None
            changed = found[:40] + bytes([found[40] ^ 1]) + found[41:]
            await tx.execute(update(RecordRow).where(*last).values(ciphertext=changed))
        else:
            third = await tx.execute(
                select(
                    RecordRow.salt, RecordRow.body_commit, RecordRow.hash, RecordRow.ciphertext
                ).where(RecordRow.stream == stream, RecordRow.seq == 3)
            )
            await tx.execute(update(RecordRow).where(*last).values(third.one()._asdict()))


@pytest.mark.parametrize(
    "how",
    [
        "last answer taken out",
        "middle taken out",
        "one byte changed",
        "one answer twice",
        "server_ms",
        "epoch",
        "key_version",
        "hash",
        "origin",
        "suite",
    ],
)
async def test_a_stream_that_was_tampered_with_is_refused_and_not_folded(
    world: LedgerWorld, how: str
) -> None:
    one = await world.candidate("sitting_1")
    other = await world.candidate("sitting_2")
    for candidate in (one, other):
        await candidate.save()
        await candidate.save()
    await spoil(world, one, how)
    async with world.database.read() as session:
        with pytest.raises(Refusal, match="ledger.damaged"):
            await world.ledger.fold(session, one.stream)
        assert len((await world.ledger.fold(session, other.stream)).answers) == 2


async def test_a_rolled_back_head_is_seen_by_who_holds_the_acknowledgement(
    world: LedgerWorld,
) -> None:
    one = await world.candidate("sitting_1")
    await one.save()
    ack = await one.save()
    await spoil(world, one, "last answer forgotten by the head too")
    async with world.database.read() as session:
        held = await world.ledger.read(session, one.stream)
    assert ack.head not in {record.hash for record in held}
    assert world.ledger.holds(ack.frame, ack.signature)


async def test_no_header_and_no_size_tells_a_warning_from_an_answer(world: LedgerWorld) -> None:
    one = await world.candidate("sitting_1")
    await one.save()
    async with world.database.write() as tx:
        await world.ledger.append(tx, one.stream, [Act("warned", {"reason_text": "请坐好"})])
    async with world.database.read() as session:
        head = await stored_head(session, one.stream)
        assert head is not None
        rows = await stored_records(session, head, first=3)
        answer, warning = [(Header.from_bytes(row.header), len(row.ciphertext)) for row in rows]
    assert (answer[0].epoch, answer[1]) == (warning[0].epoch, warning[1]) == (1, 512 + 16)


async def test_a_device_key_that_is_none_and_an_epoch_that_falls_are_refused(
    world: LedgerWorld,
) -> None:
    one = await world.candidate("sitting_1")
    async with world.database.write() as tx:
        with pytest.raises(Refusal, match="ledger.device_key"):
            await world.ledger.add_device(tx, one.stream, epoch=2, public_key=b"\x04" + bytes(64))
        await world.ledger.add_device(tx, one.stream, epoch=3, public_key=one.key.public)
        with pytest.raises(Refusal, match="ledger.epoch_used"):
            await world.ledger.add_device(tx, one.stream, epoch=2, public_key=one.key.public)
