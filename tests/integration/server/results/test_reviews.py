"""Reviews: asked for in time, single records opened by two, answered by two, the old list kept."""

from dataclasses import asdict

import pytest
from sqlalchemy import delete, select, update

from kernel.access import ApprovalRow
from kernel.errors import Refusal
from ledger.disclosure import Opening, check_opening
from ledger.tables import KeyRow
from server.results.rules.periods import Phase
from server.results.rules.reviews import Outcome, Proposal
from server.results.service.listing import published_rows
from server.results.tables import OpeningRow, PublicationRow, ResultRow, ReviewRow
from server.sessions.tables import SessionRow
from server.sittings.rules.dealing import deal
from tests.integration.server.after import SESSION, changed_content, content, sitting_of, staff
from tests.integration.server.results.aftermath import CHIEF, OFFICER, SEED, Aftermath, candidate


def position_of(form_code: str, item_id: str) -> int:
    form = next(one for one in content().forms if one.form_code == form_code)
    return next(one.number for one in deal(form, SEED) if one.item.item_id == item_id)


async def form_of(after: Aftermath, name: str) -> str:
    sheet = await after.results.results(OFFICER, SESSION)
    return next(
        one.line.form_code or "" for one in sheet.lines if one.line.sitting_id == sitting_of(name)
    )


async def test_nobody_asks_before_publication_in_publicity_or_after_the_window(
    after: Aftermath,
) -> None:
    alice = candidate("alice")
    with pytest.raises(Refusal, match="review.not_published"):
        await after.portal.apply(alice, "我要复核", [])
    await after.published()
    with pytest.raises(Refusal, match="review.in_publicity"):
        await after.portal.apply(alice, "我要复核", [])
    after.hall.clock.advance(minutes=60 * 24 * 60)
    with pytest.raises(Refusal, match="review.window_over"):
        await after.portal.apply(alice, "我要复核", [])


async def test_one_application_at_a_time_and_each_is_in_the_log(after: Aftermath) -> None:
    await after.in_review()
    await after.applied("alice", 2, 1)
    with pytest.raises(Refusal, match="review.open_already"):
        await after.portal.apply(candidate("alice"), "再来一次", [])
    [act] = await after.hall.session_acts("review_requested")
    assert (act["sitting_id"], act["positions"]) == (sitting_of("alice"), [1, 2])
    own = await after.portal.own(candidate("alice"))
    assert own.may_apply is False
    assert own.reviews[0].row.answer_by_ms > own.reviews[0].row.asked_at_ms


async def test_a_line_that_was_changed_after_publication_is_neither_shown_nor_republished(
    after: Aftermath,
) -> None:
    await after.in_review()
    review_id = await after.applied("bob")
    changed = Proposal(Outcome.CORRECTED, "漏判一题", "3")
    await after.deciding.propose(OFFICER, SESSION, review_id, changed)
    mine = update(ResultRow).where(ResultRow.sitting_id == sitting_of("chen"))
    async with after.hall.database.write() as tx:
        await tx.execute(mine.values(score="10", passed=True))
    for act in (
        after.deciding.approve(CHIEF, SESSION, review_id),
        after.deciding.propose(OFFICER, SESSION, review_id, changed),
        after.results.results(OFFICER, SESSION),
        after.results.workbook(OFFICER, SESSION),
    ):
        with pytest.raises(Refusal, match="results.list_differs"):
            await act
    assert len(await after.hall.session_acts("results_published")) == 1


async def test_who_was_absent_may_ask_but_names_no_position(after: Aftermath) -> None:
    await after.in_review()
    with pytest.raises(Refusal, match="review.positions"):
        await after.portal.apply(candidate("dora"), "我参加了考试", [1])
    await after.portal.apply(candidate("dora"), "我参加了考试", [])


async def test_an_opening_tells_the_candidate_the_letter_and_the_reviewers_the_record(
    after: Aftermath,
) -> None:
    await after.in_review()
    place = position_of(await form_of(after, "alice"), "item_s")
    review_id = await after.applied("alice", place)
    opening_id = await after.opened(review_id, place)

    [told] = (await after.portal.own(candidate("alice"))).reviews[0].opened
    code = await form_of(after, "alice")
    form = next(one for one in content().forms if one.form_code == code)
    dealt = deal(form, SEED)[place - 1]
    assert dealt.options["ABC".index(told.letters)].id == "a"
    assert not any(word in str(asdict(told)) for word in ("item_", "选一个", "甲"))

    data = await after.openings.file(OFFICER, SESSION, review_id, opening_id)
    record = check_opening(Opening.from_bytes(data))
    assert record.body.content["item_id"] == "item_s"
    assert record.body.content["response"] == {"options": ["a"]}
    assert (record.seq, record.hash.hex()) == (told.seq, told.record_hash)

    [act] = await after.hall.session_acts("record_opened")
    assert (act["by"], act["second"], act["purpose"]) == ("officer", "chief", "核对作答")
    assert "letters" not in act


