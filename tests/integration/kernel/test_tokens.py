"""Whose token it is: asked of the table, and of what was known a moment ago."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from kernel.access import (
    KNOWN_FOR_MS,
    KernelTable,
    KnownSittings,
    Principal,
    issue_token,
    principal_of,
    revoke_tokens,
)
from kernel.clock import HandClock
from kernel.db import Database
from kernel.errors import Refusal

Ask = Callable[[str], Awaitable[Principal]]
VALID_S = 3_600


@pytest.fixture
async def tables(database: Database) -> Database:
    async with database.write() as tx:
        connection = await tx.connection()
        await connection.run_sync(KernelTable.metadata.create_all)
    return database


async def token_of(database: Database, clock: HandClock, kind: str) -> str:
    async with database.write() as tx:
        return await issue_token(
            tx, clock, subject="one", kind=kind, claims={"roles": []}, valid_s=VALID_S
        )


def asked(database: Database, clock: HandClock, *, known: bool) -> Ask:
    if known:
        return KnownSittings(database, clock).principal_of

    async def ask(token: str) -> Principal:
        async with database.read() as session:
            return await principal_of(session, clock, token)

    return ask


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("kind", ["staff", "sitting"])
async def test_a_token_holds_until_its_time_and_no_longer(
    tables: Database, kind: str, known: bool
) -> None:
    clock = HandClock()
    ask, token = asked(tables, clock, known=known), await token_of(tables, clock, kind)
    for wait_ms in (0, VALID_S * 1_000 - 1):
        clock.advance(ms=wait_ms)
        assert (await ask(token)).subject == "one"
    clock.advance(ms=1)
    with pytest.raises(Refusal, match=r"access\.token_invalid"):
        await ask(token)
    with pytest.raises(Refusal, match=r"access\.token_invalid"):
        await ask("another")


async def test_only_a_sittings_token_is_known_a_moment_longer_than_it_holds(
    tables: Database,
) -> None:
    clock = HandClock()
    ask = asked(tables, clock, known=True)
    tokens = {kind: await token_of(tables, clock, kind) for kind in ("staff", "sitting")}
    for kind, token in tokens.items():
        await ask(token)
        async with tables.write() as tx:
            await revoke_tokens(tx, subject="one", kind=kind)
    with pytest.raises(Refusal, match=r"access\.token_invalid"):
        await ask(tokens["staff"])
    clock.advance(ms=KNOWN_FOR_MS // 2 - 1)
    assert (await ask(tokens["sitting"])).kind == "sitting"
    clock.advance(ms=KNOWN_FOR_MS // 2 + 1)
    with pytest.raises(Refusal, match=r"access\.token_invalid"):
        await ask(tokens["sitting"])


async def test_who_came_in_together_is_not_looked_up_together_again(tables: Database) -> None:
    clock = HandClock()
    ask = asked(tables, clock, known=True)
    tokens = [await token_of(tables, clock, "sitting") for _ in range(32)]
    for token in tokens:
        await ask(token)
    async with tables.write() as tx:
        await revoke_tokens(tx, subject="one", kind="sitting")
    clock.advance(ms=KNOWN_FOR_MS * 3 // 4)
    known = 0
    for token in tokens:
        with suppress(Refusal):
            await ask(token)
            known += 1
    assert 0 < known < len(tokens)
