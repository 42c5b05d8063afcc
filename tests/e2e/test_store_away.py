"""The browser takes the page's local store away, or never opens it: the exam goes on, in words, and
what was written is stored as soon as there is a store again.
"""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import browsing
from tests.e2e.looking import Looks
from tests.e2e.player import PATIENCE_MS, Player
from tests.e2e.running import arrange
from tests.e2e.serving import Server, serving
from tests.e2e.worlds import Seeded

STORED = """() => new Promise((done) => {
  const opening = indexedDB.open('gongyuan-exam')
  // Whoever looks makes no store.
  opening.onupgradeneeded = () => opening.transaction.abort()
  opening.onerror = () => done([])
  opening.onsuccess = () => {
    const db = opening.result
    const asked = db.transaction('events').objectStore('events').getAll()
    asked.onsuccess = () => {
      done(asked.result.filter((one) => one.kind === 'answer_set').map((one) => one.item_id))
      db.close()
    }
  }
})"""
DELETE = """() => new Promise((done, failed) => {
  const asked = indexedDB.deleteDatabase('gongyuan-exam')
  asked.onsuccess = () => done()
  asked.onerror = asked.onblocked = () => failed(new Error('not deleted'))
})"""
HOLD = """() => new Promise((held) => {
  const opening = indexedDB.open('gongyuan-exam', 1)
  opening.onupgradeneeded = () => {
    const trial = opening.result.createObjectStore('trial')
    const go_on = () => {
      if (window.released) opening.transaction.abort()
      else trial.count().onsuccess = go_on
    }
    go_on()
    held()
  }
})"""
UNSTORED = "本机无法保存答案"


async def expect_stored(page: Page, count: int) -> None:
    """So many answers are on the computer."""
    looking = f"async (count) => (await ({STORED})()).length === count"
    await page.wait_for_function(looking, arg=count, timeout=PATIENCE_MS)


async def elsewhere(page: Page, server: Server) -> Page:
    """Another window of the same browser, on a page without a program."""
    other = await page.context.new_page()
    await other.goto(f"{server.url}/openapi.json")
    return other


@pytest.mark.timeout(500)
async def test_a_store_that_the_browser_closes_is_opened_again_and_holds_what_is_not_sent(
    seeded: Seeded, tmp_path: Path
) -> None:
    running = await asyncio.to_thread(arrange, seeded, 2)
    one = next(found for found in running.candidates if found.person.route == "manual")
    assert one.desk is not None
    async with serving(seeded.data) as server, browsing(tmp_path) as browsers:
        page = await browsers.make("seat").open()
        player = Player(page, server.url)
        await player.open(one.desk.machine_token)
        await player.pass_check()
        await player.sign_in(one.desk)
        await player.read_notice()
        await player.expect_paper()
        await player.answer(0)
        await player.expect_saved()
        other = await elsewhere(page, server)
        await page.bring_to_front()
        await page.context.set_offline(True)
        await player.go(2)
        await player.answer(0)
        await expect(player.chip).to_contain_text("网络中断", timeout=PATIENCE_MS)
        await expect_stored(page, 2)
        # As when somebody clears the site's data, and as when another window wants a newer version.
        tools = await page.context.new_cdp_session(page)
        await tools.send(
            "Storage.clearDataForOrigin", {"origin": server.url, "storageTypes": "indexeddb"}
        )
        await player.go(3)
        await player.answer(0)
        await expect_stored(page, 2)
        await other.evaluate(DELETE)
        await player.go(4)
        await player.answer(0)
        await expect_stored(page, 3)
        await expect(page.get_by_role("alert").filter(has_text=UNSTORED)).to_have_count(0)
        await page.context.set_offline(False)
        await player.expect_saved()


@pytest.mark.timeout(500)
async def test_a_store_that_does_not_open_is_told_and_used_when_it_does(
    seeded: Seeded, tmp_path: Path
) -> None:
    running = await asyncio.to_thread(arrange, seeded, 2)
    one = next(found for found in running.candidates if found.person.route == "manual")
    assert one.desk is not None
    looks = Looks(still=True)
    async with serving(seeded.data) as server, browsing(tmp_path) as browsers:
        page = await browsers.make("seat").open()
        other = await elsewhere(page, server)
        await other.evaluate(HOLD)
        await page.bring_to_front()
        player = Player(page, server.url)
        await player.open(one.desk.machine_token)
        storage = page.locator(".probes li").filter(has_text="本机存储")
        await expect(storage).to_contain_text("E-STO-03", timeout=PATIENCE_MS)
        await looks.in_both("check", page, "store silent")
        await player.pass_check()
        await player.sign_in(one.desk)
        await player.read_notice()
        await player.expect_paper()
        given = await player.answer(0)
        warned = page.get_by_role("alert").filter(has_text=UNSTORED)
        await expect(warned).to_be_visible(timeout=PATIENCE_MS)
        await looks.in_both("exam", page, "store silent")
        await other.evaluate("window.released = true")
        await expect(warned).to_have_count(0, timeout=PATIENCE_MS)
        await expect_stored(page, 1)
        await page.reload()
        await player.expect_paper()
        assert await player.shown() == given
    assert looks.faults == {}