async def test_what_was_opened_stands_in_no_table(after: Aftermath) -> None:
    await after.in_review()
    place = position_of(await form_of(after, "alice"), "item_s")
    await after.opened(await after.applied("alice", place), place)
    async with after.hall.database.write() as tx:
        row = (await tx.execute(select(OpeningRow))).scalar_one()
        assert not {"letters", "body", "secret"} & set(OpeningRow.__table__.columns.keys())
        assert row.record_hash
        # Without the sitting's key nobody learns the letter, from whatever copy.
        await tx.execute(delete(KeyRow).where(KeyRow.scope == f"sitting/{sitting_of('alice')}"))
    after.hall.ledger.keys.forget()
    assert (await after.portal.own(candidate("alice"))).reviews[0].opened == ()


async def test_one_person_opens_nothing_and_nothing_twice(after: Aftermath) -> None:
    await after.in_review()
    place = position_of(await form_of(after, "alice"), "item_s")
    review_id = await after.applied("alice", place)
    opening_id = await after.openings.request(OFFICER, SESSION, review_id, place, "核对作答")
    with pytest.raises(Refusal, match="review.not_opened"):
        await after.openings.file(OFFICER, SESSION, review_id, opening_id)
    with pytest.raises(Refusal, match="approval.same_person"):
        await after.openings.approve(OFFICER, SESSION, review_id, opening_id)
    assert (await after.portal.own(candidate("alice"))).reviews[0].opened == ()
    await after.openings.approve(CHIEF, SESSION, review_id, opening_id)
    with pytest.raises(Refusal, match="approval.used"):
        await after.openings.approve(CHIEF, SESSION, review_id, opening_id)
    with pytest.raises(Refusal, match="review.opened_already"):
        await after.openings.request(OFFICER, SESSION, review_id, place, "再看一次")
    assert len(await after.hall.session_acts("record_opened")) == 1


async def test_positions_not_asked_about_and_blank_ones_stay_closed(after: Aftermath) -> None:
    await after.in_review()
    review_id = await after.applied("bob", 1)
    with pytest.raises(Refusal, match="review.not_asked"):
        await after.openings.request(OFFICER, SESSION, review_id, 2, "核对作答")
    with pytest.raises(Refusal, match="review.nothing_to_open"):
        await after.openings.request(OFFICER, SESSION, review_id, 1, "核对作答")


async def test_nothing_is_opened_against_another_paper_than_the_log_binds(
    after: Aftermath, monkeypatch: pytest.MonkeyPatch
) -> None:
    await after.in_review()
    place = position_of(await form_of(after, "alice"), "item_s")
    review_id = await after.applied("alice", place)
    monkeypatch.setattr(after.hall.papers, "content", changed_content)
    with pytest.raises(Refusal, match=r"sitting\.form_unknown"):
        await after.openings.request(OFFICER, SESSION, review_id, place, "核对作答")
    assert await after.hall.session_acts("opening_requested") == []


async def test_an_approval_of_another_act_or_of_another_record_opens_nothing(
    after: Aftermath,
) -> None:
    await after.in_review()
    code = await form_of(after, "alice")
    places = [position_of(code, item) for item in ("item_s", "item_j")]
    review_id = await after.applied("alice", *places)
    first, second = [
        await after.openings.request(OFFICER, SESSION, review_id, place, "核对作答")
        for place in places
    ]
    await after.openings.approve(CHIEF, SESSION, review_id, first)
    async with after.hall.database.write() as tx:
        used = (await tx.get_one(OpeningRow, first)).approval_id
        fresh = (await tx.get_one(OpeningRow, second)).approval_id
        await tx.execute(update(OpeningRow).where(OpeningRow.id == second).values(approval_id=used))
    with pytest.raises(Refusal, match="approval.differs|approval.used"):
        await after.openings.approve(CHIEF, SESSION, review_id, second)
    async with after.hall.database.write() as tx:
        await tx.execute(
            update(OpeningRow)
            .where(OpeningRow.id == second)
            .values(approval_id=fresh, purpose="别的目的")
        )
    with pytest.raises(Refusal, match="approval.differs"):
        await after.openings.approve(CHIEF, SESSION, review_id, second)
    async with after.hall.database.write() as tx:
        await tx.execute(update(ApprovalRow).values(act="results.publish"))
    with pytest.raises(Refusal, match="approval.unknown"):
        await after.openings.approve(CHIEF, SESSION, review_id, second)


