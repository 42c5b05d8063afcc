"""Answers that the server refuses for good stay on the machine, until a person takes them.

Two candidates write while their line is cut, and the chief ends their sittings meanwhile: what they
wrote comes too late for the server, one time for that and one time as a contradiction.
"""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from kernel.clock import SystemClock
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Admitted, Day
from server.rehearsal.figures import Figures
from tests.e2e.browser import browsing
from tests.e2e.looking import Looks
from tests.e2e.player import PATIENCE_MS
from tests.e2e.running import arrange
from tests.e2e.seats import Room, covered
from tests.e2e.serving import serving
from tests.e2e.test_accessibility_player import CONFLICT, EVENTS
from tests.e2e.worlds import Seeded

OFFLINE_ANSWERS = 2
MINUTE_MS = 60_000


@pytest.mark.timeout(700)
async def test_what_the_server_refuses_for_good_stays_on_the_machine_until_it_is_taken(
    seeded: Seeded, tmp_path: Path
) -> None:
    running = await asyncio.to_thread(arrange, seeded, 3)
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
        await seats.open()
        closed, contradicted = [one for one in running.candidates if one.person.route == "manual"]
        room = Room(server, seats, day, [closed, contradicted], looks)
        page = await ended_while_away(room, closed)
        await covered(page, "考试已终止")
        await page.get_by_role("button", name="完成").click()
        await told(room, page, "送到时答卷已收")
        await taken_from_the_machine(room, page, closed, tmp_path)
        page = await ended_while_away(room, contradicted, refusal=CONFLICT)
        await page.reload()
        await told(room, page, "与服务器已有的记录冲突")
    assert looks.faults == {}


async def ended_while_away(
    room: Room, one: Admitted, refusal: dict[str, object] | None = None
) -> Page:
    """One answer acknowledged, two made while the line is cut; then it is back."""
    player = await room.sits(one)
    page = player.page
    await player.go(1)
    await player.answer(0)
    await player.expect_saved()
    await page.context.set_offline(True)
    for number in range(2, 2 + OFFLINE_ANSWERS):
        await player.go(number)
        await player.answer(0)
    await room.act(one, "force-submit")
    if refusal is not None:
        await page.route_web_socket("**/live", lambda line: line.close())
        body = json.dumps(refusal)
        await page.route(EVENTS, lambda route: route.fulfill(status=409, body=body))
    await page.context.set_offline(False)
    return page


async def told(room: Room, page: Page, why: str) -> None:
    """The candidate reads how much stays here and why; the page does not clear itself."""
    notice = page.get_by_role("alert").filter(has_text=f"有 {OFFLINE_ANSWERS} 处作答服务器没有接收")
    await expect(notice).to_be_visible(timeout=PATIENCE_MS)
    await expect(notice).to_contain_text(why)
    await expect(page.get_by_text("秒后清除")).to_have_count(0)
    await room.looks.in_both("receipt", page, f"held {why}")


async def taken_from_the_machine(room: Room, page: Page, one: Admitted, folder: Path) -> None:
    """Left on the machine, found there by the next to sit down, given to who knows the ticket."""
    assert one.desk is not None
    await page.get_by_role("button", name="完成").click()
    box = page.get_by_role("region", name="本机保留的作答")
    await expect(box).to_contain_text(f"{OFFLINE_ANSWERS} 处作答", timeout=PATIENCE_MS)
    await expect(box).not_to_contain_text(one.desk.ticket_no)
    take = box.get_by_role("button", name="导出文件")
    await box.get_by_label("准考证号").fill(one.desk.ticket_no[:-1])
    await expect(take).to_be_disabled()
    await box.get_by_label("准考证号").fill(one.desk.ticket_no)
    await expect(page.get_by_role("button", name="去登录")).to_be_enabled(timeout=PATIENCE_MS)
    await room.looks.in_both("check", page, "held")
    async with page.expect_download() as coming:
        await take.click()
    file = folder / "held.json"
    await (await coming.value).save_as(file)
    saved = json.loads(file.read_text())
    batches = saved["batches"]
    assert saved["saved_at_clock"] == "computer", "nobody has signed in on this page yet"
    assert abs(saved["saved_at_ms"] - SystemClock().now_ms()) < MINUTE_MS
    answers = [
        event for batch in batches for event in batch["events"] if event["kind"] == "answer_set"
    ]
    assert len(answers) == OFFLINE_ANSWERS
    assert all(batch["signature_b64"] for batch in batches)
    await page.reload()
    await expect(box).to_be_visible(timeout=PATIENCE_MS)
    await box.get_by_label("准考证号").fill(one.desk.ticket_no)
    async with page.expect_download():
        await take.click()
    await room.looks.in_both("check", page, "held and taken")
    await box.get_by_role("button", name="按住 2 秒删除本机副本").hover()
    await page.mouse.down()
    await expect(box).to_have_count(0, timeout=PATIENCE_MS)
    await page.mouse.up()
    await page.close()
