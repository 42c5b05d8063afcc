"""What the staff, the candidates at home and the public have before them while something is going
on, at 1366 x 768 in both languages: axe (WCAG 2.2 AA).
"""

import asyncio
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from kernel.clock import SystemClock
from server.rehearsal.candidate import Desk as SeatPc
from server.rehearsal.candidate import SimulatedCandidate
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Admitted, Day
from server.rehearsal.figures import Figures
from server.rehearsal.run import choice
from tests.e2e import screens
from tests.e2e.axe import scrolls
from tests.e2e.browser import browsing
from tests.e2e.console import PATIENCE_MS, Console
from tests.e2e.hall import Hall, signs_in
from tests.e2e.looking import Looks
from tests.e2e.running import arrange
from tests.e2e.serving import serving
from tests.e2e.test_conflict import contradict
from tests.e2e.test_keyboard import tab_to
from tests.e2e.worlds import Seeded

ACTS = 6


@pytest.mark.timeout(900)
async def test_the_day_and_what_follows_passes_axe(seeded: Seeded, tmp_path: Path) -> None:
    more = {"publicity_days": 0}
    running = await asyncio.to_thread(arrange, seeded, 4, more=more, at_the_door=1)
    async with (
        serving(seeded.data) as server,
        browsing(tmp_path) as browsers,
        httpx.AsyncClient(base_url=server.url, timeout=60) as http,
    ):
        office = browsers.make("office")
        await office.open()
        day = Day(http, DEMO, SystemClock(), Figures())
        day.session_id, day.room_id = running.session_id, running.room_id
        await day.gather()
        hall = Hall(server, office, day, running, Looks())
        await at_the_door(hall)
        sitting = await at_their_seats(hall, http)
        await on_the_wall(hall)
        await closing_and_marking(hall, sitting)
        await at_home(hall, sitting.desk)
        await reviews_and_archive(hall, sitting.desk)
    assert hall.looks.faults == {}
    assert {name for name in hall.looks.seen if name.startswith("portal ")} == {
        f"portal {name}" for name in screens.of_portal()
    }


async def at_the_door(hall: Hall) -> None:
    """One visit, from consent to the drawn seat; every form that a decision may ask for."""
    looks, one = hall.looks, hall.running.candidates[-1]
    desk = await hall.desk()
    page = desk.page
    await desk.open("sessions", hall.running.session_id, "desk")
    await desk.begin(one.ticket_no)
    await looks.in_both("desk", page, "consent")
    await desk.agree(to_face=True)
    await expect(page.get_by_role("button", name="拍照比对")).to_be_enabled(timeout=PATIENCE_MS)
    await looks.in_both("desk", page, "camera")
    await desk.match()
    await looks.in_both("desk", page, "frame")
    for button in ("不符 (N)", "人工核验 (M)"):
        await desk.press(button)
        await expect(page.locator("form.decision")).to_be_visible()
        await looks.in_both("desk", page, button)
        await desk.press("取消")
    await desk.press("人工核验 (M)")
    await desk.check_by_hand(DEMO.invigilators[1])
    await desk.press("我已核对本人与证件 (Y)")
    await expect(page.get_by_role("button", name="显示考位")).to_be_visible(timeout=PATIENCE_MS)
    await looks.in_both("desk", page, "confirmed")
    await desk.press("显示考位")
    await expect(page.locator(".seat .place")).to_be_visible(timeout=PATIENCE_MS)
    await looks.in_both("desk", page, "seat")
    await page.close()


async def at_their_seats(hall: Hall, http: httpx.AsyncClient) -> SimulatedCandidate:
    """One contradicts himself, one asks for help and hands in with every item answered."""
    first, second = [one for one in hall.running.candidates if one.person.route == "manual"]
    await contradict(http, first)
    who = await _seated(http, second)
    who.note("help_raised")
    for turn, item in enumerate(who.paper["items"]):
        who.answer(item["item_id"], choice(item, turn))
    await who.send()
    return who


