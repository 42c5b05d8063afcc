"""Acts that meet on one sitting: whose row is taken first, and what becomes of the later one."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, text

from ledger.book import Act
from server.checkin.service import SecondBy
from server.invigilation.rules import Decision
from server.sessions.service import session_stream
from tests.integration.server.hall import WHY, ExamDay, Seated, picture
from tests.integration.server.world import PIN

SECOND = SecondBy("second", PIN)


@asynccontextmanager
async def session_head_held(day: ExamDay) -> AsyncIterator[None]:
    """Another act of the session is under way meanwhile, so every act of staff waits for it."""
    held, released = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with day.world.database.write() as tx:
            act = Act("warned", {"text": "另一间考场"})
            await day.world.ledger.append(tx, session_stream(day.session_id), [act])
            held.set()
            await released.wait()

    holding = asyncio.create_task(hold())
    await held.wait()
    yield
    released.set()
    await holding


async def until_waiting(day: ExamDay, how_many: int) -> None:
    """So many transactions wait for a lock; SQLite's one writer is waited for in order."""
    database = day.world.database
    waiting = text(
        "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND datname = current_database()"
    )
    async with asyncio.timeout(20):
        while not database.is_sqlite:
            async with database.read() as session:
                if (await session.scalar(waiting) or 0) >= how_many:
                    return
            await asyncio.sleep(0.02)
    await asyncio.sleep(0)


async def case_of(day: ExamDay, one: Seated) -> str:
    [case] = (await day.wall(one))["incidents"]
    return case["incident_id"]


