"""From handing in to a review: code, candidates' page, proof checked offline, paper that scans
back, one record opened by two people and shown to the candidate by its letter.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, ViewportSize, expect

from kernel.clock import SystemClock
from ledger.receipts import check_receipt_proof, read_receipt_proof
from ledger.tree.note import Note, NoteKey
from server.rehearsal.cast import DEMO, Account
from server.rehearsal.day import Admitted, Day
from server.rehearsal.figures import Figures
from tests.e2e.axe import violations
from tests.e2e.browser import Browsers, Chromium, browsing
from tests.e2e.console import Console
from tests.e2e.player import Player
from tests.e2e.running import Running, arrange
from tests.e2e.serving import Server, gongyuan, serving
from tests.e2e.worlds import Seeded
from tests.qr import images_of, read_qr

QUESTION = 3
PHONE = ViewportSize(width=360, height=740)
SCREEN = ViewportSize(width=1366, height=768)


@pytest.fixture
def running(seeded: Seeded) -> Running:
    """A session under way whose publicity is over at once."""
    return arrange(seeded, 2, more={"publicity_days": 0})


@dataclass
class Journey:
    """What the steps hand on to each other."""

    server: Server
    browsers: Browsers
    office: Chromium
    running: Running
    who: Admitted
    folder: Path
    code: str = ""
    letter: str = ""

    @property
    def proof(self) -> Path:
        return self.folder / "receipt.tlog-proof"

    async def staff(self, who: Account) -> Console:
        console = Console(await self.office.person(), self.server.url)
        await console.sign_in(who)
        await console.open("sessions", self.running.session_id, "reviews")
        return console


@pytest.mark.timeout(1_200)
async def test_from_handing_in_to_an_opened_record(
    seeded: Seeded, running: Running, tmp_path: Path
) -> None:
    who = next(one for one in running.candidates if one.person.route == "manual")
    async with serving(seeded.data) as server, browsing(tmp_path) as browsers:
        office = browsers.make("office")
        await office.open()
        journey = Journey(server, browsers, office, running, who, tmp_path)
        await hands_in(journey)
        own = await sees_the_receipt(journey)
        await checks_the_proof_offline(journey)
        await checks_it_by_command(journey)
        await prints_it(journey, own)
        await published(journey)
        await asks_for_a_review(journey, own)
        await two_people_open_and_answer(journey)
        await sees_the_answer(journey, own)


async def hands_in(journey: Journey) -> None:
    desk = journey.who.desk
    assert desk is not None
    page = await journey.browsers.make("seat").open()
    player = Player(page, journey.server.url)
    await player.open(desk.machine_token)
    await player.pass_check()
    await player.sign_in(desk)
    await player.read_notice()
    await player.expect_paper()
    await player.go(QUESTION)
    [shown] = await player.answer(1)
    journey.letter = shown.strip()[0]
    assert journey.letter in "ABCD"
    await player.expect_saved()
    journey.code = await player.submit()


async def sees_the_receipt(journey: Journey) -> Page:
    """Wrong numbers get one answer; right ones the page, on a phone's width too."""
    desk = journey.who.desk
    assert desk is not None
    page = await journey.office.person()
    await page.goto(f"{journey.server.url}/portal/")
    await expect(page.get_by_role("heading", name="查询本人考试")).to_be_visible()
    assert await violations(page) == []
    for ticket, number in (("1", desk.id_number), (desk.ticket_no, "11010119900101001X")):
        await _sign_in(page, ticket, number)
        await expect(page.get_by_role("alert")).to_contain_text("准考证号或证件号码不正确")
    await _sign_in(page, desk.ticket_no, desk.id_number)
    await expect(page.get_by_text(journey.code)).to_be_visible()
    await expect(page.get_by_text("成绩尚未公布")).to_be_visible()
    assert await violations(page) == []
    await page.set_viewport_size(PHONE)
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, "a phone scrolls sideways"
    assert await violations(page) == []
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("button", name="中文").click()
    await page.set_viewport_size(SCREEN)
    await _take(page, "下载证明文件", journey.proof)
    return page


async def _sign_in(page: Page, ticket: str, number: str) -> None:
    """By keyboard alone."""
    await page.get_by_label("准考证号").fill(ticket)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Control+A")
    await page.keyboard.type(number)
    async with page.expect_response(lambda reply: reply.url.endswith("/api/portal/sign-in")):
        await page.keyboard.press("Enter")


async def _take(page: Page, button: str, to: Path) -> None:
    """Saves a file, once the checkpoint covers what was just handed in."""
    for _ in range(20):
        async with page.expect_response(lambda reply: "receipt" in reply.url) as asked:
            await page.get_by_role("button", name=button).click()
        if (await asked.value).status == 200:
            break
        await asyncio.sleep(0.5)
    async with page.expect_download() as got:
        await page.get_by_role("button", name=button).click()
    await (await got.value).save_as(to)