async def _seated(http: httpx.AsyncClient, one: Admitted) -> SimulatedCandidate:
    assert one.desk is not None
    who = SimulatedCandidate(http, one.desk, SystemClock(), Figures())
    await who.sign_in()
    await who.enrol_device()
    await who.take_paper()
    return who


async def on_the_wall(hall: Hall) -> None:
    """The queue, the drawer of a seat with each act, both contents of a conflict, the keys."""
    console = await hall.at(DEMO.chief, "rooms", hall.running.room_id, "wall")
    page = console.page
    for language, other in (("zh", "English"), ("en", "中文")):
        await page.reload()  # what was chosen is remembered
        cards = page.locator(".incident")
        await expect(cards.nth(1)).to_be_visible(timeout=PATIENCE_MS)
        await hall.looks.at("wall", page, f"queue {language}")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await hall.looks.at("wall", page, f"keys {language}")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        for number in range(2):
            await cards.nth(number).get_by_role("button").nth(2).click()
            drawer = page.get_by_role("dialog")
            await expect(drawer.locator("form.decide")).to_be_visible(timeout=PATIENCE_MS)
            await hall.looks.at("wall", page, f"decision {number} {language}")
            await page.keyboard.press("Escape")
            await expect(drawer).to_be_hidden()
        await cards.first.get_by_role("button").first.click()
        acts = page.locator(".acts .actions").get_by_role("button")
        await expect(acts.nth(ACTS - 1)).to_be_visible(timeout=PATIENCE_MS)
        for number in range(await acts.count()):
            await acts.nth(number).click()
            await expect(page.locator("form.act")).to_be_visible()
            await hall.looks.at("wall", page, f"act {number} {language}")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        assert not await scrolls(page)
        await tab_to(page, f"^BUTTON {other}$")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name=other)).to_have_count(0)
    await page.close()


async def closing_and_marking(hall: Hall, sitting: SimulatedCandidate) -> None:
    """Open points before the end; the marker's queue; results before and after publication."""
    looks, day = hall.looks, hall.day
    chief = await hall.at(DEMO.chief, "close")
    await expect(chief.page.locator(".points")).to_be_visible(timeout=PATIENCE_MS)
    await looks.in_both("close", chief.page, "open points")
    await sitting.submit()
    await day.close()
    await next_step(hall, chief, "密钥持有人交出评分密钥")
    await day.release("scoring-release")
    await next_step(hall, chief, "下一步:阅卷")
    await chief.page.close()
    officer = await hall.at(DEMO.officer, "marking")
    await officer.press("运行阅卷")
    await officer.expect("阅卷完成")
    await looks.in_both("marking", officer.page, "done")
    marker = await hall.at(DEMO.marker, "marking")
    await expect(marker.page.locator(".marks")).to_be_visible(timeout=PATIENCE_MS)
    await looks.in_both("marking", marker.page, "queue")
    await marker.page.locator(".marks").get_by_role("button", name="5", exact=True).click()
    await marker.press("提交 (Enter)")
    await marker.expect("没有待评的答案")
    await looks.in_both("marking", marker.page, "nothing left")
    await marker.page.close()
    await officer.open("sessions", hall.running.session_id, "results")
    await officer.press("同意公布成绩")
    await officer.expect("已同意 1 / 2")
    await looks.in_both("results", officer.page, "one agrees")
    path = f"/api/sessions/{hall.running.session_id}/results/publish"
    await day.call(DEMO.chief.account, "POST", path)
    await officer.open("sessions", hall.running.session_id, "results")
    await officer.expect("成绩已公布")
    await looks.in_both("results", officer.page, "published")
    chief = await hall.at(DEMO.chief, "close")
    await next_step(hall, chief, "下一步:复核期满后生成档案")
    await chief.page.close()
    await officer.page.close()