async def test_a_decided_review_opens_nothing_more(after: Aftermath) -> None:
    await after.in_review()
    place = position_of(await form_of(after, "alice"), "item_s")
    review_id = await after.applied("alice", place)
    waiting = await after.openings.request(OFFICER, SESSION, review_id, place, "核对作答")
    await after.deciding.propose(
        OFFICER, SESSION, review_id, Proposal(Outcome.UNCHANGED, "评分无误", None)
    )
    await after.deciding.approve(CHIEF, SESSION, review_id)
    with pytest.raises(Refusal, match="review.decided"):
        await after.openings.approve(CHIEF, SESSION, review_id, waiting)
    with pytest.raises(Refusal, match="review.decided"):
        await after.deciding.approve(CHIEF, SESSION, review_id)


@pytest.mark.parametrize("name", ["invigilator", "marker", "outsider"])
async def test_others_neither_read_open_nor_decide(after: Aftermath, name: str) -> None:
    await after.in_review()
    review_id = await after.applied("alice", 1)
    other = staff(name)
    refused = "access.role_missing|sessions.not_staffed"
    with pytest.raises(Refusal, match=refused):
        await after.deciding.reviews(other, SESSION)
    with pytest.raises(Refusal, match=refused):
        await after.openings.request(other, SESSION, review_id, 1, "核对作答")
    with pytest.raises(Refusal, match=refused):
        await after.deciding.propose(
            other, SESSION, review_id, Proposal(Outcome.UNCHANGED, "评分无误", None)
        )


async def test_a_correction_is_a_new_list_and_the_old_one_stays(after: Aftermath) -> None:
    await after.in_review()
    review_id = await after.applied("chen")
    await after.deciding.propose(
        OFFICER, SESSION, review_id, Proposal(Outcome.CORRECTED, "第 3 题漏计", "6")
    )
    before = await after.portal.own(candidate("chen"))
    assert before.line is not None
    assert (before.line.score, before.version) == ("1", 1)
    assert before.reviews[0].row.state == "open"
    with pytest.raises(Refusal, match="approval.same_person"):
        await after.deciding.approve(OFFICER, SESSION, review_id)
    await after.deciding.approve(CHIEF, SESSION, review_id)

    own = await after.portal.own(candidate("chen"))
    assert own.line is not None
    assert (own.line.score, own.line.passed, own.version) == ("6", True, 2)
    async with after.hall.database.read() as session:
        versions = (await session.execute(select(PublicationRow).order_by("version"))).scalars()
        old, new = versions.all()
        found = await published_rows(session, SESSION)
    assert found is not None
    assert (old.version, new.version, found[0].id) == (1, 2, new.id)
    assert old.list_hash != new.list_hash
    assert len(found[1]) == 5
    [act] = await after.hall.session_acts("review_decided")
    assert (act["before"], act["score"], act["by"], act["second"]) == ("1", "6", "officer", "chief")
    assert [one["version"] for one in await after.hall.session_acts("results_published")] == [1, 2]


async def test_a_proposal_about_an_older_list_has_to_be_made_again(after: Aftermath) -> None:
    await after.in_review()
    one, other = await after.applied("chen"), await after.applied("bob")
    for review_id in (one, other):
        await after.deciding.propose(
            OFFICER, SESSION, review_id, Proposal(Outcome.CORRECTED, "漏计", "6")
        )
    await after.deciding.approve(CHIEF, SESSION, one)
    with pytest.raises(Refusal, match="approval.differs"):
        await after.deciding.approve(CHIEF, SESSION, other)


async def test_a_proposal_changed_in_the_database_is_not_what_was_proposed(
    after: Aftermath,
) -> None:
    await after.in_review()
    review_id = await after.applied("chen")
    await after.deciding.propose(
        OFFICER, SESSION, review_id, Proposal(Outcome.CORRECTED, "漏计", "6")
    )
    async with after.hall.database.write() as tx:
        forged = {"outcome": "corrected", "reason": "漏计", "score": "10"}
        await tx.execute(update(ReviewRow).values(proposal=forged))
    with pytest.raises(Refusal, match="approval.differs"):
        await after.deciding.approve(CHIEF, SESSION, review_id)


async def test_once_archived_nothing_is_asked_opened_or_decided(after: Aftermath) -> None:
    await after.in_review()
    review_id = await after.applied("alice", 1)
    async with after.hall.database.write() as tx:
        await tx.execute(update(SessionRow).values(state="archived"))
    own = await after.portal.own(candidate("chen"))
    assert (own.phase, own.may_apply) == (Phase.SEALED, False)
    with pytest.raises(Refusal, match="review.archived"):
        await after.portal.apply(candidate("chen"), "我要复核", [])
    with pytest.raises(Refusal, match="review.archived"):
        await after.openings.request(OFFICER, SESSION, review_id, 1, "核对作答")
    with pytest.raises(Refusal, match="review.archived"):
        await after.deciding.propose(
            OFFICER, SESSION, review_id, Proposal(Outcome.UNCHANGED, "评分无误", None)
        )
