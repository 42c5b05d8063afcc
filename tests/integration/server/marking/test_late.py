"""Late data: two people see them beside what counts, and marking follows their word alone."""

from decimal import Decimal

import pytest
from sqlalchemy import update

from kernel.errors import Refusal
from ledger.book import Act
from server.checkin.service import Reason
from server.marking.service import LateSitting, MarkingService, marked, marks_hold
from server.marking.tables import LateRow
from server.sessions.tables import SessionRow
from server.sittings.rules.dealing import deal
from tests.integration.server.after import (
    SEED,
    SESSION,
    SHORT,
    SINGLE,
    T0,
    Afternoon,
    changed_content,
    content,
    sitting_of,
    staff,
)

LATE = sitting_of("dora")
OUTAGE, DOUBT = Reason("network_fault", "考场断网"), Reason("other", "无法确认断网")


@pytest.fixture
def marking(hall: Afternoon) -> MarkingService:
    return MarkingService(hall.database, hall.clock, hall.ledger, hall.keyring, hall.papers)


@pytest.fixture
async def late(hall: Afternoon) -> Afternoon:
    await hall.sit_late("dora")
    return hall


async def said(
    marking: MarkingService, name: str, *, counted: bool, reason: Reason = OUTAGE
) -> LateSitting:
    return await marking.late.decide(staff(name), LATE, counted=counted, reason=reason)


async def marks_of(hall: Afternoon, sitting_id: str) -> dict[str, Decimal | None]:
    async with hall.database.read() as session:
        found = await marked(session, SESSION)
    assert found is not None
    return {one.item_id: one.mark for one in found.sheets[sitting_id].marks}


def letter(form_code: str, item_id: str, option: str) -> str:
    form = next(one for one in content().forms if one.form_code == form_code)
    dealt = next(one for one in deal(form, SEED) if one.item.item_id == item_id)
    return "ABC"[[one.id for one in dealt.options].index(option)]


async def test_another_paper_than_the_log_binds_is_neither_shown_nor_decided_on_nor_marked(
    late: Afternoon, marking: MarkingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late.papers, "content", changed_content)
    with pytest.raises(Refusal, match=r"sitting\.form_unknown"):
        await marking.late.listing(staff("chief"), SESSION)
    with pytest.raises(Refusal, match=r"sitting\.form_unknown"):
        await said(marking, "chief", counted=True)
    with pytest.raises(Refusal, match=r"sitting\.form_unknown"):
        await marking.run(staff("officer"), SESSION)


async def test_late_data_are_shown_beside_what_counts(
    late: Afternoon, marking: MarkingService
) -> None:
    [one] = await marking.late.listing(staff("chief"), SESSION)
    assert (one.sitting_id, one.proposed, one.decided, one.open_until_ms) == (LATE, None, (), None)
    async with late.database.read() as session:
        records = await late.ledger.read(session, f"sitting/{LATE}")
    form = records[0].body["form_code"]
    by_id = {item.item_id: item for item in one.data.items}
    assert by_id[SINGLE].counted == letter(form, SINGLE, "b")
    assert by_id[SINGLE].late == letter(form, SINGLE, "a")
    assert (by_id[SHORT].counted, by_id[SHORT].late) == ("", "断网时写的")
    assert one.data.deadline_ms == T0 + 5_400_000
    assert by_id[SINGLE].late_client_ms < one.data.deadline_ms < by_id[SINGLE].late_server_ms


async def test_nothing_is_marked_while_late_data_stand_undecided(
    late: Afternoon, marking: MarkingService
) -> None:
    with pytest.raises(Refusal) as refused:
        await marking.run(staff("officer"), SESSION)
    assert refused.value.code == "marking.late_undecided"
    assert refused.value.params == {"count": 1, "sitting": LATE}
    await said(marking, "officer", counted=True)
    with pytest.raises(Refusal, match=r"marking\.late_undecided"):
        await marking.run(staff("officer"), SESSION)
    assert await late.session_acts("marked") == []


async def test_two_people_count_them_and_they_are_marked(
    late: Afternoon, marking: MarkingService
) -> None:
    asked = await said(marking, "officer", counted=True)
    assert asked.proposed is not None
    assert (asked.proposed.name, asked.proposed.counted, asked.decided) == ("Officer", True, ())
    done = await said(marking, "chief", counted=True, reason=Reason("", "已核对监控"))
    assert done.proposed is None
    assert [(one.name, one.reason.text) for one in done.decided] == [
        ("Officer", "考场断网"), ("Chief", "已核对监控"),
    ]  # fmt: skip
    await marking.run(staff("officer"), SESSION)
    found = await marks_of(late, LATE)
    assert (found[SINGLE], found[SHORT]) == (Decimal(2), None)
    task = await marking.queue.next(staff("marker"), SESSION)
    texts = set()
    while task is not None:
        texts.add(task.response)
        await marking.queue.mark(staff("marker"), task.task_id, score="1", remark="")
        task = await marking.queue.next(staff("marker"), SESSION)
    assert "断网时写的" in texts
    async with late.database.read() as session:
        assert await marks_hold(session, late.ledger, SESSION)


async def test_two_people_refuse_them_and_they_are_not_marked(
    late: Afternoon, marking: MarkingService
) -> None:
    await said(marking, "chief", counted=False, reason=DOUBT)
    await said(marking, "officer", counted=False, reason=DOUBT)
    await marking.run(staff("officer"), SESSION)
    found = await marks_of(late, LATE)
    assert (found[SINGLE], found[SHORT]) == (Decimal(0), Decimal(0))


