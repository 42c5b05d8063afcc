"""Every screen of the console at 1366 x 768 passes axe (WCAG 2.2 AA), in both languages; none of a
session under way greets with an error.
"""

from pathlib import Path

import pytest
from playwright.async_api import expect

from server.rehearsal.cast import DEMO, Account
from tests.e2e import screens
from tests.e2e.axe import scrolls, violations
from tests.e2e.browser import browsing
from tests.e2e.console import Console
from tests.e2e.looking import Looks
from tests.e2e.running import Running, arrange
from tests.e2e.serving import serving
from tests.e2e.worlds import Seeded

READERS: dict[str, Account] = {
    "accounts": DEMO.administrator,
    "blueprints": DEMO.bank_keeper,
    "items": DEMO.bank_keeper,
    "assemble": DEMO.bank_keeper,
    "packages": DEMO.bank_keeper,
    "home": DEMO.officer,
    "sites": DEMO.officer,
    "sessions": DEMO.officer,
    "session": DEMO.officer,
    "staffing": DEMO.officer,
    "candidates": DEMO.officer,
    "package": DEMO.officer,
    "draw": DEMO.officer,
    "late": DEMO.officer,
    "marking": DEMO.officer,
    "results": DEMO.officer,
    "reviews": DEMO.officer,
    "archive": DEMO.officer,
    "erasure": DEMO.officer,
    "replay": DEMO.supervisor,
    "holder": DEMO.holders[0],
    "keys": DEMO.holders[0],
    "desk": DEMO.invigilators[0],
    "wall": DEMO.invigilators[0],
    "close": DEMO.chief,
}
"""Who works with the screen."""


@pytest.fixture
def running(seeded: Seeded) -> Running:
    """A session under way."""
    return arrange(seeded, 4)


def test_every_screen_of_the_console_is_looked_at() -> None:
    assert set(READERS) == set(screens.of_console())


@pytest.mark.timeout(700)
async def test_every_console_screen_passes_axe(
    seeded: Seeded, running: Running, tmp_path: Path
) -> None:
    named = {":session_id": running.session_id, ":room_id": running.room_id}
    forms, looks = screens.of_console(), Looks()
    async with serving(seeded.data) as server, browsing(tmp_path) as browsers:
        office = browsers.make("office")
        first = await office.open()
        await first.goto(f"{server.url}/console/")
        await expect(first.get_by_role("button", name="登录")).to_be_visible()
        await looks.in_both("sign-in", first)
        staff: dict[str, Console] = {}
        for name, who in READERS.items():
            if who.account not in staff:
                staff[who.account] = Console(await office.person(), server.url)
                await staff[who.account].sign_in(who)
            console = staff[who.account]
            parts = [named.get(part, part) for part in forms[name].split("/")[1:]]
            await console.open(*parts)
            await console.page.wait_for_load_state("networkidle")
            await looks.in_both(name, console.page)
            # Too early for a screen is said calmly, not as something that went wrong.
            assert await console.page.locator(".fault").count() == 0, name
    assert looks.faults == {}


@pytest.mark.timeout(300)
async def test_a_picture_without_words_and_a_page_too_long_are_found(tmp_path: Path) -> None:
    """The two checks can fail."""
    async with browsing(tmp_path) as browsers:
        page = await browsers.make("plain").open()
        await page.set_content('<img src="x.png"><p style="height: 900px">长</p>')
        assert any(found.startswith("image-alt") for found in await violations(page))
        assert await scrolls(page)


@pytest.mark.timeout(300)
async def test_a_colour_on_its_way_is_not_taken_for_one_of_the_screen(tmp_path: Path) -> None:
    """White on dark and dark on white are readable; halfway between them nothing is."""
    async with browsing(tmp_path) as browsers:
        page = await browsers.make("changing").open()
        await page.set_content(
            "<html lang=zh><title>x</title><style>p { transition: all 0.5s linear;"
            " color: #fff; background: #000 } .on { color: #000; background: #fff }</style>"
            "<p>考生答卷"
        )
        begin = "setInterval(() => document.querySelector('p').classList.toggle('on'), 330)"
        await page.evaluate(begin)
        for _ in range(24):
            assert await violations(page) == []
