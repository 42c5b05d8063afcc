"""A running session and the pages of whoever looks at it, at work or at home."""

from dataclasses import dataclass

from playwright.async_api import Page, expect

from server.rehearsal.candidate import Desk as SeatPc
from server.rehearsal.cast import DEMO, Account
from server.rehearsal.day import Day
from tests.e2e.browser import Chromium
from tests.e2e.console import Console, Desk
from tests.e2e.looking import Looks
from tests.e2e.running import Running
from tests.e2e.serving import Server


@dataclass
class Hall:
    """The running session, and who looks at it."""

    server: Server
    office: Chromium
    day: Day
    running: Running
    looks: Looks

    async def desk(self) -> Desk:
        desk = Desk(await self.office.person(), self.server.url)
        await desk.sign_in(DEMO.invigilators[0])
        return desk

    async def at(self, who: Account, *parts: str) -> Console:
        """A page of the session, signed in."""
        console = Console(await self.office.person(), self.server.url)
        await console.sign_in(who)
        await console.open("sessions", self.running.session_id, *parts)
        await console.page.wait_for_load_state("networkidle")
        return console


async def signs_in(page: Page, pc: SeatPc) -> None:
    await page.get_by_label("准考证号").fill(pc.ticket_no)
    await page.get_by_label("证件号码").fill(pc.id_number)
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("heading", name="成绩", exact=True)).to_be_visible()
