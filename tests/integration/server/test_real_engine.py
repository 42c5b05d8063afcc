"""Door, seat and room with the real engine, on the real pictures (tests/data/faces)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

import proctor.tables
import server.checkin.tables
import server.invigilation.tables
import server.sittings.tables
from kernel.access import Principal
from kernel.blobs import LocalBlobs
from kernel.db import Database
from kernel.errors import Refusal
from kernel.settings import FaceSettings, Settings
from proctor.pool import FacePool
from proctor.service import ProctorService
from server.checkin.service import Reason
from tests.integration.server.hall import WHY, ExamDay, Seated, exam_day
from tests.integration.server.world import World
from tests.unit.proctor import faces

DECLARING = (
    proctor.tables, server.checkin.tables, server.invigilation.tables, server.sittings.tables
)  # fmt: skip
PERSON = "obama"
DOOR, SEAT, AT_WORK = "obama_b_640", "obama_c_640", "obama_640"
SOMEBODY_ELSE = "biden_640"
EVERY_S = 20


@pytest.fixture(scope="module")
def pool() -> Iterator[FacePool]:
    running = FacePool(FaceSettings())
    asyncio.run(running.start())
    yield running
    asyncio.run(running.stop())


@pytest.fixture
async def day(
    world: World, database: Database, pool: FacePool, tmp_path: Path
) -> AsyncIterator[ExamDay]:
    """A day whose matcher looks, with everybody's portrait enrolled."""
    assert DECLARING
    made = await exam_day(world)
    settings = Settings(data_dir=tmp_path)
    looking = ProctorService(
        database, LocalBlobs(tmp_path / "faces"), world.keyring, world.clock, settings, pool
    )
    for one in await made.candidates():
        await looking.enrol_portrait(
            subject_id=one.candidate_id, image=faces.portrait(PERSON), session_id=made.session_id
        )
    made.matcher = looking
    made.build()
    world.ledger.start()
    yield made
    await world.ledger.stop()


async def at_the_desk(day: ExamDay, one: Seated) -> str:
    """As far as the camera; the visit's id."""
    visit = await day.desk.start(day.first, day.session_id, one.ticket_no)
    await day.desk.consent(day.first, visit.checkin_id, face=True, notice_version="1")
    return visit.checkin_id


async def answering(day: ExamDay, one: Seated) -> Principal:
    """Both matches behind, the paper open."""
    await day.admit(one, faces.frame(DOOR))
    principal = await day.sign_in(one)
    assert (await day.sittings.entry.face(principal, faces.frame(SEAT))).passed
    await day.take_device(one)
    await day.release()
    day.clock.instant_ms = day.starts_at_ms
    await day.sittings.papers.paper(principal)
    return principal


async def test_the_same_face_opens_the_gate_once_a_person_confirms(day: ExamDay) -> None:
    one = await day.face_candidate()
    key = await at_the_desk(day, one)
    seen = await day.desk.frame(day.first, key, faces.frame(DOOR))
    assert seen.verdict is not None
    assert (seen.verdict["advice"], seen.seat) == ("same", None)
    score = seen.verdict["score"]
    assert score is not None
    assert score > seen.verdict["threshold"]
    await day.desk.confirm(day.first, key, reason=Reason())
    drawn = await day.desk.seat(day.first, key)
    assert drawn.seat_no == one.seat.seat_no


async def test_another_face_is_different_and_one_person_alone_cannot_overrule(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    key = await at_the_desk(day, one)
    seen = await day.desk.frame(day.first, key, faces.frame(SOMEBODY_ELSE))
    assert seen.verdict is not None
    assert seen.verdict["advice"] == "different"
    with pytest.raises(Refusal) as alone:
        await day.desk.confirm(day.first, key, reason=WHY)
    assert alone.value.code == "checkin.second_missing"
    with pytest.raises(Refusal) as early:
        await day.desk.seat(day.first, key)
    assert early.value.code == "checkin.out_of_order"


@pytest.mark.parametrize(
    ("shown", "advice", "why"),
    [("empty_chair", "unusable", "no_face"), ("two_people", "review", "several_faces")],
)
async def test_nobody_or_two_before_the_desks_camera_are_never_simply_the_same(
    day: ExamDay, shown: str, advice: str, why: str
) -> None:
    key = await at_the_desk(day, await day.face_candidate())
    seen = await day.desk.frame(day.first, key, faces.frame(shown))
    assert seen.verdict is not None
    assert (seen.verdict["advice"], seen.verdict["reason"]) == (advice, why)


async def test_the_seat_lets_in_the_face_of_the_door_and_no_other(day: ExamDay) -> None:
    one = await day.admit(await day.face_candidate(), faces.frame(DOOR))
    principal = await day.sign_in(one)
    other = await day.sittings.entry.face(principal, faces.frame(SOMEBODY_ELSE))
    assert (other.advice, other.passed) == ("different", False)
    with pytest.raises(Refusal) as closed:
        await day.take_device(one)
    assert closed.value.code == "gate.face_open"
    same = await day.sittings.entry.face(principal, faces.frame(SEAT))
    assert (same.advice, same.passed, same.tries) == ("same", True, 1)
    await day.take_device(one)


@pytest.mark.parametrize(
    ("shown", "kind"),
    [("empty_chair", "no_face"), ("two_people", "several_faces"), (SOMEBODY_ELSE, "mismatch")],
)
async def test_captures_of_the_wrong_sight_become_one_incident_after_the_policys_count(
    day: ExamDay, shown: str, kind: str
) -> None:
    one = await day.face_candidate()
    principal = await answering(day, one)

    async def captures(name: str, times: int) -> list[tuple[str, int]]:
        for _ in range(times):
            day.clock.advance(seconds=EVERY_S)
            await day.room.captures.capture(principal, faces.frame(name), day.clock.now_ms())
        return [(case["kind"], case["count"]) for case in (await day.wall(one))["incidents"]]

    assert await captures(AT_WORK, 2) == []
    assert await captures(shown, 2) == []
    assert await captures(shown, 1) == [(kind, 1)]
    assert await captures(shown, 1) == [(kind, 2)]
    async with day.world.database.read() as session:
        camera = await day.world.ledger.read(session, f"camera/{one.sitting_id}")
    assert [record.kind for record in camera] == ["opened", *["capture"] * 6]
    await day.answer(one)
