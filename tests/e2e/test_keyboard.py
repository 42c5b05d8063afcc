"""A candidate without a mouse: from the check of the machine to the receipt, with keys alone.

Rules kept here: nothing is clicked or focused by the test; what is pressed has the focus, and
whoever looks can see where it is.
"""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import EMPTY, browsing
from tests.e2e.player import PATIENCE_MS, Player
from tests.e2e.running import arrange
from tests.e2e.serving import serving
from tests.e2e.worlds import Seeded

MOST_TABS = 80
_FOCUS = """() => {
  const one = document.activeElement
  if (one === null || one === document.body) return ['', true]
  const box = one.getBoundingClientRect()
  // The whole row of an option shows it, not its small circle.
  const ring = [one, one.closest('label')].some((it) => {
    const style = it === null ? null : getComputedStyle(it)
    return style !== null && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
  })
  const shown = box.width > 0 && box.bottom > 0 && box.top < innerHeight
  const label = one.labels?.[0]?.textContent ?? ''
  const words = (one.getAttribute('aria-label') ?? label + one.textContent).trim()
  return [`${one.tagName} ${words}`, ring && shown]
}"""


async def tab_to(page: Page, words: str, key: str = "Tab") -> None:
    """Press Tab until what has the focus says ``words``; every stop on the way can be seen."""
    unseen, stops = [], []
    for _ in range(MOST_TABS):
        await page.keyboard.press(key)
        name, seen = await page.evaluate(_FOCUS)
        stops.append(name)
        if not seen:
            unseen.append(name)
        if re.search(words, name):
            assert unseen == [], f"the focus cannot be seen on {unseen}"
            return
    raise AssertionError(f"no {words} among {stops}")


async def ready(page: Page, button: str) -> None:
    await expect(page.get_by_role("button", name=button)).to_be_enabled(timeout=PATIENCE_MS)


@pytest.mark.timeout(700)
async def test_a_sitting_from_the_check_to_the_receipt_with_keys_alone(
    seeded: Seeded, tmp_path: Path
) -> None:
    running = await asyncio.to_thread(arrange, seeded, 2)
    one = next(found for found in running.candidates if found.person.route == "manual")
    assert one.desk is not None
    async with serving(seeded.data) as server, browsing(tmp_path) as browsers:
        page = await browsers.make("seat", EMPTY).open()
        player = Player(page, server.url)
        await player.open(one.desk.machine_token)
        await ready(page, "去登录")
        await tab_to(page, "去登录")
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("准考证号")).to_be_focused()
        await page.keyboard.type(one.desk.ticket_no)
        await tab_to(page, "身份证号")
        await page.keyboard.type(one.desk.id_number)
        await page.keyboard.press("Enter")
        await ready(page, "我已阅读,继续")
        await tab_to(page, "我已阅读")
        await page.keyboard.press("Enter")
        await player.expect_paper()
        await answers(page, player)
        await hands_in(page)


async def answers(page: Page, player: Player) -> None:
    """By the letter, by the radio buttons' own arrows, by the sheet, and in words."""
    await page.keyboard.press("b")
    await expect(page.locator(".option input").nth(1)).to_be_checked()
    await page.keyboard.press("PageDown")
    await expect(player.head).to_contain_text("第 2 题")
    await tab_to(page, "^INPUT A")
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator(".option input").nth(1)).to_be_checked()
    await page.keyboard.press("m")
    await expect(page.get_by_role("button", name="取消标记")).to_be_visible()
    await tab_to(page, "第 ?40 ?题")
    await page.keyboard.press("Enter")
    await expect(player.head).to_contain_text("第 40 题")
    await tab_to(page, "^TEXTAREA", "Shift+Tab")
    await page.keyboard.type("先核对原始数据 n m r")
    await expect(player.head).to_contain_text("第 40 题")
    await player.expect_saved()


async def hands_in(page: Page) -> None:
    """Review, two confirmations, the second one held; going back is offered first."""
    await tab_to(page, "^BUTTON 交卷")
    await page.keyboard.press("Enter")
    await tab_to(page, "仍要交卷")
    await page.keyboard.press("Enter")
    await tab_to(page, "继续交卷")
    await page.keyboard.press("Enter")
    await tab_to(page, "按住 2 秒交卷")
    await page.keyboard.down("Space")
    await expect(page.locator(".code")).to_be_visible(timeout=PATIENCE_MS)
    await page.keyboard.up("Space")
