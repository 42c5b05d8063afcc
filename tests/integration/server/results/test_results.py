"""The result list and its publication by two people."""

import io
from collections.abc import Mapping

import openpyxl
import pytest
from sqlalchemy import delete, update

from kernel.access import Principal, Role
from kernel.errors import Refusal
from server.invigilation.tables import IncidentRow, ViolationRow
from server.marking.service import MarkingService
from server.marking.tables import TaskRow
from server.results.rules.lines import Line, State
from server.results.service import ResultsService
from server.results.service.workbook import COLUMNS
from server.results.tables import ResultRow
from server.sessions.tables import SessionRow
from tests.integration.server.after import SESSION, Afternoon, sitting_of, staff

OFFICER, CHIEF = staff("officer"), staff("chief")


@pytest.fixture
async def results(hall: Afternoon) -> ResultsService:
    return ResultsService(hall.database, hall.clock, hall.ledger)


async def mark(hall: Afternoon, *, by_hand: bool = True) -> MarkingService:
    marking = MarkingService(hall.database, hall.clock, hall.ledger, hall.keyring, hall.papers)
    await marking.run(OFFICER, SESSION)
    while by_hand and (task := await marking.queue.next(staff("marker"), SESSION)):
        full = task.response.startswith("因为")
        await marking.queue.mark(
            staff("marker"), task.task_id, score="3.5" if full else "0", remark=""
        )
    return marking


async def lines(results: ResultsService) -> Mapping[str, Line]:
    sheet = await results.results(OFFICER, SESSION)
    return {one.candidate.name.lower(): one.line for one in sheet.lines}


async def test_everybody_has_a_line_and_the_right_one(
    hall: Afternoon, results: ResultsService
) -> None:
    await mark(hall)
    found = await lines(results)
    assert {name: (one.state, one.score, one.passed) for name, one in found.items()} == {
        "alice": (State.NUMBER, "9.5", True),
        "bob": (State.NUMBER, "0", False),
        "chen": (State.NUMBER, "0", False),
        "dora": (State.ABSENT, None, False),
        "erik": (State.VIOLATION, None, False),
    }
    assert found["dora"].receipt_code is None
    assert len(found["alice"].receipt_code or "") == 12
    assert (found["erik"].article_id, found["alice"].full) == ("A6-1", "10")


async def test_before_marking_papers_are_pending_and_nobody_publishes(
    hall: Afternoon, results: ResultsService
) -> None:
    assert (await lines(results))["alice"].state is State.PENDING
    with pytest.raises(Refusal, match="sessions.wrong_state"):
        await results.publish(OFFICER, SESSION)
    marking = await mark(hall)
    task = await marking.queue.undo(staff("marker"), SESSION)
    assert task.left == 1
    with pytest.raises(Refusal, match="results.pending"):
        await results.publish(OFFICER, SESSION)


async def test_one_person_alone_never_publishes(hall: Afternoon, results: ResultsService) -> None:
    await mark(hall)
    first = await results.publish(OFFICER, SESSION)
    assert (first.published, first.given) == (False, ("Officer",))
    with pytest.raises(Refusal, match="approval.same_person"):
        await results.publish(OFFICER, SESSION)
    assert await hall.state() == "marked"
    second = await results.publish(CHIEF, SESSION)
    assert (second.published, second.given) == (True, ("Officer", "Chief"))
    assert second.list_hash == first.list_hash
    assert await hall.state() == "published"
    [act] = await hall.session_acts("results_published")
    assert (act["by"], act["second"], act["list_hash"]) == ("officer", "chief", first.list_hash)
    with pytest.raises(Refusal, match="sessions.wrong_state"):
        await results.publish(CHIEF, SESSION)


async def test_a_list_that_changed_in_between_starts_again(
    hall: Afternoon, results: ResultsService
) -> None:
    marking = await mark(hall)
    first = await results.publish(OFFICER, SESSION)
    task = await marking.queue.undo(staff("marker"), SESSION)
    await marking.queue.mark(staff("marker"), task.task_id, score="1", remark="")
    second = await results.publish(CHIEF, SESSION)
    assert (second.published, second.given) == (False, ("Chief",))
    assert second.list_hash != first.list_hash
    assert (await results.publish(OFFICER, SESSION)).published


