"""Receipts that were not made at hand-in: who makes them, when, and what one that fails stops."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from server.checkin.service import SecondBy
from server.sittings.service import receipting
from server.sittings.service.receipting import EVERY_MS, LEFT_MS
from server.sittings.tables import SittingRow
from tests.integration.server.hall import WHY, ExamDay, Seated
from tests.integration.server.sittings.servers import given_up, jobs_of, started_again
from tests.integration.server.world import PIN

LAST_MS = 5_400_000
SECOND = SecondBy("second", PIN)


async def receipt_of(day: ExamDay, one: Seated) -> dict[str, Any] | None:
    async with day.world.database.read() as session:
        return (await session.get_one(SittingRow, one.sitting_id)).receipt


async def killed_before_the_receipts(day: ExamDay, people: Sequence[Seated]) -> None:
    """What a kill leaves between the commit of a hand-in and its receipt."""
    for one in people:
        async with day.world.database.write() as tx:
            (await tx.get_one(SittingRow, one.sitting_id)).receipt = None


@asynccontextmanager
async def no_receipt_of(day: ExamDay, one: Seated) -> AsyncIterator[None]:
    """The database refuses this one, as a full disk does."""
    database = day.world.database
    begin = "CREATE TRIGGER no_receipt BEFORE UPDATE OF receipt ON sittings_sitting"
    which = f"WHEN (NEW.id = '{one.sitting_id}')"
    if database.is_sqlite:
        made = [f"{begin} {which} BEGIN SELECT RAISE(ABORT, 'full'); END"]
        undone = "DROP TRIGGER no_receipt"
    else:
        body = "$$ BEGIN RAISE EXCEPTION 'full'; END $$ LANGUAGE plpgsql"
        made = [
            f"CREATE FUNCTION disk_full() RETURNS trigger AS {body}",
            f"{begin} FOR EACH ROW {which} EXECUTE FUNCTION disk_full()",
        ]
        undone = "DROP TRIGGER no_receipt ON sittings_sitting"
    async with database.writer_engine.begin() as connection:
        for statement in made:
            await connection.exec_driver_sql(statement)
    yield
    async with database.writer_engine.begin() as connection:
        await connection.exec_driver_sql(undone)


async def at_the_end(day: ExamDay, how_many: int) -> list[Seated]:
    """Candidates who answered, and whose time is over now."""
    people = [one for one in await day.candidates() if one.route == "face"][:how_many]
    for one in people:
        await day.answering(one)
        await day.answer(one)
    day.clock.instant_ms = day.starts_at_ms + LAST_MS
    return people


async def test_a_receipt_lost_between_hand_in_and_its_making_is_made_by_one_server_as_it_was(
    day: ExamDay, tmp_path: Path
) -> None:
    [one] = await at_the_end(day, 1)
    await day.sittings.submitting.hand_in_due()
    receipt = await receipt_of(day, one)
    assert receipt is not None
    await killed_before_the_receipts(day, [one])
    looking, waiting = (jobs_of(day, started_again(day), tmp_path) for _ in range(2))
    for jobs in (looking, waiting):
        await jobs.listen()
    await looking.round()
    assert await receipt_of(day, one) is None  # whoever hands in has the time to make it
    day.clock.instant_ms += max(LEFT_MS, EVERY_MS) + 1
    await waiting.round()
    assert await receipt_of(day, one) is None
    await looking.round()
    assert await receipt_of(day, one) == receipt
    for jobs in (looking, waiting):
        await given_up(jobs)


async def test_what_was_not_made_before_a_long_stop_is_made_at_the_next_start(
    day: ExamDay,
) -> None:
    [one] = await at_the_end(day, 1)
    await day.sittings.submitting.hand_in_due()
    await killed_before_the_receipts(day, [one])
    day.clock.advance(minutes=3 * 24 * 60)
    assert await started_again(day).receipting.round() == 1
    assert await receipt_of(day, one) is not None


async def test_some_are_made_a_round_and_one_that_cannot_be_made_keeps_no_other_waiting(
    day: ExamDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipting, "AT_ONCE", 1)
    people = await at_the_end(day, 3)
    await day.sittings.submitting.hand_in_due()
    await killed_before_the_receipts(day, people)
    bad, *sound = sorted(people, key=lambda one: one.sitting_id)
    day.clock.instant_ms += LEFT_MS + 1
    making = day.sittings.receipting
    async with no_receipt_of(day, bad):
        assert [await making.round() for _ in range(4)] == [0, 1, 1, 0]
    assert [await receipt_of(day, one) is not None for one in (bad, *sound)] == [False, True, True]
    assert await making.round() == 0
    day.clock.instant_ms += EVERY_MS
    assert await making.round() == 1
    assert await receipt_of(day, bad) is not None


@pytest.mark.parametrize("how", ["deadline", "closing", "forced"])
async def test_a_receipt_that_cannot_be_made_undoes_no_hand_in_and_stops_nobody_elses(
    day: ExamDay, how: str
) -> None:
    bad, sound = await at_the_end(day, 2)
    submitting = day.sittings.submitting
    async with no_receipt_of(day, bad):
        if how == "deadline":
            assert await submitting.hand_in_due() == 2
        elif how == "closing":
            assert await submitting.submit_open(day.chief, day.session_id, "考试结束") == 2
        else:
            for one in (bad, sound):
                await day.room.acts.force_submit(day.first, one.sitting_id, WHY, SECOND)
    assert [await receipt_of(day, one) is not None for one in (bad, sound)] == [False, True]
    assert [(await day.kinds(one)).count("submitted") for one in (bad, sound)] == [1, 1]
