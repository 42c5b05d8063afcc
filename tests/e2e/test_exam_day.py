"""The exam day, end to end: through the screens of a real browser, a real face at its camera."""

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from kernel.clock import SystemClock, as_datetime
from server.demo.bank import OCCUPATIONS, SECTIONS
from server.rehearsal.candidate import Desk as SeatPc
from server.rehearsal.candidate import SimulatedCandidate
from server.rehearsal.cast import DEMO, Account
from server.rehearsal.figures import Figures
from server.rehearsal.roster import Person, id_number
from server.rehearsal.run import choice
from setup.places import ROOT
from tests.e2e.browser import Browsers, Chromium, browsing
from tests.e2e.console import Console, Desk, give_share
from tests.e2e.papers_on_disk import item_files, roster_files
from tests.e2e.player import Player
from tests.e2e.serving import Server, environment, gongyuan, serving
from tests.e2e.worlds import make_world

OCCUPATION = OCCUPATIONS[0]
STARTS_IN_MS = 100_000
TYPES = {"single": "单选", "multiple": "多选", "judge": "判断", "short": "简答"}
# The camera shows the first one's face, whoever is at the desk.
GENUINE = Person("欧文", "男", id_number(1), "obama")
STRANGER = Person("裴宁", "男", id_number(2), "biden")
BY_HAND = Person("苏禾", "女", id_number(3), "collins", route="manual")
EARLIEST = {"开考多久后可交卷": "0", "开考前多久可解密": "60"}


@dataclass
class ExamDay:
    """What the acts of the day hand on to each other."""

    server: Server
    browsers: Browsers
    folder: Path
    office: Chromium
    staff: dict[str, Console] = field(default_factory=dict)
    package_id: str = ""
    session_id: str = ""
    machines: dict[str, str] = field(default_factory=dict)
    tickets: dict[str, str] = field(default_factory=dict)
    seats: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def at(self, who: Account) -> Console:
        """The member of staff's own page, signed in."""
        if who.account not in self.staff:
            kind = Desk if who in DEMO.invigilators else Console
            console = kind(await self.office.person(), self.server.url)
            await console.sign_in(who)
            self.staff[who.account] = console
        return self.staff[who.account]


@pytest.mark.timeout(1_200)
async def test_an_exam_day_from_item_files_to_a_verified_archive(tmp_path: Path) -> None:
    world = await asyncio.to_thread(make_world, tmp_path / "data", bank=False)
    async with serving(world.data) as server, browsing(tmp_path) as browsers:
        office = browsers.make("office")
        await office.open()
        day = ExamDay(server, browsers, tmp_path, office)
        try:
            await bank_to_paper(day)
            await candidates_and_rooms(day)
            await draw(day)
            await at_the_door(day)
            await two_holders_release(day)
            await at_the_seat(day)
            await closing(day)
            await marking(day)
            archive = await results_and_archive(day)
        except BaseException:
            for account, console in day.staff.items():
                await console.page.screenshot(path=tmp_path / f"{account}.png")
            raise
    await proves(archive, tmp_path)


async def bank_to_paper(day: ExamDay) -> None:
    """Files in, a faulty one declined row by row, two forms assembled, sealed to two holders."""
    keeper = await day.at(DEMO.bank_keeper)
    sheet, files = item_files(day.folder, OCCUPATION)
    await keeper.open("bank", "blueprints")
    await keeper.give_file("文件", sheet)
    await keeper.fill("职业编码", OCCUPATION.code)
    await keeper.fill("职业名称", OCCUPATION.name)
    await keeper.choose("等级", "三级")
    await keeper.press("导入")
    await keeper.expect("细目表已导入")
    await keeper.open("bank", "items")
    await keeper.press("导入试题")
    form = keeper.page.locator("form.card")
    for one in files:
        await keeper.choose("层级", one.tier, form)
        await keeper.give_file("文件", one.path, form)
        await keeper.press("试导入(不写入)", form)
        await keeper.expect("试导入完成,没有写入任何内容")
        await keeper.press("正式导入", form)
        await keeper.expect("导入完成")
        await expect(form.locator("dl.numbers dd").first).to_have_text(str(one.items))
    await keeper.open("bank", "assemble")
    await keeper.fill("试卷名称", OCCUPATION.title)
    await keeper.fill("种子", "20261")
    for number, wanted in enumerate(SECTIONS):
        section = keeper.page.locator("fieldset.section").nth(number)
        await keeper.choose("题型", TYPES[str(wanted["type"])], section)
        await keeper.fill("题数", str(wanted["count"]), section)
        await keeper.fill("每题分值", str(wanted["each"]), section)
    await keeper.press("组卷")
    await keeper.expect("组卷报告")
    for who in DEMO.holders:
        await keeper.page.get_by_label(who.name).check()
    await keeper.press("封卷")
    await keeper.expect("已封卷")
    sealed = keeper.page.locator("form.card p", has_text="SHA-256")
    day.package_id = (await sealed.inner_text()).split()[1]


