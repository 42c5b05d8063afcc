"""Every screen of the player, and all that may lie above it, at 1366 x 768: axe, and a still page.

A candidate always sees time, question and the way on. Nobody's face is before the camera here, so
the check at the seat ends with a person, as it must.
"""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from kernel.clock import SystemClock
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Admitted, Day
from server.rehearsal.figures import Figures
from tests.e2e import screens
from tests.e2e.browser import EMPTY, browsing
from tests.e2e.forgery import Forger
from tests.e2e.looking import Looks
from tests.e2e.player import PATIENCE_MS, Player
from tests.e2e.running import Running, arrange
from tests.e2e.seats import Room, covered, without_receipt
from tests.e2e.serving import serving
from tests.e2e.worlds import Seeded

STATE, EVENTS = "**/api/sitting/state", "**/api/sitting/events"
HOURS = "06:00:00"
CONFLICT: dict[str, object] = {
    "code": "ledger.conflict", "kind": "conflict", "params": {},
    "message": {"zh": "数据冲突", "en": "conflict"},
}  # fmt: skip


@pytest.mark.timeout(900)
async def test_every_screen_of_the_player_passes_axe_and_its_page_never_scrolls(
    seeded: Seeded, tmp_path: Path
) -> None:
    running = await asyncio.to_thread(arrange, seeded, 9)
    soon = await asyncio.to_thread(
        arrange, seeded, 2, room="22", starts_in_s=3_000, more={"release_opens_s": 7_200}
    )
    looks = Looks(still=True)
    async with (
        serving(seeded.data) as server,
        browsing(tmp_path) as browsers,
        httpx.AsyncClient(base_url=server.url) as http,
    ):
        day = Day(http, DEMO, SystemClock(), Figures())
        await day.gather()
        day.session_id, day.room_id = running.session_id, running.room_id
        seats = browsers.make("seats", EMPTY)
        await seats.open()
        by_hand = [one for one in running.candidates if one.person.route == "manual"]
        room = Room(server, seats, day, by_hand, looks)
        await to_the_receipt(room, by_hand[0], by_hand[1])
        await with_a_face(room, running)
        await waits(room, next(one for one in soon.candidates if one.person.route == "manual"))
        await interrupted(room, by_hand[1])
        await ended_by_the_chief(room, by_hand[2])
        await doubted_and_sending(room, by_hand[3])
        await out_of_time(room, by_hand[4])
        await turned_away(room, by_hand[5])
    assert looks.faults == {}
    assert looks.seen == screens.of_player()


async def to_the_receipt(room: Room, one: Admitted, other: Admitted) -> None:
    """The whole way, with a wrong machine first."""
    looks, page = room.looks, await room.seats.person()
    player = Player(page, room.server.url)
    assert one.desk is not None
    assert other.desk is not None
    await player.open(other.desk.machine_token)
    await expect(page.get_by_role("button", name="去登录")).to_be_enabled(timeout=PATIENCE_MS)
    await looks.in_both("check", page)
    await player.pass_check()
    await looks.in_both("sign_in", page)
    await player.sign_in(one.desk)
    await expect(page.locator(".big-seat")).to_be_visible()
    await looks.in_both("sign_in", page, "wrong machine")
    await player.open(one.desk.machine_token)
    await player.pass_check()
    await player.sign_in(one.desk)
    await expect(page.get_by_role("heading", name="告知")).to_be_visible()
    await looks.in_both("notice", page)
    await player.read_notice()
    await player.expect_paper()
    await looks.in_both("exam", page)
    await player.go(40)
    await player.answer(1)
    await looks.in_both("exam", page, "text")
    await player.expect_saved()
    await page.get_by_role("button", name="快捷键").click()
    await looks.in_both("exam", page, "keys")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="交卷", exact=True).click()
    await looks.in_both("exam", page, "review")
    await page.locator(".cover .danger-line").click()
    await looks.in_both("exam", page, "first confirmation")
    await page.get_by_role("button", name="继续交卷").click()
    await looks.in_both("exam", page, "second confirmation")
    await page.get_by_role("button", name="返回作答").last.click()
    await page.get_by_role("button", name="返回作答").last.click()
    await player.submit()
    await expect(page.get_by_role("status").filter(has_text="交卷成功")).to_be_visible()
    await looks.in_both("receipt", page)


async def with_a_face(room: Room, running: Running) -> None:
    """Nobody before the camera: hints, then a person decides."""
    one = next(found for found in running.candidates if found.person.route == "face")
    page = (await room.signs_in(one)).page
    await expect(page.locator(".face-hint")).to_be_visible(timeout=PATIENCE_MS)
    await room.looks.in_both("face", page)
    await expect(page.locator(".face-hint.waiting")).to_be_visible(timeout=PATIENCE_MS)
    await room.looks.in_both("face", page, "by a person")
    await page.close()


