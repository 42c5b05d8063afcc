"""The candidates' own page: the same answer for every wrong number, nobody else's sitting."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import update

from kernel.access import principal_of
from kernel.errors import Refusal
from server.accounts.rules import FAILURES_MAX, LOCK_S
from server.results.rules.periods import Phase
from server.results.service import lines_shown
from server.results.service.agreeing import need_newest_as_published
from server.results.service.lines_shown import AGAIN_MS
from server.results.tables import PublicationRow, ResultRow
from tests.integration.server.after import sitting_of
from tests.integration.server.results.aftermath import ADDRESS, Aftermath, candidate, number_of

ALICE = "20261100001"


async def test_both_numbers_open_ones_own_page(after: Aftermath) -> None:
    token = await after.portal.sign_in(f" {ALICE} ", number_of("alice").lower(), address=ADDRESS)
    async with after.hall.database.read() as session:
        me = await principal_of(session, after.hall.clock, token)
    assert (me.subject, me.kind) == ("sit_alice", "portal")
    own = await after.portal.own(me)
    assert (own.candidate.ticket_no, own.phase, own.line) == (ALICE, Phase.UNPUBLISHED, None)
    assert own.receipt is not None
    await after.portal.sign_out(me)
    async with after.hall.database.read() as session:
        with pytest.raises(Refusal, match="access.token_invalid"):
            await principal_of(session, after.hall.clock, token)


@pytest.mark.parametrize(
    ("ticket", "number"),
    [
        (ALICE, number_of("bob")),
        ("20261100002", number_of("alice")),
        ("99999999999", number_of("alice")),
        ("", ""),
    ],
)
async def test_whichever_number_is_wrong_the_answer_is_the_same(
    after: Aftermath, ticket: str, number: str
) -> None:
    with pytest.raises(Refusal) as refused:
        await after.portal.sign_in(ticket, number, address=ADDRESS)
    assert (refused.value.code, dict(refused.value.params)) == ("portal.unknown", {})


@pytest.mark.parametrize("ticket", [ALICE, "99999999999"])
async def test_guessing_at_one_ticket_locks_it_whether_it_exists_or_not(
    after: Aftermath, ticket: str
) -> None:
    for n in range(FAILURES_MAX):
        with pytest.raises(Refusal, match="portal.unknown"):
            await after.portal.sign_in(ticket, number_of("bob"), address=f"192.0.2.{n}")
    with pytest.raises(Refusal, match="accounts.locked"):
        await after.portal.sign_in(ticket, number_of("alice"), address="192.0.2.99")
    after.hall.clock.advance(seconds=LOCK_S + 1)
    if ticket == ALICE:
        await after.portal.sign_in(ticket, number_of("alice"), address="192.0.2.99")


async def test_one_address_is_paced_over_all_tickets(after: Aftermath) -> None:
    for n in range(20):
        with pytest.raises(Refusal, match="portal.unknown"):
            await after.portal.sign_in(f"9{n:010d}", "x", address=ADDRESS)
    with pytest.raises(Refusal, match="portal.too_many"):
        await after.portal.sign_in(ALICE, number_of("alice"), address=ADDRESS)
    after.hall.clock.advance(minutes=1)
    await after.portal.sign_in(ALICE, number_of("alice"), address=ADDRESS)


async def test_results_appear_with_publication(after: Aftermath) -> None:
    await after.published()
    own = await after.portal.own(candidate("chen"))
    assert own.line is not None
    assert (own.line.score, own.phase, own.may_apply) == ("1", Phase.PUBLICITY, False)
    absent = await after.portal.own(candidate("dora"))
    assert absent.line is not None
    assert (absent.line.state.value, absent.receipt, absent.item_count) == ("absent", None, 0)


async def test_no_line_is_shown_of_a_list_that_is_not_the_one_in_the_log(after: Aftermath) -> None:
    await after.published()
    chen = candidate("chen")
    before = await after.portal.own(chen)
    mine = update(ResultRow).where(ResultRow.sitting_id == sitting_of("chen"))
    async with after.hall.database.write() as tx:
        await tx.execute(mine.values(score="10", passed=True))
    meanwhile = await after.portal.own(chen)
    assert (meanwhile.line, meanwhile.withheld) == (before.line, False)
    after.hall.clock.advance(ms=AGAIN_MS)
    for name in ("chen", "bob"):
        own = await after.portal.own(candidate(name))
        assert (own.line, own.withheld, own.receipt is None) == (None, True, False)
    async with after.hall.database.write() as tx:
        await tx.execute(mine.values(score=before.line and before.line.score, passed=False))
    after.hall.clock.advance(ms=AGAIN_MS)
    assert (await after.portal.own(chen)).line == before.line


async def test_a_list_that_was_taken_away_again_is_missed(after: Aftermath) -> None:
    await after.published()
    assert (await after.portal.own(candidate("bob"))).line is not None
    async with after.hall.database.write() as tx:
        rows = update(PublicationRow).values(version=0)
        await tx.execute(rows)
    after.hall.clock.advance(ms=AGAIN_MS)
    assert (await after.portal.own(candidate("bob"))).withheld


async def test_many_who_look_at_once_have_the_log_read_once(
    after: Aftermath, monkeypatch: pytest.MonkeyPatch
) -> None:
    await after.published()
    asked: list[str] = []

    async def counted(*words: Any) -> None:
        asked.append(words[2].id)
        await need_newest_as_published(*words)

    monkeypatch.setattr(lines_shown, "need_newest_as_published", counted)
    people = [candidate(name) for name in ("alice", "bob", "chen") * 4]
    shown = await asyncio.gather(*map(after.portal.own, people))
    assert all(own.line is not None for own in shown)
    assert len(asked) == 1
