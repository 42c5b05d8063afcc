"""Several servers on one database, and one that was started again: who is heard, and how far."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from kernel.db import ReadSession
from kernel.lease import lease_of
from server.sittings.jobs import SittingJobs
from server.sittings.service import Forgetting, SittingsService
from server.sittings.service.hearing import ALONE_AFTER_MS, FORGOTTEN_MS, SKEW_MS
from server.sittings.tables import HearingRow
from tests.integration.server.hall import ExamDay, NoFaces, Seated

HOUR_MS = 3_600_000
OFFLINE_MS = 16_000  # more than the policy's 15 s
Words = dict[str, list[int]]


@pytest.fixture
def second(day: ExamDay) -> SittingsService:
    """Another server on the same database; the day's own is the first."""
    return started_again(day, keep=True)


def started_again(day: ExamDay, *, keep: bool = False) -> SittingsService:
    """A server with nothing in memory, which the day goes on with unless the first is kept."""
    first = (day.book, day.presence, day.hall, day.sittings, day.desk, day.room)
    day.build()
    fresh = day.sittings
    if keep:
        day.book, day.presence, day.hall, day.sittings, day.desk, day.room = first
    return fresh


async def rounds(day: ExamDay, *servers: SittingsService, ms: int = 1_000) -> None:
    """A round of each, a while later."""
    day.clock.instant_ms += ms
    for one in servers:
        await one.hearing.round()


async def answer_at(server: SittingsService, day: ExamDay, one: Seated) -> None:
    batch = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}))
    await server.answers.take(await day.principal(one), batch)


async def words(session: ReadSession) -> list[Words]:
    """What every server has said last."""
    return list(await session.scalars(select(HearingRow.heard)))


async def test_whom_another_server_hears_is_not_offline(
    day: ExamDay, second: SittingsService
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await rounds(day, day.sittings, second)
    for _ in range(30):
        await answer_at(second, day, one)
        await rounds(day, second, day.sittings)
        await day.sittings.watching.sweep()
    assert (await day.tile(one))["state"] == "answering"
    assert "disconnected" not in await day.kinds(one)


async def test_an_outage_that_another_server_saw_begin_and_end_is_measured_as_it_measures(
    day: ExamDay, second: SittingsService
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await rounds(day, day.sittings, second)
    await answer_at(second, day, one)
    left = day.clock.now_ms()
    await rounds(day, second, day.sittings)
    day.clock.instant_ms = left + OFFLINE_MS
    await rounds(day, second, day.sittings, ms=0)
    await day.sittings.watching.sweep()
    assert (await day.tile(one))["offline_since_ms"] == left
    await rounds(day, second, day.sittings, ms=83_000)
    day.clock.instant_ms = left + 100_000
    await answer_at(second, day, one)
    await rounds(day, second, day.sittings)
    await rounds(day, second, day.sittings)
    await day.sittings.watching.sweep()
    [case] = (await day.wall(one))["incidents"]
    assert case["proposal"] == {"extend_s": 100}


async def test_a_wall_counts_what_was_answered_through_another_server(
    day: ExamDay, second: SittingsService
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await rounds(day, day.sittings, second)
    assert (await day.tile(one))["answered"] == 0
    await second.papers.state(one.sitting_id)
    await answer_at(second, day, one)
    await rounds(day, second, day.sittings)
    assert (await day.tile(one))["answered"] == 1


async def test_a_server_alone_writes_no_names(day: ExamDay, second: SittingsService) -> None:
    one = await day.face_candidate()
    await day.answering(one)

    async def said() -> list[Words]:
        async with day.world.database.read() as session:
            return await words(session)

    await rounds(day, day.sittings)
    await rounds(day, day.sittings)
    assert await said() == [{}]
    await rounds(day, second, day.sittings)
    await rounds(day, second, day.sittings)
    assert [list(heard) for heard in await said() if heard] == [[one.sitting_id]]
    await rounds(day, day.sittings, ms=ALONE_AFTER_MS + 1_000)
    await answer_at(day.sittings, day, one)
    await rounds(day, day.sittings)
    assert await said() == [{}, {}]


async def test_the_row_of_a_server_that_is_gone_is_thrown_away(
    day: ExamDay, second: SittingsService
) -> None:
    await rounds(day, second, day.sittings)
    await rounds(day, day.sittings, ms=FORGOTTEN_MS + 1)
    async with day.world.database.read() as session:
        assert len(await words(session)) == 1


@pytest.mark.parametrize("off_ms", [HOUR_MS, -HOUR_MS, 2 * SKEW_MS])
async def test_a_server_whose_clock_is_off_hides_nobody_and_reports_nobody(
    day: ExamDay, second: SittingsService, off_ms: int
) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    await rounds(day, day.sittings, second)

    async def elsewhere(*, heard: bool) -> None:
        day.clock.instant_ms += off_ms
        if heard:
            second.hall.presence.touch(principal.subject, day.clock.now_ms())
        await second.hearing.round()
        day.clock.instant_ms -= off_ms

    for seconds in range(60):
        await elsewhere(heard=seconds < 30)
        await rounds(day, day.sittings)
        await day.sittings.watching.sweep()
        silent_s = seconds - 29
        if abs(silent_s - OFFLINE_MS // 1_000) > 1:  # as old as the row that tells it
            away = (await day.tile(one))["state"] == "offline"
            assert away == (silent_s > OFFLINE_MS // 1_000), silent_s


async def test_an_outage_over_a_restart_is_reported_once_and_measured_whole(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await day.answer(one)
    day.clock.instant_ms += OFFLINE_MS
    await day.sittings.watching.sweep()
    started_again(day)
    for _ in range(3):  # nobody spoke yet; a start is not a word of the candidate's
        day.clock.instant_ms += OFFLINE_MS
        await day.sittings.watching.sweep()
    await day.answer(one)
    await day.sittings.watching.sweep()
    [case] = (await day.wall(one))["incidents"]
    assert (case["count"], case["proposal"]) == (1, {"extend_s": 4 * OFFLINE_MS // 1_000})
    kinds = await day.kinds(one)
    assert kinds.count("disconnected") == kinds.count("reconnected") == 1


async def test_one_server_reports_at_a_time_and_the_next_goes_on_where_it_stopped(
    day: ExamDay, second: SittingsService, tmp_path: Path
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    leases = [lease_of(day.world.database, "hall", tmp_path) for _ in range(2)]
    running = [
        SittingJobs(server, Forgetting(day.world.database, day.world.ledger, NoFaces()), lease)
        for server, lease in zip((day.sittings, second), leases, strict=True)
    ]
    for _ in range(3):
        day.clock.instant_ms += OFFLINE_MS
        for jobs in running:
            await jobs.round()
    await given_up(running[0])
    await answer_at(day.sittings, day, one)
    for _ in range(3):
        await rounds(day, day.sittings)
        await running[1].round()
    kinds = await day.kinds(one)
    assert kinds.count("disconnected") == kinds.count("reconnected") == 1
    await given_up(running[1])


async def given_up(jobs: SittingJobs) -> None:
    """The loop has ended."""
    stop = asyncio.Event()
    stop.set()
    await jobs.run(stop)
