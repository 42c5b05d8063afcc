"""The pictures of both READMEs, taken from the demo in a real browser: ``make screenshots``.

Rules kept here: nothing is drawn or staged; what a picture shows was done on the screens before.
"""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import BrowserContext, Page, expect

from server.rehearsal.candidate import Desk
from setup.places import ROOT
from tests.e2e.browser import SCREEN, browsing
from tests.e2e.demonstration import Demo, answering, demonstrating, kinds, watching
from tests.e2e.player import Player

PICTURES = ROOT / "docs" / "screenshots"
LARGEST_BYTES = 300_000
INCIDENTS_S = 300
ANSWERED = 14
SECTIONS = (("24", "2"), ("6", "4"), ("9", "2"), ("1", "10"))
_ONE_SECOND = """video => new Promise(seen => {
  const look = () => video.currentTime > 1 ? seen() : requestAnimationFrame(look); look()
})"""
ZONE = {"timezoneId": "Asia/Shanghai"}


@pytest.mark.screenshots
async def test_the_pictures_of_the_readmes_are_taken(tmp_path: Path) -> None:
    async with demonstrating(tmp_path) as demo, browsing(tmp_path) as browsers:
        seat = await browsers.make("camera").open()
        windows = seat.context
        await _player(demo, seat)
        await _desk(demo, windows)
        await _bank(demo, windows)
        await _practice(demo, windows)
        await _wall(demo, windows)
    for name in ("wall", "player", "desk", "bank", "practice"):
        picture = PICTURES / f"{name}.png"
        assert picture.stat().st_size < LARGEST_BYTES, name
        with Image.open(picture) as taken:
            assert taken.size == (SCREEN["width"], SCREEN["height"]), name


async def _player(demo: Demo, page: Page) -> None:
    guest = demo.guests["体验考生甲"]
    await _at_home(page)
    player = Player(page, demo.base)
    await page.goto(guest.url)
    await player.pass_check()
    await player.sign_in(Desk(guest.ticket_no, guest.id_number, guest.machine_token))
    await player.read_notice()
    await player.expect_paper()
    for number in range(1, ANSWERED + 1):
        await player.go(number)
        if number % 6 != 5:
            await player.answer(number)
    await player.go(5)
    await page.get_by_role("button", name="标记").first.click()
    await player.go(ANSWERED)
    await player.expect_saved()
    await _take(page, "player")


async def _desk(demo: Demo, windows: BrowserContext) -> None:
    """The second guest shows his face; the picture is taken before the invigilator decides."""
    async with _staff(demo, windows, "jk001") as page:
        await page.get_by_role("link", name="签到核验").first.click()
        await page.get_by_label("准考证号、证件号或姓名").fill(demo.guests["体验考生乙"].ticket_no)
        await page.get_by_role("button", name="开始核验").click()
        await page.get_by_label("考生已阅读以上内容").check()
        await page.get_by_role("button", name="同意人脸核验").click()
        shot = page.get_by_role("button", name="拍照比对")
        await expect(shot).to_be_enabled()
        # He looks up before the button is pressed.
        await page.locator("video").evaluate(_ONE_SECOND)
        await shot.click()
        await expect(page.get_by_role("button", name="我已核对本人与证件")).to_be_visible()
        await expect(page.locator("p.advice", has_text="系统建议:同一人")).to_be_visible()
        await _take(page, "desk")


async def _bank(demo: Demo, windows: BrowserContext) -> None:
    async with _staff(demo, windows, "tk001") as page:
        await page.goto(f"{demo.base}/console/#/bank/assemble")
        await page.get_by_label("试卷名称").fill("人工智能训练师(三级)理论知识 第二套")
        for at, (count, each) in enumerate(SECTIONS):
            await page.get_by_label("题数").nth(at).fill(count)
            await page.get_by_label("每题分值").nth(at).fill(each)
        await page.get_by_role("button", name="组卷", exact=True).click()
        report = page.get_by_role("heading", name="组卷报告")
        await expect(report).to_be_visible(timeout=120_000)
        await report.evaluate("one => one.scrollIntoView({ block: 'start' })")
        await _take(page, "bank")


async def _practice(demo: Demo, windows: BrowserContext) -> None:
    page = await _window(windows)
    await page.goto(demo.practice)
    await page.locator(".paper-list a").first.click()
    await page.get_by_role("link", name="开始模拟考试").click()
    player = Player(page, demo.practice)
    await expect(player.head).to_be_visible()
    for turn in range(1, 9):
        await player.go(turn)
        await player.answer(turn)
    await player.expect_saved()
    await _take(page, "practice")
    await page.close()


async def _wall(demo: Demo, windows: BrowserContext) -> None:
    async with watching(demo) as watcher, _staff(demo, windows, "jk001") as page:
        await page.goto(demo.base + watcher.address)
        wanted = {"help", "offline", "mismatch"}
        await watcher.wait(
            lambda wall: wanted <= kinds(wall) and answering(wall) >= 25, INCIDENTS_S
        )
        await expect(page.locator(".rail li").nth(2)).to_be_visible(timeout=15_000)
        await _take(page, "wall")


@asynccontextmanager
async def _staff(demo: Demo, windows: BrowserContext, account: str) -> AsyncIterator[Page]:
    """The console in a window of its own, signed in."""
    page = await _window(windows)
    await page.goto(f"{demo.base}/console/")
    await page.get_by_label("账号").fill(account)
    await page.get_by_label("密码").fill(demo.logins[account].password)
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("button", name="退出")).to_be_visible()
    yield page
    await page.close()


async def _window(windows: BrowserContext) -> Page:
    """A further one, for a person of its own: the console's token lives in the tab."""
    page = await windows.new_page()
    await page.set_viewport_size({"width": SCREEN["width"], "height": SCREEN["height"]})
    await _at_home(page)
    return page


async def _at_home(page: Page) -> None:
    """Times on the pictures are China's, wherever they are taken."""
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setTimezoneOverride", ZONE)


async def _take(page: Page, name: str) -> None:
    await page.bring_to_front()
    await page.mouse.move(0, 0)
    await page.evaluate("document.fonts.ready")
    picture = Image.open(io.BytesIO(await page.screenshot(animations="disabled"))).convert("RGB")
    PICTURES.mkdir(exist_ok=True)
    file = PICTURES / f"{name}.png"
    picture.save(file, optimize=True)
    if file.stat().st_size >= LARGEST_BYTES:
        picture.quantize(256, Image.Quantize.MEDIANCUT).save(file, optimize=True)
