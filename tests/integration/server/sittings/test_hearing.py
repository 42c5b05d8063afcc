"""Several servers on one database, and one that was started again: who is heard, and how far."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

import server.sittings.jobs
from kernel.clock import Clock
from kernel.db import ReadSession
from kernel.errors import Refusal
from server.sittings.service import Hall, SittingsService
from server.sittings.service.hearing import ALONE_AFTER_MS, FORGOTTEN_MS, SKEW_MS
from server.sittings.tables import HearingRow
from tests.integration.server.hall import ExamDay, Seated
from tests.integration.server.sittings.servers import given_up, jobs_of, started_again

HOUR_MS = 3_600_000
LAST_MS = 5_400_000
OFFLINE_MS = 16_000  # more than the policy's 15 s
Words = dict[str, list[int]]


@pytest.fixture
def second(day: ExamDay) -> SittingsService:
    """Another server on the same database; the day's own is the first."""
    return started_again(day, keep=True)


async def rounds(day: ExamDay, *servers: SittingsService, ms: int = 1_000) -> None:
    """A round of each, a while later."""
    day.clock.instant_ms += ms
    for one in servers:
        await one.hearing.round()


async def acquainted(day: ExamDay, second: SittingsService) -> None:
    """Each knows that the other is at work."""
    for _ in range(3):
        await rounds(day, day.sittings, second)


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
    await acquainted(day, second)
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
    await acquainted(day, second)
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
    await acquainted(day, second)
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
    for _ in range(3):
        await rounds(day, second, day.sittings)
    assert [list(heard) for heard in await said() if heard] == [[one.sitting_id]]
    await rounds(day, day.sittings, ms=ALONE_AFTER_MS + 1_000)
    await answer_at(day.sittings, day, one)
    await rounds(day, day.sittings)
    assert await said() == [{}, {}]


