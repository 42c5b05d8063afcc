"""A paper that does not come at once is asked for again, and what was typed last is still there
after a reload.
"""

import asyncio
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Request, Route, expect

from kernel.clock import SystemClock
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Day
from server.rehearsal.figures import Figures
from tests.e2e.browser import browsing
from tests.e2e.looking import Looks
from tests.e2e.player import Player
from tests.e2e.running import arrange
from tests.e2e.seats import Room
from tests.e2e.serving import serving
from tests.e2e.worlds import Seeded

PATIENCE_S = 60
TYPED = "重新载入前最后写下的字"


@pytest.mark.timeout(500)
async def test_a_paper_that_did_not_come_is_asked_for_again_and_typed_text_outlives_a_reload(
    seeded: Seeded, tmp_path: Path
) -> None:
    running = await asyncio.to_thread(arrange, seeded, 2)
    one = next(found for found in running.candidates if found.person.route == "manual")
    async with (
        serving(seeded.data) as server,
        browsing(tmp_path) as browsers,
        httpx.AsyncClient(base_url=server.url) as http,
    ):
        day = Day(http, DEMO, SystemClock(), Figures())
        await day.gather()
        day.session_id, day.room_id = running.session_id, running.room_id
        room = Room(server, browsers.make("seat"), day, [one], Looks(still=True))
        page = await room.seats.open()
        refused = 0

        async def busy(route: Route) -> None:
            nonlocal refused
            refused += 1
            await route.fulfill(status=503)

        await page.route("**/api/sitting/paper", busy, times=3)
        player = await room.sits(one, page)
        assert refused == 3
        await paused(room, player)
        await types_and_reloads(player)


async def paused(room: Room, player: Player) -> None:
    """A reload while the exam is paused comes back to the paper when it goes on."""
    (one,) = room.people
    await room.act(one, "pause")
    await expect(player.page.get_by_role("alertdialog")).to_be_visible()
    asked = 0

    def ask(request: Request) -> None:
        nonlocal asked
        asked += request.url.endswith("/api/sitting/state")

    player.page.on("request", ask)
    await player.page.reload()
    async with asyncio.timeout(PATIENCE_S):
        while asked < 3:  # entered in vain, more than once
            await player.page.wait_for_timeout(100)
    await room.act(one, "resume")
    await player.expect_paper()


async def types_and_reloads(player: Player) -> None:
    """Text that has not rested yet is stored when the page goes."""
    box = player.page.locator(".question textarea")
    number = 1
    while not await box.count():
        number += 1
        await player.go(number)
    await box.fill(TYPED)
    await player.page.reload()
    await player.expect_paper()
    await expect(box).to_have_value(TYPED)
    await player.expect_saved()
