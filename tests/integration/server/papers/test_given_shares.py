"""Given shares on both databases, with two servers on one: who has the database has no share."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select

from kernel.access import Principal
from kernel.crypto import holders
from kernel.errors import Refusal
from server.papers.jobs import share_rounds
from server.papers.rules import Part
from server.papers.service import PapersService, Release
from server.papers.service.given import Ask, GivenShares
from server.papers.service.sharekeys import ShareKeys
from server.papers.tables import GivenShareRow, ShareKeyRow
from tests.integration.server.papers.acts import ONE_ROOM, arranged, close, code_of, give
from tests.integration.server.world import (
    PASSPHRASE,
    STARTS_IN_S,
    Arranged,
    World,
    draw_lots,
    prepared,
    seal_package,
)


async def two_servers(world: World) -> tuple[PapersService, PapersService]:
    """Both have had a round, so each knows the other's key."""
    pair = world.new_papers(), world.new_papers()
    for one in pair:
        await one.round()
    return pair


async def given_at(papers: PapersService, made: Arranged, who: Principal) -> Release:
    return await papers.release(who, made.session_id, PASSPHRASE + who.subject)


async def status(papers: PapersService, made: Arranged) -> Release:
    return (await papers.releases(made.officer, made.session_id))[0]


async def rows(world: World) -> Sequence[GivenShareRow]:
    async with world.database.read() as session:
        return (await session.execute(select(GivenShareRow))).scalars().all()


async def key_ids(world: World) -> set[str]:
    async with world.database.read() as session:
        return set((await session.execute(select(ShareKeyRow.id))).scalars())


@contextmanager
def written(world: World) -> Iterator[list[str]]:
    """The statements of writers meanwhile."""
    sent: list[str] = []
    engine = world.database.writer_engine.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("SELECT"):
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def test_two_holders_at_two_servers_open_the_paper_on_both(world: World) -> None:
    made = await arranged(world)
    one, other = await two_servers(world)
    first, second = made.holders
    done = await given_at(one, made, first)
    assert (done.given, done.lost, done.open) == (("holder1",), (), False)
    assert (await status(other, made)).given == ("holder1",)
    done = await given_at(other, made, second)
    assert (done.given, done.open) == (("holder1", "holder2"), True)
    for papers in (one, other):
        assert await papers.content(made.session_id) == made.sealed.content
        assert (await status(papers, made)).open
    assert (await world.acts(made.session_id)).count("key_released") == 1
    assert await rows(world) == []


async def test_the_scoring_key_opens_at_two_servers_too(world: World) -> None:
    made = await arranged(world)
    await give(world.papers, made, made.holders)
    await close(world, made.session_id)
    opened = []
    for papers, who in zip(await two_servers(world), made.holders, strict=True):
        passphrase = PASSPHRASE + who.subject
        opened.append((await papers.open_scoring(who, made.session_id, passphrase)).open)
    assert opened == [False, True]
    assert await world.papers.scoring(made.session_id) == made.sealed.scoring
    assert (await world.acts(made.session_id)).count("scoring_opened") == 1


async def test_two_holders_at_the_same_moment_open_once(world: World) -> None:
    made = await arranged(world)
    pair = await two_servers(world)
    done = await asyncio.gather(
        *(given_at(papers, made, who) for papers, who in zip(pair, made.holders, strict=True))
    )
    assert sorted(one.open for one in done) == [False, True]
    assert (await world.acts(made.session_id)).count("key_released") == 1


async def test_two_holders_at_the_same_moment_at_one_server_open_once(world: World) -> None:
    made = await arranged(world)
    done = await asyncio.gather(*(given_at(world.papers, made, who) for who in made.holders))
    assert sorted(one.open for one in done) == [False, True]
    assert (await world.acts(made.session_id)).count("key_released") == 1


async def test_two_servers_that_find_enough_at_once_write_once(world: World) -> None:
    made = await arranged(world)
    one, other = await two_servers(world)
    third = world.new_papers()  # nobody knows its key yet
    await given_at(one, made, made.holders[0])
    done = await given_at(third, made, made.holders[1])
    assert (done.given, done.open) == (("holder1", "holder2"), False)
    await asyncio.gather(one.round(), other.round(), third.round())
    assert (await status(third, made)).open
    assert (await world.acts(made.session_id)).count("key_released") == 1
    assert await rows(world) == []


async def test_a_server_that_started_later_is_handed_what_was_given(world: World) -> None:
    made = await arranged(world)
    await world.papers.round()
    await given_at(world.papers, made, made.holders[0])
    later = world.new_papers()
    await later.round()
    await world.papers.round()
    await world.papers.leave()
    done = await given_at(later, made, made.holders[1])
    assert (done.given, done.open) == (("holder1", "holder2"), True)


async def test_the_same_share_again_is_a_success_and_still_one(world: World) -> None:
    made = await arranged(world)
    one, other = await two_servers(world)
    for papers in (one, one, other):
        done = await given_at(papers, made, made.holders[0])
        assert (done.given, done.needed, done.open) == (("holder1",), 2, False)
    assert await code_of(one.content(made.session_id)) == "papers.not_released"
    assert (await given_at(one, made, made.holders[1])).open


