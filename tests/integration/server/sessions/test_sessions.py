"""Sessions on both databases: planning, duties, closing."""

import asyncio

import pytest

from kernel.access import Role
from kernel.errors import Refusal
from server.sessions.rules import Duty, SessionState
from server.sessions.service import move_session, need_duty, need_seen
from tests.integration.server.world import World


async def test_a_plan_opens_the_ledger_and_makes_its_author_the_officer(world: World) -> None:
    officer = await world.person("officer", Role.OFFICER)
    session_id = await world.session(officer, await world.rooms((2, 2), (1, 2)))
    view = await world.sessions.one(officer, session_id)
    assert (view.row.state, len(view.rooms), view.policy.late_limit_s) == ("planned", 2, 1_800)
    assert [room.name for room in view.rooms] == ["第1考场", "第2考场"]
    assert [one.duty for one in await world.sessions.staffing(officer, session_id)] == ["officer"]
    assert await world.acts(session_id) == ["session_opened"]


async def test_only_an_officer_plans_and_only_with_known_rooms(world: World) -> None:
    officer = await world.person("officer", Role.OFFICER)
    chief = await world.person("chief", Role.CHIEF)
    rooms = await world.rooms((1, 1))
    with pytest.raises(Refusal, match=r"access\.role_missing"):
        await world.session(chief, rooms)
    with pytest.raises(Refusal, match=r"bodies\.unknown"):
        await world.session(officer, [*rooms, "room_none"])
    assert await world.sessions.sessions(officer) == []


async def test_a_duty_needs_the_role_and_a_room_of_the_session(world: World) -> None:
    officer = await world.person("officer", Role.OFFICER)
    guard = await world.person("guard", Role.INVIGILATOR)
    session_id = await world.session(officer, await world.rooms((1, 1)))
    for duty, room_id, code in (
        (Duty.CHIEF, None, "sessions.role_for_duty"),
        (Duty.INVIGILATOR, "room_none", "sessions.room_unknown"),
    ):
        with pytest.raises(Refusal) as refused:
            await world.sessions.staff(
                officer, session_id, account_id=guard.subject, duty=duty, room_id=room_id
            )
        assert refused.value.code == code


async def test_an_invigilator_acts_only_in_the_rooms_of_the_duty(world: World) -> None:
    officer = await world.person("officer", Role.OFFICER)
    guard = await world.person("guard", Role.INVIGILATOR)
    stranger = await world.person("stranger", Role.INVIGILATOR)
    here, there = await world.rooms((1, 1), (1, 1))
    session_id = await world.session(officer, [here, there])
    for _ in range(2):  # twice is once
        await world.sessions.staff(
            officer, session_id, account_id=guard.subject, duty=Duty.INVIGILATOR, room_id=here
        )
    assert len(await world.sessions.staffing(officer, session_id)) == 2
    async with world.database.read() as session:
        assert await need_duty(session, guard, session_id) is Duty.INVIGILATOR
        assert await need_duty(session, guard, session_id, here) is Duty.INVIGILATOR
        for who, room_id in ((guard, there), (stranger, here), (stranger, None)):
            with pytest.raises(Refusal, match=r"sessions\.not_staffed"):
                await need_duty(session, who, session_id, room_id)
        with pytest.raises(Refusal, match=r"access\.role_missing"):
            await need_duty(session, guard, session_id, duties=(Duty.CHIEF,))
        with pytest.raises(Refusal, match=r"sessions\.not_staffed"):
            await need_seen(session, stranger, session_id)
    assert [view.row.id for view in await world.sessions.mine(guard)] == [session_id]
    assert await world.sessions.mine(stranger) == []
    assert await world.sessions.sessions(stranger) == []


async def test_a_session_cannot_skip_a_state(world: World) -> None:
    officer = await world.person("officer", Role.OFFICER)
    session_id = await world.session(officer, await world.rooms((1, 1)))
    with pytest.raises(Refusal, match=r"sessions\.wrong_state"):
        async with world.database.write() as tx:
            await move_session(tx, session_id, SessionState.RELEASED)
    async with world.database.write() as tx:
        await move_session(tx, session_id, SessionState.ARRANGED)
    view = await world.sessions.one(officer, session_id)
    assert view.row.state == "arranged"


async def test_closing_waits_for_open_sittings_unless_forced(world: World) -> None:
    officer = await world.person("officer", Role.OFFICER)
    chief = await world.person("chief", Role.CHIEF)
    session_id = await world.session(officer, await world.rooms((1, 1)))
    await world.sessions.staff(
        officer, session_id, account_id=chief.subject, duty=Duty.CHIEF, room_id=None
    )
    async with world.database.write() as tx:
        for state in (SessionState.ARRANGED, SessionState.RELEASED, SessionState.RUNNING):
            await move_session(tx, session_id, state)
    world.hall.open = 2
    with pytest.raises(Refusal) as refused:
        await world.sessions.close(chief, session_id, reason_text="", force=False)
    assert refused.value.params == {"count": 2}
    assert (await world.sessions.one(chief, session_id)).row.state == "running"
    with pytest.raises(Refusal, match=r"access\.role_missing"):
        await world.sessions.close(officer, session_id, reason_text="", force=True)
    closed = await world.sessions.close(chief, session_id, reason_text="时间到", force=True)
    assert closed.row.state == "closed"
    assert closed.row.closed_at_ms == world.clock.now_ms()
    assert (await world.acts(session_id))[-1] == "session_closed"


async def test_plans_made_in_the_same_moment_get_different_serials(world: World) -> None:
    officer = await world.person("officer", Role.OFFICER)
    rooms = await world.rooms((1, 1))
    made = await asyncio.gather(*(world.session(officer, rooms) for _ in range(4)))
    serials = [(await world.sessions.one(officer, one)).row.serial for one in made]
    assert sorted(serials) == [1, 2, 3, 4]
