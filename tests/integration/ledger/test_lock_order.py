"""Acts that touch several streams wait for each other in one order, and none is given up."""

import asyncio
from collections.abc import Sequence

from ledger.book import Act
from tests.integration.ledger.world import SESSION, LedgerWorld

ROOM = f"room/{SESSION}/room_1"
OTHER_ROOM = f"room/{SESSION}/room_2"


async def act(world: LedgerWorld, streams: Sequence[str]) -> None:
    """One transaction into these streams, in this order, with time for others in between."""
    async with world.database.write() as tx:
        for stream in streams:
            await world.ledger.append(tx, stream, [Act("warned", {"at_ms": 1})])
            await asyncio.sleep(0.2)


async def test_a_room_then_the_session_and_the_reverse_do_not_block_each_other(
    world: LedgerWorld,
) -> None:
    session = f"session/{SESSION}"
    async with world.database.write() as tx:
        for room in (ROOM, OTHER_ROOM):
            await world.ledger.open_stream(tx, room, SESSION, "room_opened", {})
    orders = [(ROOM, session), (session, ROOM), (OTHER_ROOM, ROOM), (ROOM, OTHER_ROOM)]
    done = await asyncio.gather(*(act(world, one) for one in orders), return_exceptions=True)
    assert done == [None] * len(orders)
    async with world.database.read() as reading:
        assert len(await world.ledger.read(reading, ROOM)) == 1 + 4
        assert len(await world.ledger.read(reading, session)) == 1 + 2


async def test_a_seal_and_an_act_in_session_and_room_do_not_block_each_other(
    world: LedgerWorld,
) -> None:
    async with world.database.write() as tx:
        await world.ledger.open_stream(tx, ROOM, SESSION, "room_opened", {})

    async def seal() -> None:
        await asyncio.sleep(0.1)
        await world.seal([])

    acting = act(world, (f"session/{SESSION}", ROOM))
    done = await asyncio.gather(acting, seal(), return_exceptions=True)
    assert [*done] == [None, None]
    async with world.database.read() as reading:
        assert len(await world.ledger.read(reading, ROOM)) == 1 + 1
