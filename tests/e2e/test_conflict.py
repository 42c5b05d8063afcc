"""Two contents under one number: both before the chief, who decides with a reason, on record."""

import asyncio
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from kernel.clock import SystemClock
from server.rehearsal.api import Refused
from server.rehearsal.candidate import SimulatedCandidate
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Admitted
from server.rehearsal.figures import Figures
from tests.e2e.axe import violations
from tests.e2e.browser import browsing
from tests.e2e.console import PATIENCE_MS, Console
from tests.e2e.running import arrange
from tests.e2e.serving import serving
from tests.e2e.worlds import Seeded


async def contradict(http: httpx.AsyncClient, one: Admitted) -> tuple[str, str]:
    """One answer acknowledged, another one sent under its number; the letters of both."""
    assert one.desk is not None
    who = SimulatedCandidate(http, one.desk, SystemClock(), Figures())
    await who.sign_in()
    await who.enrol_device()
    item = (await who.take_paper())["items"][0]
    first, second = item["options"][:2]
    who.answer(item["item_id"], {"options": [first["id"]]})
    other = {**who.unsent[0], "response": {"options": [second["id"]]}}
    await who.send()
    who.note(other["kind"], other["item_id"], other["response"])
    who.unsent[0].update(other)
    with pytest.raises(Refused, match=r"ledger\.conflict"):
        await who.api.call("save", "POST", "/api/sitting/events", json=who.signed_batch())
    return first["letter"], second["letter"]


@pytest.mark.timeout(700)
async def test_a_conflict_lies_open_before_the_chief_and_nobody_else(
    seeded: Seeded, tmp_path: Path
) -> None:
    running = await asyncio.to_thread(arrange, seeded, 2)
    one = next(found for found in running.candidates if found.person.route == "manual")
    wall = ("sessions", running.session_id, "rooms", running.room_id, "wall")
    async with (
        serving(seeded.data) as server,
        browsing(tmp_path) as browsers,
        httpx.AsyncClient(base_url=server.url) as http,
    ):
        kept, given = await contradict(http, one)
        office = browsers.make("office")
        await office.open()
        for who, sees in ((DEMO.invigilators[0], False), (DEMO.chief, True)):
            console = Console(await office.person(), server.url)
            await console.sign_in(who)
            await console.open(*wall)
            card = console.page.locator(".incident").filter(has_text="数据冲突")
            await card.get_by_role("button", name="查看").click()
            contents = console.page.get_by_role("region", name="两份内容(同一编号)")
            await expect(contents).to_be_visible(timeout=PATIENCE_MS)
            if not sees:
                await expect(contents).to_contain_text("只有主考可以查看")
                await expect(contents.locator("table")).to_have_count(0)
                continue
            rows = contents.locator("tr")
            await expect(rows.nth(0)).to_contain_text(f"作答 {kept}")
            await expect(rows.nth(1)).to_contain_text(f"作答 {given}")
            await console.page.screenshot(path=tmp_path / "conflict.png")
            assert await violations(console.page) == []
            form = console.page.locator("form.decide")
            await console.press("已处理", form)
            await console.choose("原因", "已到座位处理", form)
            await console.press("确认", form)
            await expect(card).to_have_count(0, timeout=PATIENCE_MS)
