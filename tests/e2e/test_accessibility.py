"""Every screen of player and console at 1366 x 768 passes axe (WCAG 2.2 AA).

The player's page never scrolls: a candidate always sees time, question and the way on.
"""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from server.rehearsal.cast import DEMO, Account
from tests.e2e.axe import scrolls, violations
from tests.e2e.browser import browsing
from tests.e2e.console import Console
from tests.e2e.player import Player
from tests.e2e.running import Running, arrange
from tests.e2e.serving import serving
from tests.e2e.worlds import Seeded

SESSION, ROOM = "{session}", "{room}"
OF_SESSION = ("sessions", SESSION)
SCREENS: list[tuple[Account, tuple[str, ...]]] = [
    (DEMO.administrator, ("accounts",)),
    (DEMO.bank_keeper, ("bank", "blueprints")),
    (DEMO.bank_keeper, ("bank", "items")),
    (DEMO.bank_keeper, ("bank", "assemble")),
    (DEMO.bank_keeper, ("bank", "packages")),
    (DEMO.officer, ()),
    (DEMO.officer, ("sites",)),
    (DEMO.officer, ("sessions",)),
    (DEMO.officer, OF_SESSION),
    (DEMO.officer, (*OF_SESSION, "staff")),
    (DEMO.officer, (*OF_SESSION, "candidates")),
    (DEMO.officer, (*OF_SESSION, "package")),
    (DEMO.officer, (*OF_SESSION, "draw")),
    (DEMO.officer, (*OF_SESSION, "late")),
    (DEMO.officer, (*OF_SESSION, "marking")),
    (DEMO.officer, (*OF_SESSION, "results")),
    (DEMO.officer, (*OF_SESSION, "reviews")),
    (DEMO.officer, (*OF_SESSION, "archive")),
    (DEMO.holders[0], ("holder",)),
    (DEMO.holders[0], (*OF_SESSION, "keys")),
    (DEMO.invigilators[0], (*OF_SESSION, "desk")),
    (DEMO.invigilators[0], (*OF_SESSION, "rooms", ROOM, "wall")),
    (DEMO.chief, (*OF_SESSION, "close")),
]


@pytest.fixture
def running(seeded: Seeded) -> Running:
    """A session under way."""
    return arrange(seeded, 4)


@pytest.mark.timeout(300)
async def test_every_console_screen_passes_axe(
    seeded: Seeded, running: Running, tmp_path: Path
) -> None:
    names = {SESSION: running.session_id, ROOM: running.room_id}
    faults: dict[str, list[str]] = {}
    async with serving(seeded.data) as server, browsing(tmp_path) as browsers:
        office = browsers.make("office")
        first = await office.open()
        await first.goto(f"{server.url}/console/")
        await expect(first.get_by_role("button", name="登录")).to_be_visible()
        faults["sign-in"] = await violations(first)
        staff: dict[str, Console] = {}
        for who, parts in SCREENS:
            if who.account not in staff:
                staff[who.account] = Console(await office.person(), server.url)
                await staff[who.account].sign_in(who)
            console = staff[who.account]
            await console.open(*(names.get(part, part) for part in parts))
            await console.page.wait_for_load_state("networkidle")
            faults["/".join(parts)] = await violations(console.page)
    assert {screen: found for screen, found in faults.items() if found} == {}


@pytest.mark.timeout(300)
async def test_every_player_screen_passes_axe_and_its_page_never_scrolls(
    seeded: Seeded, running: Running, tmp_path: Path
) -> None:
    one = next(found for found in running.candidates if found.person.route == "manual")
    assert one.desk is not None
    faults: dict[str, list[str]] = {}

    async def look(name: str, page: Page) -> None:
        found = await violations(page)
        if await scrolls(page):
            found.append("the page scrolls")
        faults[name] = found

    async def look_in_both(name: str, page: Page) -> None:
        """Where the language can be switched; what lies above a screen covers the switch."""
        await look(f"{name} zh", page)
        await page.get_by_role("button", name="English").click()
        await look(f"{name} en", page)
        await page.get_by_role("button", name="中文").click()

    async with serving(seeded.data) as server, browsing(tmp_path) as browsers:
        page = await browsers.make("seat").open()
        player = Player(page, server.url)
        await player.open(one.desk.machine_token)
        await expect(page.get_by_role("button", name="去登录")).to_be_enabled(timeout=60_000)
        await look_in_both("check", page)
        await player.pass_check()
        await look_in_both("sign-in", page)
        await player.sign_in(one.desk)
        await expect(page.get_by_role("heading", name="告知")).to_be_visible()
        await look_in_both("notice", page)
        await player.read_notice()
        await player.expect_paper()
        await look_in_both("answering", page)
        await player.go(40)
        await player.answer(1)
        await look_in_both("text", page)
        await player.expect_saved()
        await page.get_by_role("button", name="快捷键").click()
        await look("keys", page)
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="交卷", exact=True).click()
        await look("review", page)
        await page.locator(".cover .danger-line").click()
        await look("first confirmation", page)
        await page.get_by_role("button", name="继续交卷").click()
        await look("second confirmation", page)
        await page.get_by_role("button", name="返回作答").last.click()
        await page.get_by_role("button", name="返回作答").last.click()
        await player.submit()
        await look_in_both("receipt", page)
    assert {screen: found for screen, found in faults.items() if found} == {}


@pytest.mark.timeout(120)
async def test_a_picture_without_words_and_a_page_too_long_are_found(tmp_path: Path) -> None:
    """The two checks above can fail."""
    async with browsing(tmp_path) as browsers:
        page = await browsers.make("plain").open()
        await page.set_content('<img src="x.png"><p style="height: 900px">长</p>')
        assert any(found.startswith("image-alt") for found in await violations(page))
        assert await scrolls(page)
