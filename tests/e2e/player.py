"""What a candidate does at the seat PC, on the screens as they are read."""

import re
from typing import Any

from playwright.async_api import Locator, Page, expect

from server.rehearsal.candidate import Desk

PATIENCE_MS = 60_000


class Player:
    """The player in one page."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self._base = base

    async def open(self, machine_token: str = "") -> None:
        """By the machine's set-up link, or plainly where the machine is set up already."""
        query = f"?machine={machine_token}" if machine_token else ""
        await self.page.goto(f"{self._base}/exam/{query}")

    async def pass_check(self) -> None:
        """Every line of the self-check is good; on to the sign-in."""
        button = self.page.get_by_role("button", name="去登录")
        await expect(button).to_be_enabled(timeout=PATIENCE_MS)
        await button.click()

    async def sign_in(self, desk: Desk) -> None:
        """Both numbers, as typed from the ticket."""
        await self.page.get_by_label("准考证号").fill(desk.ticket_no)
        await self.page.get_by_label("身份证号").fill(desk.id_number)
        await self.page.get_by_role("button", name="登录", exact=True).click()

    async def read_notice(self) -> None:
        button = self.page.get_by_role("button", name="我已阅读,继续")
        await expect(button).to_be_enabled(timeout=PATIENCE_MS)
        await button.click()

    async def expect_paper(self) -> None:
        """The first question is there."""
        await expect(self.head).to_be_visible(timeout=2 * PATIENCE_MS)

    @property
    def head(self) -> Locator:
        return self.page.locator(".question-head")

    @property
    def chip(self) -> Locator:
        return self.page.locator(".chip")

    async def back_to_full_screen(self) -> None:
        """After a restart the browser is a window; the candidate's click makes it full again,
        whenever the page asks for it.
        """
        button = self.page.get_by_role("button", name="返回全屏")
        await self.page.add_locator_handler(button, lambda found: found.click())

    async def go(self, number: int) -> None:
        """By the answer sheet."""
        await self.page.locator("#sheet .cell", has_text=re.compile(rf"^\s*{number}\s*$")).click()
        await expect(self.head).to_contain_text(f"第 {number} 题")

    async def answer(self, turn: int) -> Any:
        """Choose the option(s) of the turn, or write; returns what the screen now shows."""
        box = self.page.locator(".question textarea")
        if await box.count():
            words = f"先核对原始数据,再抽样复核标注,记录结论。第 {turn} 稿"
            await box.fill(words)
            await box.blur()
            return words
        inputs = self.page.locator(".question input")
        count = await inputs.count()
        await inputs.nth(turn % count).check()
        if await inputs.first.get_attribute("type") == "checkbox":
            await inputs.nth((turn + 1) % count).check()
        return await self.shown()

    async def shown(self) -> Any:
        """The answer on the screen: texts of the chosen options in order, or the words."""
        box = self.page.locator(".question textarea")
        if await box.count():
            return await box.input_value()
        chosen = self.page.locator(".option:has(input:checked)")
        return sorted(await chosen.all_inner_texts())

    async def expect_saved(self) -> None:
        """The chip says 已保存: everything typed so far is acknowledged."""
        await expect(self.chip).to_contain_text("已保存", timeout=PATIENCE_MS)

    async def submit(self) -> str:
        """Through review and both confirmations; returns the receipt code on the screen."""
        page = self.page
        await page.get_by_role("button", name="交卷", exact=True).click()
        await page.locator(".cover .danger-line").click()
        await page.get_by_role("button", name="继续交卷").click()
        hold = page.get_by_role("button", name="按住 2 秒交卷")
        await hold.hover()
        await page.mouse.down()
        code = page.locator(".code")
        await expect(code).to_be_visible(timeout=PATIENCE_MS)
        await page.mouse.up()
        return (await code.inner_text()).strip()