async def test_the_word_stands_in_three_streams_with_both_names_and_reasons(
    late: Afternoon, marking: MarkingService
) -> None:
    await said(marking, "officer", counted=True)
    await said(marking, "chief", counted=True, reason=DOUBT)
    async with late.database.read() as session:
        for stream in (f"session/{SESSION}", f"room/{SESSION}/room_1", f"sitting/{LATE}"):
            records = await late.ledger.read(session, stream)
            [body] = [one.body for one in records if one.kind == "late_decided"]
            assert (body["by"], body["second"], body["counted"]) == ("officer", "chief", True)
            assert (body["reason_text"], body["second_reason_text"]) == (OUTAGE.text, DOUBT.text)
            assert body["seqs"] == [5, 6]
    [proposed] = await late.session_acts("late_proposed")
    assert (proposed["by"], proposed["counted"]) == ("officer", True)
    async with late.database.read() as session:
        assert await session.get(LateRow, LATE) is None


async def test_one_person_is_never_two(late: Afternoon, marking: MarkingService) -> None:
    await said(marking, "officer", counted=True)
    with pytest.raises(Refusal, match=r"approval\.same_person"):
        await said(marking, "officer", counted=True)
    assert await late.session_acts("late_decided") == []


async def test_who_says_the_contrary_proposes_anew(
    late: Afternoon, marking: MarkingService
) -> None:
    await said(marking, "officer", counted=True)
    other = await said(marking, "chief", counted=False, reason=DOUBT)
    assert other.proposed is not None
    assert (other.proposed.name, other.proposed.counted) == ("Chief", False)
    done = await said(marking, "officer", counted=False)
    assert [(one.name, one.counted) for one in done.decided] == [
        ("Chief", False), ("Officer", False),
    ]  # fmt: skip
    assert [act["counted"] for act in await late.session_acts("late_proposed")] == [True, False]


@pytest.mark.usefixtures("late")
async def test_what_is_decided_stays_decided(marking: MarkingService) -> None:
    await said(marking, "officer", counted=True)
    await said(marking, "chief", counted=True)
    with pytest.raises(Refusal, match=r"late\.decided"):
        await said(marking, "officer", counted=False)


async def test_the_tables_decide_nothing(late: Afternoon, marking: MarkingService) -> None:
    """A row that says it was decided, and a record by one person alone, count nothing."""
    await said(marking, "officer", counted=True)
    async with late.database.write() as tx:
        await tx.execute(update(LateRow).values(said_by="chief", counted=True))
        alone = {"counted": True, "through_seq": 6, "by": "officer", "second": "officer"}
        await late.ledger.append(tx, f"sitting/{LATE}", [Act("late_decided", alone)])
    with pytest.raises(Refusal, match=r"marking\.late_undecided"):
        await marking.run(staff("officer"), SESSION)


async def test_while_more_may_come_nothing_is_decided_and_nothing_marked(
    late: Afternoon, marking: MarkingService
) -> None:
    late.clock.instant_ms = T0 + 5_400_000 + 300_000
    [one] = await marking.late.listing(staff("officer"), SESSION)
    assert one.open_until_ms == T0 + 6_000_000
    for attempt, code in (
        (said(marking, "officer", counted=True), "late.open"),
        (marking.run(staff("officer"), SESSION), "marking.late_open"),
    ):
        with pytest.raises(Refusal) as refused:
            await attempt
        assert (refused.value.code, refused.value.params) == (code, {"wait_s": 300})


async def test_more_late_data_after_a_proposal_ask_both_people_again(
    late: Afternoon, marking: MarkingService
) -> None:
    await said(marking, "officer", counted=True)
    body = {
        "client_seq": 4, "client_ms": T0, "late": True, "item_id": SHORT,
        "response": {"text": "又一条"},
    }  # fmt: skip
    async with late.database.write() as tx:
        await late.ledger.append(tx, f"sitting/{LATE}", [Act("answer_set", body, 1)])
    again = await said(marking, "chief", counted=True)
    assert again.decided == ()
    done = await said(marking, "officer", counted=True)
    assert len(done.decided) == 2
    assert done.data.seqs == (5, 6, 7)


async def test_after_publication_it_is_too_late_to_decide(
    late: Afternoon, marking: MarkingService
) -> None:
    async with late.database.write() as tx:
        await tx.execute(update(SessionRow).values(state="published"))
    with pytest.raises(Refusal, match=r"marking\.published"):
        await said(marking, "officer", counted=True)


@pytest.mark.parametrize("name", ["invigilator", "marker", "outsider", "supervisor"])
@pytest.mark.usefixtures("late")
async def test_only_officer_and_chief_of_the_session_decide(
    marking: MarkingService, name: str
) -> None:
    with pytest.raises(Refusal, match=r"access\.role_missing|sessions\.not_staffed"):
        await said(marking, name, counted=True)
    with pytest.raises(Refusal, match=r"access\.role_missing|sessions\.not_staffed"):
        await marking.late.listing(staff(name), SESSION)


@pytest.mark.usefixtures("late")
async def test_without_reason_or_without_late_data_there_is_nothing_to_say(
    marking: MarkingService,
) -> None:
    with pytest.raises(Refusal, match=r"act\.reason_missing"):
        await said(marking, "officer", counted=True, reason=Reason())
    with pytest.raises(Refusal, match=r"late\.none"):
        await marking.late.decide(
            staff("officer"), sitting_of("alice"), counted=True, reason=OUTAGE
        )
    assert [one.sitting_id for one in await marking.late.listing(staff("chief"), SESSION)] == [LATE]