@pytest.mark.parametrize("name", ["invigilator", "marker", "outsider"])
async def test_others_do_not_publish(hall: Afternoon, results: ResultsService, name: str) -> None:
    await mark(hall)
    with pytest.raises(Refusal, match="access.role_missing|sessions.not_staffed"):
        await results.publish(staff(name), SESSION)


@pytest.mark.parametrize("name", ["invigilator", "marker", "outsider"])
async def test_others_do_not_see_the_list(results: ResultsService, name: str) -> None:
    with pytest.raises(Refusal, match="access.role_missing|sessions.not_staffed"):
        await results.results(staff(name), SESSION)


async def test_supervision_sees_the_list(results: ResultsService) -> None:
    supervisor = Principal("s", "staff", {"roles": [Role.SUPERVISOR.value]})
    assert len((await results.results(supervisor, SESSION)).lines) == 5


async def test_a_mark_changed_in_the_database_is_not_published(
    hall: Afternoon, results: ResultsService
) -> None:
    await mark(hall)
    async with hall.database.write() as tx:
        await tx.execute(update(TaskRow).values(mark="4"))
    with pytest.raises(Refusal, match="results.marks_differ"):
        await results.publish(OFFICER, SESSION)


async def test_a_violation_that_vanished_from_the_database_is_missed(
    hall: Afternoon, results: ResultsService
) -> None:
    await mark(hall)
    async with hall.database.write() as tx:
        await tx.execute(delete(ViolationRow))
    with pytest.raises(Refusal, match="results.facts_differ"):
        await results.publish(OFFICER, SESSION)


async def test_whoever_publishes_over_an_undecided_case_is_told_and_it_is_recorded(
    hall: Afternoon, results: ResultsService
) -> None:
    await mark(hall)
    async with hall.database.write() as tx:
        tx.add(
            IncidentRow(
                id="inc_1", session_id=SESSION, room_id="room_1", sitting_id=sitting_of("chen"),
                kind="mismatch", severity="red", opened_at_ms=1, last_at_ms=1, count=3, score=0.2,
                threshold=0.4, capture_ids=[], proposal_s=None, detail={}, state="open",
                decision=None, decided_by=None, decided_at_ms=None, reason_code=None,
                reason_text=None,
            )
        )  # fmt: skip
    assert (await results.publish(OFFICER, SESSION)).open_incidents == 1
    assert (await results.publish(CHIEF, SESSION)).open_incidents == 1
    [act] = await hall.session_acts("results_published")
    assert act["open_incidents"] == 1


async def test_what_was_published_stays_as_it_was(hall: Afternoon, results: ResultsService) -> None:
    await mark(hall)
    before = await lines(results)
    await results.publish(OFFICER, SESSION)
    await results.publish(CHIEF, SESSION)
    async with hall.database.write() as tx:
        await tx.execute(update(TaskRow).values(mark="0"))
        assert len((await tx.execute(ResultRow.__table__.select())).all()) == 5
    assert await lines(results) == before


async def test_the_list_is_closed_while_the_exam_runs(
    hall: Afternoon, results: ResultsService
) -> None:
    async with hall.database.write() as tx:
        await tx.execute(update(SessionRow).values(state="running"))
    with pytest.raises(Refusal, match="sessions.wrong_state"):
        await results.results(OFFICER, SESSION)


async def test_the_sheet_has_the_fields_columns_and_no_formula(
    hall: Afternoon, results: ResultsService
) -> None:
    await mark(hall)
    data = await results.workbook(CHIEF, SESSION)
    page = openpyxl.load_workbook(io.BytesIO(data)).active
    assert page is not None
    rows = list(page.iter_rows())
    assert tuple(cell.value for cell in rows[0]) == COLUMNS
    assert all(cell.data_type != "f" for row in rows for cell in row)
    table = {
        row[1].value: dict(zip(COLUMNS, (cell.value for cell in row), strict=True))
        for row in rows[1:]
    }
    assert table["Alice"]["理论"] == 9.5
    assert table["Alice"]["身份证"] == "3408********1234"
    assert (table["Alice"]["等级"], table["Alice"]["结论"]) == ("三级", "合格")
    assert table["Bob"]["单位"] == '=HYPERLINK("http://x")'
    assert (table["Dora"]["理论"], table["Dora"]["理论缺考标志"]) == ("缺考", "1")
    assert (table["Erik"]["理论"], table["Erik"]["违纪条款"]) == ("违纪", "A6-1")
    employer = next(cell for row in rows for cell in row if cell.value == table["Bob"]["单位"])
    assert employer.quotePrefix
