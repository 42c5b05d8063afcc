"""The public program's pages at 1366 x 768, in both languages: axe (WCAG 2.2 AA)."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from kernel.clock import SystemClock
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Day
from server.rehearsal.figures import Figures
from tests.e2e import screens
from tests.e2e.browser import browsing
from tests.e2e.console import PATIENCE_MS
from tests.e2e.looking import Looks
from tests.e2e.player import Player
from tests.e2e.serving import environment, gongyuan, serving
from tests.e2e.worlds import Seeded


async def take_in(seeded: Seeded, bundle: bytes) -> None:
    """What the bank released, signed, into the public program's own database."""
    file = seeded.data.parent / "released.json"
    file.write_bytes(bundle)
    signer = json.loads(json.loads(bundle)["bundle"])["signer_public"]
    program = await asyncio.create_subprocess_exec(
        *gongyuan("practice", "take-in", file, "--signer", signer), env=environment(seeded.data)
    )
    assert await program.wait() == 0


@pytest.mark.timeout(700)
async def test_every_page_of_practice_passes_axe(seeded: Seeded, tmp_path: Path) -> None:
    async with (
        serving(seeded.data) as server,
        httpx.AsyncClient(base_url=server.url, timeout=60) as http,
    ):
        day = Day(http, DEMO, SystemClock(), Figures())
        await day.gather_one(DEMO.bank_keeper)
        bundle = await day.call(
            DEMO.bank_keeper.account, "GET", "/api/bank/released/bundle", raw=True
        )
    await take_in(seeded, bundle)
    looks, player_looks = Looks(), Looks(still=True)
    async with (
        serving(seeded.data, program=("practice", "serve")) as public,
        browsing(tmp_path) as browsers,
    ):
        page = await browsers.make("public").open()
        await page.goto(public.url)
        await expect(page.locator(".paper-list a").first).to_be_visible(timeout=PATIENCE_MS)
        await looks.in_both("papers", page)
        await page.locator(".paper-list a").first.click()
        start = page.get_by_role("link", name="开始模拟考试")
        await expect(start).to_be_visible()
        await looks.in_both("paper", page)
        await start.click()
        player = Player(page, public.url)
        await expect(player.head).to_be_visible(timeout=PATIENCE_MS)
        await player_looks.in_both("attempt", page)
        await player.go(2)
        await player.answer(0)
        await page.get_by_role("button", name="交卷", exact=True).click()
        await player_looks.in_both("attempt", page, "review")
        await page.locator(".cover .danger-line").click()
        await page.get_by_role("button", name="继续交卷").click()
        await player_looks.in_both("attempt", page, "confirmation")
        await page.get_by_role("button", name="按住 2 秒交卷").hover()
        await page.mouse.down()
        await expect(page.locator(".question-head")).to_be_hidden(timeout=PATIENCE_MS)
        await page.mouse.up()
        await looks.in_both("result", page)
    assert looks.faults | player_looks.faults == {}
    assert looks.seen | player_looks.seen == screens.of_practice()