async def test_a_server_that_can_only_be_alone_writes_no_row_and_reports_outages(
    day: ExamDay,
) -> None:
    day.alone = True
    server = started_again(day)
    one = await day.face_candidate()
    await day.answering(one)
    for _ in range(6):
        await rounds(day, server)
    async with day.world.database.read() as session:
        assert await words(session) == []
    assert server.hearing.is_settled()
    assert (server.hearing.off_ms(), server.hearing.behind_ms()) == (0, 0)
    day.clock.instant_ms += OFFLINE_MS
    await server.watching.sweep()
    assert await day.cases(one) == [("offline", "open", 1)]


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
    await acquainted(day, second)

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
    running = [jobs_of(day, server, tmp_path) for server in (day.sittings, second)]
    for _ in range(3 * OFFLINE_MS // 1_000):
        day.clock.instant_ms += 1_000
        for jobs in running:
            await jobs.listen()
    await given_up(running[0])
    await answer_at(day.sittings, day, one)
    for _ in range(3):
        await rounds(day, day.sittings)
        await running[1].listen()
    kinds = await day.kinds(one)
    assert kinds.count("disconnected") == kinds.count("reconnected") == 1
    await given_up(running[1])


@pytest.mark.parametrize("busy", [0, 1])
async def test_a_server_that_hands_in_for_a_long_time_listens_meanwhile_and_is_listened_to(
    day: ExamDay,
    second: SittingsService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    busy: int,
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    monkeypatch.setattr(server.sittings.jobs, "ROUND_S", 0.02)
    servers = (day.sittings, second)
    free = asyncio.Event()

    async def long_work(_behind_ms: int = 0) -> int:
        await free.wait()
        return 0

    monkeypatch.setattr(servers[busy].submitting, "hand_in_due", long_work)
    running = [jobs_of(day, server, tmp_path) for server in servers]
    stop = asyncio.Event()
    loops = [asyncio.create_task(jobs.run(stop)) for jobs in running]
    for _ in range(2 * OFFLINE_MS // 1_000):
        await answer_at(second, day, one)
        day.clock.instant_ms += 1_000
        for server_ in servers:
            await until_heard(day, server_)
    free.set()
    stop.set()
    await asyncio.gather(*loops)
    assert "disconnected" not in await day.kinds(one)


async def test_who_stood_still_for_a_while_reports_nobody_before_the_others_spoke_again(
    day: ExamDay, second: SittingsService, tmp_path: Path
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    jobs = jobs_of(day, day.sittings, tmp_path)

    async def seconds(number: int, *, still: bool = False) -> None:
        for _ in range(number):
            day.clock.instant_ms += 1_000
            await answer_at(second, day, one)
            await second.hearing.round()
            if not still:
                await jobs.listen()

    await seconds(5)
    await seconds(2 * OFFLINE_MS // 1_000, still=True)  # a machine that was put to sleep
    await seconds(5)
    assert "disconnected" not in await day.kinds(one)
    assert (await day.tile(one))["state"] == "answering"
    day.clock.instant_ms += OFFLINE_MS
    for _ in range(5):
        await rounds(day, second)
        await jobs.listen()
    assert (await day.kinds(one)).count("disconnected") == 1
    await given_up(jobs)


async def test_what_a_server_that_is_gone_left_behind_is_no_word_of_anybody(
    day: ExamDay, second: SittingsService
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await acquainted(day, second)
    await answer_at(second, day, one)
    for _ in range(3):
        await rounds(day, second, day.sittings)
    for _ in range(2 * OFFLINE_MS // 1_000):  # and then neither of them
        await rounds(day, day.sittings)
    await day.sittings.watching.sweep()
    day.clock.instant_ms += 10 * OFFLINE_MS
    started_again(day)
    for _ in range(3):
        await rounds(day, day.sittings)
        await day.sittings.watching.sweep()
    kinds = await day.kinds(one)
    assert (kinds.count("disconnected"), kinds.count("reconnected")) == (1, 0)


async def test_a_server_that_ends_takes_its_row_with_it(day: ExamDay, tmp_path: Path) -> None:
    jobs = jobs_of(day, day.sittings, tmp_path)
    await jobs.listen()
    async with day.world.database.read() as session:
        assert len(await words(session)) == 1
    await given_up(jobs)
    async with day.world.database.read() as session:
        assert await words(session) == []


async def test_a_server_whose_clock_is_ahead_of_another_hands_nobody_in_and_says_so(
    day: ExamDay, second: SittingsService, tmp_path: Path
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    jobs = jobs_of(day, day.sittings, tmp_path)
    day.clock.instant_ms = day.starts_at_ms + LAST_MS - HOUR_MS // 2

    async def seconds(number: int) -> None:
        for _ in range(number):
            day.clock.instant_ms -= HOUR_MS
            await second.hearing.round()
            day.clock.instant_ms += HOUR_MS + 1_000
            await jobs.listen()

    await seconds(5)
    day.clock.instant_ms += HOUR_MS  # his own clock says: over; the other's, half an hour left
    await seconds(2)
    await jobs.round()
    assert "submitted" not in await day.kinds(one)
    cases = (await day.wall(one))["incidents"]
    assert [
        (c["kind"], c["detail"]["server_off_ms"] // 1_000) for c in cases if c["kind"] == "clock"
    ] == [("clock", HOUR_MS // 1_000 + 1)]
    await rounds(day, day.sittings, ms=ALONE_AFTER_MS + 1_000)  # the other one was stopped
    await jobs.round()
    assert "submitted" in await day.kinds(one)
    await given_up(jobs)


@pytest.mark.parametrize("off_ms", [0, HOUR_MS, -HOUR_MS])
async def test_a_server_joins_only_others_whose_time_it_shares(
    day: ExamDay, second: SittingsService, monkeypatch: pytest.MonkeyPatch, off_ms: int
) -> None:
    await day.sittings.hearing.round()

    async def at_work() -> None:
        while True:
            day.clock.instant_ms += 1_000
            await day.sittings.hearing.round()
            await asyncio.sleep(0.05)

    monkeypatch.setattr(second.hearing, "_hall", _Elsewhere(second.hall, off_ms))
    working = asyncio.create_task(at_work())
    try:
        if off_ms and not day.world.database.is_sqlite:  # a file has one server
            with pytest.raises(Refusal, match=r"server\.clock_off") as refused:
                await second.hearing.join()
            off_s = refused.value.params["off_s"]
            assert isinstance(off_s, int)
            assert abs(off_s - off_ms // 1_000) <= 5
        else:
            await second.hearing.join()
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def test_a_row_that_nobody_writes_any_more_keeps_no_server_from_starting(
    day: ExamDay, second: SittingsService
) -> None:
    await day.sittings.hearing.round()
    day.clock.instant_ms += HOUR_MS
    await second.hearing.join(patience_s=0.5)


class _Elsewhere:
    """A hall whose clock is off by so much."""

    def __init__(self, hall: Hall, off_ms: int) -> None:
        self.database = hall.database
        self.clock = _Off(hall.clock, off_ms)


class _Off:
    def __init__(self, clock: Clock, off_ms: int) -> None:
        self._clock = clock
        self._off_ms = off_ms

    def now_ms(self) -> int:
        return self._clock.now_ms() + self._off_ms


async def until_heard(day: ExamDay, server: SittingsService) -> None:
    """Its row says this moment."""
    async with asyncio.timeout(20):
        while True:
            async with day.world.database.read() as session:
                row = await session.get(HearingRow, server.hearing._id)
                if row is not None and row.posted_at_ms == day.clock.now_ms():
                    return
            await asyncio.sleep(0.01)