async def checks_the_proof_offline(journey: Journey) -> None:
    page = await journey.office.person()
    await page.goto(f"{journey.server.url}/portal/#/receipt")
    await page.get_by_label("回执码").fill(journey.code.lower())
    await page.get_by_role("button", name="核验", exact=True).click()
    await expect(page.get_by_text("回执有效")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    await page.context.set_offline(True)
    await page.get_by_label("证明文件", exact=True).set_input_files(journey.proof)
    await expect(page.get_by_text("证明有效")).to_be_visible()
    await expect(page.get_by_text("日志公钥与本网站公布的一致")).to_be_visible()
    assert await violations(page) == []
    spoilt = journey.proof.read_text().replace("index ", "index 1")
    await page.get_by_label("或粘贴文字").fill(spoilt)
    await page.get_by_role("button", name="在本机核验").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.context.set_offline(False)


async def checks_it_by_command(journey: Journey) -> None:
    async with httpx.AsyncClient(base_url=journey.server.url) as http:
        key = (await http.get("/log/key")).text.strip()
    words = gongyuan("verify", "receipt", str(journey.proof), "--trust", key)
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert "证明有效" in out.decode()
    assert "Not yet cosigned" in out.decode()


async def prints_it(journey: Journey, own: Page) -> None:
    """The candidate's own sheet and the room's stack both scan back to a proof that holds."""
    await _take(own, "打印回执单", journey.folder / "own.pdf")
    chief = Console(await journey.office.person(), journey.server.url)
    await chief.sign_in(DEMO.chief)
    await chief.open("sessions", journey.running.session_id, "close")
    await _take(chief.page, "打印回执单", journey.folder / "room.pdf")
    await _head_on_paper(chief.page, journey)
    held = read_receipt_proof(journey.proof.read_text(encoding="utf-8")).stated
    for name in ("own.pdf", "room.pdf"):
        [image] = images_of((journey.folder / name).read_bytes())
        read = read_receipt_proof(read_qr(image))
        assert check_receipt_proof(read).stated == held


async def _head_on_paper(page: Page, journey: Journey) -> None:
    """The log's head at the start, off the page of the session's closing: the log's own note."""
    async with page.expect_download(lambda one: "检查点" in one.suggested_filename) as got:
        await page.get_by_role("button", name="打印检查点").click()
    path = journey.folder / "checkpoint.pdf"
    await (await got.value).save_as(path)
    [image] = images_of(path.read_bytes())
    async with httpx.AsyncClient(base_url=journey.server.url) as http:
        log_key = NoteKey.parse((await http.get("/log/key")).text)
    assert Note.parse(read_qr(image)).signed_by(log_key)


async def published(journey: Journey) -> None:
    async with httpx.AsyncClient(base_url=journey.server.url, timeout=60) as http:
        day = Day(http, DEMO, SystemClock(), Figures())
        await day.gather()
        day.session_id = journey.running.session_id
        await day.close()
        await day.mark()
        await day.publish()


async def asks_for_a_review(journey: Journey, own: Page) -> None:
    desk = journey.who.desk
    assert desk is not None
    await own.reload()
    await _sign_in(own, desk.ticket_no, desk.id_number)
    await expect(own.get_by_text("公示已结束")).to_be_visible()
    await own.get_by_label("理由").fill("我确实答了这一题")
    await own.get_by_label("有疑问的题号").fill(str(QUESTION))
    await own.get_by_role("button", name="提交申请").click()
    await expect(own.get_by_text("办理中")).to_be_visible()
    assert await violations(own) == []


async def two_people_open_and_answer(journey: Journey) -> None:
    officer = await journey.staff(DEMO.officer)
    await officer.expect("我确实答了这一题")
    await officer.choose("题号", str(QUESTION))
    await officer.fill("用途", "核对作答记录")
    await officer.press("申请开启")
    await officer.expect("待第二人同意")
    await officer.press("同意开启")
    await officer.expect("须由另一人完成")
    chief = await journey.staff(DEMO.chief)
    await chief.press("同意开启")
    await chief.expect("已记入日志")
    await chief.fill("答复(考生可见)", "记录与评分相符")
    await chief.press("拟定结论")
    await chief.expect("记录与评分相符")
    assert await violations(chief.page) == []
    await officer.open("sessions", journey.running.session_id, "reviews")
    await officer.press("同意结论")
    await officer.expect("已答复")


async def sees_the_answer(journey: Journey, own: Page) -> None:
    desk = journey.who.desk
    assert desk is not None
    await own.reload()
    await _sign_in(own, desk.ticket_no, desk.id_number)
    await expect(own.get_by_text(f"您的作答:{journey.letter}")).to_be_visible()
    await expect(own.get_by_text("维持原结果")).to_be_visible()
    body = await own.locator("main").inner_text()
    assert "item_" not in body
    assert await violations(own) == []
