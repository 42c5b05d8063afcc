"""The score from the replay against the stored one, item by item."""

from decimal import Decimal

import pytest

from kernel.errors import Refusal
from server.checkin.service import Reason
from server.marking.service import MarkingService
from server.marking.tables import SheetRow, TaskRow
from server.results.service import ResultsService
from server.results.tables import ResultRow
from server.supervision.rules.comparing import Difference
from server.supervision.service import Proof, SupervisionService
from tests.integration.server.after import (
    ANSWERS,
    JUDGE,
    MULTIPLE,
    SESSION,
    SHORT,
    Afternoon,
    sitting_of,
    staff,
)

WHY = Reason("review", "成绩复核申请")
OFFICER = staff("officer")


@pytest.fixture
def marking(hall: Afternoon) -> MarkingService:
    return MarkingService(hall.database, hall.clock, hall.ledger, hall.keyring, hall.papers)


async def proof_of(supervision: SupervisionService, name: str) -> Proof:
    look = await supervision.looks.take(OFFICER, sitting_of(name), WHY)
    return await supervision.comparing.prove(OFFICER, look.row.id)


def differences(proof: Proof) -> dict[str, Difference]:
    return {one.item_id: one.difference for one in proof.compared.items if one.difference}


async def mark_texts(marking: MarkingService, score: str) -> None:
    while (task := await marking.queue.next(staff("marker"), SESSION)) is not None:
        await marking.queue.mark(staff("marker"), task.task_id, score=score, remark="")


async def test_every_stored_score_is_made_again_from_the_log(
    supervision: SupervisionService, marking: MarkingService
) -> None:
    await marking.run(OFFICER, SESSION)
    await mark_texts(marking, "2.5")
    sums = {"alice": "8.5", "bob": "0", "chen": "2.5", "erik": "6"}
    for name in ANSWERS:
        proof = await proof_of(supervision, name)
        assert proof.compared.equal
        assert proof.compared.replayed == proof.compared.stored == Decimal(sums[name])
        assert len(proof.compared.items) == 4
    alice = await proof_of(supervision, "alice")
    assert alice.answers[JUDGE] == "A"
    assert alice.answers[SHORT] == ANSWERS["alice"][SHORT]["text"]


async def test_a_mark_changed_in_the_database_is_found_in_its_place(
    hall: Afternoon, supervision: SupervisionService, marking: MarkingService
) -> None:
    run = (await marking.run(OFFICER, SESSION)).run
    async with hall.database.write() as tx:
        sheet = await tx.get_one(SheetRow, (run.id, sitting_of("chen")))
        sheet.marks = [
            [item, full, full if item == MULTIPLE else mark, answered]
            for item, full, mark, answered in sheet.marks
        ]
    proof = await proof_of(supervision, "chen")
    assert differences(proof) == {MULTIPLE: Difference.MARK}
    found = next(one for one in proof.compared.items if one.item_id == MULTIPLE)
    assert (found.replayed, found.stored) == (Decimal(0), Decimal(3))
    assert (await proof_of(supervision, "alice")).compared.equal


async def test_a_mark_by_hand_changed_in_the_database_is_found(
    hall: Afternoon, supervision: SupervisionService, marking: MarkingService
) -> None:
    await marking.run(OFFICER, SESSION)
    await mark_texts(marking, "1")
    async with hall.database.write() as tx:
        tasks = (await tx.execute(TaskRow.__table__.select())).mappings().all()
        mine = next(one for one in tasks if one["sitting_id"] == sitting_of("alice"))
        row = await tx.get_one(TaskRow, mine["id"])
        row.mark = "4"
    assert differences(await proof_of(supervision, "alice")) == {SHORT: Difference.MARK}


async def test_a_sheet_taken_out_or_a_sitting_added_to_is_found(
    hall: Afternoon, supervision: SupervisionService, marking: MarkingService
) -> None:
    run = (await marking.run(OFFICER, SESSION)).run
    async with hall.database.write() as tx:
        bob = await tx.get_one(SheetRow, (run.id, sitting_of("bob")))
        bob.marks = [*bob.marks, ["item_x", "9", "9", True]]
        await tx.delete(await tx.get_one(SheetRow, (run.id, sitting_of("erik"))))
    assert differences(await proof_of(supervision, "bob")) == {"item_x": Difference.NOT_IN_FORM}
    erik = await proof_of(supervision, "erik")
    assert set(differences(erik).values()) == {Difference.NOT_STORED}


async def test_a_published_score_changed_in_the_database_is_found(
    hall: Afternoon, supervision: SupervisionService, marking: MarkingService
) -> None:
    await marking.run(OFFICER, SESSION)
    await mark_texts(marking, "1")
    results = ResultsService(hall.database, hall.clock, hall.ledger)
    await results.publish(staff("chief"), SESSION)
    assert (await results.publish(OFFICER, SESSION)).published
    proof = await proof_of(supervision, "alice")
    assert proof.compared.equal
    assert proof.compared.published == proof.compared.replayed == Decimal(7)
    async with hall.database.write() as tx:
        rows = (await tx.execute(ResultRow.__table__.select())).mappings().all()
        mine = next(one for one in rows if one["sitting_id"] == sitting_of("alice"))
        row = await tx.get_one(ResultRow, (mine["publication_id"], mine["candidate_id"]))
        row.score = "10"
    changed = await proof_of(supervision, "alice")
    assert not changed.compared.equal
    assert differences(changed) == {}


async def test_there_is_no_proof_before_marking(supervision: SupervisionService) -> None:
    with pytest.raises(Refusal, match=r"marking\.not_run"):
        await proof_of(supervision, "alice")
