"""Accounts on both databases: sign-in, locks, the second person."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from kernel import web
from kernel.access import Role, principal_of
from kernel.errors import Refusal
from kernel.settings import SignInSettings
from server.accounts.api import router
from server.accounts.rules import FAILURES_MAX, LOCK_S
from server.accounts.service import AccountsService
from tests.integration.server.world import PASSWORD, PIN, World

HERE, THERE = "192.0.2.1", "192.0.2.2"


async def test_the_right_password_gives_a_token_with_the_roles(world: World) -> None:
    await world.person("zhang", Role.INVIGILATOR, Role.CHIEF)
    signed = await world.accounts.sign_in(" ZHANG ", PASSWORD, place=HERE)
    async with world.database.read() as session:
        principal = await principal_of(session, world.clock, signed.token)
    assert principal.roles == {Role.INVIGILATOR, Role.CHIEF}
    assert (await world.accounts.me(principal)).account == "zhang"


async def test_signing_out_ends_every_token(world: World) -> None:
    who = await world.person("zhang", Role.CHIEF)
    tokens = [(await world.accounts.sign_in("zhang", PASSWORD, place=HERE)).token for _ in range(2)]
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
            await world.accounts.sign_in(account, "wrong", place=HERE)
    with pytest.raises(Refusal, match=r"accounts\.locked"):
        await world.accounts.sign_in(account, PASSWORD, place=HERE)
    world.clock.advance(seconds=LOCK_S)
    if account == "zhang":
        assert (await world.accounts.sign_in(account, PASSWORD, place=HERE)).token


async def test_parallel_guesses_gain_nothing(world: World) -> None:
    await world.person("zhang", Role.CHIEF)
    guesses = [world.accounts.sign_in("zhang", f"guess {n}", place=HERE) for n in range(12)]
    done = await asyncio.gather(*guesses, return_exceptions=True)
    codes = [one.code for one in done if isinstance(one, Refusal)]
    assert codes.count("accounts.wrong") == FAILURES_MAX
    assert codes.count("accounts.locked") == 12 - FAILURES_MAX


async def test_a_success_clears_the_count(world: World) -> None:
    await world.person("zhang", Role.CHIEF)
    for _ in range(3):
        for _ in range(FAILURES_MAX - 1):
            with pytest.raises(Refusal, match=r"accounts\.wrong"):
                await world.accounts.sign_in("zhang", "wrong", place=HERE)
        await world.accounts.sign_in("zhang", PASSWORD, place=HERE)


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
    assert (await world.accounts.sign_in("li", PASSWORD, place=HERE)).token


async def guess(world: World, times: int, *, place: str, account: str = "zhang") -> list[str]:
    """The codes of wrong passwords."""
    codes = []
    for _ in range(times):
        with pytest.raises(Refusal) as refused:
            await world.accounts.sign_in(account, "wrong", place=place)
        codes.append(refused.value.code)
    return codes


async def test_guesses_at_a_name_lock_it_where_they_come_from_and_nowhere_else(
    world: World,
) -> None:
    await world.person("zhang", Role.CHIEF)
    told = await guess(world, FAILURES_MAX + 1, place=THERE)
    assert told == ["accounts.wrong"] * FAILURES_MAX + ["accounts.locked"]
    assert (await world.accounts.sign_in("zhang", PASSWORD, place=HERE)).token
    with pytest.raises(Refusal, match=r"accounts\.locked"):
        await world.accounts.sign_in("zhang", PASSWORD, place=THERE)
    world.clock.advance(seconds=LOCK_S)
    assert (await world.accounts.sign_in("zhang", PASSWORD, place=THERE)).token


@pytest.mark.parametrize("account", ["zhang", "nobody"])
async def test_guesses_from_many_places_lock_the_name_everywhere_in_the_end(
    world: World, account: str
) -> None:
    await world.person("zhang", Role.CHIEF)
    world.accounts = AccountsService(
        world.database, world.clock, SignInSettings(failures=2, failures_anywhere=7, lock_s=60)
    )
    for number in range(3):
        told = await guess(world, 3, place=f"192.0.2.1{number}", account=account)
        assert told == ["accounts.wrong", "accounts.wrong", "accounts.locked"]
    assert await guess(world, 1, place=THERE, account=account) == ["accounts.wrong"]
    with pytest.raises(Refusal, match=r"accounts\.locked"):
        await world.accounts.sign_in(account, PASSWORD, place=HERE)
    world.clock.advance(seconds=60)
    if account == "zhang":
        assert (await world.accounts.sign_in(account, PASSWORD, place=HERE)).token


async def test_who_is_locked_out_adds_nothing_to_what_locks_everybody(world: World) -> None:
    await world.person("zhang", Role.CHIEF)
    world.accounts = AccountsService(
        world.database, world.clock, SignInSettings(failures=2, failures_anywhere=4)
    )
    assert (await guess(world, 12, place=THERE))[2:] == ["accounts.locked"] * 10
    assert await guess(world, 1, place=HERE) == ["accounts.wrong"]
    assert (await world.accounts.sign_in("zhang", PASSWORD, place=HERE)).token


async def test_parallel_guesses_from_many_places_gain_nothing(world: World) -> None:
    await world.person("zhang", Role.CHIEF)
    world.accounts = AccountsService(
        world.database, world.clock, SignInSettings(failures=2, failures_anywhere=5)
    )
    guesses = [
        world.accounts.sign_in("zhang", f"guess {n}", place=f"192.0.2.{n % 4}") for n in range(16)
    ]
    done = await asyncio.gather(*guesses, return_exceptions=True)
    codes = [one.code for one in done if isinstance(one, Refusal)]
    assert sorted(codes) == ["accounts.locked"] * 11 + ["accounts.wrong"] * 5


async def test_wrong_pins_lock_the_pin_for_whoever_types_them_and_for_no_other_room(
    world: World,
) -> None:
    careless = await world.person("zhang", Role.INVIGILATOR)
    careful = await world.person("wang", Role.INVIGILATOR)
    await world.person("li", Role.CHIEF)
    for _ in range(FAILURES_MAX):
        with pytest.raises(Refusal, match=r"accounts\.pin_wrong"):
            await world.accounts.second_person(first=careless, account="li", pin="999998")
    with pytest.raises(Refusal, match=r"accounts\.locked"):
        await world.accounts.second_person(first=careless, account="li", pin=PIN)
    assert (await world.accounts.second_person(first=careful, account="li", pin=PIN)).name == "li"


async def test_a_sign_in_holds_as_long_as_the_settings_say(world: World) -> None:
    await world.person("zhang", Role.CHIEF)
    world.accounts = AccountsService(world.database, world.clock, SignInSettings(token_s=60))
    signed = await world.accounts.sign_in("zhang", PASSWORD, place=HERE)
    assert signed.expires_at_ms == world.clock.now_ms() + 60_000
    world.clock.advance(seconds=60)
    async with world.database.read() as session:
        with pytest.raises(Refusal, match=r"access\.token_invalid"):
            await principal_of(session, world.clock, signed.token)


async def test_over_http_the_place_is_the_address_and_a_locked_one_is_told_429(
    world: World,
) -> None:
    await world.person("zhang", Role.CHIEF)
    app = FastAPI()
    web.install(app, database=world.database, clock=world.clock, body_limit_bytes=10_000)
    app.include_router(router(world.accounts))

    async def statuses(address: str, *passwords: str) -> list[int]:
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            bodies = [{"account": "zhang", "password": one} for one in passwords]
            return [(await http.post("/api/staff/sign-in", json=b)).status_code for b in bodies]

    wrong = ["wrong"] * FAILURES_MAX
    assert await statuses("2001:db8::1", *wrong, PASSWORD) == [401] * FAILURES_MAX + [429]
    assert await statuses("2001:db8::2", PASSWORD) == [429]
    assert await statuses("2001:db8:0:1::1", PASSWORD) == [200]
