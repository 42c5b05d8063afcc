"""The server answers that it cannot reach its storage: every screen of the player says so, and none
blames the network; what waits goes on by itself.
"""

import asyncio
import json
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.browser import browsing
from tests.e2e.looking import Looks
from tests.e2e.player import PATIENCE_MS, Player
from tests.e2e.running import arrange
from tests.e2e.seats import covered
from tests.e2e.serving import serving
from tests.e2e.worlds import Seeded

SITTING = "**/api/sitting/*"
AWAY = {
    "code": "storage.unavailable", "kind": "unavailable", "params": {}, "rows": [],
    "message": {"zh": "服务器暂时无法读写存储", "en": "the storage cannot be reached"},
}  # fmt: skip
CODE = "E-SRV-03"


async def take_the_storage_away(page: Page) -> None:
    async def away(route: Route) -> None:
        await route.fulfill(status=503, body=json.dumps(AWAY))

    await page.route(SITTING, away)


@pytest.mark.timeout(500)
async def test_a_server_without_its_storage_is_told_as_such_on_every_screen(
    seeded: Seeded, tmp_path: Path
) -> None:
    running = await asyncio.to_thread(arrange, seeded, 2)
    one = next(found for found in running.candidates if found.person.route == "manual")
    assert one.desk is not None
    looks = Looks(still=True)
    async with serving(seeded.data) as server, browsing(tmp_path) as browsers:
        page = await browsers.make("seat").open()
        await page.route_web_socket("**/live", lambda line: line.close())
        player = Player(page, server.url)
        await take_the_storage_away(page)
        await player.open(one.desk.machine_token)
        line = page.locator(".probes li").filter(has_text="考试服务器")
        await expect(line).to_contain_text(CODE, timeout=PATIENCE_MS)
        await expect(page.get_by_role("button", name="重新检查")).to_be_enabled()
        await looks.in_both("check", page, "server away")
        await page.unroute(SITTING)
        await page.get_by_role("button", name="重新检查").click()
        await player.pass_check()
        await player.sign_in(one.desk)
        await player.read_notice()
        await player.expect_paper()
        await player.answer(0)
        await player.expect_saved()
        await take_the_storage_away(page)
        await page.reload()
        told = page.get_by_role("alert").filter(has_text=CODE)
        await expect(told).to_be_visible(timeout=PATIENCE_MS)
        await looks.in_both("starting", page, "server away")
        await page.unroute(SITTING)
        await player.expect_paper()
        await take_the_storage_away(page)
        await player.go(2)
        await player.answer(0)
        await page.get_by_role("button", name="交卷", exact=True).click()
        await page.locator(".cover .danger-line").click()
        await page.get_by_role("button", name="继续交卷").click()
        await page.get_by_role("button", name="按住 2 秒交卷").hover()
        await page.mouse.down()
        await covered(page, "正在交卷")
        await page.mouse.up()
        await expect(page.locator(".overlay")).to_contain_text(CODE, timeout=PATIENCE_MS)
        await expect(page.locator(".overlay")).not_to_contain_text("网络中断")
        await looks.in_both("lock sending", page, "server away")
        await page.unroute(SITTING)
        await expect(page.locator(".code")).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.get_by_text("已答 2 / 40 题")).to_be_visible()
    assert looks.faults == {}
