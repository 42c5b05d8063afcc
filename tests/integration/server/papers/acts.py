"""What the tests of papers do again and again."""

from collections.abc import Awaitable, Sequence

import pytest

from kernel.access import Principal
from kernel.errors import Refusal
from server.papers.service import PapersService
from server.sessions.rules import SessionState
from server.sessions.service import move_session
from tests.integration.server.world import (
    PASSPHRASE,
    STARTS_IN_S,
    Arranged,
    World,
    draw_lots,
    prepared,
)

ONE_ROOM = ((2, 3),)


async def code_of(awaited: Awaitable[object]) -> str:
    with pytest.raises(Refusal) as refused:
        await awaited
    return refused.value.code


async def arranged(world: World) -> Arranged:
    """Drawn, and the clock is at the time of release."""
    made = await prepared(world, people=4, grids=ONE_ROOM)
    await draw_lots(made)
    world.clock.advance(seconds=STARTS_IN_S - 1_800)
    return made


async def close(world: World, session_id: str) -> None:
    async with world.database.write() as tx:
        await move_session(tx, session_id, SessionState.CLOSED)


async def give(papers: PapersService, made: Arranged, who: Sequence[Principal]) -> list[bool]:
    return [
        (await papers.release(one, made.session_id, PASSPHRASE + one.subject)).open for one in who
    ]
