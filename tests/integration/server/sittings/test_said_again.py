"""What a candidate's page sends again, also to a server that knows nothing of it: one report."""

from typing import Any

from server.invigilation.rules import Decision
from server.invigilation.service.incidents import CaptureFacts
from server.sittings.ports import Observation
from server.sittings.service import Event
from tests.integration.server.hall import WHY, ExamDay, Seated, refused
from tests.integration.server.sittings.servers import started_again


async def decide_all(day: ExamDay, one: Seated) -> None:
    for case in (await day.wall(one))["incidents"]:
        await day.room.acts.decide(day.chief, case["incident_id"], Decision.HANDLED, WHY)


def conflicting(day: ExamDay, one: Seated, response: Any) -> Any:
    """Another content under the number of the first answer."""
    event = Event(1, "answer_set", day.item(one), response, day.clock.now_ms())
    return day.signed(one, [event])


async def test_a_call_that_comes_again_after_a_restart_or_at_another_server_counts_once(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    first = day.batch(one, ("help_raised", None, None), ("camera_lost", None, None))
    await day.sittings.answers.take(principal, first)
    await started_again(day, keep=True).answers.take(principal, first)
    await started_again(day).answers.take(principal, first)
    assert await day.cases(one) == [("camera_lost", "open", 1), ("help", "open", 1)]
    await decide_all(day, one)
    started_again(day)
    await day.sittings.answers.take(principal, first)
    assert await day.cases(one) == [("camera_lost", "decided", 1), ("help", "decided", 1)]
    day.clock.advance(seconds=1)
    both = day.signed(one, [*first.events, *day.batch(one, ("help_raised", None, None)).events])
    await day.sittings.answers.take(principal, both)
    assert await day.cases(one) == [
        ("camera_lost", "decided", 1), ("help", "decided", 1), ("help", "open", 1),
    ]  # fmt: skip


async def test_a_conflict_that_comes_again_counts_once_and_another_content_counts(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    await day.answer(one)
    other = conflicting(day, one, {"options": ["false"]})
    for _ in range(2):
        code = (await refused(day.sittings.answers.take(principal, other))).code
        assert code == "ledger.conflict"
        started_again(day)
    assert await day.cases(one) == [("conflict", "open", 1)]
    [case] = (await day.wall(one))["incidents"]
    shown = await day.room.conflicts.of_incident(day.chief, case["incident_id"])
    assert [one["given"]["words"] for one in shown] == ["B"]
    day.clock.advance(seconds=1)
    third = conflicting(day, one, {"options": []})
    await refused(day.sittings.answers.take(principal, third))
    assert await day.cases(one) == [("conflict", "open", 2)]
    await decide_all(day, one)
    await refused(day.sittings.answers.take(principal, other))
    await refused(day.sittings.answers.take(principal, third))
    assert await day.cases(one) == [("conflict", "decided", 2)]


async def test_a_picture_that_comes_again_after_its_case_was_decided_opens_none(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    seen = Observation(one.sitting_id, "mismatch", "red", day.clock.now_ms(), name="match_1")
    for decided in (0, 1):
        for _ in range(2):
            async with day.world.database.write() as tx:
                await day.book.add(tx, seen, CaptureFacts("match_1", "episode_1"))
        if not decided:
            assert await day.cases(one) == [("mismatch", "open", 1)]
            [case] = (await day.wall(one))["incidents"]
            assert case["capture_ids"] == ["match_1"]
            await day.room.acts.decide(day.first, case["incident_id"], Decision.SAME_PERSON, WHY)
    assert await day.cases(one) == [("mismatch", "decided", 1)]
