"""Registration on both databases: all or nothing, every bad row named, tickets that can be read."""

import io
import zipfile
from collections.abc import Awaitable, Sequence

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from kernel.access import Principal, Role
from kernel.errors import Refusal
from server.registration.rules import ticket_checks
from server.registration.service import (
    ImportReport,
    candidate_by_number,
    candidate_signing_in,
    candidates_of,
    lookup_key_of,
)
from server.registration.tables import CandidateRow
from tests.integration.server.world import (
    World,
    id_number,
    portrait,
    portraits_of,
    roster,
    roster_of,
)

HEADER = ("姓名", "性别", "证件号码", "核验方式", "补时%", "准考证号", "手机")


async def planned(world: World) -> tuple[Principal, str]:
    officer = await world.person("officer", Role.OFFICER)
    return officer, await world.session(officer, await world.rooms((3, 4)))


async def bring(
    world: World,
    who: Principal,
    session_id: str,
    lines: Sequence[Sequence[object]],
    pictures: dict[str, bytes] | None = None,
    *,
    dry_run: bool = False,
    partial: bool = False,
) -> ImportReport:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in (pictures or {}).items():
            file.writestr(name, data)
    return await world.registration.importing.run(
        who, session_id, roster=roster(lines, HEADER), portraits=out.getvalue(),
        dry_run=dry_run, partial=partial,
    )  # fmt: skip


async def test_sound_candidates_come_in_with_tickets_and_portraits(world: World) -> None:
    officer, session_id = await planned(world)
    await world.candidates(officer, session_id, 6)
    people = await world.registration.candidates(officer, session_id)
    assert [one.name for one in people] == [f"考生{n}" for n in range(1, 7)]
    assert all(ticket_checks(one.ticket_no) for one in people)
    assert len({one.sitting_id for one in people}) == 6
    assert [one.route for one in people].count("manual") == 1
    assert len(world.desk.enrolled) == 5
    assert (await world.sessions.one(officer, session_id)).row.candidate_count == 6
    picture = await world.registration.portrait(officer, people[0].id)
    assert picture == world.desk.enrolled[people[0].id]
    assert await world.registration.portrait_of_sitting(people[0].sitting_id) == picture
    assert "roster_imported" in await world.acts(session_id)


async def test_id_numbers_lie_sealed_and_are_shown_masked(world: World) -> None:
    officer, session_id = await planned(world)
    await bring(
        world, officer, session_id, [("赵一", "男", id_number(7), "人工", "", "", "13800138000")]
    )
    async with world.database.read() as session:
        row = (await session.execute(select(CandidateRow))).scalar_one()
    number = id_number(7)
    assert row.id_number_masked == f"{number[:4]}**********{number[-4:]}"
    for stored in (row.id_number_sealed, row.phone_sealed or b"", row.id_number_hash):
        assert number.encode() not in stored
        assert b"13800138000" not in stored
    assert b"13800138000" not in repr(row.__dict__).encode()


async def test_portraits_lie_sealed(world: World) -> None:
    officer, session_id = await planned(world)
    await world.candidates(officer, session_id, 1)
    names = await world.blobs.names("registration/")
    assert len(names) == 1
    assert b"JFIF" not in await world.blobs.get(names[0])


async def test_one_bad_row_stops_the_file_and_every_fault_is_named(world: World) -> None:
    officer, session_id = await planned(world)
    world.desk.faulty = {40: "face.no_face"}
    wrong = id_number(2)[:-1] + ("0" if id_number(2)[-1] != "0" else "1")
    lines = [
        ("赵一", "男", id_number(1), "人脸", "", "", ""),
        ("钱二", "男", wrong, "人脸", "", "", ""),
        ("孙三", "男", id_number(3), "指纹", "", "", ""),
        ("李四", "男", id_number(4), "人脸", "", "", ""),
        ("周五", "男", id_number(5), "人脸", "", "", ""),
        ("吴六", "男", id_number(6), "人脸", "", "", ""),
        ("郑七", "男", id_number(1), "人工", "", "", ""),
    ]
    pictures = {
        f"{id_number(1)}.jpg": portrait(1),
        f"{id_number(4)}.jpg": b"no picture",
        "周五.jpg": portrait(40),
        "陌生人.jpg": portrait(9),
    }
    report = await bring(world, officer, session_id, lines, pictures)
    assert [(fault.row, fault.field, fault.code) for fault in report.faults] == [
        (3, "证件号码", "registration.id_number_check"),
        (4, "核验方式", "registration.route_unknown"),
        (5, "照片", "registration.picture_unreadable"),
        (6, "照片", "face.no_face"),
        (7, "照片", "registration.portrait_missing"),
        (8, "证件号码", "registration.twice_in_file"),
    ]
    assert (report.accepted, report.rejected, report.written) == (0, 6, False)
    assert "registration.portrait_unused" in {warning.code for warning in report.warnings}
    assert await world.registration.candidates(officer, session_id) == []
    assert world.desk.enrolled == {}
    assert await world.blobs.names("registration/") == []
    report = await bring(world, officer, session_id, lines, pictures, partial=True)
    assert (report.accepted, report.rejected, report.written) == (1, 6, True)


