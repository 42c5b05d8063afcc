"""One room's wall in a session of several rooms."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from kernel.access import Role
from server.checkin.tables import VisitRow
from server.registration.tables import CandidateRow
from server.sittings.tables import SittingRow
from tests.integration.server.hall import JPEG, WHY, ExamDay, Seated, counted, exam_day
from tests.integration.server.world import World

READ = (SittingRow, CandidateRow, VisitRow)


@pytest.fixture
async def day(world: World) -> AsyncIterator[ExamDay]:
    made = await exam_day(world, people=8, grids=((3, 2), (3, 2)))
    world.ledger.start()
    yield made
    await world.ledger.stop()


@contextmanager
def loaded() -> Iterator[dict[type, set[str]]]:
    """The keys of the rows that are read meanwhile."""
    seen: dict[type, set[str]] = {row: set() for row in READ}

    def note(one: Any, _context: Any) -> None:
        seen[type(one)].add(one.id)

    for row in READ:
        event.listen(row, "load", note)
    yield seen
    for row in READ:
        event.remove(row, "load", note)


async def by_room(day: ExamDay) -> list[list[Seated]]:
    """Everybody, answering, by the two rooms, the fuller one first."""
    rooms: dict[str, list[Seated]] = {}
    for one in await day.candidates():
        await day.answering(one)
        rooms.setdefault(one.seat.room_id, []).append(one)
    assert len(rooms) == 2
    return sorted(rooms.values(), key=len, reverse=True)


async def test_a_wall_reads_nobody_of_another_room(day: ExamDay) -> None:
    here, there = await by_room(day)
    with loaded() as seen:
        wall = await day.wall(here[0])
    assert seen[SittingRow] == {one.sitting_id for one in here}
    assert seen[CandidateRow] == {one.candidate_id for one in here}
    assert seen[VisitRow] == {one.checkin_id for one in here}
    assert wall["counts"]["answering"] == len(here)
    assert (await day.wall(there[0]))["counts"]["answering"] == len(there)


async def test_who_moved_to_another_room_stands_there_and_leaves_the_drawn_seat_empty(
    day: ExamDay,
) -> None:
    here, there = await by_room(day)
    one = here[0]
    free = next(seat for seat in (await day.wall(there[0]))["seats"] if seat["state"] == "empty")
    await day.room.acts.transfer(day.first, one.sitting_id, free["seat_id"], WHY)
    left, come = await day.wall(here[1]), await day.wall(there[0])
    seats = {seat["seat_id"]: seat for wall in (left, come) for seat in wall["seats"]}
    assert seats[one.seat.seat_id]["state"] == "empty"
    assert seats[free["seat_id"]]["sitting_id"] == one.sitting_id
    assert seats[free["seat_id"]]["name_masked"]
    assert (left["counts"]["answering"], come["counts"]["answering"]) == (
        len(here) - 1, len(there),
    )  # fmt: skip
    assert [wall["counts"]["signed_in"] for wall in (left, come)] == [
        len(here) - 1, len(there) + 1,
    ]  # fmt: skip


async def test_the_pictures_that_a_wall_asks_for_at_once_are_looked_up_at_once(
    day: ExamDay,
) -> None:
    here, there = await by_room(day)
    for n, one in enumerate([*here, *there]):
        day.presence.keep_thumbnail(one.sitting_id, JPEG + bytes([n]), day.clock.now_ms())
    shown = [one.sitting_id for one in here]
    with counted(day) as alone:
        await day.room.pictures.newest(day.first, shown[0])
    with counted(day) as together:
        found = await asyncio.gather(*(day.room.pictures.newest(day.first, one) for one in shown))
    assert [image for image, _ in found] == [JPEG + bytes([n]) for n in range(len(shown))]
    assert len(shown) > 3
    assert len(together) == len(alone)


async def test_who_asks_for_a_picture_among_others_is_refused_alone(day: ExamDay) -> None:
    here, there = await by_room(day)
    seen, bare = here[0].sitting_id, there[0].sitting_id
    day.presence.keep_thumbnail(seen, JPEG, day.clock.now_ms())
    stranger = await day.world.person("stranger", Role.INVIGILATOR)
    newest = day.room.pictures.newest
    told = await asyncio.gather(
        newest(day.first, seen),
        newest(stranger, seen),
        newest(day.first, bare),
        newest(day.first, "sit_nobody"),
        return_exceptions=True,
    )
    assert [getattr(one, "code", one) for one in told] == [
        (JPEG, day.clock.now_ms()), "sessions.not_staffed", "thumb.none", "sitting.unknown",
    ]  # fmt: skip


async def test_pictures_that_could_not_be_looked_up_are_at_the_next_asking(
    day: ExamDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = (await by_room(day))[0][0].sitting_id
    day.presence.keep_thumbnail(one, JPEG, day.clock.now_ms())

    def away() -> None:
        raise OSError("no database")

    with monkeypatch.context() as broken:
        broken.setattr(day.world.database, "read", away)
        with pytest.raises(OSError, match="no database"):
            await day.room.pictures.newest(day.first, one)
    assert (await day.room.pictures.newest(day.first, one))[0] == JPEG
