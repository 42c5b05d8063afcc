"""The people who destroy the keys of a session, each at a page of their own."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from server.rehearsal.api import Refused
from server.rehearsal.cast import DEMO, Account
from server.rehearsal.day import Day
from tests.e2e.browser import Chromium
from tests.e2e.console import Console
from tests.e2e.looking import Looks
from tests.e2e.serving import Server

OFFICER, CHIEF, SUPERVISOR = DEMO.officer, DEMO.chief, DEMO.supervisor
OFFICER_2, SUPERVISOR_2 = DEMO.deciders
HEIGHT = 1_700
"""So that a picture shows the whole page."""
ORDERED = "提出销毁令"


@dataclass
class Registry:
    """Pages, and requests without a page."""

    server: Server
    office: Chromium
    day: Day
    looks: Looks = field(default_factory=Looks)

    async def at(self, who: Account) -> Console:
        """The page of the session's keys."""
        page = await self.office.person()
        await page.set_viewport_size({"width": 1366, "height": HEIGHT})
        console = Console(page, self.server.url)
        await console.sign_in(who)
        await self.open(console)
        return console

    async def open(self, console: Console) -> None:
        """Read anew."""
        await console.open("sessions", self.day.session_id, "erasure")
        await expect(console.page.get_by_role("heading", name="销毁令", exact=True)).to_be_visible()

    async def look(self, console: Console, detail: str) -> None:
        await self.looks.in_both("erasure", console.page, detail)

    async def call(self, who: Account, method: str, path: str, body: Any = None) -> Any:
        """Once, as a request that somebody kept would be sent."""
        api = self.day.staff[who.account].api
        return await api.call("erasure", method, path, json=body)

    async def refused(self, who: Account, path: str, body: Any = None) -> tuple[int, str]:
        """Status and code of a request that must be refused."""
        with pytest.raises(Refused) as caught:
            await self.call(who, "POST", path, body)
        return caught.value.status, caught.value.code

    async def standing(self) -> dict[str, Any]:
        path = f"/api/sessions/{self.day.session_id}/erasure"
        found: dict[str, Any] = await self.call(OFFICER, "GET", path)
        return found

    async def order_path(self) -> str:
        return f"/api/erasures/{(await self.standing())['erasure']['erasure_id']}"

    async def archived(self, to: Path) -> Path:
        """An archive made now."""
        officer = self.day.staff[OFFICER.account].api
        path = f"/api/sessions/{self.day.session_id}/archive"
        early = {"early_reason": "试考,不设复核期"}
        made = await officer.insist("archive", "POST", path, json=early, timeout=300)
        path = f"/api/archives/{made['archive_id']}/file"
        file = await officer.call("archive file", "GET", path, raw=True, timeout=300)
        await asyncio.to_thread(to.write_bytes, file)
        return to


async def propose(officer: Console, named: tuple[Account, ...]) -> None:
    """The form filled in and sent."""
    await officer.fill("销毁理由", "保存期满")
    await officer.fill("依据", "档案管理办法第 9 条")
    for one in named:
        await box(officer.page, one).check()
    await officer.press(ORDERED)


def box(page: Page, who: Account) -> Locator:
    """The tick before a name."""
    return page.locator("label.tick").filter(has_text=who.name).get_by_role("checkbox")
