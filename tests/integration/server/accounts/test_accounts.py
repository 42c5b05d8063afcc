"""Accounts on both databases: sign-in, locks, the second person."""

import asyncio

import pytest

from kernel.access import Role, principal_of
from kernel.errors import Refusal
from server.accounts.rules import FAILURES_MAX, LOCK_S
from tests.integration.server.world import PASSWORD, PIN, World


async def test_the_right_password_gives_a_token_with_the_roles(world: World) -> None:
    await world.person("zhang", Role.INVIGILATOR, Role.CHIEF)
    signed = await world.accounts.sign_in(" ZHANG ", PASSWORD)
    async with world.database.read() as session:
        principal = await principal_of(session, world.clock, signed.token)
    assert principal.roles == {Role.INVIGILATOR, Role.CHIEF}
    assert (await world.accounts.me(principal)).account == "zhang"


async def test_signing_out_ends_every_token(world: World) -> None:
    who = await world.person("zhang", Role.CHIEF)
    tokens = [(await world.accounts.sign_in("zhang", PASSWORD)).token for _ in range(2)]
    await world.accounts.sign_out(who)
    for token in tokens:
        async with world.database.read() as session:
            with pytest.raises(Refusal, match=r"access\.token_invalid"):
                await principal_of(session, world.clock, token)


@pytest.mark.parametrize("account", ["zhang", "nobody"])
async def test_five_failures_lock_a_name_whether_or_not_it_has_an_account(
    world: World, account: str
) -> None:
    await world.person("zhang", Role.CHIEF)
    for _ in range(FAILURES_MAX):
        with pytest.raises(Refusal, match=r"accounts\.wrong"):
            await world.accounts.sign_in(account, "wrong")
    with pytest.raises(Refusal, match=r"accounts\.locked"):
        await world.accounts.sign_in(account, PASSWORD)
    world.clock.advance(seconds=LOCK_S)
    if account == "zhang":
        assert (await world.accounts.sign_in(account, PASSWORD)).token


async def test_parallel_guesses_gain_nothing(world: World) -> None:
    await world.person("zhang", Role.CHIEF)
    guesses = [world.accounts.sign_in("zhang", f"guess {n}") for n in range(12)]
    done = await asyncio.gather(*guesses, return_exceptions=True)
    codes = [one.code for one in done if isinstance(one, Refusal)]
    assert codes.count("accounts.wrong") == FAILURES_MAX
    assert codes.count("accounts.locked") == 12 - FAILURES_MAX


async def test_a_success_clears_the_count(world: World) -> None:
    await world.person("zhang", Role.CHIEF)
    for _ in range(3):
        for _ in range(FAILURES_MAX - 1):
            with pytest.raises(Refusal, match=r"accounts\.wrong"):
                await world.accounts.sign_in("zhang", "wrong")
        await world.accounts.sign_in("zhang", PASSWORD)


async def test_an_account_name_is_taken_once(world: World) -> None:
    await world.person("zhang", Role.CHIEF)
    with pytest.raises(Refusal, match=r"accounts\.taken"):
        await world.person("ZHANG", Role.OFFICER)


async def test_an_administrator_holds_no_other_role(world: World) -> None:
    with pytest.raises(Refusal, match=r"accounts\.roles_clash"):
        await world.person("root", Role.ADMINISTRATOR, Role.CHIEF)
    with pytest.raises(Refusal, match=r"accounts\.roles_clash"):
        await world.person("nobody")


async def test_the_first_administrator_is_made_once(world: World) -> None:
    made = await world.accounts.ensure_administrator(
        account="admin", name="管理员", password=PASSWORD
    )
    again = await world.accounts.ensure_administrator(
        account="admin2", name="管理员", password=PASSWORD
    )
    assert made is not None
    assert again is None
    assert [one.account for one in await world.accounts.accounts()] == ["admin"]


async def test_the_second_person_is_another_with_a_role_and_the_pin(world: World) -> None:
    first = await world.person("zhang", Role.INVIGILATOR)
    await world.person("li", Role.CHIEF)
    await world.person("wang", Role.MARKER)
    second = await world.accounts.second_person(first=first, account="li", pin=PIN)
    assert second.name == "li"
    for account, pin, code in (
        ("zhang", PIN, "accounts.same_person"),
        ("wang", PIN, "access.role_missing"),
        ("li", "000001", "accounts.pin_wrong"),
        ("nobody", PIN, "accounts.pin_wrong"),
        ("li", PASSWORD, "accounts.pin_wrong"),
    ):
        with pytest.raises(Refusal) as refused:
            await world.accounts.second_person(first=first, account=account, pin=pin)
        assert refused.value.code == code


async def test_five_wrong_pins_lock_the_pin_but_not_the_password(world: World) -> None:
    first = await world.person("zhang", Role.INVIGILATOR)
    await world.person("li", Role.CHIEF)
    for _ in range(FAILURES_MAX):
        with pytest.raises(Refusal, match=r"accounts\.pin_wrong"):
            await world.accounts.second_person(first=first, account="li", pin="999998")
    with pytest.raises(Refusal, match=r"accounts\.locked"):
        await world.accounts.second_person(first=first, account="li", pin=PIN)
    assert (await world.accounts.sign_in("li", PASSWORD)).token
