"""Bodies, rooms and machines on both databases."""

import pytest

from kernel.access import Role
from kernel.errors import Refusal
from server.bodies.service import machine_of, room_of
from tests.integration.server.world import World


async def test_a_room_comes_back_with_its_seats_in_reading_order(world: World) -> None:
    (room_id,) = await world.rooms((2, 5), spares=True)
    async with world.database.read() as session:
        room = await room_of(session, room_id)
    assert (room.name, room.site_name) == ("第1考场", "示例考点")
    assert [seat.seat_no for seat in room.seats] == [f"{n:02d}" for n in range(1, 11)]
    assert [seat.seat_no for seat in room.seats if seat.spare] == ["10"]


async def test_a_code_is_used_once_and_nothing_is_half_written(world: World) -> None:
    (room_id,) = await world.rooms((2, 2))
    async with world.database.read() as session:
        site_id = (await room_of(session, room_id)).site_id
    with pytest.raises(Refusal, match=r"bodies\.code_taken"):
        await world.bodies.add_room(site_id, code="301", name="x", rows=1, cols=1)
    assert [room.code for room in await world.bodies.rooms(site_id)] == ["301"]
    with pytest.raises(Refusal, match=r"bodies\.unknown"):
        await world.bodies.add_room("site_none", code="x", name="x", rows=1, cols=1)


async def test_a_machine_is_known_by_its_newest_token_only(world: World) -> None:
    officer = await world.person("officer", Role.OFFICER)
    (room_id,) = await world.rooms((2, 2))
    old = await world.bodies.set_up_machine(officer, room_id, "301-03")
    new = await world.bodies.set_up_machine(officer, room_id, "301-03")
    async with world.database.read() as session:
        assert await machine_of(session, old) is None
        assert await machine_of(session, "") is None
        machine = await machine_of(session, new)
    assert machine is not None
    assert (machine.room_id, machine.seat_no, machine.machine_code) == (room_id, "03", "301-03")
    with pytest.raises(Refusal, match=r"bodies\.machine_unknown"):
        await world.bodies.set_up_machine(officer, room_id, "301-99")
