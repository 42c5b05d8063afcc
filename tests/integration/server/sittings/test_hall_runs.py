"""The hall as it runs: everybody at once, the loop, the end of the session."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select, update

from kernel.errors import Refusal
from kernel.lease import lease_of
from ledger.tables import StreamRow
from server.sessions.tables import SessionRow
from server.sittings.jobs import SittingJobs
from server.sittings.rules.timing import Stage
from server.sittings.service import Forgetting
from tests.integration.server.hall import WHY, ExamDay, picture


async def test_candidates_staff_and_cameras_at_once_hold_nobody_up(day: ExamDay) -> None:
    people = [one for one in await day.candidates() if one.route == "face"]
    for one in people:
        await day.ready(one)
    await day.release()
    day.clock.instant_ms = day.starts_at_ms
    principals = [await day.principal(one) for one in people]
    for principal in principals:
        await day.sittings.papers.paper(principal)

    async def answers(at: int) -> None:
        for n in range(6):
            await day.answer(people[at], "true" if n % 2 else "false")

    async def captures(at: int) -> None:
        for n in range(4):
            image = picture("mismatch", f"{at}-{n}")
            await day.room.captures.capture(principals[at], image, day.clock.now_ms())

    async def staff(at: int) -> None:
        acts, sitting_id = day.room.acts, people[at].sitting_id
        for _ in range(3):
            await acts.warn(day.first, sitting_id, "请坐好", "")
            await acts.extend(day.second, sitting_id, 30, WHY, None)

    works = [work(at) for at in range(len(people)) for work in (answers, captures, staff)]
    await asyncio.wait_for(asyncio.gather(*works), 50)
    for one in people:
        tile = await day.tile(one)
        assert (tile["extra_s"], tile["answered"]) == (90, 1)
        kinds = await day.kinds(one)
        assert (kinds.count("answer_set"), kinds.count("extended")) == (6, 3)
    cases = (await day.wall(people[0]))["incidents"]
    assert {case["count"] for case in cases} == {2}
    assert len(cases) == len(people)


async def test_one_answer_and_one_hand_in_race_and_the_log_stays_in_order(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await day.answer(one)
    day.clock.instant_ms = day.starts_at_ms + 5_400_000
    late = day.batch(one, ("answer_set", day.item(one), {"options": ["false"]}), ahead_ms=-60_000)
    principal = await day.principal(one)
    await asyncio.gather(
        day.sittings.submitting.hand_in_due(), day.sittings.answers.take(principal, late)
    )
    async with day.world.database.read() as session:
        records = await day.world.ledger.read(session, f"sitting/{one.sitting_id}")
    second = next(r for r in records if r.body.get("client_seq") == 2)
    assert second.body["late"] is True
    assert sum(r.kind == "submitted" for r in records) == 1


async def test_a_round_of_the_loop_does_what_is_due(day: ExamDay, tmp_path: Path) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    forgetting = Forgetting(day.world.database, day.world.ledger, Desk())
    jobs = SittingJobs(day.sittings, forgetting, lease_of(day.world.database, "hall", tmp_path))
    await jobs.round()
    assert (await day.tile(one))["state"] == "answering"
    day.clock.instant_ms = day.starts_at_ms + 5_400_000
    stop = asyncio.Event()
    running = asyncio.create_task(jobs.run(stop))
    async with day.bus.watch(f"sitting/{one.sitting_id}") as waker:
        assert await waker.wait(10)
    stop.set()
    await running
    assert (await day.tile(one))["state"] == "submitted"


async def test_a_jump_of_the_wall_clock_is_one_case(
    day: ExamDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    deadline = (await day.tile(one))["deadline_ms"]
    monkeypatch.setattr(day.clock, "drift_ms", lambda: 90_000)
    for _ in range(3):
        await day.sittings.watching.watch_clock(1_000)
    cases = (await day.wall(one))["incidents"]
    assert [(c["kind"], c["count"]) for c in cases] == [("clock", 1)]
    assert (await day.tile(one))["deadline_ms"] == deadline
    async with day.world.database.read() as session:
        stream = f"room/{day.session_id}/{one.seat.room_id}"
        kinds = [r.kind for r in await day.world.ledger.read(session, stream)]
    assert kinds.count("clock_jump") == 1


async def test_closing_the_session_forces_what_still_runs(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await day.answer(one)
    async with day.world.database.read() as session:
        assert await day.sittings.submitting.count_open(session, day.session_id) == 1
    done = await day.sittings.submitting.submit_open(day.chief, day.session_id, "停电")
    assert done == 1
    async with day.world.database.read() as session:
        assert await day.sittings.submitting.count_open(session, day.session_id) == 0
    with pytest.raises(Refusal, match=r"sitting\.closed"):
        await day.answer(one)
    kinds = await day.kinds(one)
    assert kinds[-2:] == ["forced", "submitted"]


async def test_who_took_the_manual_route_is_never_matched(day: ExamDay) -> None:
    one = next(one for one in await day.candidates() if one.route == "manual")
    principal = await day.answering(one)
    await day.room.captures.capture(principal, picture("mismatch"), day.clock.now_ms())
    assert day.matcher.frames == {}
    timeline = await day.room.records.timeline(day.first, one.sitting_id)
    assert timeline["captures"] == []
    assert "seat_matched" not in await day.kinds(one)
    await day.answer(one)


async def test_the_session_begins_with_the_first_paper(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    assert (await day.world.acts(day.session_id))[-1] == "session_started"
    view = await day.world.sessions.one(day.arranged.officer, day.session_id)
    assert view.row.state == "running"


async def test_one_sitting_that_cannot_be_handed_in_keeps_no_other_open(day: ExamDay) -> None:
    people = [one for one in await day.candidates() if one.route == "face"][:2]
    for one in people:
        await day.answering(one)
    broken, sound = people
    async with day.world.database.write() as tx:
        await tx.execute(
            update(StreamRow)
            .where(StreamRow.stream_id == f"sitting/{broken.sitting_id}")
            .values(closed=True)
        )
    day.clock.instant_ms = day.starts_at_ms + 5_400_000
    assert await day.sittings.submitting.hand_in_due() == 1
    assert (await day.sittings.papers.state(sound.sitting_id)).stage is Stage.SUBMITTED
    assert (await day.sittings.papers.state(broken.sitting_id)).stage is Stage.ENDED


class Desk:
    """Counts what is asked of the proctor (its own tests erase real templates)."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def erase_templates(self, *, session_id: str) -> int:
        self.asked.append(session_id)
        return 3


