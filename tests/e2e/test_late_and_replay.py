"""Offline over the end: what comes late is decided by two people, marked by their word, replayed.

Two candidates lose their connection before the end, go on writing, and are back within the time in
which late data are kept. The late answers of the first count, those of the second do not.
"""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from kernel.clock import SystemClock
from server.rehearsal.cast import DEMO, Account
from server.rehearsal.day import Admitted, Day
from server.rehearsal.figures import Figures
from tests.e2e.browser import Browsers, Chromium, browsing
from tests.e2e.console import PATIENCE_MS, Console
from tests.e2e.looking import Looks
from tests.e2e.player import Player
from tests.e2e.running import Running, arrange
from tests.e2e.serving import Server, serving
from tests.e2e.worlds import Seeded

ENDS_IN_S, LATE_DATA_S = 210, 90
FIRST, SECOND = 1, 2
_MOVED = """wanted =>
  Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')) > wanted"""


@dataclass
class Offline:
    """A candidate whose line is cut."""

    one: Admitted
    player: Player


@dataclass
class Afterwards:
    """Who acts after the end."""

    server: Server
    office: Chromium
    day: Day
    running: Running
    staff: dict[str, Console]
    looks: Looks

    async def at(self, who: Account) -> Console:
        if who.account not in self.staff:
            console = Console(await self.office.person(), self.server.url)
            await console.sign_in(who)
            self.staff[who.account] = console
        return self.staff[who.account]

    async def late(self) -> list[dict[str, Any]]:
        path = f"/api/sessions/{self.running.session_id}/late"
        found: list[dict[str, Any]] = await self.day.call(DEMO.officer.account, "GET", path)
        return found


@pytest.mark.timeout(1_200)
async def test_late_answers_count_by_two_peoples_word_and_are_replayed(
    seeded: Seeded, tmp_path: Path
) -> None:
    running = await asyncio.to_thread(
        arrange, seeded, 3, ends_in_s=ENDS_IN_S, late_data_s=LATE_DATA_S
    )
    async with (
        serving(seeded.data) as server,
        browsing(tmp_path) as browsers,
        httpx.AsyncClient(base_url=server.url) as http,
    ):
        day = Day(http, DEMO, SystemClock(), Figures())
        day.session_id, day.room_id = running.session_id, running.room_id
        cut = await cut_off(running, server, browsers)
        office = browsers.make("office")
        await office.open()
        after = Afterwards(server, office, day, running, {}, Looks())
        try:
            await day.gather()
            await back_too_late(after, cut)
            await two_people_decide(after, cut)
            await marked_by_their_word(after, cut)
            await replayed(after, cut[0], tmp_path)
            assert after.looks.faults == {}
        except BaseException:
            for account, console in after.staff.items():
                await console.page.screenshot(path=tmp_path / f"{account}.png")
            for one in cut:
                await one.player.page.screenshot(path=tmp_path / f"{one.one.ticket_no}.png")
            raise


async def cut_off(running: Running, server: Server, browsers: Browsers) -> list[Offline]:
    """Both answer the first item online, then the line is cut and they answer two more times."""
    seats = browsers.make("seats")
    await seats.open()
    found = []
    for one in [one for one in running.candidates if one.person.route == "manual"]:
        assert one.desk is not None
        player = Player(await seats.person(), server.url)
        await player.open(one.desk.machine_token)
        await player.pass_check()
        await player.sign_in(one.desk)
        await player.read_notice()
        await player.expect_paper()
        await player.go(FIRST)
        await player.answer(0)
        await player.expect_saved()
        await player.page.context.set_offline(True)
        await player.go(FIRST)
        await player.answer(1)
        await player.go(SECOND)
        await player.answer(0)
        found.append(Offline(one, player))
    return found


async def back_too_late(after: Afterwards, cut: list[Offline]) -> None:
    """The server hands in at the end; then the line is back, and what was written comes late.

    Officer and chief sign in while the end is awaited: what follows it has little time.
    """
    for who in (DEMO.officer, DEMO.chief):
        await after.at(who)
    for one in cut:
        await until_handed_in(after, one)
    chief = DEMO.chief.account
    path = f"/api/sessions/{after.running.session_id}/close"
    await after.day.call(chief, "POST", path, json={"reason_text": "考试结束", "force": True})
    assert await after.late() == []
    for one in cut:
        await one.player.page.context.set_offline(False)
    for _ in range(60):
        if len(await after.late()) == len(cut):
            return
        await asyncio.sleep(1)
    raise AssertionError("the late answers did not come")


async def until_handed_in(after: Afterwards, one: Offline) -> None:
    room = f"/api/sessions/{after.running.session_id}/rooms/{after.running.room_id}/wall"
    for _ in range(240):
        wall = await after.day.call(DEMO.chief.account, "GET", room)
        seat = next(s for s in wall["seats"] if s["sitting_id"] == one.one.sitting_id)
        if seat["state"] == "submitted":
            return
        await asyncio.sleep(1)
    raise AssertionError("the server did not hand in")


