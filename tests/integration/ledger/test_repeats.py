"""Who repeats what is in the log waits aside for the look-up; nobody else waits with them."""

import asyncio
from contextvars import Context
from typing import Any

import pytest

from kernel.errors import Refusal
from ledger import writer
from ledger.repeats import in_log
from ledger.stored import stored_head
from tests.integration.ledger.world import Candidate, LedgerWorld, answers, let_pass


class Slow:
    """A look-up in the log that waits until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def __call__(self, *asked: Any) -> Any:
        self.begun.set()
        await self.go.wait()
        return await in_log(*asked)


async def test_a_repetition_slows_nobody_and_keeps_its_own_order(
    world: LedgerWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await world.candidate("sitting_1"), await world.candidate("sitting_2")
    await one.save(3)
    slow = Slow()
    monkeypatch.setattr(writer, "in_log", slow)
    repeated = asyncio.create_task(world.ledger.submit(one.batch(answers(2, 3)), let_pass))
    await slow.begun.wait()
    behind = asyncio.create_task(world.ledger.submit(one.batch(answers(5, 1)), let_pass))
    for _ in range(3):
        await asyncio.wait_for(other.save(), 10)
    assert not repeated.done()
    assert not behind.done()
    slow.go.set()
    acks = await asyncio.gather(repeated, behind)
    assert [ack.acked_through for ack in acks] == [4, 5]


async def test_a_disputed_candidate_is_refused_alone_again_and_again(world: LedgerWorld) -> None:
    one, other = await world.candidate("sitting_1"), await world.candidate("sitting_2")
    await one.save(3)
    disputed = one.batch(answers(1, 3, "B"))
    for _ in range(4):
        done = await asyncio.gather(
            world.ledger.submit(disputed, let_pass), other.save(), return_exceptions=True
        )
        assert isinstance(done[0], Refusal)
        assert done[0].code == "ledger.conflict"
        assert not isinstance(done[1], BaseException)
    async with world.database.read() as session:
        folded = await world.ledger.fold(session, one.stream)
    assert folded.answers["item_1"] == {"choice": ["A"]}
    assert (await one.save()).acked_through == 4


async def test_what_waits_aside_is_written_before_the_writer_stops(
    world: LedgerWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await world.candidate("sitting_1")
    await one.save(2)
    slow = Slow()
    monkeypatch.setattr(writer, "in_log", slow)
    repeated = asyncio.create_task(world.ledger.submit(one.batch(answers(1, 3)), let_pass))
    await slow.begun.wait()
    stopping = asyncio.create_task(world.ledger.stop())
    slow.go.set()
    await stopping
    assert (await repeated).acked_through == 3


async def test_events_of_another_epoch_are_found_among_acts_of_staff(world: LedgerWorld) -> None:
    one = await world.candidate("sitting_1")
    await one.save(5)
    moved = Candidate(world.ledger, "sitting_1", epoch=2)
    async with world.database.write() as tx:
        await world.ledger.add_device(tx, one.stream, epoch=2, public_key=moved.key.public)
    await moved.save(4, "B")
    for first in (1, 2, 4):
        again = moved.batch(answers(first, 2, "B"))
        assert (await world.ledger.submit(again, let_pass)).acked_through == max(4, first + 1)


async def test_a_flood_of_repetitions_is_bounded_and_slows_nobody_else(world: LedgerWorld) -> None:
    one, other = await world.candidate("sitting_1"), await world.candidate("sitting_2")
    await one.save(3)
    batch = one.batch(answers(1, 3))
    flood = [asyncio.create_task(world.ledger.submit(batch, let_pass)) for _ in range(2_000)]
    for _ in range(5):
        await asyncio.wait_for(other.save(), 10)
    done = await asyncio.wait_for(asyncio.gather(*flood, return_exceptions=True), 30)
    refused = [said for said in done if isinstance(said, Refusal)]
    good = [said for said in done if not isinstance(said, BaseException)]
    assert {said.code for said in refused} == {"ledger.busy"}
    assert {ack.acked_through for ack in good} == {3}
    assert len(good) >= 1
    assert len(refused) + len(good) == 2_000
    assert (await one.save()).acked_through == 4


@pytest.mark.parametrize("way", ["submitted", "asked for"])
async def test_a_repetition_is_sound_while_another_server_takes_more_of_the_same_device(
    world: LedgerWorld, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    one = await world.candidate("sitting_1")
    await one.save(3)
    again = one.batch(answers(1, 1))
    one.ledger = world.another()
    one.ledger.start()

    async def slow(*asked: Any) -> Any:
        """Between the head and the device, the other server commits two events."""
        head = await stored_head(*asked)
        monkeypatch.setattr("ledger.repeats.stored_head", stored_head)
        await asyncio.create_task(one.save(2), context=Context())
        return head

    monkeypatch.setattr("ledger.repeats.stored_head", slow)
    if way == "submitted":
        ack = await world.ledger.submit(again, let_pass)
        assert ack.acked_through == 5
    else:
        told = await world.ledger.repeated(again)
        assert told is not None
        assert told.acked_through == 3
    await one.ledger.stop()
