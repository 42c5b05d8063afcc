"""Papers on both databases: nobody alone, nothing too early, nothing that was not signed."""

import asyncio

from kernel.access import Role
from kernel.crypto.signing import ServerKey
from kernel.errors import Refusal
from server.accounts.rules import FAILURES_MAX, LOCK_S
from tests.integration.server.papers.acts import arranged, close, code_of, give
from tests.integration.server.world import (
    BANK,
    PASSPHRASE,
    STARTS_IN_S,
    World,
    draw_lots,
    forms,
    prepared,
    seal_package,
)

ONE_ROOM = ((2, 3),)


async def test_two_holders_open_the_paper_and_one_does_not(world: World) -> None:
    made = await arranged(world)
    assert await code_of(world.papers.content(made.session_id)) == "papers.not_released"
    assert await give(world.papers, made, made.holders) == [False, True]
    assert await world.papers.content(made.session_id) == made.sealed.content
    view = await world.sessions.one(made.officer, made.session_id)
    assert view.row.state == "released"
    assert (await world.acts(made.session_id))[-1] == "key_released"


async def test_after_a_restart_the_released_paper_is_still_open(world: World) -> None:
    made = await arranged(world)
    await give(world.papers, made, made.holders)
    restarted = world.new_papers()
    assert await restarted.content(made.session_id) == made.sealed.content


async def test_the_content_key_does_not_come_before_its_time(world: World) -> None:
    made = await prepared(world, people=4, grids=ONE_ROOM)
    early = world.papers.release(made.holders[0], made.session_id, PASSPHRASE)
    assert await code_of(early) == "sessions.wrong_state"
    await draw_lots(made)
    world.clock.advance(seconds=STARTS_IN_S - 1_801)
    early = world.papers.release(made.holders[0], made.session_id, PASSPHRASE)
    assert await code_of(early) == "papers.too_early"


async def test_wrong_passphrases_are_counted_and_lock(world: World) -> None:
    made = await arranged(world)
    who = made.holders[0]
    for _ in range(FAILURES_MAX):
        wrong = world.papers.release(who, made.session_id, "not the passphrase")
        assert await code_of(wrong) == "papers.passphrase_wrong"
    right = PASSPHRASE + who.subject
    assert await code_of(world.papers.release(who, made.session_id, right)) == "accounts.locked"
    world.clock.advance(seconds=LOCK_S)
    assert not (await world.papers.release(who, made.session_id, right)).open


async def test_only_staffed_holders_of_this_package_give_shares(world: World) -> None:
    made = await arranged(world)
    other = await world.person("holder3", Role.KEY_HOLDER)
    await world.papers.holders.enrol(other, PASSPHRASE)
    asked = world.papers.release(other, made.session_id, PASSPHRASE)
    assert await code_of(asked) == "sessions.not_staffed"
    asked = world.papers.release(made.officer, made.session_id, PASSPHRASE)
    assert await code_of(asked) == "access.role_missing"


async def test_the_scoring_key_opens_only_after_closing(world: World) -> None:
    made = await arranged(world)
    papers, session_id = world.papers, made.session_id
    await give(papers, made, made.holders)
    first, second = made.holders
    early = papers.open_scoring(first, session_id, PASSPHRASE + first.subject)
    assert await code_of(early) == "sessions.wrong_state"
    assert await code_of(papers.scoring(session_id)) == "papers.scoring_closed"
    await close(world, session_id)
    assert not (await papers.open_scoring(first, session_id, PASSPHRASE + first.subject)).open
    assert (await papers.open_scoring(second, session_id, PASSPHRASE + second.subject)).open
    assert await papers.scoring(session_id) == made.sealed.scoring
    assert await world.new_papers().scoring(session_id) == made.sealed.scoring
    assert (await world.acts(session_id))[-1] == "scoring_opened"
    again = papers.open_scoring(first, session_id, PASSPHRASE + first.subject)
    assert await code_of(again) == "papers.already_open"


async def test_forms_that_are_not_the_signed_ones_are_never_opened(world: World) -> None:
    made = await prepared(world, people=4, grids=ONE_ROOM)
    keys = {one.holder_id: one.public for one in await world.papers.holders.all()}
    other = seal_package(keys, shown=(forms("A")[0], forms("C")[0]))
    await world.papers.receiving.receive(made.officer, made.session_id, other.data)
    await draw_lots(made)
    world.clock.advance(seconds=STARTS_IN_S)
    await give(world.papers, made, made.holders[:1])
    last = made.holders[1]
    opened = world.papers.release(last, made.session_id, PASSPHRASE + last.subject)
    assert await code_of(opened) == "papers.form_differs"
    view = await world.sessions.one(made.officer, made.session_id)
    assert view.row.state == "arranged"