async def candidates_and_rooms(day: ExamDay) -> None:
    """A room with machines, a session with its time rules and staff, roster and paper."""
    officer = await day.at(DEMO.officer)
    await officer.open("sites")
    await officer.press("新增考场")
    form = officer.page.locator("form.card")
    for label, text in {"代码": "KC01", "名称": "第 1 考场", "排数": "2", "列数": "3"}.items():
        await officer.fill(label, text, form)
    await officer.press("保存", form)
    seats = officer.page.locator(".seat")
    await expect(seats).to_have_count(6)
    for number in range(6):
        seat = seats.nth(number)
        code = (await seat.locator(".code").inner_text()).strip()
        await seat.get_by_role("button").click()
        address = officer.page.locator(".address")
        await expect(address).to_contain_text(re.compile(r"/exam/\?machine=\S+"))
        day.machines[code] = (await address.inner_text()).strip().partition("?machine=")[2]
        await officer.page.get_by_role("dialog").get_by_role("button").first.click()
        await expect(address).to_be_hidden()
    assert len(set(day.machines.values())) == 6
    await plan(day, officer)
    await staff(day, officer)
    roster, photos = roster_files(day.folder, [GENUINE, STRANGER, BY_HAND], OCCUPATION)
    await officer.open("sessions", day.session_id, "candidates")
    await officer.press("导入考生")
    await officer.give_file("考生名单(xlsx)", roster)
    await officer.give_file("报名照(zip)", photos)
    await officer.press("试导入(不写入)")
    await officer.expect("试导入完成,没有写入任何内容")
    await officer.press("正式导入")
    await officer.expect("导入完成")
    for one in (GENUINE, STRANGER, BY_HAND):
        row = officer.page.locator("table.grid tr").filter(has_text=one.name)
        day.tickets[one.name] = (await row.locator("td").first.inner_text()).strip()
    tickets = await officer.download("下载全部准考证", day.folder / "tickets.pdf")
    assert tickets.read_bytes().startswith(b"%PDF-")
    await officer.open("sessions", day.session_id, "package")
    await officer.fill("或题库中的试卷包编号", day.package_id)
    await officer.press("接收试卷包")
    await officer.expect("封卷方可信,签名有效")


async def plan(day: ExamDay, officer: Console) -> None:
    starts = as_datetime(SystemClock().now_ms() + STARTS_IN_MS).astimezone()
    await officer.open("sessions")
    await officer.press("新增场次")
    await officer.fill("名称", "第一场")
    await officer.fill("职业编码", OCCUPATION.code)
    await officer.fill("职业名称", OCCUPATION.name)
    await officer.choose("等级", "三级")
    await officer.fill("开考时间", f"{starts:%Y-%m-%dT%H:%M}")
    for label, minutes in EARLIEST.items():
        await officer.fill(label, minutes)
    await officer.page.get_by_label("第 1 考场").check()
    await officer.press("建立场次")
    await officer.page.wait_for_url(re.compile(r"/sessions/\w+$"))
    day.session_id = officer.page.url.rpartition("/")[2]


