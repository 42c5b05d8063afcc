"""Outages that end otherwise than they began: in a pause, at another machine, beside a fault."""

from typing import Any

import pytest

from server.checkin.service import sitting_stream
from tests.integration.server.hall import WHY, ExamDay, Seated, picture
from tests.integration.server.sittings.servers import started_again
from tests.integration.server.sittings.test_hearing import OFFLINE_MS


async def ends(day: ExamDay, one: Seated) -> list[dict[str, Any]]:
    """What the stream says of each return."""
    async with day.world.database.read() as session:
        records = await day.world.ledger.read(session, sitting_stream(one.sitting_id))
    return [dict(record.body) for record in records if record.kind == "reconnected"]


async def gone(day: ExamDay) -> tuple[Seated, int]:
    """Somebody who answered once and was reported, and since when."""
    one = await day.face_candidate()
    await day.answering(one)
    await day.answer(one)
    left_ms = day.clock.now_ms()
    day.clock.instant_ms += OFFLINE_MS
    await day.sittings.watching.sweep()
    return one, left_ms


async def heard_for(day: ExamDay, one: Seated, minutes: int) -> None:
    for _ in range(minutes * 6):
        day.clock.instant_ms += 10_000
        day.presence.touch(one.sitting_id, day.clock.now_ms())
        await day.sittings.watching.sweep()


async def proposal(day: ExamDay, one: Seated) -> Any:
    [case] = [c for c in (await day.wall(one))["incidents"] if c["kind"] == "offline"]
    return case["proposal"]


async def test_an_outage_that_ends_at_another_machine_is_measured_until_the_candidate_can_go_on(
    day: ExamDay,
) -> None:
    one, left_ms = await gone(day)
    taken = {person.seat.seat_id for person in await day.candidates()}
    free = next(
        seat
        for room in day.rooms
        for seat in room.seats
        if room.room_id == one.seat.room_id and seat.seat_id not in taken
    )
    await day.room.acts.transfer(day.first, one.sitting_id, free.seat_id, WHY)
    await day.sittings.watching.sweep()
    day.clock.instant_ms += 60_000
    await day.sign_in(one, day.tokens[one.seat.room_id, free.machine_code])
    day.presence.touch(one.sitting_id, day.clock.now_ms())
    await day.sittings.watching.sweep()
    assert await ends(day, one) == []  # heard, and before the camera
    day.clock.instant_ms += 10_000
    await day.sittings.entry.face(await day.principal(one), picture("same"))
    await day.take_device(one)
    await day.answer(one)
    back_ms = day.clock.now_ms()
    await day.sittings.watching.sweep()
    await heard_for(day, one, minutes=10)
    started_again(day)
    await heard_for(day, one, minutes=1)
    [end] = await ends(day, one)
    assert end["outage_s"] == (back_ms - left_ms) // 1_000
    assert await proposal(day, one) == {"extend_s": end["outage_s"]}


async def test_an_outage_that_ends_in_a_pause_is_measured_then_and_without_the_pause(
    day: ExamDay,
) -> None:
    one, _ = await gone(day)
    await day.room.acts.pause(day.first, one.sitting_id, WHY)
    await day.sittings.watching.sweep()
    day.clock.instant_ms += 30_000
    day.presence.touch(one.sitting_id, day.clock.now_ms())
    await day.sittings.watching.sweep()
    await day.room.acts.resume(day.first, one.sitting_id, WHY)
    await heard_for(day, one, minutes=10)
    started_again(day)
    await heard_for(day, one, minutes=1)
    assert [end["outage_s"] for end in await ends(day, one)] == [OFFLINE_MS // 1_000]
    assert await proposal(day, one) == {"extend_s": OFFLINE_MS // 1_000}


@pytest.mark.parametrize("failing", [OSError("no space left"), ValueError("a defect")])
async def test_an_outage_whose_report_fails_is_reported_by_the_next_sweep(
    day: ExamDay, monkeypatch: pytest.MonkeyPatch, failing: Exception
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await day.answer(one)

    async def broken(*_: object) -> None:
        raise failing

    async def sweeps_badly() -> None:
        with monkeypatch.context() as patched:
            patched.setattr(day.book, "report", broken)
            try:
                await day.sittings.watching.sweep()
            except OSError:
                assert isinstance(failing, OSError)

    day.clock.instant_ms += OFFLINE_MS
    await sweeps_badly()
    assert "disconnected" not in await day.kinds(one)
    await day.sittings.watching.sweep()
    day.clock.instant_ms += 60_000
    await day.answer(one)
    await sweeps_badly()
    assert "reconnected" not in await day.kinds(one)
    await day.sittings.watching.sweep()
    await day.sittings.watching.sweep()
    kinds = await day.kinds(one)
    assert kinds.count("disconnected") == kinds.count("reconnected") == 1
    assert await proposal(day, one) == {"extend_s": 60 + OFFLINE_MS // 1_000}


async def test_who_hands_in_while_an_outage_is_open_is_not_looked_for_any_more(
    day: ExamDay,
) -> None:
    one, _ = await gone(day)
    day.clock.instant_ms = day.starts_at_ms + 5_400_000
    assert await day.sittings.submitting.hand_in_due() == 1
    await heard_for(day, one, minutes=1)
    assert await ends(day, one) == []


async def test_a_jump_of_the_clock_before_anybody_came_is_a_case_when_somebody_is_there(
    day: ExamDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day.clock, "drift_ms", lambda: 3_600_000)
    await day.sittings.watching.watch_clock(1_000)
    one = await day.face_candidate()
    await day.answering(one)
    for _ in range(3):
        await day.sittings.watching.watch_clock(1_000)
    assert [c["count"] for c in (await day.wall(one))["incidents"] if c["kind"] == "clock"] == [1]
