"""A look is asked for with a reason, stands on record, and shows what its viewer may see."""

import hashlib

import pytest
from sqlalchemy import update

from kernel.access import Principal, Role
from kernel.errors import Refusal
from ledger.book import Act
from ledger.fold import fold
from ledger.tables import StreamRow
from server.checkin.service import Reason
from server.invigilation.tables import CaptureRow
from server.sessions.tables import SessionRow, StaffRow
from server.sittings.rules.dealing import deal
from server.supervision.service import SupervisionService
from server.supervision.service.looks import after
from tests.integration.server.after import (
    ANSWERS,
    SEED,
    SESSION,
    T0,
    Afternoon,
    changed_content,
    content,
    sitting_of,
    staff,
)
from tests.integration.server.supervision.conftest import Pictures

WHY = Reason("review", "成绩复核申请")
ALICE = sitting_of("alice")


async def running(hall: Afternoon) -> None:
    async with hall.database.write() as tx:
        await tx.execute(update(SessionRow).values(state="running"))


async def test_a_look_stands_in_the_sessions_stream_before_anything_is_shown(
    hall: Afternoon, supervision: SupervisionService
) -> None:
    look = await supervision.looks.take(staff("supervisor"), ALICE, WHY)
    [act] = await hall.session_acts("replayed")
    assert (act["sitting_id"], act["by"], act["reason_text"]) == (ALICE, "supervisor", WHY.text)
    assert (act["look_id"], act["texts"], act["state"]) == (look.row.id, True, "closed")
    overview = await supervision.looks.overview(staff("officer"), SESSION)
    assert [one.by_name for one in overview.looks] == ["Supervisor"]
    assert {one.sitting_id for one in overview.sittings} == {sitting_of(n) for n in ANSWERS}


async def test_without_a_reason_there_is_no_look(
    hall: Afternoon, supervision: SupervisionService
) -> None:
    with pytest.raises(Refusal, match=r"act\.reason_missing"):
        await supervision.looks.take(staff("supervisor"), ALICE, Reason())
    assert await hall.session_acts("replayed") == []


async def test_the_course_is_made_again_from_log_and_package_alone(
    hall: Afternoon, supervision: SupervisionService
) -> None:
    look = await supervision.looks.take(staff("officer"), ALICE, WHY)
    course = await supervision.replaying.course(staff("officer"), look.row.id)
    form = next(one for one in content().forms if one.form_code == look.form_code)
    assert list(course.items) == deal(form, SEED)
    assert len(course.moments) == 3 + len(ANSWERS["alice"])
    shown = await supervision.replaying.frame(staff("officer"), look.row.id, course.to_ms)
    async with hall.database.read() as session:
        records = await hall.ledger.read(session, f"sitting/{ALICE}")
    assert dict(shown.frame.answers) == fold(records).answers == ANSWERS["alice"]
    before = await supervision.replaying.frame(staff("officer"), look.row.id, course.from_ms - 1)
    assert (before.frame.answers, before.frame.items) == ({}, ())