async def test_templates_are_erased_once_after_the_session_closed_and_the_log_says_so(
    day: ExamDay,
) -> None:
    desk = Desk()
    world = day.world
    forgetting = Forgetting(world.database, world.ledger, desk)
    assert await forgetting.round() == 0
    assert desk.asked == []
    async with world.database.write() as tx:
        await tx.execute(update(SessionRow).values(closed_at_ms=day.clock.now_ms()))
    assert await forgetting.round() == 3
    assert await forgetting.round() == 0
    async with world.database.read() as session:
        (session_id,) = await session.scalars(select(SessionRow.id))
        records = await world.ledger.read(session, f"session/{session_id}")
    assert desk.asked == [session_id]
    assert [r.body["count"] for r in records if r.kind == "templates_erased"] == [3]
    again = Forgetting(world.database, world.ledger, desk)
    await again.round()
    assert desk.asked == [session_id, session_id]


async def test_closing_at_the_end_forces_nobody_whose_time_was_up_and_late_data_still_come(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    late = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}))
    day.clock.instant_ms = day.starts_at_ms + 5_400_000 + 1_000
    assert await day.sittings.submitting.submit_open(day.chief, day.session_id, "考试结束") == 1
    state = await day.sittings.papers.state(one.sitting_id)
    assert state.loaded.row.submit_kind == "deadline"
    acked = await day.sittings.answers.take(principal, late)
    assert acked.ack.acked_through == 1
    assert (await day.kinds(one))[-2:] == ["submitted", "answer_set"]