async def waits(room: Room, one: Admitted) -> None:
    """Before the start; then with the server out of reach, from the start of the page."""
    page = (await room.signs_in(one)).page
    await expect(page.locator(".wait-line")).to_be_visible(timeout=PATIENCE_MS)
    await room.looks.in_both("waiting", page)
    await page.route(STATE, lambda route: route.abort())
    await expect(page.get_by_role("alert")).to_be_visible(timeout=PATIENCE_MS)
    await room.looks.in_both("waiting", page, "out of reach")
    await page.reload()
    await expect(page.get_by_role("alert")).to_be_visible(timeout=PATIENCE_MS)
    await room.looks.at("starting", page)
    await page.close()


async def interrupted(room: Room, one: Admitted) -> None:
    """Warned, given time, paused, out of full screen, in two windows, moved to another machine."""
    looks, player = room.looks, await room.sits(one)
    page = player.page
    await page.get_by_role("button", name="举手").click()
    await room.act(one, "warn", text="请正对摄像头")
    await room.act(one, "extend", extend_s=300)
    await expect(page.locator(".message")).to_have_count(2, timeout=PATIENCE_MS)
    await looks.in_both("exam", page, "messages")
    await room.act(one, "pause")
    await covered(page, "考试已暂停")
    await looks.in_both("lock paused", page)
    await room.act(one, "resume")
    await expect(page.locator(".overlay")).to_have_count(0)
    await page.evaluate("document.exitFullscreen()")
    await covered(page, "请返回全屏")
    await looks.in_both("lock fullscreen", page)
    second = await page.context.new_page()
    await second.goto(f"{room.server.url}/exam/")
    await expect(second.get_by_role("heading")).to_contain_text("另一个窗口", timeout=PATIENCE_MS)
    await looks.in_both("tab", second)
    await second.close()
    await room.act(one, "transfer", seat_id=await room.free_seat())
    await covered(page, "本页面已锁定")
    await looks.in_both("lock device", page)
    await page.close()


async def ended_by_the_chief(room: Room, one: Admitted) -> None:
    """Forced submission; then the page of one whose paper the server is about to hand in."""
    player = await room.sits(one)
    page = player.page
    await player.answer(0)
    await player.expect_saved()
    await room.act(one, "force-submit")
    await covered(page, "考试已终止")
    await room.looks.in_both("lock forced", page)
    await page.route(STATE, without_receipt)
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("结束", timeout=PATIENCE_MS)
    await room.looks.in_both("ended", page)
    await page.close()


async def doubted_and_sending(room: Room, one: Admitted) -> None:
    """An acknowledgement that the server did not sign; then handed in while the line is cut."""
    page = await room.seats.person()
    forger = Forger(page)
    await forger.stand_between()
    player = await room.sits(one, page=page)
    await player.answer(0)
    await player.expect_saved()
    await forger.forge(active=True)
    await player.go(2)
    await player.answer(0)
    await expect(page.locator(".alert-bar.bad")).to_be_visible(timeout=PATIENCE_MS)
    await room.looks.in_both("exam", page, "doubted")
    await forger.forge(active=False)
    await page.context.set_offline(True)
    await player.go(3)
    await player.answer(0)
    await page.get_by_role("button", name="交卷", exact=True).click()
    await page.locator(".cover .danger-line").click()
    await page.get_by_role("button", name="继续交卷").click()
    await page.get_by_role("button", name="按住 2 秒交卷").hover()
    await page.mouse.down()
    await covered(page, "正在交卷")
    await page.mouse.up()
    await room.looks.in_both("lock sending", page)
    await page.close()


async def out_of_time(room: Room, one: Admitted) -> None:
    """The end comes while the line is cut."""
    page = await room.seats.person()
    await page.clock.install()
    player = await room.sits(one, page=page)
    await player.answer(0)
    await player.expect_saved()
    await page.context.set_offline(True)
    await player.answer(1)
    await page.clock.fast_forward(HOURS)
    await covered(page, "考试时间到")
    await room.looks.in_both("lock time_up", page)
    await page.close()


async def turned_away(room: Room, one: Admitted) -> None:
    """The server no longer knows the token; then it refuses the records."""
    page = await room.seats.person()
    await page.route_web_socket("**/live", lambda line: line.close())
    player = await room.sits(one, page=page)
    await player.answer(1)
    await player.expect_saved()  # nothing is on its way when the token is no longer known
    stranger = {"authorization": "Bearer nobody"}
    await page.route(
        EVENTS, lambda route: route.continue_(headers={**route.request.headers, **stranger})
    )
    await player.answer(0)
    await covered(page, "需要重新登录")
    await room.looks.in_both("lock signed_out", page)
    await page.unroute(EVENTS)
    await page.route(EVENTS, lambda route: route.fulfill(status=409, body=json.dumps(CONFLICT)))
    await page.get_by_role("button", name="重新登录").click()
    assert one.desk is not None
    await player.pass_check()
    await player.sign_in(one.desk)
    await player.read_notice()
    await covered(page, "请举手")
    await room.looks.in_both("lock blocked", page)
    await page.close()