async def test_a_restart_between_two_holders_says_whose_share_is_lost(world: World) -> None:
    made = await arranged(world)
    await world.papers.round()
    await given_at(world.papers, made, made.holders[0])
    await world.papers.leave()
    restarted = world.new_papers()
    await restarted.round()
    told = await status(restarted, made)
    assert (told.given, told.lost) == ((), ("holder1",))
    done = await given_at(restarted, made, made.holders[1])
    assert (done.given, done.lost, done.open) == (("holder2",), ("holder1",), False)
    done = await given_at(restarted, made, made.holders[0])
    assert (done.lost, done.open) == ((), True)


async def test_a_server_that_was_killed_counts_as_gone_after_three_rounds(world: World) -> None:
    made = await arranged(world)
    await world.papers.round()
    await given_at(world.papers, made, made.holders[0])
    restarted = world.new_papers()
    world.clock.advance(seconds=14)
    await restarted.round()
    assert (await status(restarted, made)).given == ("holder1",)
    world.clock.advance(seconds=1)
    await restarted.round()
    assert (await status(restarted, made)).lost == ("holder1",)


async def test_a_server_whose_clock_is_off_still_counts_while_it_speaks(world: World) -> None:
    made = await arranged(world)
    one, other = await two_servers(world)
    await given_at(one, made, made.holders[0])
    async with world.database.write() as tx:
        for row in (await tx.execute(select(GivenShareRow))).scalars():
            if row.key_id in other._given.keys._own:
                await tx.delete(row)
    for _ in range(3):
        world.clock.advance(seconds=10)
        world.clock.advance(minutes=-10)
        await one.round()
        world.clock.advance(minutes=10)
        assert (await status(other, made)).given == ("holder1",)


async def test_a_share_outlives_one_of_two_servers(world: World) -> None:
    made = await arranged(world)
    one, other = await two_servers(world)
    await given_at(one, made, made.holders[0])
    await one.leave()
    restarted = world.new_papers()
    await restarted.round()
    assert (await status(restarted, made)).given == ("holder1",)
    assert (await given_at(other, made, made.holders[1])).open


async def test_shares_are_forgotten_after_half_an_hour_by_every_server(world: World) -> None:
    made = await arranged(world)
    one, other = await two_servers(world)
    await given_at(one, made, made.holders[0])
    for _ in range(30):
        world.clock.advance(minutes=1)
        await one.round()
        await other.round()
    assert await rows(world) == []
    done = await given_at(other, made, made.holders[1])
    assert (done.given, done.open) == (("holder2",), False)


async def test_without_rounds_an_old_share_does_not_count_either(world: World) -> None:
    made = await arranged(world)
    await given_at(world.papers, made, made.holders[0])
    world.clock.advance(minutes=30)
    done = await given_at(world.papers, made, made.holders[1])
    assert (done.given, done.lost, done.open) == (("holder2",), (), False)


async def test_the_key_to_a_share_goes_with_it_so_a_backup_opens_nothing(world: World) -> None:
    made = await arranged(world)
    keys = ShareKeys(world.keyring)
    shares = GivenShares(keys)
    ask = Ask(made.session_id, "ab" * 32, Part.CONTENT)
    now_ms = world.clock.now_ms()
    async with world.database.write() as tx:
        await shares.put(tx, ask, "holder_1", b"\x01" * 33, now_ms)
        assert (await shares.gathered(tx, ask, now_ms)).shares == {"holder_1": b"\x01" * 33}
    (backup,) = await rows(world)
    assert b"\x01" * 8 not in backup.sealed
    wanted = [backup.key_id]
    for still_there in (wanted, [], wanted, []):  # one may still have been sealing to it
        keys.forget(still_there)
    assert keys.private(backup.key_id) is None
    for server in (keys, ShareKeys(world.keyring)):  # the ring alone is no help
        async with world.database.read() as session:
            assert (await GivenShares(server).gathered(session, ask, now_ms)).shares == {}


async def test_a_server_takes_a_new_key_when_its_shares_are_gone_and_in_time(world: World) -> None:
    made = await arranged(world)
    papers = world.papers
    await papers.round()
    before = await key_ids(world)
    await given_at(papers, made, made.holders[0])
    await papers.round()
    await given_at(papers, made, made.holders[1])
    await papers.round()
    after = await key_ids(world)
    assert len(after) == 1
    assert not after & before
    world.clock.advance(minutes=25)
    await papers.round()
    both = await key_ids(world)
    assert len(both) == 2
    world.clock.advance(minutes=35)
    await papers.round()
    assert not await key_ids(world) & after


