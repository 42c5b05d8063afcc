"""An answer that an earlier sign-in could not send is sent under the next one, once: a reload does
not put it over a newer one.
"""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.browser import browsing
from tests.e2e.player import Player
from tests.e2e.running import arrange
from tests.e2e.seats import covered
from tests.e2e.serving import serving
from tests.e2e.test_accessibility_player import EVENTS
from tests.e2e.worlds import Seeded


@pytest.mark.timeout(500)
async def test_what_was_said_again_does_not_come_back_over_a_newer_answer(
    seeded: Seeded, tmp_path: Path
) -> None:
    running = await asyncio.to_thread(arrange, seeded, 2)
    one = next(found for found in running.candidates if found.person.route == "manual")
    assert one.desk is not None
    async with serving(seeded.data) as server, browsing(tmp_path) as browsers:
        page = await browsers.make("seat").open()
        await page.route_web_socket("**/live", lambda line: line.close())
        player = Player(page, server.url)
        await player.open(one.desk.machine_token)
        await player.pass_check()
        await player.sign_in(one.desk)
        await player.read_notice()
        await player.expect_paper()
        await player.go(1)
        await player.answer(0)
        await player.expect_saved()
        stranger = {"authorization": "Bearer nobody"}
        await page.route(
            EVENTS, lambda route: route.continue_(headers={**route.request.headers, **stranger})
        )
        unsent = await player.answer(1)
        await covered(page, "需要重新登录")
        await page.unroute(EVENTS)
        await page.get_by_role("button", name="重新登录").click()
        await player.pass_check()
        await player.sign_in(one.desk)
        await player.read_notice()
        await player.expect_paper()
        await player.go(1)
        assert await player.shown() == unsent
        await player.expect_saved()
        newer = await player.answer(2)
        assert newer != unsent
        await player.expect_saved()
        await page.reload()
        await player.expect_paper()
        await player.go(1)
        assert await player.shown() == newer
        await player.expect_saved()
        assert await player.shown() == newer