async def test_a_hand_raised_while_the_last_one_is_being_decided_is_a_case_of_its_own(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await day.sittings.calls.raise_hand(one.sitting_id)
    case = await case_of(day, one)
    async with session_head_held(day):
        deciding = asyncio.create_task(day.room.acts.decide(day.first, case, Decision.HANDLED, WHY))
        await until_waiting(day, 1)
        day.clock.advance(seconds=1)
        calling = asyncio.create_task(day.sittings.calls.raise_hand(one.sitting_id))
        await until_waiting(day, 2)
    await asyncio.gather(deciding, calling)
    assert await day.cases(one) == [("help", "decided", 1), ("help", "open", 1)]


async def test_a_decision_and_a_report_that_meet_do_not_wait_for_each_other(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.admit(one)
    principal = await day.sign_in(one)
    for _ in range(3):
        await day.sittings.entry.face(principal, picture("unusable", "dark"))
    case = await case_of(day, one)
    async with session_head_held(day):
        deciding = asyncio.create_task(
            day.room.acts.decide(day.first, case, Decision.DISMISSED, WHY)
        )
        await until_waiting(day, 1)
        looking = asyncio.create_task(
            day.sittings.entry.face(principal, picture("unusable", "dark"))
        )
        await until_waiting(day, 2)
    await asyncio.gather(deciding, looking)
    assert await day.cases(one) == [("seat_face", "decided", 1), ("seat_face", "open", 1)]
    assert (await day.kinds(one)).count("seat_matched") == 4


async def test_two_people_who_decide_at_once_are_told_apart(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await day.sittings.calls.raise_hand(one.sitting_id)
    case, decide = await case_of(day, one), day.room.acts.decide
    done = await asyncio.gather(
        decide(day.first, case, Decision.HANDLED, WHY),
        decide(day.second, case, Decision.DISMISSED, WHY),
        return_exceptions=True,
    )
    assert sorted(getattr(one, "code", "done") for one in done) == ["done", "incident.decided"]
    assert (await day.kinds(one)).count("incident_decided") == 1


async def test_pictures_that_come_together_are_all_kept_and_are_one_case(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    take, now_ms = day.room.captures.capture, day.clock.now_ms()
    async with asyncio.timeout(30):
        await asyncio.gather(
            *(take(principal, picture("mismatch", str(n)), now_ms) for n in range(6))
        )
    assert await day.cases(one) == [("mismatch", "open", 4)]
    timeline = await day.room.records.timeline(day.first, one.sitting_id)
    assert len(timeline["captures"]) == 6


async def test_two_who_are_moved_to_one_seat_at_once_do_not_both_get_it(day: ExamDay) -> None:
    people = [one for one in await day.candidates() if one.route == "face"][:2]
    for one in people:
        await day.answering(one)
    free = next(s for s in (await day.wall(people[0]))["seats"] if s["state"] == "empty")
    async with session_head_held(day):
        moving = []
        for one in people:
            move = day.room.acts.transfer(day.first, one.sitting_id, free["seat_id"], WHY)
            moving.append(asyncio.create_task(move))
            await until_waiting(day, len(moving))
    done = await asyncio.gather(*moving, return_exceptions=True)
    assert [getattr(one, "code", one) for one in done] == [free["seat_no"], "transfer.taken"]


@dataclass
class Locks:
    """What each transaction locked, in order: a sitting's row as its id, a head as its stream."""

    transactions: list[list[str]] = field(default_factory=list)
    _open: dict[int, list[str]] = field(default_factory=dict)

    def saw(self, connection: Any, statement: str, parameters: Any) -> None:
        taken = self._open.setdefault(id(connection.connection.dbapi_connection), [])
        names = [one for one in parameters if isinstance(one, str)] if parameters else []
        if re.search(r"FOR UPDATE OF (sittings_sitting|ledger_stream)", statement):
            taken += dict.fromkeys(names)
        elif written := re.match(r"INSERT INTO (invigilation|sittings)_(?!sitting )", statement):
            # Its foreign key takes the sitting's row, too, and lets others do the same.
            taken += [f"{written[1]}: {one}" for one in names if one.startswith("sit_")]

    def ended(self, connection: Any) -> None:
        self.transactions.append(self._open.pop(id(connection.connection.dbapi_connection), []))


@contextmanager
def recorded(day: ExamDay) -> Iterator[Locks]:
    engine, locks = day.world.database.writer_engine.sync_engine, Locks()

    def saw(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        locks.saw(connection, statement, parameters)

    event.listen(engine, "before_cursor_execute", saw)
    event.listen(engine, "commit", locks.ended)
    event.listen(engine, "rollback", locks.ended)
    yield locks
    event.remove(engine, "before_cursor_execute", saw)
    event.remove(engine, "commit", locks.ended)
    event.remove(engine, "rollback", locks.ended)


async def away_and_back(day: ExamDay, one: Seated) -> None:
    """An outage, reported when it begins and when it ends."""
    watching = day.sittings.watching
    day.clock.instant_ms += 16_000
    await watching.sweep()
    await day.answer(one)
    await watching.sweep()


async def a_day_of_acts(day: ExamDay, one: Seated) -> None:
    """Everything that candidate, camera, staff and server do to a sitting."""
    sitting_id, acts = one.sitting_id, day.room.acts
    principal = await day.sign_in(one)
    for _ in range(3):
        await day.sittings.entry.face(principal, picture("unusable", "dark"))
    await acts.confirm_face(day.first, sitting_id, WHY)
    await day.take_device(one)
    await day.release()
    day.clock.instant_ms = day.starts_at_ms
    await day.sittings.papers.paper(principal)
    await day.answer(one)
    called = day.batch(one, ("help_raised", None, None), ("camera_lost", None, None))
    await day.sittings.answers.take(principal, called)
    for n in range(4):
        now_ms = day.clock.now_ms()
        await day.room.captures.capture(principal, picture("mismatch", str(n)), now_ms)
    await away_and_back(day, one)
    await acts.warn(day.first, sitting_id, "请坐好", "")
    await acts.extend(day.first, sitting_id, 60, WHY, None)
    await acts.pause(day.first, sitting_id, WHY)
    await acts.resume(day.first, sitting_id, WHY)
    day.clock.advance(seconds=1)
    await day.sittings.calls.raise_hand(sitting_id)
    for case in (await day.wall(one))["incidents"]:
        if case["state"] == "open":
            await acts.decide(day.first, case["incident_id"], Decision.DISMISSED, WHY)
    free = next(s for s in (await day.wall(one))["seats"] if s["state"] == "empty")
    await acts.transfer(day.first, sitting_id, free["seat_id"], WHY)
    await acts.force_submit(day.first, sitting_id, WHY, SECOND)


async def test_whoever_touches_a_sitting_takes_its_row_first_and_the_session_before_other_heads(
    day: ExamDay,
) -> None:
    one = await day.admit(await day.face_candidate())
    with recorded(day) as locks:
        await a_day_of_acts(day, one)
    if day.world.database.is_sqlite:
        return  # one writer at a time, and no row is locked
    sitting_id = one.sitting_id
    touched = [
        taken for taken in locks.transactions if any(name.endswith(sitting_id) for name in taken)
    ]
    assert len(touched) > 15
    assert [taken for taken in touched if taken[0] != sitting_id] == []
    assert {"camera", "room", "sitting"} <= {
        name.partition("/")[0] for taken in touched for name in taken
    }
    session = session_stream(day.session_id)
    whole = [taken for taken in touched if session in taken]
    assert len(whole) > 12
    for taken in whole:
        heads = [name for name in taken if "/" in name]
        assert heads[0] == session, taken
    assert not [
        taken for taken in touched if any("room/" in one for one in taken) and taken not in whole
    ]
