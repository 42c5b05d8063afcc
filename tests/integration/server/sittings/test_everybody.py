"""What is asked about all sittings at once, and who is woken by it."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from kernel.lease import lease_of
from server.sittings.jobs import SittingJobs
from server.sittings.service import Forgetting
from server.sittings.service.everybody import ended, present, revision_of, revisions
from server.sittings.tables import SittingRow
from tests.integration.server.hall import WHY, ExamDay, NoFaces, Seated, counted, picture
from tests.integration.server.sittings.site import Site, read_until

LAST_MS = 5_400_000


async def is_revised_as_shown(day: ExamDay, one: Seated) -> tuple[Any, ...]:
    """The revision, after looking that both ways of making it agree."""
    shown = await day.sittings.papers.state(one.sitting_id)
    async with day.world.database.read() as session:
        found = await revisions(session, [one.sitting_id])
    assert found == {one.sitting_id: revision_of(shown.loaded, len(shown.notices))}
    return found[one.sitting_id]


async def test_whatever_the_page_shows_changes_the_revision_and_reading_it_twice_does_not(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    acts, sitting_id = day.room.acts, one.sitting_id
    await day.ready(one)
    seen = [await is_revised_as_shown(day, one)]
    await day.release()
    seen.append(await is_revised_as_shown(day, one))
    day.clock.instant_ms = day.starts_at_ms
    await day.sittings.papers.paper(await day.principal(one))
    assert await is_revised_as_shown(day, one) == seen[-1]
    await acts.warn(day.first, sitting_id, "请坐好", "")
    seen.append(await is_revised_as_shown(day, one))
    await acts.extend(day.first, sitting_id, 30, WHY, None)
    seen.append(await is_revised_as_shown(day, one))
    await acts.pause(day.first, sitting_id, WHY)
    seen.append(await is_revised_as_shown(day, one))
    await acts.resume(day.first, sitting_id, WHY)
    seen.append(await is_revised_as_shown(day, one))
    day.clock.instant_ms += 2 * LAST_MS
    await day.sittings.submitting.hand_in_due()
    seen.append(await is_revised_as_shown(day, one))
    assert len(set(seen)) == len(seen)


async def test_a_page_is_woken_by_what_nobody_told_it_and_only_until_it_has_read(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    changes, papers = day.sittings.changes, day.sittings.papers
    with changes.follow(one.sitting_id) as first, changes.follow(one.sitting_id) as second:
        for page in (first, second):
            page.saw(await papers.state(one.sitting_id))
        assert await changes.round() == 0
        await moved_elsewhere(day, one)
        first.saw(await papers.state(one.sitting_id))
        async with day.bus.watch(f"sitting/{one.sitting_id}") as waker:
            assert await changes.round() == 1
            assert await waker.wait(1)
        second.saw(await papers.state(one.sitting_id))
        assert await changes.round() == 0
    await moved_elsewhere(day, one)
    assert await changes.round() == 0


async def moved_elsewhere(day: ExamDay, one: Seated) -> None:
    """Another server gives a minute; no notification reaches this one."""
    async with day.world.database.write() as tx:
        row = await tx.get(SittingRow, one.sitting_id)
        assert row is not None
        row.extensions_s = [*row.extensions_s, 60]


async def test_a_socket_tells_what_another_server_did_with_the_next_round(
    site: Site, tmp_path: Path
) -> None:
    day = site.day
    one = await day.face_candidate()
    await day.answering(one)
    forgetting = Forgetting(day.world.database, day.world.ledger, NoFaces())
    lease = lease_of(day.world.database, "hall", tmp_path)
    jobs = SittingJobs(day.sittings, forgetting, lease)
    async with site.socket("/api/sitting/live") as socket:
        await socket.send(json.dumps({"type": "hello", "token": one.token}))
        before = await read_until(socket, "state")
        await moved_elsewhere(day, one)
        await jobs.round()
        after = await read_until(socket, "state")
    await lease.release()
    assert after["deadline_ms"] == before["deadline_ms"] + 60_000


async def test_a_round_asks_as_much_for_many_as_for_one(day: ExamDay) -> None:
    people = [one for one in await day.candidates() if one.route == "face"]
    assert len(people) > 1
    asked = []
    await day.sittings.watching.sweep()  # the first one reads what was open before the start
    with ExitStack() as pages:
        for one in people:
            await day.answering(one)
            page = pages.enter_context(day.sittings.changes.follow(one.sitting_id))
            page.saw(await day.sittings.papers.state(one.sitting_id))
            with counted(day) as sent:
                await day.sittings.changes.round()
                await day.sittings.watching.sweep()
                await day.sittings.submitting.hand_in_due()
            asked.append(len(sent))
    assert asked[0] > 0
    assert len(set(asked)) == 1


async def test_only_whose_common_time_is_over_can_be_due(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await day.room.acts.extend(day.first, one.sitting_id, 60, WHY, None)
    its = [one.sitting_id]
    for after_ms, wanted, handed_in in ((-1, [], 0), (0, its, 0), (60_000, its, 1)):
        day.clock.instant_ms = day.starts_at_ms + LAST_MS + after_ms
        async with day.world.database.read() as session:
            assert await ended(session, day.clock.now_ms()) == wanted
        assert await day.sittings.submitting.hand_in_due() == handed_in


async def test_only_who_has_a_device_and_did_not_hand_in_ought_to_be_heard(day: ExamDay) -> None:
    async def heard() -> list[str]:
        async with day.world.database.read() as session:
            return [one.sitting_id for one in await present(session)]

    one = await day.face_candidate()
    await day.admit(one)
    await day.sign_in(one)
    assert await heard() == []
    await day.sittings.entry.face(await day.principal(one), picture("same"))
    await day.take_device(one)
    assert await heard() == [one.sitting_id]
    await day.release()
    day.clock.instant_ms = day.starts_at_ms + LAST_MS
    await day.sittings.submitting.hand_in_due()
    assert await heard() == []
