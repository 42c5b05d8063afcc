"""What the staff do on the console, by the words on its screens."""

import re
from pathlib import Path
from typing import Literal

from playwright.async_api import Locator, Page, expect

from server.rehearsal.cast import Account

PATIENCE_MS = 60_000


class Console:
    """One member of staff in one page."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self._base = base

    async def sign_in(self, who: Account) -> None:
        await self.page.goto(f"{self._base}/console/")
        await self.fill("账号", who.account)
        await self.fill("密码", who.password)
        await self.press("登录")
        await expect(self.page.get_by_role("button", name="退出")).to_be_visible()

    async def open(self, *parts: str) -> None:
        """A screen by its address behind ``#``, read anew; it is there when its heading is."""
        wanted = f"{self._base}/console/#/{'/'.join(parts)}"
        if self.page.url == wanted:
            await self.page.goto(f"{self._base}/portal/#/receipt")
            await expect(self.page.get_by_role("heading", name="回执核验")).to_be_visible()
        await self.page.goto(wanted)
        await expect(self.page.locator("main h1").first).to_be_visible()

    def field(self, label: str, within: Locator | None = None) -> Locator:
        """The control under a label; a star behind the label means it is needed."""
        return (within or self.page.locator("main")).get_by_label(
            re.compile(rf"^{re.escape(label)}\s*\*?$")
        )

    async def fill(self, label: str, text: str, within: Locator | None = None) -> None:
        await self.field(label, within).fill(text)

    async def choose(self, label: str, words: str, within: Locator | None = None) -> None:
        """From a list, by the words of the entry."""
        await self.field(label, within).select_option(label=words)

    async def give_file(self, label: str, path: Path, within: Locator | None = None) -> None:
        await self.field(label, within).set_input_files(path)

    async def press(self, name: str, within: Locator | None = None) -> None:
        """A button, when it can be pressed."""
        button = (within or self.page.locator("body")).get_by_role("button", name=name, exact=True)
        await expect(button).to_be_enabled(timeout=PATIENCE_MS)
        await button.click()

    async def expect(self, words: str) -> None:
        """Somewhere on the screen."""
        await expect(self.page.get_by_text(words).first).to_be_visible(timeout=PATIENCE_MS)

    async def download(self, name: str, to: Path) -> Path:
        """Press a button that gives a file."""
        async with self.page.expect_download(timeout=PATIENCE_MS) as coming:
            await self.press(name)
        await (await coming.value).save_as(to)
        return to


class Desk(Console):
    """The check-in desk, whose camera sees whoever stands before it."""

    async def begin(self, ticket_no: str) -> None:
        await self.fill("准考证号、证件号或姓名", ticket_no)
        await self.press("开始核验")
        await self.expect("告知与同意(请考生本人阅读)")
        await self.page.get_by_label("考生已阅读以上内容").check()

    async def agree(self, to_face: bool) -> None:
        """The separate consent to face matching, or the way of equal effect."""
        await self.press("同意人脸核验" if to_face else "不同意,改用人工核验")

    async def match(self) -> str:
        """Take the frame; returns the machine's advice in words."""
        await self.press("拍照比对 (R)")
        advice = self.page.locator(".advice").get_by_text("系统建议").first
        await expect(advice).to_be_visible(timeout=PATIENCE_MS)
        return (await advice.inner_text()).partition("系统建议:")[2]

    async def check_by_hand(self, second: Account) -> None:
        """Two members of staff compare document and person."""
        await self.choose("原因", "考生不同意人脸核验")
        await self.fill("第二人账号", second.account)
        await self.fill("第二人 PIN", second.pin)
        await self.press("两人核对无误")

    async def confirm_and_seat(self) -> tuple[str, str]:
        """The person's own word, then the drawn seat: seat number and machine code."""
        await self.press("我已核对本人与证件 (Y)")
        await self.press("显示考位")
        place = self.page.locator(".seat .place")
        await expect(place).to_be_visible(timeout=PATIENCE_MS)
        number = re.search(r"· (\S+) 号", await place.inner_text())
        assert number is not None
        machine = await self.page.locator(".seat .code").first.inner_text()
        await self.press("下一位")
        return number[1], machine.strip()


async def give_share(
    holder: Console, session_id: str, who: Account, part: Literal["content", "scoring"]
) -> None:
    """One holder gives the passphrase for one of the two keys."""
    await holder.open("sessions", session_id, "keys")
    title = "试卷内容密钥" if part == "content" else "评分密钥"
    card = holder.page.locator("section.card").filter(has_text=title)
    await holder.fill("您的口令", who.passphrase, card)
    await holder.press("交出我的份额", card)
    await expect(card.get_by_text("您的份额已交出")).to_be_visible(timeout=PATIENCE_MS)