async def test_a_changed_package_is_refused_wherever_it_is_changed(world: World) -> None:
    made = await prepared(world, people=2, grids=ONE_ROOM)
    data = bytearray(made.sealed.data)
    codes = set()
    for at in range(40, len(data), len(data) // 25):
        changed = bytes(data[:at]) + bytes([data[at] ^ 1]) + bytes(data[at + 1 :])
        try:
            view = await world.papers.receiving.receive(made.officer, made.session_id, changed)
        except Refusal as refused:
            codes.add(refused.code)
        else:
            # A ZIP header's date, say: then the parts themselves are what was signed.
            assert (
                view.manifest.package_id
                == (
                    await world.papers.receiving.package(made.officer, made.session_id)
                ).manifest.package_id
            )
    assert {"package.unreadable", "package.hash"} & codes


async def test_a_foreign_bank_counts_only_when_an_administrator_trusts_it(world: World) -> None:
    made = await prepared(world, people=4, grids=ONE_ROOM)
    keys = {one.holder_id: one.public for one in await world.papers.holders.all()}
    foreign = ServerKey(bytes(range(32)))
    sealed = seal_package(keys, signer=foreign)
    view = await world.papers.receiving.receive(made.officer, made.session_id, sealed.data)
    assert not view.signer_known
    await draw_lots(made)
    world.clock.advance(seconds=STARTS_IN_S)
    asked = world.papers.release(made.holders[0], made.session_id, PASSPHRASE)
    assert await code_of(asked) == "papers.signer_unknown"
    admin = await world.person("admin", Role.ADMINISTRATOR)
    public = foreign.public.hex()
    await world.papers.holders.trust(admin, public_hex=public, name="省题库")
    assert await give(world.papers, made, made.holders) == [False, True]
    assert BANK.public.hex() != public


async def test_a_signature_of_somebody_else_is_refused(world: World) -> None:
    made = await prepared(world, people=2, grids=ONE_ROOM)
    mine = seal_package({"h1": made_key(world), "h2": made_key(world)})
    other = seal_package({"h1": made_key(world), "h2": made_key(world)})
    start = mine.data.index(b"manifest.sig") + len(b"manifest.sig")
    theirs = other.data.index(b"manifest.sig") + len(b"manifest.sig")
    mixed = mine.data[:start] + other.data[theirs : theirs + 64] + mine.data[start + 64 :]
    code = await code_of(world.papers.receiving.receive(made.officer, made.session_id, mixed))
    assert code in {"papers.signature_bad", "package.unreadable"}


def made_key(world: World) -> bytes:
    assert world.keyring.version
    return bytes.fromhex("09" + "00" * 31)  # the X25519 base point is a valid public key


async def test_a_package_for_another_level_is_refused(world: World) -> None:
    made = await prepared(world, people=2, grids=ONE_ROOM)
    keys = {one.holder_id: one.public for one in await world.papers.holders.all()}
    other = seal_package(keys, level=4)
    asked = world.papers.receiving.receive(made.officer, made.session_id, other.data)
    assert await code_of(asked) == "papers.occupation_differs"


async def test_after_the_freeze_the_package_stays(world: World) -> None:
    made = await prepared(world, people=4, grids=ONE_ROOM)
    await draw_lots(made)
    asked = world.papers.receiving.receive(made.officer, made.session_id, made.sealed.data)
    assert await code_of(asked) == "sessions.roster_frozen"


async def test_a_package_comes_from_the_bank_by_its_id(world: World) -> None:
    made = await prepared(world, people=2, grids=ONE_ROOM)
    world.bank.packages["pkg_1"] = made.sealed.data
    view = await world.papers.receiving.receive_from_bank(made.officer, made.session_id, "pkg_1")
    assert view.signer_known
    assert [form.form_code for form in view.manifest.forms] == ["A", "B"]


async def test_a_holder_enrols_once_with_a_long_passphrase(world: World) -> None:
    who = await world.person("holder", Role.KEY_HOLDER)
    assert await code_of(world.papers.holders.enrol(who, "short")) == "papers.passphrase_short"
    done = await asyncio.gather(
        *(world.papers.holders.enrol(who, PASSPHRASE) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["Holder", "Refusal"]
    unknown = world.papers.holders.public_keys(["holder_none"])
    assert await code_of(unknown) == "papers.holder_unknown"