async def staff(day: ExamDay, officer: Console) -> None:
    await officer.open("sessions", day.session_id, "staff")
    duties = [("考务", DEMO.officer), ("主考", DEMO.chief), ("阅卷员", DEMO.marker)]
    duties += [("监考员", one) for one in DEMO.invigilators]
    duties += [("密钥持有人", one) for one in DEMO.holders]
    for duty, who in duties:
        await officer.choose("职责", duty)
        await officer.choose("人员", f"{who.name}({who.account})")
        await officer.press("安排")
        row = officer.page.locator("table.grid tr").filter(has_text=who.name)
        await expect(row.filter(has_text=duty)).to_be_visible()


async def draw(day: ExamDay) -> None:
    """Commitments before values; seats from all three, told to nobody before the entry ends."""
    officer, chief = await day.at(DEMO.officer), await day.at(DEMO.chief)
    await officer.open("sessions", day.session_id, "draw")
    await officer.press("冻结名册,开始抽签")
    await officer.expect("等待承诺")
    await officer.press("生成随机数并提交承诺")
    await chief.open("sessions", day.session_id, "draw")
    await chief.press("生成随机数并提交承诺")
    await chief.press("公开数值")
    await officer.press("公开数值")
    await officer.expect("抽签完成")
    await officer.press("下载抽签证明")
    await officer.expect("为保证座位不外泄,抽签结果在停止入场后公布。")


async def at_the_door(day: ExamDay) -> None:
    """A face that matches, a face that does not, and two people with a document."""
    desk = await day.at(DEMO.invigilators[0])
    assert isinstance(desk, Desk)
    await desk.open("sessions", day.session_id, "desk")
    await desk.begin(day.tickets[GENUINE.name])
    await desk.agree(to_face=True)
    assert await desk.match() == "同一人"
    day.seats[GENUINE.name] = await desk.confirm_and_seat()
    await desk.begin(day.tickets[STRANGER.name])
    await desk.agree(to_face=True)
    assert await desk.match() == "可能不是同一人"
    assert await desk.page.get_by_role("button", name="显示考位").count() == 0
    await desk.press("我已核对本人与证件 (Y)")
    await desk.expect("与系统建议不同的确认")
    await desk.open("sessions", day.session_id, "desk")
    await desk.begin(day.tickets[BY_HAND.name])
    await desk.agree(to_face=False)
    await desk.check_by_hand(DEMO.invigilators[1])
    day.seats[BY_HAND.name] = await desk.confirm_and_seat()


async def two_holders_release(day: ExamDay) -> None:
    """One share opens nothing; two different people open the paper."""
    first, second = DEMO.holders
    await give_share(await day.at(first), day.session_id, first, "content")
    card = (await day.at(first)).page.locator("section.card").filter(has_text="试卷内容密钥")
    await expect(card.get_by_text("未打开")).to_be_visible()
    await give_share(await day.at(second), day.session_id, second, "content")
    card = (await day.at(second)).page.locator("section.card").filter(has_text="试卷内容密钥")
    await expect(card.get_by_text("已打开")).to_be_visible()


def seat_pc(day: ExamDay, who: Person, machine: str) -> SeatPc:
    return SeatPc(day.tickets[who.name], who.id_number, day.machines[machine])


async def at_the_seat(day: ExamDay) -> None:
    """Only the drawn machine; a second match; answers that outlive the browser; a receipt."""
    seat_no, machine = day.seats[GENUINE.name]
    other = next(code for code in day.machines if code != machine)
    seat = day.browsers.make("seat")
    player = Player(await seat.open(), day.server.url)
    await player.open(day.machines[other])
    await player.pass_check()
    await player.sign_in(seat_pc(day, GENUINE, other))
    await expect(player.page.locator(".big-seat")).to_have_text(f"第 1 考场 {seat_no} 号")
    await player.sign_in(seat_pc(day, STRANGER, other))
    refused = player.page.get_by_text("您还没有办完入场核验,请先到入口核验台")
    await expect(refused).to_be_visible()
    await player.open(day.machines[machine])
    await player.pass_check()
    await player.sign_in(seat_pc(day, GENUINE, machine))
    await player.read_notice()
    await player.expect_paper()
    given = {}
    for number in (1, 2, 31, 40, 25):
        await player.go(number)
        given[number] = await player.answer(number)
        await player.expect_saved()
    await seat.kill()
    by_hand = asyncio.create_task(sits_by_hand(day))
    player = Player(await seat.open(), day.server.url)
    await player.open()
    await player.expect_paper()
    await player.back_to_full_screen()
    await expect(player.head).to_contain_text("第 25 题")
    for number, shown in given.items():
        await player.go(number)
        assert await player.shown() == shown
    code = await player.submit()
    await by_hand
    public = await day.office.person()
    await public.goto(f"{day.server.url}/portal/#/receipt")
    await public.get_by_label("回执码").fill(code)
    await public.get_by_role("button", name="核验", exact=True).click()
    await expect(public.get_by_text("回执有效")).to_be_visible()