async def test_another_paper_than_the_log_binds_and_an_empty_log_are_not_replayed(
    hall: Afternoon, supervision: SupervisionService, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer, look = staff("officer"), await supervision.looks.take(staff("officer"), ALICE, WHY)
    with monkeypatch.context() as other:
        other.setattr(hall.papers, "content", changed_content)
        with pytest.raises(Refusal, match=r"sitting\.form_unknown"):
            await supervision.replaying.course(officer, look.row.id)
    async with hall.database.write() as tx:
        await tx.execute(
            update(StreamRow)
            .where(StreamRow.stream_id == f"sitting/{ALICE}")
            .values(stream_id="sitting/other")
        )
    for shown in (
        supervision.replaying.course(officer, look.row.id),
        supervision.replaying.frame(officer, look.row.id, T0),
    ):
        with pytest.raises(Refusal, match=r"replay\.empty"):
            await shown


async def test_mutable_tables_change_nothing_of_a_replay(
    hall: Afternoon, supervision: SupervisionService
) -> None:
    look = await supervision.looks.take(staff("officer"), ALICE, WHY)
    one = await supervision.replaying.frame(staff("officer"), look.row.id, T0 + 9_000_000)
    async with hall.database.write() as tx:
        await tx.execute(update(SessionRow).values(starts_at_ms=T0 + 1, duration_s=60))
    other = await supervision.replaying.frame(staff("officer"), look.row.id, T0 + 9_000_000)
    assert one.frame == other.frame
    assert one.frame.deadline_ms == T0 + 5_400_000


@pytest.mark.parametrize(
    ("name", "state", "texts"),
    [
        ("supervisor", "closed", True), ("officer", "closed", True), ("chief", "closed", False),
        ("supervisor", "running", False), ("chief", "running", False),
    ],
)  # fmt: skip
async def test_who_reads_the_items(
    hall: Afternoon, supervision: SupervisionService, name: str, state: str, texts: bool
) -> None:
    if state == "running":
        await running(hall)
    assert (await supervision.looks.take(staff(name), ALICE, WHY)).row.texts is texts


@pytest.mark.parametrize(
    ("name", "state", "code"),
    [
        ("officer", "running", "replay.running"),
        ("invigilator", "running", "access.role_missing"),
        ("invigilator", "closed", "access.role_missing"),
        ("marker", "closed", "access.role_missing"),
        ("outsider", "closed", "sessions.not_staffed"),
    ],
)
async def test_who_does_not_look(
    hall: Afternoon, supervision: SupervisionService, name: str, state: str, code: str
) -> None:
    if state == "running":
        await running(hall)
    with pytest.raises(Refusal) as refused:
        await supervision.looks.take(staff(name), ALICE, WHY)
    assert refused.value.code == code
    with pytest.raises(Refusal):
        await supervision.looks.overview(staff(name), SESSION)
    assert await hall.session_acts("replayed") == []


async def test_a_look_is_one_persons_and_ends(
    hall: Afternoon, supervision: SupervisionService
) -> None:
    look = await supervision.looks.take(staff("officer"), ALICE, WHY)
    with pytest.raises(Refusal, match=r"replay\.look_unknown"):
        await supervision.replaying.course(staff("chief"), look.row.id)
    hall.clock.advance(minutes=60)
    with pytest.raises(Refusal, match=r"replay\.look_over"):
        await supervision.replaying.course(staff("officer"), look.row.id)


async def test_a_duty_taken_away_ends_the_look(
    hall: Afternoon, supervision: SupervisionService
) -> None:
    look = await supervision.looks.take(staff("officer"), ALICE, WHY)
    async with hall.database.write() as tx:
        row = await tx.get_one(StaffRow, "duty_officer")
        await tx.delete(row)
    with pytest.raises(Refusal, match=r"sessions\.not_staffed"):
        await supervision.replaying.course(staff("officer"), look.row.id)


async def test_a_look_at_a_running_session_ends_with_it(
    hall: Afternoon, supervision: SupervisionService
) -> None:
    await running(hall)
    look = await supervision.looks.take(staff("chief"), ALICE, WHY)
    await supervision.replaying.course(staff("chief"), look.row.id)
    async with hall.database.write() as tx:
        await tx.execute(update(SessionRow).values(state="closed"))
    with pytest.raises(Refusal, match=r"replay\.look_over"):
        await supervision.replaying.course(staff("chief"), look.row.id)


async def test_after_the_seal_looks_are_still_recorded(
    hall: Afternoon, supervision: SupervisionService
) -> None:
    await supervision.looks.take(staff("officer"), ALICE, WHY)
    roster = [(sitting_of(name), "submitted") for name in ("alice", "bob", "chen", "dora", "erik")]
    async with hall.database.write() as tx:
        await hall.ledger.seal_session(tx, SESSION, roster=roster)
    for _ in range(2):
        await supervision.looks.take(staff("supervisor"), ALICE, WHY)
    async with hall.database.read() as session:
        records = await hall.ledger.read(session, f"session/{after(SESSION)}")
    assert [one.kind for one in records] == ["session_opened", "replayed", "replayed"]
    overview = await supervision.looks.overview(staff("supervisor"), SESSION)
    assert [one.by_name for one in overview.looks] == ["Officer", "Supervisor", "Supervisor"]


async def test_a_picture_is_shown_only_as_the_log_names_it(
    hall: Afternoon, supervision: SupervisionService, pictures: Pictures
) -> None:
    image = b"\xff\xd8picture"
    facts = {
        "capture_id": "match_1", "taken_at_ms": T0 + 60_000, "outcome": "ok",
        "frame_sha256": hashlib.sha256(image).hexdigest(),
    }  # fmt: skip
    async with hall.database.write() as tx:
        await hall.ledger.append(tx, f"camera/{ALICE}", [Act("capture", facts)])
        for name, sitting_id in (("match_1", ALICE), ("match_2", ALICE)):
            tx.add(
                CaptureRow(
                    id=name, sitting_id=sitting_id, taken_at_ms=T0, received_at_ms=T0,
                    outcome="ok", score=None, threshold=0.4, faces=1, frame_blob="blob",
                    frame_sha256=str(facts["frame_sha256"]),
                )
            )  # fmt: skip
    pictures.kept["blob"] = image
    officer = staff("officer")
    look = await supervision.looks.take(officer, ALICE, WHY)
    course = await supervision.replaying.course(officer, look.row.id)
    assert [(one.capture_id, one.kept) for one in course.pictures] == [("match_1", True)]
    assert await supervision.replaying.picture(officer, look.row.id, "match_1") == image
    with pytest.raises(Refusal, match=r"capture\.unknown"):
        await supervision.replaying.picture(officer, look.row.id, "match_2")
    pictures.kept["blob"] = b"other"
    with pytest.raises(Refusal, match=r"replay\.picture_differs"):
        await supervision.replaying.picture(officer, look.row.id, "match_1")
    del pictures.kept["blob"]
    with pytest.raises(Refusal, match=r"replay\.picture_gone"):
        await supervision.replaying.picture(officer, look.row.id, "match_1")


async def test_a_sitting_that_nobody_knows_is_not_replayed(
    supervision: SupervisionService,
) -> None:
    nobody = Principal("supervisor", "staff", {"roles": [Role.SUPERVISOR.value]})
    with pytest.raises(Refusal, match=r"sitting\.unknown"):
        await supervision.looks.take(nobody, "sit_nobody", WHY)
