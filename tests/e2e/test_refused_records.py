"""Records that the server refuses for what they are: the way out of the lock loses nothing.

The refused answer stays on the machine, the others are sent after signing in again, the invigilator
can be called from the lock, and the last page says what was not taken.
"""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, Route, WebSocketRoute, expect

from kernel.clock import SystemClock
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Day
from server.rehearsal.figures import Figures
from tests.e2e.browser import browsing
from tests.e2e.looking import Looks
from tests.e2e.player import PATIENCE_MS
from tests.e2e.running import arrange
from tests.e2e.seats import Room, covered
from tests.e2e.serving import serving
from tests.e2e.test_accessibility_player import EVENTS
from tests.e2e.worlds import Seeded

REFUSAL = {
    "code": "response.shape", "kind": "invalid", "params": {}, "rows": [],
    "message": {"zh": "作答内容不符合题型", "en": "the response has not the item's shape"},
}  # fmt: skip
BAD = "第 7 稿"
TEXT_ITEM = 40


async def refuse_one_answer(page: Page) -> None:
    """Whatever comes with it is refused, over the line and over HTTP."""

    def between(line: WebSocketRoute) -> None:
        server = line.connect_to_server()

        def heard(message: str | bytes) -> None:
            if BAD in str(message):
                line.send(json.dumps({"type": "refused", **REFUSAL}))
            else:
                server.send(message)

        line.on_message(heard)

    async def refuse(route: Route) -> None:
        if BAD in (route.request.post_data or ""):
            await route.fulfill(status=422, body=json.dumps(REFUSAL))
        else:
            await route.continue_()

    await page.route_web_socket("**/live", between)
    await page.route(EVENTS, refuse)


async def call_from_the_lock(room: Room, page: Page) -> None:
    """Again while the line is on its way back; the invigilator's wall has the call."""
    button = page.locator(".overlay").get_by_role("button", name="举手")
    said = page.locator(".overlay [role=status]")
    await button.click()
    while "没有送出" in await said.inner_text():
        await button.click(delay=500)
    await expect(said).to_contain_text("已通知监考员")
    path = f"/api/sessions/{room.day.session_id}/rooms/{room.day.room_id}/wall"
    async with asyncio.timeout(PATIENCE_MS / 1_000):
        while True:
            wall = await room.day.call(DEMO.invigilators[0].account, "GET", path)
            if "help" in [case["kind"] for case in wall["incidents"]]:
                return
            await asyncio.sleep(0.2)


@pytest.mark.timeout(500)
async def test_a_refused_answer_stays_on_the_machine_and_the_exam_goes_on_with_all_the_others(
    seeded: Seeded, tmp_path: Path
) -> None:
    running = await asyncio.to_thread(arrange, seeded, 2)
    one = next(found for found in running.candidates if found.person.route == "manual")
    assert one.desk is not None
    looks = Looks(still=True)
    async with (
        serving(seeded.data) as server,
        browsing(tmp_path) as browsers,
        httpx.AsyncClient(base_url=server.url) as http,
    ):
        day = Day(http, DEMO, SystemClock(), Figures())
        await day.gather()
        day.session_id, day.room_id = running.session_id, running.room_id
        seats = browsers.make("seats")
        page = await seats.open()
        await refuse_one_answer(page)
        room = Room(server, seats, day, [one], looks)
        player = await room.sits(one, page)
        await player.answer(0)
        await player.expect_saved()
        await page.context.set_offline(True)
        given = []
        for number, turn in ((2, 0), (TEXT_ITEM, 7), (3, 1)):
            await player.go(number)
            given.append(await player.answer(turn))
        await page.context.set_offline(False)
        await covered(page, "请举手")
        await expect(page.locator(".overlay")).to_contain_text("response.shape")
        await looks.in_both("lock blocked", page, "records refused")
        await call_from_the_lock(room, page)
        await looks.in_both("lock blocked", page, "called")
        await page.get_by_role("button", name="重新登录").click()
        await player.pass_check()
        await player.sign_in(one.desk)
        await player.read_notice()
        await player.expect_paper()
        await player.expect_saved()
        for number, shown in ((2, given[0]), (TEXT_ITEM, ""), (3, given[2])):
            await player.go(number)
            assert await player.shown() == shown
        await player.go(TEXT_ITEM)
        await player.answer(8)
        await player.expect_saved()
        await player.submit()
        notice = page.get_by_role("alert").filter(has_text="有 1 处作答服务器没有接收")
        await expect(notice).to_contain_text("服务器不接受其内容", timeout=PATIENCE_MS)
        await looks.in_both("receipt", page, "records refused")
    assert looks.faults == {}
