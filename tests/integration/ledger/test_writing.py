"""Group commit: durable before acknowledged, once, in order, and one bad batch alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import func, select

from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from ledger import writer
from ledger.asked import Asked, Guard, Terms
from ledger.book import Act, Ledger
from ledger.chain import Sealed, diagnose, read_stream_file
from ledger.client import Ack, ClientEvent
from ledger.layout import stream_bytes
from ledger.stored import stored_head, stored_records
from ledger.tables import KeyRow
from tests.integration.ledger.world import (
    ORIGIN,
    SESSION,
    Candidate,
    LedgerWorld,
    answers,
    let_pass,
)


async def kinds(world: LedgerWorld, stream: str) -> list[str]:
    async with world.database.read() as session:
        return [one.kind for one in await world.ledger.read(session, stream)]


async def assert_whole(world: LedgerWorld, stream: str) -> int:
    """The chain of a stream holds up to its head; returns its length."""
    async with world.database.read() as session:
        head = await stored_head(session, stream)
        assert head is not None
        held = [(one.header, one.ciphertext) for one in await stored_records(session, head)]
    file = read_stream_file(stream_bytes(held), head.head)
    assert diagnose(Sealed(ORIGIN, stream, head.count), file, lambda _other: None) is None
    return len(held)


def failing_at_commit(database: Database, times: int) -> list[str]:
    """The next transactions roll back where they would commit."""
    real, tried = database.write, []

    @asynccontextmanager
    async def write() -> AsyncIterator[WriteSession]:
        async with real() as session:
            yield session
            tried.append("commit")
            if len(tried) <= times:
                raise OSError("no space left on device")

    database.write = write  # type: ignore[method-assign]  # the disk fails at the commit
    return tried


async def test_the_acknowledgement_is_signed_and_names_the_head(world: LedgerWorld) -> None:
    one = await world.candidate("sitting_1")
    ack = await one.save(3)
    assert ack.acked_through == 3
    assert world.ledger.holds(ack.frame, ack.signature)
    assert not world.ledger.holds(ack.frame + b"\0", ack.signature)
    async with world.database.read() as session:
        head = next(
            h for h in await world.ledger.heads(session, SESSION) if h.stream_id == one.stream
        )
    assert head.head == ack.head
    assert await kinds(world, one.stream) == ["opened", "device", *["answer_set"] * 3]


async def test_the_same_batch_twice_is_the_same_acknowledgement(world: LedgerWorld) -> None:
    one = await world.candidate("sitting_1")
    batch = one.batch(answers(1, 2))
    first = await world.ledger.submit(batch, let_pass)
    second = await world.ledger.submit(batch, let_pass)
    together = await asyncio.gather(*(world.ledger.submit(batch, let_pass) for _ in range(3)))
    for ack in (second, *together):
        assert (ack.acked_through, ack.head) == (first.acked_through, first.head)
    assert len(await kinds(world, one.stream)) == 4


async def test_a_batch_that_overlaps_adds_only_what_is_new(world: LedgerWorld) -> None:
    one = await world.candidate("sitting_1")
    await world.ledger.submit(one.batch(answers(1, 3)), let_pass)
    both = [one.batch(answers(2, 4)), one.batch(answers(4, 4))]
    acks = await asyncio.gather(*(world.ledger.submit(batch, let_pass) for batch in both))
    assert [ack.acked_through for ack in acks] == [5, 7]
    assert await assert_whole(world, one.stream) == 2 + 7


async def test_a_gap_is_refused_with_the_number_that_is_wanted(world: LedgerWorld) -> None:
    one = await world.candidate("sitting_1")
    await one.save(2)
    with pytest.raises(Refusal, match="ledger.gap") as refused:
        await world.ledger.submit(one.batch(answers(4, 1)), let_pass)
    assert refused.value.params["next_seq"] == 3


@pytest.mark.parametrize("together", [True, False])
async def test_another_content_under_one_number_is_kept_beside_the_first(
    world: LedgerWorld, *, together: bool
) -> None:
    one = await world.candidate("sitting_1")
    first, other = one.batch(answers(1, 2, "A")), one.batch(answers(1, 2, "B"))
    if together:
        done = await asyncio.gather(
            *(world.ledger.submit(b, let_pass) for b in (first, other)), return_exceptions=True
        )
        assert isinstance(done[0], Ack)
        assert isinstance(done[1], Refusal)
    else:
        await world.ledger.submit(first, let_pass)
        with pytest.raises(Refusal, match="ledger.conflict"):
            await world.ledger.submit(other, let_pass)
    async with world.database.read() as session:
        held = await world.ledger.read(session, one.stream)
        folded = await world.ledger.fold(session, one.stream)
    contents = [(r.kind, r.body["response"]["choice"]) for r in held[2:]]
    assert contents == [("answer_set", ["A"])] * 2 + [("conflict", ["B"])] * 2
    assert folded.answers == {"item_1": {"choice": ["A"]}, "item_2": {"choice": ["A"]}}


async def test_a_forged_an_unknown_and_an_unnumbered_batch_are_refused(world: LedgerWorld) -> None:
    one = await world.candidate("sitting_1")
    good = one.batch(answers(1, 2))
    changed = tuple(structs.replace(e, response_json='{"choice":["C"]}') for e in good.events)
    cases = {
        "ledger.signature": replace(good, events=changed),
        "ledger.device_unknown": replace(good, epoch=2),
        "ledger.stream_unknown": replace(good, stream_id="sitting/nobody"),
        "ledger.numbers": replace(good, first_seq=2),
    }
    for code, batch in cases.items():
        with pytest.raises(Refusal, match=code):
            await world.ledger.submit(batch, let_pass)
    assert await kinds(world, one.stream) == ["opened", "device"]


async def test_a_guard_that_refuses_or_breaks_fails_its_batch_alone(world: LedgerWorld) -> None:
    people = [await world.candidate(f"sitting_{n}") for n in range(4)]

    async def refuses(_session: ReadSession, asked: Sequence[Asked]) -> Sequence[Refusal]:
        return [Refusal("answer.too_late", Kind.CONFLICT) for _ in asked]

    async def breaks(_session: ReadSession, _asked: Sequence[Asked]) -> Sequence[Terms]:
        raise KeyError("bug")

    guards: list[Guard] = [let_pass, refuses, breaks, let_pass]
    done = await asyncio.gather(
        *(one.save(2, guard=guard) for one, guard in zip(people, guards, strict=True)),
        return_exceptions=True,
    )
    assert [type(one) for one in done] == [Ack, Refusal, KeyError, Ack]
    assert [await assert_whole(world, one.stream) for one in people] == [4, 2, 2, 4]


async def test_a_record_over_size_and_an_unknown_kind_write_nothing_of_their_batch(
    world: LedgerWorld,
) -> None:
    one, other = await world.candidate("sitting_1"), await world.candidate("sitting_2")
    big = ClientEvent(2, "answer_set", "item_2", '{"text":"' + "x" * 70_000 + '"}', 2)
    odd = ClientEvent(2, "no_such_kind", "item_2", "", 2)
    for wrong, code in ((big, "ledger.too_large"), (odd, "ledger.kind_unknown")):
        bad = one.batch([*answers(1, 1), wrong])
        done = await asyncio.gather(
            world.ledger.submit(bad, let_pass), other.save(), return_exceptions=True
        )
        assert isinstance(done[0], Refusal)
        assert done[0].code == code
        assert isinstance(done[1], Ack)
    assert await kinds(world, one.stream) == ["opened", "device"]
    assert (await one.save()).acked_through == 1


async def test_nothing_is_acknowledged_when_the_commit_fails(world: LedgerWorld) -> None:
    people = [await world.candidate(f"sitting_{n}") for n in range(3)]
    real = world.database.write
    tried = failing_at_commit(world.database, times=2)
    done = await asyncio.gather(*(one.save() for one in people), return_exceptions=True)
    world.database.write = real  # type: ignore[method-assign]  # mended
    assert [getattr(one, "code", one) for one in done] == ["ledger.not_stored"] * 3
    assert len(tried) == 2, "the group, one batch alone, then no more"
    assert [await assert_whole(world, one.stream) for one in people] == [2, 2, 2]
    again = await asyncio.gather(*(one.save() for one in people))
    assert [ack.acked_through for ack in again] == [1, 1, 1]


async def test_a_group_that_fails_once_is_written_batch_by_batch(world: LedgerWorld) -> None:
    people = [await world.candidate(f"sitting_{n}") for n in range(3)]
    real = world.database.write
    tried = failing_at_commit(world.database, times=1)
    acks = await asyncio.gather(*(one.save() for one in people))
    world.database.write = real  # type: ignore[method-assign]  # mended
    assert [ack.acked_through for ack in acks] == [1, 1, 1]
    assert len(tried) == 4
    assert [await assert_whole(world, one.stream) for one in people] == [3, 3, 3]


async def test_a_full_queue_refuses_in_words(
    world: LedgerWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await world.candidate("sitting_1")
    monkeypatch.setattr(writer, "QUEUE_LIMIT", 2)
    ledger = world.another()
    batch = one.batch(answers(1, 1))
    waiting = [asyncio.create_task(ledger.submit(batch, let_pass)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Refusal, match="ledger.busy") as refused:
        await ledger.submit(batch, let_pass)
    assert refused.value.kind is Kind.UNAVAILABLE
    ledger.start()
    assert [ack.acked_through for ack in await asyncio.gather(*waiting)] == [1, 1]
    await ledger.stop()


async def test_stopping_writes_what_has_queued_and_takes_no_more(world: LedgerWorld) -> None:
    people = [await world.candidate(f"sitting_{n}") for n in range(5)]
    saves = [asyncio.create_task(one.save()) for one in people]
    await asyncio.sleep(0)
    await world.ledger.stop()
    assert all(save.done() for save in saves)
    assert [save.result().acked_through for save in saves] == [1] * 5
    with pytest.raises(Refusal, match="ledger.busy"):
        await people[0].save()


async def test_two_processes_write_one_stream_without_a_fork(world: LedgerWorld) -> None:
    one = await world.candidate("sitting_1")
    other = world.another()
    other.start()
    batches = [one.batch(answers(1, 20)), one.batch(answers(1, 20))]
    done = await asyncio.gather(
        world.ledger.submit(batches[0], let_pass), other.submit(batches[1], let_pass)
    )
    assert [ack.acked_through for ack in done] == [20, 20]

    async def act(ledger: Ledger, number: int) -> None:
        async with world.database.write() as tx:
            await ledger.append(tx, one.stream, [Act("warned", {"at_ms": number})])

    async def save(ledger: Ledger, batch: Any) -> None:
        done = await asyncio.gather(ledger.submit(batch, let_pass), return_exceptions=True)
        codes.append(getattr(done[0], "code", ""))

    codes: list[str] = []
    tasks = []
    for number in range(10):
        batch = one.batch(answers(21 + number, 1))
        tasks += [save(world.ledger, batch), save(other, batch)]
        tasks += [act(world.ledger, number), act(other, number)]
    await asyncio.gather(*tasks)
    await other.stop()
    assert set(codes) <= {"", "ledger.gap"}
    found = await kinds(world, one.stream)
    assert found.count("warned") == 20
    assert 20 < found.count("answer_set") <= 30
    assert await assert_whole(world, one.stream) == len(found)


async def test_a_restart_goes_on_where_the_chain_ended(world: LedgerWorld) -> None:
    one = await world.candidate("sitting_1")
    before = await one.save(2)
    await world.ledger.stop()
    again = world.another()
    again.start()
    one.ledger = again
    after = await one.save(2)
    await again.stop()
    assert after.acked_through == 4
    assert after.head != before.head
    assert await assert_whole(world, one.stream) == 6
    async with world.database.read() as session:
        assert (await again.fold(session, one.stream)).acked(1) == 4


async def test_a_key_of_a_transaction_that_was_rolled_back_is_not_used(world: LedgerWorld) -> None:
    async def think_better() -> None:
        async with world.database.write() as tx:
            await world.ledger.open_stream(tx, "room/r", SESSION, "room_opened", {})
            raise RuntimeError("thought better of it")

    with pytest.raises(RuntimeError, match="thought better"):
        await think_better()
    other = world.another()
    async with world.database.write() as tx:
        await other.open_stream(tx, "room/r", SESSION, "room_opened", {})
    async with world.database.write() as tx:
        await world.ledger.append(tx, "room/r", [Act("warned", {})])
    async with world.database.read() as session:
        held = await world.another().read(session, "room/r")
        assert [one.kind for one in held] == ["room_opened", "warned"]
        assert await session.scalar(select(func.count()).where(KeyRow.scope == "room/r")) == 1


async def test_a_sealed_session_takes_no_more_and_its_seal_stays_the_same(
    world: LedgerWorld,
) -> None:
    one = await world.candidate("sitting_1")
    await one.save()
    async with world.database.write() as tx:
        with pytest.raises(Refusal, match="ledger.sitting_unlisted"):
            await world.ledger.seal_session(tx, SESSION, roster=[])
        first = await world.ledger.seal_session(tx, SESSION, roster=[("sitting_1", "number")])
    world.clock.instant_ms += 1_000
    async with world.database.write() as tx:
        again = await world.ledger.seal_session(tx, SESSION, roster=[])
    assert again == first
    assert world.ledger.holds(first.frame, first.signature)
    with pytest.raises(Refusal, match="ledger.stream_closed"):
        await one.save()


async def test_a_device_epoch_is_used_once_and_the_older_one_ends(world: LedgerWorld) -> None:
    one = await world.candidate("sitting_1")
    await one.save(2)
    moved = Candidate(world.ledger, "sitting_1", epoch=2)
    async with world.database.write() as tx:
        await world.ledger.add_device(tx, one.stream, epoch=2, public_key=moved.key.public)
        with pytest.raises(Refusal, match="ledger.epoch_used"):
            await world.ledger.add_device(tx, one.stream, epoch=2, public_key=one.key.public)
    assert (await moved.save(1, "B")).acked_through == 1
    async with world.database.read() as session:
        folded = await world.ledger.fold(session, one.stream)
    assert folded.acknowledged == {1: 2, 2: 1}
    assert folded.answers["item_1"] == {"choice": ["B"]}


async def test_a_receipt_states_the_head_and_its_code_locates_it(world: LedgerWorld) -> None:
    one = await world.candidate("sitting_1")
    ack = await one.save()
    async with world.database.write() as tx:
        receipt = await world.ledger.receipt(tx, one.stream, at_ms=5)
    assert (receipt.count, receipt.head) == (3, ack.head)
    assert len(receipt.code) == 12
    assert world.ledger.holds(receipt.frame, receipt.signature)