async def two_people_decide(after: Afterwards, cut: list[Offline]) -> None:
    """While more may come nobody can; then both say the same of each, and marking goes on."""
    officer, chief = await after.at(DEMO.officer), await after.at(DEMO.chief)
    await after.day.release("scoring-release")
    await officer.open("sessions", after.running.session_id, "late")
    await officer.expect("之前仍可能收到补传的作答")
    await after.looks.in_both("late", officer.page, "more may come")
    while any(one["open_until_ms"] for one in await after.late()):  # noqa: ASYNC110 - over HTTP
        await asyncio.sleep(2)
    await officer.open("sessions", after.running.session_id, "marking")
    await officer.press("运行阅卷")
    await officer.expect("迟到数据尚未裁定")
    for console in (officer, chief):
        await console.open("sessions", after.running.session_id, "late")
        await expect(console.page.locator("section.late").nth(1)).to_be_visible()
        await after.looks.in_both("late", console.page, "to decide")
        for one, word in zip(cut, ("计入", "不计入"), strict=True):
            card = console.page.locator("section.late").filter(has_text=one.one.ticket_no)
            await console.press(word, card)
            await after.looks.in_both("late", console.page, "chosen")
            await console.press("提交意见", card)
            await expect(card.get_by_text(re.compile("的意见:|已裁定:"))).to_be_visible(
                timeout=PATIENCE_MS
            )
        await after.looks.in_both("late", console.page, "decided")
    await chief.expect("已裁定:计入")
    await chief.expect("已裁定:不计入")


async def marked_by_their_word(after: Afterwards, cut: list[Offline]) -> None:
    """The marking follows; the score made again from the log says which answer it was."""
    late = {one["sitting_id"]: one for one in await after.late()}
    officer = await after.at(DEMO.officer)
    await officer.open("sessions", after.running.session_id, "marking")
    await officer.press("运行阅卷")
    await officer.expect("阅卷完成")
    for one, counts in zip(cut, (True, False), strict=True):
        proof = await proof_of(after, one.one.sitting_id)
        assert proof["equal"]
        answers = {item["number"]: item["answer"] for item in proof["items"]}
        items = {item["number"]: item for item in late[one.one.sitting_id]["items"]}
        assert set(items) == {FIRST, SECOND}
        for number, item in items.items():
            assert item["late"] != item["counted"]
            assert answers[number] == item["late" if counts else "counted"]


async def proof_of(after: Afterwards, sitting_id: str) -> dict[str, Any]:
    officer = DEMO.officer.account
    why = {"reason_code": "score_review", "reason_text": ""}
    look = await after.day.call(officer, "POST", f"/api/sittings/{sitting_id}/replay", json=why)
    path = f"/api/replays/{look['look_id']}/score"
    found: dict[str, Any] = await after.day.call(officer, "GET", path)
    return found


async def replayed(after: Afterwards, one: Offline, folder: Path) -> None:
    """Supervision looks, with a reason; goes through the sitting by keys, in both languages."""
    supervisor = await after.at(DEMO.supervisor)
    page = supervisor.page
    await supervisor.open("sessions", after.running.session_id, "replay")
    await after.looks.in_both("replay", page, "list")
    await supervisor.fill("查找考号、考位或姓名", one.one.ticket_no)
    await page.locator("tbody").get_by_role("button").first.click()
    await supervisor.choose("原因", "质量督导")
    await supervisor.press("打开回放")
    slider = page.get_by_role("slider", name="时间轴")
    await expect(slider).to_be_focused()
    await expect(page.get_by_text("此刻还没有发卷")).to_be_visible()
    scene = page.locator(".scene")
    before = await scene.bounding_box()
    await page.keyboard.press("End")
    await expect(page.locator(".question-head")).to_be_visible()
    await expect(page.get_by_text(re.compile("答卷|已结束")).first).to_be_visible()
    await expect(page.locator(".cells button.answered")).to_have_count(2)
    await page.locator(".cells").get_by_role("button").nth(FIRST - 1).click()
    await expect(page.locator(".option input:checked")).to_have_count(1)
    assert all(await page.locator(".question").evaluate_all("all => all.map(one => one.disabled)"))
    await slider.focus()
    await until_on_its_way(page)
    assert await scene.bounding_box() == before
    await page.screenshot(path=folder / "replay.png", full_page=True)
    await after.looks.in_both("replay", page, "on its way")
    await play(page, slider)
    await supervisor.press("重算并比对")
    await expect(page.get_by_text("✔ 一致").first).to_be_visible()
    await after.looks.in_both("replay", page, "score again")
    await supervisor.press("返回列表")
    await supervisor.expect("质量督导")


async def until_on_its_way(page: Page) -> None:
    """Back, event by event, to a moment at which something was written and had not come yet."""
    slider = page.get_by_role("slider", name="时间轴")
    for _ in range(60):
        before = str(await slider.get_attribute("aria-valuenow"))
        async with page.expect_response(lambda reply: "/frame" in reply.url):
            await page.keyboard.press("ArrowLeft")
        await expect(slider).not_to_have_attribute("aria-valuenow", before)
        if await page.locator(".cells button.way").count():
            return
    raise AssertionError("nothing was ever on its way")


async def play(page: Page, slider: Any) -> None:
    """Home, then Space plays; the time line moves by itself and stops by the same key."""
    await page.keyboard.press("Home")
    await slider.focus()
    at = int(await slider.get_attribute("aria-valuenow"))
    await page.get_by_role("button", name="60 倍").click()
    await slider.focus()
    plays = page.get_by_role("region", name="时间轴").locator(".controls [aria-pressed]").first
    await page.keyboard.press("Space")
    await page.wait_for_function(_MOVED, arg=at + 10_000, polling=20)
    await page.keyboard.press("Space")
    await expect(plays).to_have_attribute("aria-pressed", "false")
    moved = int(await slider.get_attribute("aria-valuenow"))
    assert moved - at > 10_000
    await asyncio.sleep(0.6)
    assert int(await slider.get_attribute("aria-valuenow")) == moved
