"""The markers' queue: anonymous, leased, on record, withdrawable."""

import asyncio
import dataclasses

import pytest
from sqlalchemy import update

from kernel.errors import Refusal
from server.marking.rules import LEASE_S
from server.marking.service import MarkingService, marks_hold
from server.marking.service.queue import Task
from server.marking.tables import TaskRow
from server.sessions.tables import SessionRow
from tests.integration.server.after import ANSWERS, PEOPLE, SESSION, SHORT, Afternoon, staff

ONE, TWO = staff("marker"), staff("marker2")


@pytest.fixture
async def marking(hall: Afternoon) -> MarkingService:
    service = MarkingService(hall.database, hall.clock, hall.ledger, hall.keyring, hall.papers)
    await service.run(staff("officer"), SESSION)
    return service


async def taken(marking: MarkingService, marker: str = "marker") -> Task:
    task = await marking.queue.next(staff(marker), SESSION)
    assert task is not None
    return task


async def test_a_task_shows_answer_and_model_and_nobody(marking: MarkingService) -> None:
    task = await taken(marking)
    texts = {ANSWERS[name][SHORT]["text"] for name in ("alice", "chen")}
    assert task.response in texts
    assert (task.stem, task.model_answer, task.full, task.left) == (
        "说明原因", "监督学习需要标注", "4", 2,
    )  # fmt: skip
    shown = str(dataclasses.asdict(task)).lower()
    assert not any(word in shown for word in (*PEOPLE, "sit_", "cand_", "202611", "seat"))


async def test_two_markers_never_get_the_same_answer(marking: MarkingService) -> None:
    first, second = await asyncio.gather(taken(marking), taken(marking, "marker2"))
    assert first.task_id != second.task_id
    assert await marking.queue.next(TWO, SESSION) == second


async def test_a_third_marker_waits_and_gets_what_was_left_lying(
    hall: Afternoon, marking: MarkingService
) -> None:
    first = await taken(marking)
    await taken(marking, "marker2")
    async with hall.database.write() as tx:
        await tx.execute(
            update(TaskRow).where(TaskRow.id == first.task_id).values(leased_by="somebody")
        )
    assert await marking.queue.next(ONE, SESSION) is None
    hall.clock.advance(seconds=LEASE_S)
    assert (await taken(marking)).left == 2


async def test_a_mark_is_recorded_and_the_last_one_ends_marking(
    hall: Afternoon, marking: MarkingService
) -> None:
    for mark, left in (("3.5", 1), ("0", 0)):
        task = await taken(marking)
        progress = await marking.queue.mark(ONE, task.task_id, score=mark, remark=" 要点齐全 ")
        assert progress.left == left
    assert await hall.state() == "marked"
    acts = await hall.session_acts("marked_by_hand")
    assert [(act["mark"], act["note"], act["by"]) for act in acts] == [
        ("3.5", "要点齐全", "marker"), ("0", "要点齐全", "marker"),
    ]  # fmt: skip
    assert await marking.queue.next(ONE, SESSION) is None
    async with hall.database.read() as session:
        assert await marks_hold(session, hall.ledger, SESSION)


@pytest.mark.parametrize("score", ["4.5", "-0.5", "0.25", "", "x", "NaN", "1e0000000000009"])
async def test_a_bad_mark_is_refused_and_nothing_is_written(
    hall: Afternoon, marking: MarkingService, score: str
) -> None:
    task = await taken(marking)
    with pytest.raises(Refusal, match="marking.mark_bad"):
        await marking.queue.mark(ONE, task.task_id, score=score, remark="")
    assert await hall.session_acts("marked_by_hand") == []


async def test_only_the_marker_who_holds_it_marks_it_and_only_once(
    marking: MarkingService,
) -> None:
    task = await taken(marking)
    with pytest.raises(Refusal, match="marking.not_yours"):
        await marking.queue.mark(TWO, task.task_id, score="1", remark="")
    await marking.queue.mark(ONE, task.task_id, score="1", remark="")
    with pytest.raises(Refusal, match="marking.already_marked"):
        await marking.queue.mark(ONE, task.task_id, score="2", remark="")
    with pytest.raises(Refusal, match="marking.task_unknown"):
        await marking.queue.mark(ONE, "task_none", score="2", remark="")


async def test_the_last_mark_can_be_taken_back_by_whoever_gave_it(
    hall: Afternoon, marking: MarkingService
) -> None:
    with pytest.raises(Refusal, match="marking.nothing_to_undo"):
        await marking.queue.undo(ONE, SESSION)
    task = await taken(marking)
    await marking.queue.mark(ONE, task.task_id, score="1", remark="")
    await taken(marking)
    with pytest.raises(Refusal, match="marking.nothing_to_undo"):
        await marking.queue.undo(TWO, SESSION)
    again = await marking.queue.undo(ONE, SESSION)
    assert again.task_id == task.task_id
    assert (await taken(marking)).task_id == task.task_id
    assert len(await hall.session_acts("mark_withdrawn")) == 1
    async with hall.database.read() as session:
        assert await marks_hold(session, hall.ledger, SESSION)


async def test_a_mark_falls_when_its_answer_changed(
    hall: Afternoon, marking: MarkingService
) -> None:
    task = await taken(marking)
    await marking.queue.mark(ONE, task.task_id, score="4", remark="")
    other = await taken(marking)
    name = "alice" if task.response == ANSWERS["alice"][SHORT]["text"] else "chen"
    await hall.answer_late(name, SHORT, "另一个回答")
    done = await marking.run(staff("officer"), SESSION)
    assert (done.run.version, done.waiting) == (2, 2)
    assert len(await hall.session_acts("mark_withdrawn")) == 1
    shown = {other.response}
    await marking.queue.mark(ONE, (await taken(marking)).task_id, score="0", remark="")
    shown.add((await taken(marking)).response)
    assert "另一个回答" in shown


async def test_an_answer_that_changed_after_it_was_queued_is_not_shown(
    hall: Afternoon, marking: MarkingService
) -> None:
    for name in ("alice", "chen"):
        await hall.answer_late(name, SHORT, "换掉")
    with pytest.raises(Refusal, match="marking.answer_changed"):
        await taken(marking)


async def test_only_markers_of_the_session_see_the_queue(marking: MarkingService) -> None:
    for name in ("officer", "chief", "invigilator", "outsider"):
        with pytest.raises(Refusal, match="access.role_missing|sessions.not_staffed"):
            await marking.queue.next(staff(name), SESSION)


async def test_nothing_is_marked_after_publication(
    hall: Afternoon, marking: MarkingService
) -> None:
    task = await taken(marking)
    async with hall.database.write() as tx:
        await tx.execute(update(SessionRow).values(state="published"))
    with pytest.raises(Refusal, match="marking.published"):
        await marking.queue.mark(ONE, task.task_id, score="1", remark="")
    with pytest.raises(Refusal, match="marking.published"):
        await marking.queue.undo(ONE, SESSION)