async def next_step(hall: Hall, chief: Console, words: str) -> None:
    """The closing page, read anew, says where the session really stands."""
    await chief.open("sessions", hall.running.session_id, "close")
    await chief.expect(words)
    await hall.looks.in_both("close", chief.page, words)


async def at_home(hall: Hall, pc: SeatPc) -> None:
    """The candidates' pages: a receipt checked, one's own result, a review asked for."""
    looks, page = hall.looks, await hall.office.person()
    await page.goto(f"{hall.server.url}/portal/#/receipt")
    await page.get_by_label("回执码").fill("AAAA-AAAA-AAAA")
    await page.get_by_role("button", name="核验", exact=True).click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await looks.in_both("portal receipt", page)
    await page.goto(f"{hall.server.url}/portal/")
    await looks.in_both("portal sign-in", page)
    await signs_in(page, pc)
    await page.get_by_label("理由").fill("我确实答了这一题")
    await looks.in_both("portal own", page, "form")
    await page.get_by_label("有疑问的题号").fill("3")
    await page.get_by_role("button", name="提交申请").click()
    await expect(page.get_by_text("办理中")).to_be_visible()
    await looks.in_both("portal own", page, "asked")
    await page.close()


async def reviews_and_archive(hall: Hall, pc: SeatPc) -> None:
    """A review with an opening and a proposal; the archive asked for too early, then made."""
    looks = hall.looks
    officer = await hall.at(DEMO.officer, "reviews")
    await officer.expect("我确实答了这一题")
    await looks.in_both("reviews", officer.page, "asked")
    await officer.choose("题号", "3")
    await officer.fill("用途", "核对作答记录")
    await officer.press("申请开启")
    await officer.expect("待第二人同意")
    await officer.fill("答复(考生可见)", "记录与评分相符")
    await officer.press("拟定结论")
    await officer.expect("拟定:")
    await looks.in_both("reviews", officer.page, "proposed")
    chief = await hall.at(DEMO.chief, "reviews")
    await chief.press("同意开启")
    await chief.expect("已记入日志")
    await chief.press("同意结论")
    await chief.expect("已答复")
    await looks.in_both("reviews", chief.page, "answered")
    await officer.open("sessions", hall.running.session_id, "archive")
    await officer.press("生成档案")
    await officer.expect("考生仍可申请复核")
    await looks.in_both("archive", officer.page, "too early")
    await officer.fill("提前归档的理由(记入日志)", "试考,不设复核期")
    await officer.press("确认提前归档")
    await officer.expect("档案已生成")
    await looks.in_both("archive", officer.page, "made")
    await officer.press("English")
    await officer.expect("Archive made")
    await officer.press("中文")
    await next_step(hall, chief, "已归档,没有下一步")
    own = await hall.office.person()
    await own.goto(f"{hall.server.url}/portal/")
    await signs_in(own, pc)
    await expect(own.get_by_text("复核申请已截止")).to_be_visible()
    await looks.in_both("portal own", own, "sealed")
    await keys_destroyed(hall.day)
    await next_step(hall, chief, "密钥已销毁")


async def keys_destroyed(day: Day) -> None:
    """Ordered by the officer, agreed to by two others."""
    by = DEMO.officer.account
    named = (DEMO.chief, DEMO.supervisor)
    staff = await day.call(DEMO.administrator.account, "GET", "/api/staff")
    people = {one["account"]: one["account_id"] for one in staff}
    approvers = [people[one.account] for one in (*named, DEMO.deciders[0])]
    order = {"reason_text": "保存期满", "approvers": approvers}
    path = f"/api/sessions/{day.session_id}/erasure"
    erasure_id = (await day.call(by, "POST", path, json=order))["erasure_id"]
    for one in named:
        await day.call(one.account, "POST", f"/api/erasures/{erasure_id}/agree")
    done = await day.call(by, "POST", f"/api/erasures/{erasure_id}/run")
    assert done["state"] == "erased"
