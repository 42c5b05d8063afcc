"""A hand that is raised again and again: one case, and nobody else waits for it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from server.invigilation.rules import Decision
from tests.integration.server.hall import WHY, ExamDay
from tests.integration.server.sittings.site import Site, body_of, read_until

FLOOD = 1_000


@contextmanager
def counted(day: ExamDay) -> Iterator[list[str]]:
    """The looks for an open case meanwhile: one of each transaction that reports."""
    sent: list[str] = []
    engine = day.world.database.writer_engine.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM invigilation_incident" in statement:
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def test_a_thousand_hands_of_one_seat_are_one_case_and_two_writes_and_others_are_served(
    site: Site,
) -> None:
    day = site.day
    one, other = await day.face_candidate(0), await day.face_candidate(1)
    for each in (one, other):
        await day.answering(each)
    with counted(day) as reports:
        async with (
            site.socket("/api/sitting/live") as loud,
            site.socket("/api/sitting/live") as quiet,
        ):
            for socket, each in ((loud, one), (quiet, other)):
                await socket.send(json.dumps({"type": "hello", "token": each.token}))
                await read_until(socket, "state")
            for n in range(FLOOD):
                await loud.send(json.dumps({"type": "help"}))
                if n == FLOOD // 2:
                    batch = day.batch(other, ("answer_set", day.item(other), {"options": ["true"]}))
                    await quiet.send(json.dumps({"type": "events", **body_of(batch)}))
            assert (await read_until(quiet, "ack"))["acked_through"] == 1
            await loud.send(json.dumps({"type": "ping", "t0": 1}))
            await read_until(loud, "pong")
        await day.sittings.calls.round()
        await day.sittings.calls.round()
    assert len(reports) == 2
    assert await day.cases(one) == [("help", "open", 2)]


async def test_events_that_call_again_and_again_are_all_in_the_log_and_told_once_a_round(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    with counted(day) as reports:
        for _ in range(20):
            batch = day.batch(one, ("help_raised", None, None))
            await day.sittings.answers.take(principal, batch)
        await day.sittings.calls.round()
    assert (await day.kinds(one)).count("help_raised") == 20
    assert len(reports) == 2
    assert await day.cases(one) == [("help", "open", 2)]


async def test_a_hand_raised_within_a_second_of_the_last_is_a_new_case_when_that_was_decided(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    calls = day.sittings.calls
    await calls.raise_hand(one.sitting_id)
    [case] = (await day.wall(one))["incidents"]
    await day.room.acts.decide(day.first, case["incident_id"], Decision.HANDLED, WHY)
    await calls.raise_hand(one.sitting_id)
    await calls.round()
    assert await day.cases(one) == [("help", "decided", 1), ("help", "open", 1)]


async def test_a_call_that_could_not_be_told_is_told_by_a_later_round(
    day: ExamDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    calls = day.sittings.calls
    await calls.raise_hand(one.sitting_id)
    await calls.raise_hand(one.sitting_id)

    async def fails(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(day.book, "report", fails)
        await calls.round()
    assert await day.cases(one) == [("help", "open", 1)]
    await calls.round()
    await calls.round()
    assert await day.cases(one) == [("help", "open", 2)]


async def test_a_call_of_another_kind_waits_for_no_round(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    await day.sittings.calls.raise_hand(one.sitting_id)
    await day.sittings.answers.take(principal, day.batch(one, ("camera_lost", None, None)))
    assert sorted(await day.cases(one)) == [("camera_lost", "open", 1), ("help", "open", 1)]
