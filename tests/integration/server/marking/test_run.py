"""The machine's run: from the ledger, once, on record."""

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import delete, update

from kernel.db import Database
from kernel.errors import Refusal
from server.marking.service import MarkingService, marked, marks_hold
from server.marking.tables import SheetRow
from server.sessions.tables import SessionRow
from server.sittings.tables import SittingRow
from tests.integration.server.after import (
    JUDGE,
    MULTIPLE,
    SESSION,
    SHORT,
    SINGLE,
    Afternoon,
    sitting_of,
    staff,
)


@pytest.fixture
def marking(hall: Afternoon) -> MarkingService:
    return MarkingService(hall.database, hall.clock, hall.ledger, hall.keyring, hall.papers)


async def totals(hall: Afternoon) -> dict[str, dict[str, Decimal | None]]:
    async with hall.database.read() as session:
        found = await marked(session, SESSION)
    assert found is not None
    return {
        sitting_id: {one.item_id: one.mark for one in sheet.marks}
        for sitting_id, sheet in found.sheets.items()
    }


async def test_every_paper_that_was_handed_in_is_marked_from_the_ledger(
    hall: Afternoon, marking: MarkingService
) -> None:
    done = await marking.run(staff("officer"), SESSION)
    assert (done.run.version, done.run.objective, done.run.by_hand) == (1, 14, 2)
    found = await totals(hall)
    assert set(found) == {sitting_of(name) for name in ("alice", "bob", "chen", "erik")}
    assert found[sitting_of("alice")] == {SINGLE: 2, MULTIPLE: 3, JUDGE: 1, SHORT: None}
    assert found[sitting_of("bob")] == {SINGLE: 0, MULTIPLE: 0, JUDGE: 0, SHORT: 0}
    assert found[sitting_of("chen")] == {SINGLE: 0, MULTIPLE: 0, JUDGE: 0, SHORT: None}
    [act] = await hall.session_acts("marked")
    assert act["totals_hash"] == done.run.totals_hash
    assert act["by"] == "officer"
    assert await hall.state() == "closed"


async def test_marking_twice_is_one_run(hall: Afternoon, marking: MarkingService) -> None:
    first = await marking.run(staff("officer"), SESSION)
    second = await marking.run(staff("chief"), SESSION)
    assert (second.run.id, second.fresh) == (first.run.id, False)
    assert len(await hall.session_acts("marked")) == 1


async def test_two_runs_at_once_are_one_run(hall: Afternoon, marking: MarkingService) -> None:
    done = await asyncio.gather(
        marking.run(staff("officer"), SESSION), marking.run(staff("chief"), SESSION)
    )
    assert len({one.run.id for one in done}) == 1
    assert len(await hall.session_acts("marked")) == 1


async def test_a_changed_answer_makes_the_next_version_with_a_report(
    hall: Afternoon, marking: MarkingService
) -> None:
    await marking.run(staff("officer"), SESSION)
    await hall.answer_late("bob", SHORT, "迟到的回答")
    done = await marking.run(staff("officer"), SESSION)
    assert (done.run.version, done.run.by_hand, done.waiting) == (2, 3, 3)
    assert [change["sitting_id"] for change in done.run.changes] == [sitting_of("bob")]


async def test_a_session_that_is_not_closed_is_not_marked(
    hall: Afternoon, marking: MarkingService
) -> None:
    async with hall.database.write() as tx:
        await tx.execute(update(SessionRow).values(state="running"))
    with pytest.raises(Refusal, match="sessions.wrong_state"):
        await marking.run(staff("officer"), SESSION)


async def test_a_published_session_is_not_marked_again(
    hall: Afternoon, marking: MarkingService
) -> None:
    async with hall.database.write() as tx:
        await tx.execute(update(SessionRow).values(state="published"))
    with pytest.raises(Refusal, match="sessions.wrong_state"):
        await marking.run(staff("officer"), SESSION)


async def test_nothing_is_marked_before_the_holders_opened_the_scoring_key(
    database: Database, hall: Afternoon, marking: MarkingService
) -> None:
    from server.papers.tables import PackageRow

    async with database.write() as tx:
        await tx.execute(update(PackageRow).values(scoring_key_wrapped=None))
    with pytest.raises(Refusal, match="papers.scoring_closed"):
        await marking.run(staff("officer"), SESSION)
    assert await hall.session_acts("marked") == []


@pytest.mark.parametrize("name", ["marker", "invigilator", "outsider"])
async def test_only_officer_and_chief_of_the_session_run_it(
    marking: MarkingService, name: str
) -> None:
    with pytest.raises(Refusal, match="access.role_missing|sessions.not_staffed"):
        await marking.run(staff(name), SESSION)


async def test_a_paper_taken_out_of_the_database_is_missed(
    hall: Afternoon, marking: MarkingService
) -> None:
    async with hall.database.write() as tx:
        await tx.execute(
            update(SittingRow)
            .where(SittingRow.id == sitting_of("alice"))
            .values(submitted_at_ms=None)
        )
    with pytest.raises(Refusal) as refused:
        await marking.run(staff("officer"), SESSION)
    assert refused.value.code == "marking.submission_differs"
    assert refused.value.params["sitting"] == sitting_of("alice")


async def test_marks_that_were_changed_in_the_database_do_not_hold(
    hall: Afternoon, marking: MarkingService
) -> None:
    await marking.run(staff("officer"), SESSION)
    async with hall.database.write() as tx:
        assert await marks_hold(tx, hall.ledger, SESSION)
        row = (await marked(tx, SESSION) or pytest.fail("not marked")).run
        sheet = await tx.get(SheetRow, (row.id, sitting_of("bob")))
        assert sheet is not None
        sheet.marks = [[item, full, full, True] for item, full, _, _ in sheet.marks]
        await tx.flush()
        assert not await marks_hold(tx, hall.ledger, SESSION)
        await tx.execute(delete(SheetRow).where(SheetRow.sitting_id == sitting_of("bob")))
        assert not await marks_hold(tx, hall.ledger, SESSION)