async def sits_by_hand(day: ExamDay) -> None:
    """The third candidate writes everything, without a face at any point."""
    _, machine = day.seats[BY_HAND.name]
    pc = seat_pc(day, BY_HAND, machine)
    async with httpx.AsyncClient(base_url=day.server.url, timeout=60) as http:
        who = SimulatedCandidate(http, pc, SystemClock(), Figures())
        await who.sign_in()
        await who.enrol_device()
        for turn, item in enumerate((await who.take_paper())["items"]):
            who.answer(item["item_id"], choice(item, turn))
        await who.send()
        assert (await who.submit())["receipt_code"]


async def closing(day: ExamDay) -> None:
    """The chief ends the session; scoring could not be opened before."""
    holder = await day.at(DEMO.holders[0])
    await holder.open("sessions", day.session_id, "keys")
    await holder.expect("场次还没有结束。")
    chief = await day.at(DEMO.chief)
    await chief.open("sessions", day.session_id, "close")
    absent = chief.page.get_by_role("button", name="确认缺考")
    await expect(chief.page.get_by_role("button", name="结束场次")).to_be_visible()
    if await absent.is_visible():
        await absent.click()
        await chief.expect("已确认")
    await chief.press("结束场次")
    await chief.expect("下一步:密钥持有人交出评分密钥。")


async def marking(day: ExamDay) -> None:
    """Two holders, the machine's run, then the anonymous text answers one by one."""
    for who in DEMO.holders:
        await give_share(await day.at(who), day.session_id, who, "scoring")
    officer = await day.at(DEMO.officer)
    await officer.open("sessions", day.session_id, "marking")
    await officer.press("运行阅卷")
    await officer.expect("阅卷完成")
    marker = await day.at(DEMO.marker)
    await marker.open("sessions", day.session_id, "marking")
    for left in (2, 1):
        await marker.expect(f"剩余 {left} 份")
        await marker.page.locator(".marks").get_by_role("button", name="5", exact=True).click()
        await marker.press("提交 (Enter)")
    await marker.expect("没有待评的答案")


async def results_and_archive(day: ExamDay) -> Path:
    """Two people publish the same list; the archive is made and taken home."""
    officer, chief = await day.at(DEMO.officer), await day.at(DEMO.chief)
    for who in (officer, chief):
        await who.open("sessions", day.session_id, "results")
        await who.press("同意公布成绩")
    await chief.expect("成绩已公布")
    await officer.open("sessions", day.session_id, "archive")
    await officer.press("生成档案")
    await officer.expect("考生仍可申请复核")
    await officer.fill("提前归档的理由(记入日志)", "试考,不设复核期")
    await officer.press("确认提前归档")
    await officer.expect("档案已生成")
    return await officer.download("下载档案", day.folder / "archive.zip")


async def proves(archive: Path, folder: Path) -> None:
    """A stranger verifies it with nothing but the file; one changed byte is found."""
    status, words = await run(folder, "verify", archive)
    assert status == 0, words
    status, words = await run(folder, "verify", with_one_byte_changed(archive))
    assert status == 1, words


def with_one_byte_changed(archive: Path) -> Path:
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 1
    changed = archive.with_name("changed.zip")
    changed.write_bytes(data)
    return changed


async def run(folder: Path, *words: str | Path) -> tuple[int, str]:
    """The command line on a machine that has neither data nor server."""
    program = await asyncio.create_subprocess_exec(
        *gongyuan(*words),
        cwd=ROOT,
        env=environment(folder / "elsewhere"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await program.communicate()
    assert program.returncode is not None
    return program.returncode, said.decode()