async def test_who_can_write_the_database_alone_is_sealed_nothing(world: World) -> None:
    made = await arranged(world)
    private, public = holders.passing_pair()
    async with world.database.write() as tx:
        now_ms = world.clock.now_ms()
        forged = {"id": "forged", "public": public, "made_at_ms": now_ms, "tag": bytes(32)}
        tx.add(ShareKeyRow(**forged, heard_at_ms=now_ms))
    assert private
    await world.papers.round()
    await given_at(world.papers, made, made.holders[0])
    await world.papers.round()
    assert "forged" not in {row.key_id for row in await rows(world)}


@pytest.mark.parametrize("what", ["given_at_ms", "holder_id", "sealed", "part"])
async def test_a_row_that_no_server_wrote_counts_as_nothing(world: World, what: str) -> None:
    made = await arranged(world)
    await given_at(world.papers, made, made.holders[0])
    (row,) = await rows(world)
    changed = {
        "given_at_ms": row.given_at_ms + 60_000,
        "holder_id": "holder_x",
        "sealed": row.sealed[:-1] + bytes([row.sealed[-1] ^ 1]),
        "part": "scoring",
    }
    async with world.database.write() as tx:
        kept = (await tx.execute(select(GivenShareRow))).scalar_one()
        setattr(kept, what, changed[what])
    for told in await world.papers.releases(made.officer, made.session_id):
        assert (told.given, told.lost) == ((), ())
    await world.papers.round()
    assert await rows(world) == []


async def test_shares_for_one_session_say_nothing_for_another(world: World) -> None:
    made = await arranged(world)
    async with world.database.write() as tx:
        shares = GivenShares(ShareKeys(world.keyring))
        now_ms = world.clock.now_ms()
        await shares.put(tx, Ask(made.session_id, "ab", Part.CONTENT), "h", b"\x01" * 33, now_ms)
        other = Ask("session_other", "ab", Part.CONTENT)
        assert (await shares.gathered(tx, other, now_ms)).held == ()
        replaced = Ask(made.session_id, "cd", Part.CONTENT)
        assert (await shares.gathered(tx, replaced, now_ms)).held == ()


async def test_a_wrong_share_opens_nothing_and_both_begin_again(world: World) -> None:
    made = await prepared(world, people=4, grids=ONE_ROOM)
    keys = {one.holder_id: one.public for one in await world.papers.holders.all()}
    spoilt = seal_package(keys, spoilt=1)
    await world.papers.receiving.receive(made.officer, made.session_id, spoilt.data)
    await draw_lots(made)
    world.clock.advance(seconds=STARTS_IN_S)
    one, other = await two_servers(world)
    await given_at(one, made, made.holders[0])
    assert await code_of(given_at(other, made, made.holders[1])) == "papers.key_wrong"
    assert await rows(world) == []
    told = await status(one, made)
    assert (told.given, told.lost, told.open) == ((), (), False)


async def test_a_round_that_meets_a_wrong_share_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    made = await prepared(world, people=4, grids=ONE_ROOM)
    keys = {one.holder_id: one.public for one in await world.papers.holders.all()}
    spoilt = seal_package(keys, spoilt=1)
    await world.papers.receiving.receive(made.officer, made.session_id, spoilt.data)
    await draw_lots(made)
    world.clock.advance(seconds=STARTS_IN_S)
    await world.papers.round()
    later = world.new_papers()
    await given_at(world.papers, made, made.holders[0])
    await given_at(later, made, made.holders[1])
    await world.papers.round()
    assert "papers.key_wrong" in caplog.text
    assert await rows(world) == []


async def test_a_server_that_can_only_be_alone_writes_nothing_by_itself(world: World) -> None:
    made = await arranged(world)
    papers = world.new_papers(alone=True)
    with written(world) as sent:
        for _ in range(3):
            world.clock.advance(seconds=5)
            await papers.round()
    assert sent == []
    assert (await given_at(papers, made, made.holders[0])).given == ("holder1",)
    await papers.round()
    assert await key_ids(world) == set()
    assert (await given_at(papers, made, made.holders[1])).open


async def test_a_server_that_can_only_be_alone_says_at_once_whose_share_a_crash_has_lost(
    world: World,
) -> None:
    made = await arranged(world)
    await given_at(world.new_papers(alone=True), made, made.holders[0])
    restarted = world.new_papers(alone=True)
    told = await status(restarted, made)
    assert (told.given, told.lost) == ((), ("holder1",))
    assert not (await given_at(restarted, made, made.holders[1])).open
    assert (await given_at(restarted, made, made.holders[0])).open


async def test_the_loop_publishes_a_key_and_takes_it_back_at_the_end(world: World) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(share_rounds(world.papers, stop))
    async with asyncio.timeout(10):
        while not await key_ids(world):  # noqa: ASYNC110 - the database tells in no other way
            await asyncio.sleep(0.01)
    stop.set()
    await running
    assert await key_ids(world) == set()


async def test_who_has_nothing_to_do_with_the_session_is_told_nothing(world: World) -> None:
    made = await arranged(world)
    stranger = Principal("acc_x", "staff", {"roles": ["key_holder"], "name": "x", "account": "x"})
    with pytest.raises(Refusal) as refused:
        await world.papers.releases(stranger, made.session_id)
    assert refused.value.code == "sessions.not_staffed"