async def test_a_dry_run_looks_at_everything_and_writes_nothing(world: World) -> None:
    officer, session_id = await planned(world)
    report = await world.registration.importing.run(
        officer, session_id, roster=roster_of(4), portraits=portraits_of(4), dry_run=True,
        partial=False,
    )  # fmt: skip
    assert (report.accepted, report.rejected, report.written) == (4, 0, False)
    assert world.desk.inspected == 4
    assert world.desk.enrolled == {}
    assert await world.registration.candidates(officer, session_id) == []


async def test_a_person_stands_once_in_a_session_and_a_ticket_once_at_all(world: World) -> None:
    officer, session_id = await planned(world)
    first = [("赵一", "男", id_number(1), "人工", "", "T-000001", "")]
    assert (await bring(world, officer, session_id, first)).written
    again = [
        ("赵一", "男", id_number(1), "人工", "", "", ""),
        ("钱二", "女", id_number(2), "人工", "", "T-000001", ""),
    ]
    report = await bring(world, officer, session_id, again)
    assert [(fault.row, fault.code) for fault in report.faults] == [
        (2, "registration.in_session"),
        (3, "registration.ticket_taken"),
    ]
    other = await world.session(
        officer, [room.room_id for room in (await world.sessions.one(officer, session_id)).rooms]
    )
    report = await bring(world, officer, other, [("赵一", "男", id_number(1), "人工", "", "", "")])
    assert report.written


async def test_a_candidate_is_found_by_either_number_and_signs_in_with_both(world: World) -> None:
    officer, session_id = await planned(world)
    await world.candidates(officer, session_id, 3)
    key = lookup_key_of(world.keyring)
    async with world.database.read() as session:
        first, second, _ = await candidates_of(session, session_id)
        typed = f" {id_number(1)[:6]} {id_number(1)[6:].lower()}"
        for number in (first.ticket_no, typed):
            found = await candidate_by_number(session, key, session_id, number)
            assert found is not None
            assert found.id == first.id
        assert await candidate_by_number(session, key, "sess_other", first.ticket_no) is None
        good = await candidate_signing_in(session, key, first.ticket_no, id_number(1))
        assert good is not None
        for ticket, number in (
            (first.ticket_no, id_number(2)),
            (second.ticket_no, id_number(1)),
            ("26000000000", id_number(1)),
            ("", ""),
        ):
            assert await candidate_signing_in(session, key, ticket, number) is None


async def test_a_ticket_can_be_read_and_says_nothing_of_the_seat(world: World) -> None:
    officer, session_id = await planned(world)
    await world.candidates(officer, session_id, 3)
    people = await world.registration.candidates(officer, session_id)
    data = await world.registration.tickets(officer, session_id)
    pages = PdfReader(io.BytesIO(data)).pages
    assert len(pages) == 3
    text = pages[0].extract_text().replace("\n", "")
    for words in (
        "准 考 证", "考生1", people[0].ticket_no, people[0].id_number_masked, "人工智能训练师",
        "三级/高级工", "理论知识", "示例考点", "示例路 1 号", "现场抽签", "考生须知",
        "效力相同的证件人工核验",
    ):  # fmt: skip
        assert words.replace(" ", "") in text.replace(" ", "")
    assert id_number(1) not in text
    assert len(pages[0].images) == 2
    assert b"NotoSansSC" in data
    assert b"/FontFile2" in data
    one = await world.registration.ticket(officer, people[2].id)
    assert people[2].ticket_no in PdfReader(io.BytesIO(one)).pages[0].extract_text()


async def test_without_candidates_there_are_no_tickets(world: World) -> None:
    officer, session_id = await planned(world)
    with pytest.raises(Refusal, match=r"registration\.nobody"):
        await world.registration.tickets(officer, session_id)


async def test_strangers_see_no_candidates(world: World) -> None:
    officer, session_id = await planned(world)
    await world.candidates(officer, session_id, 1)
    (person,) = await world.registration.candidates(officer, session_id)
    stranger = await world.person("guard", Role.INVIGILATOR)
    asked: tuple[Awaitable[object], ...] = (
        world.registration.candidates(stranger, session_id),
        world.registration.portrait(stranger, person.id),
        world.registration.ticket(stranger, person.id),
    )
    for one in asked:
        with pytest.raises(Refusal, match=r"sessions\.not_staffed"):
            await one
    other = await world.person("officer2", Role.OFFICER)
    with pytest.raises(Refusal, match=r"sessions\.not_staffed"):
        await bring(world, other, session_id, [("钱二", "女", id_number(2), "人工", "", "", "")])
