"""The keys of an archived session destroyed by the people who must do it, each in a browser.

A hold refuses it and another person lifts it; an order is withdrawn and a second one follows; two
of three agree; the order is seen in the log; the keys go; the archive made afterwards proves it. In
between stands what people try who should not: one person twice, the wrong role, a request sent
again, a word about an order that was withdrawn, two tabs at once.
"""

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Route, expect
from pypdf import PdfReader

from kernel.clock import SystemClock
from ledger.erasure import read_statement
from ledger.report import Report
from ledger.verify import verify
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Day
from server.rehearsal.figures import Figures
from tests.e2e.browser import browsing
from tests.e2e.console import PATIENCE_MS, Console
from tests.e2e.registry import (
    CHIEF,
    OFFICER,
    OFFICER_2,
    ORDERED,
    SUPERVISOR,
    SUPERVISOR_2,
    Registry,
    box,
    propose,
)
from tests.e2e.running import arrange
from tests.e2e.serving import serving
from tests.e2e.test_keyboard import tab_to
from tests.e2e.worlds import Seeded

NAMED = (CHIEF, SUPERVISOR, OFFICER_2)
AGREE, DESTROY = "同意销毁", "永久销毁密钥"


@pytest.mark.timeout(1_200)
async def test_the_keys_are_destroyed_by_those_who_must_and_by_nobody_else(
    seeded: Seeded, tmp_path: Path
) -> None:
    more = {"publicity_days": 0, "review_apply_days": 0}
    running = await asyncio.to_thread(arrange, seeded, 3, more=more)
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
        registry = Registry(server, office, day)
        chief = await registry.at(CHIEF)
        await chief.expect("场次封存(生成档案)以后才能提出销毁")
        await registry.look(chief, "01 open")
        await day.close()
        await day.mark()
        await day.publish()
        before = await registry.archived(tmp_path / "before.zip")
        officer = await registry.at(OFFICER)
        await registry.look(officer, "02 kept")
        await held_and_lifted(registry, officer)
        await wrong_roles(registry)
        await withdrawn(registry, officer, chief)
        await agreed_to(registry, officer, chief)
        await into_the_log(registry, officer)
        await destroyed(registry, officer)
        await recorded(registry, officer, tmp_path)
        await seldom(registry, officer)
        await afterwards(registry, before, tmp_path)
    assert registry.looks.faults == {}


async def held_and_lifted(registry: Registry, officer: Console) -> None:
    """The officer's order is refused by a hold that stands; another supervisor lifts it."""
    supervisor = await registry.at(SUPERVISOR)
    await supervisor.fill("保全理由", "考生投诉,待查")
    await supervisor.fill("文号", "(2026)督字第 7 号")
    await supervisor.press("提出保全")
    await supervisor.expect("保全已生效")
    await registry.look(supervisor, "03 held, supervisor")
    await propose(officer, NAMED)
    await officer.expect(f"首项由 {SUPERVISOR.name} 提出")
    await officer.expect("代码 erasure.held")
    await registry.look(officer, "04 refused by a hold")
    other = await registry.at(SUPERVISOR_2)
    await other.press("解除保全")
    await other.fill("解除理由", "投诉已办结")
    await registry.look(other, "05 lifting")
    await other.press("确认解除")
    await other.expect("保全已解除")
    await other.expect(f"{SUPERVISOR_2.name} 于")
    await registry.look(other, "06 lifted")
    # The supervisor's page is older than that.
    await supervisor.press("解除保全")
    await supervisor.fill("解除理由", "投诉已办结")
    await supervisor.press("确认解除")
    await supervisor.expect(f"这项保全已由 {SUPERVISOR_2.name} 解除")
    await registry.open(officer)
    await expect(box(officer.page, SUPERVISOR_2)).to_be_disabled()
    await officer.expect("解除过他人的保全,不能批准")
    people = {one["name"]: one["account_id"] for one in (await registry.standing())["fit"]}
    forged = {
        "reason_text": "保存期满",
        "approvers": [people[one.name] for one in (CHIEF, SUPERVISOR, SUPERVISOR_2)],
    }
    path = f"/api/sessions/{registry.day.session_id}/erasure"
    assert await registry.refused(OFFICER, path, forged) == (403, "erasure.lifted_hold")
    await supervisor.page.close()
    await other.page.close()


async def wrong_roles(registry: Registry) -> None:
    """Who has no part in it sees words and no page, and no request of theirs does anything."""
    marker = Console(await registry.office.person(), registry.server.url)
    await marker.sign_in(DEMO.marker)
    await marker.open("sessions", registry.day.session_id, "erasure")
    await marker.expect("您没有查看此页的权限")
    await registry.look(marker, "07 wrong role")
    await marker.page.close()
    session = f"/api/sessions/{registry.day.session_id}"
    reason = {"reason_text": "保存期满"}
    missing = (403, "access.role_missing")
    assert await registry.refused(DEMO.marker, f"{session}/holds", reason) == missing
    assert await registry.refused(CHIEF, f"{session}/holds", reason) == missing
    order = {**reason, "approvers": ["a", "b", "c"]}
    assert await registry.refused(SUPERVISOR, f"{session}/erasure", order) == missing


async def withdrawn(registry: Registry, officer: Console, chief: Console) -> None:
    """By keys alone: proposed, then withdrawn. Who agrees after that is told who withdrew it."""
    page = officer.page
    await officer.field("销毁理由").focus()
    await page.keyboard.type("保存期满")
    await page.keyboard.press("Tab")
    await page.keyboard.type("档案管理办法第 9 条")
    for one in NAMED:
        await tab_to(page, "^INPUT")
        while not await box(page, one).evaluate("one => one === document.activeElement"):
            await tab_to(page, "^INPUT")
        await page.keyboard.press("Space")
    await registry.look(officer, "08 to propose")
    await tab_to(page, f"^BUTTON {ORDERED}$")
    await page.keyboard.press("Enter")
    await officer.expect("销毁令已提出")
    await officer.expect("还需 2 人同意")
    await registry.look(officer, "09 ordered")
    await registry.open(chief)
    await expect(chief.page.get_by_role("button", name=AGREE)).to_be_visible()
    await officer.press("撤回销毁令")
    await officer.fill("撤回理由", "批准人写错")
    await registry.look(officer, "10 withdrawing")
    await officer.press("确认撤回")
    await officer.expect("上一份销毁令已撤回")
    await registry.look(officer, "11 withdrawn")
    path = await registry.order_path()
    await chief.press(AGREE)
    await chief.expect(f"这份销毁令已由 {OFFICER.name} 撤回")
    await chief.expect("代码 erasure.withdrawn")
    await registry.look(chief, "12 agreed after it was withdrawn")
    for last in ("sequence", "run"):
        assert await registry.refused(OFFICER, f"{path}/{last}") == (409, "erasure.withdrawn")


async def agreed_to(registry: Registry, officer: Console, chief: Console) -> None:
    """Two tabs of one person count once; who is not named does not count; a second person does."""
    await propose(officer, NAMED)
    await officer.expect("销毁令已提出")
    path = await registry.order_path()
    await registry.open(chief)
    tab = await registry.at(CHIEF)
    await asyncio.gather(chief.press(AGREE), tab.press(AGREE))
    said = []
    for console in (chief, tab):
        words = console.page.get_by_text("已记录您的同意").or_(
            console.page.get_by_text("您已经批准过这份销毁令")
        )
        await expect(words.first).to_be_visible(timeout=PATIENCE_MS)
        said.append((await words.first.inner_text()).strip("✔ "))
    assert sorted(said) == sorted(["已记录您的同意", "您已经批准过这份销毁令。"])
    await registry.look(tab, "13 one person, two tabs")
    await registry.look(chief, "13 one person, other tab")
    assert await registry.refused(CHIEF, f"{path}/agree") == (409, "erasure.agreed")
    assert await registry.refused(OFFICER, f"{path}/agree") == (403, "erasure.not_approver")
    assert await registry.refused(SUPERVISOR_2, f"{path}/agree") == (403, "erasure.not_approver")
    for last in ("sequence", "run"):
        assert await registry.refused(OFFICER, f"{path}/{last}") == (409, "erasure.not_approved")
        assert await registry.refused(CHIEF, f"{path}/{last}") == (403, "access.role_missing")
    await tab.page.close()
    supervisor = await registry.at(SUPERVISOR)
    await registry.look(supervisor, "14 asked")
    await supervisor.press(AGREE)
    await supervisor.expect("已记录您的同意")
    await supervisor.expect("同意人数已够")
    await registry.look(supervisor, "15 enough agreed, supervisor")
    await supervisor.page.close()


async def into_the_log(registry: Registry, officer: Console) -> None:
    """A hold stops even that; who ordered does not lift another's. Then the leaf is shown."""
    await registry.open(officer)
    await registry.look(officer, "16 enough agreed, officer")
    held = f"/api/sessions/{registry.day.session_id}/holds"
    hold = await registry.call(OFFICER_2, "POST", held, {"reason_text": "法院来函"})
    await officer.press("把销毁令写入日志")
    await officer.expect(f"首项由 {OFFICER_2.name} 提出")
    await officer.press("解除保全")
    await officer.fill("解除理由", "不需要了")
    await officer.press("确认解除")
    await officer.expect("您下令或批准了本场次的销毁,不得解除他人提出的保全")
    await registry.look(officer, "17 own order, hold of another")
    lift = f"/api/holds/{hold['hold_id']}/lift"
    await registry.call(OFFICER_2, "POST", lift, {"reason_text": "来函已撤"})
    again = await registry.refused(OFFICER_2, lift, {"reason_text": "来函已撤"})
    assert again == (409, "erasure.hold_lifted")
    await registry.open(officer)
    await officer.press("把销毁令写入日志")
    await officer.expect("销毁令已写入日志")
    await officer.expect("已被签名检查点覆盖")
    await registry.look(officer, "18 in the log")
    leaf = (await registry.standing())["erasure"]["order_leaf"]
    await officer.expect(f"第 {leaf} 位")
    late = {"reason_text": "不销毁了"}
    path = await registry.order_path()
    assert await registry.refused(OFFICER, f"{path}/withdraw", late) == (409, "erasure.begun")


async def destroyed(registry: Registry, officer: Console) -> None:
    """Not by the wrong code and not by Enter; two officers at once come to the same end."""
    second = await registry.at(OFFICER_2)
    code = registry.day.session_id[-6:]
    for console in (officer, second):
        button = console.page.get_by_role("button", name=DESTROY)
        field_ = console.field("输入场次编号的后 6 位")
        await expect(button).to_be_disabled()
        await field_.fill("AAAAAA" if code != "AAAAAA" else "BBBBBB")
        await expect(button).to_be_disabled()
        await field_.fill(code.lower())
        await expect(button).to_be_enabled()
        await field_.press("Enter")
        await expect(button).to_be_enabled()
    assert (await registry.standing())["erasure"]["state"] == "sequenced"
    await registry.look(officer, "19 about to destroy")
    await officer.field("输入场次编号的后 6 位").focus()
    await tab_to(officer.page, f"^BUTTON {DESTROY}$")
    await asyncio.gather(officer.page.keyboard.press("Enter"), second.press(DESTROY))
    for console in (officer, second):
        await console.expect("密钥已销毁,作答内容无法再读取。")
    await second.page.close()


async def recorded(registry: Registry, officer: Console, folder: Path) -> None:
    """The record on the page, as a signed file, and on paper."""
    await registry.open(officer)
    await officer.expect("销毁在日志中")
    await expect(officer.page.get_by_text("已被签名检查点覆盖")).to_have_count(2)
    await registry.look(officer, "20 destroyed")
    written = await officer.download("下载签名文件(JSON)", folder / "record.json")
    facts = read_statement(written.read_bytes()).facts
    assert facts["session_id"] == registry.day.session_id
    assert (facts["files"]["looked"], facts["files"]["traces"]) == (True, 0)
    paper = await officer.download("下载销毁记录(PDF)", folder / "record.pdf")
    pages = PdfReader(io.BytesIO(paper.read_bytes())).pages
    text = "".join("".join(page.extract_text() for page in pages).split())
    for who in (OFFICER, CHIEF, SUPERVISOR):
        assert who.name.replace(" ", "") in text, who.name
    leaf = (await registry.standing())["erasure"]["order_leaf"]
    assert f"第{leaf}位" in text
    await registry.look(officer, "21 saved")


async def seldom(registry: Registry, officer: Console) -> None:
    """States that last a moment or follow a crash, shown out of what the server said before."""
    found = await registry.standing()
    order = found["erasure"]
    two = [one for one in found["fit"] if one["name"] in {OFFICER.name, CHIEF.name}]
    shown: dict[str, tuple[dict[str, Any], str]] = {
        "unfinished": ({"erasure": {**order, "complete": False}}, "继续完成"),
        "uncovered": (
            {"erasure": {**order, "state": "sequenced", "order_leaf": None}},
            "等待签名检查点覆盖销毁令",
        ),
        "too few": ({"erasure": None, "fit": two}, "可以指定的只有 1 人"),
    }
    address = f"**/api/sessions/{registry.day.session_id}/erasure"
    for name, (changed, words) in shown.items():
        said = json.dumps({**found, **changed})

        async def answer(route: Route, *, said: str = said) -> None:
            await route.fulfill(body=said, content_type="application/json")

        await officer.page.route(address, answer)
        await registry.open(officer)
        await officer.expect(words)
        await registry.look(officer, f"23 {name}")
        await officer.page.unroute(address)


async def afterwards(registry: Registry, before: Path, folder: Path) -> None:
    """Nothing begins anew, whatever is sent again; the archive proves chain, order and end."""
    path = await registry.order_path()
    session = f"/api/sessions/{registry.day.session_id}"
    again = await registry.call(OFFICER, "POST", f"{path}/run")
    assert (again["state"], again["keys"]) == (
        "erased",
        (await registry.standing())["erasure"]["keys"],
    )
    reason = {"reason_text": "再来一次"}
    assert await registry.refused(OFFICER, f"{session}/holds", reason) == (409, "erasure.erased")
    assert await registry.refused(OFFICER, f"{path}/withdraw", reason) == (409, "erasure.begun")
    assert await registry.refused(CHIEF, f"{path}/agree") == (409, "erasure.agreed")
    assert await registry.refused(OFFICER_2, f"{path}/agree") == (409, "erasure.erased")
    chief = await registry.at(CHIEF)
    await registry.look(chief, "22 destroyed, chief")
    await chief.open("sessions", registry.day.session_id, "close")
    await chief.expect("密钥已销毁:作答内容不能再读取,日志仍可核验")
    after = await registry.archived(folder / "after.zip")
    for archive in (before, after):
        report = await asyncio.to_thread(verify, archive)
        assert report.good, report.words()
        assert report.records > 0
        assert report.opened == 0
        assert len(report.erased) == (1 if archive is after else 0)
    shown: Report = await asyncio.to_thread(verify, after)
    assert "内容已依令销毁" in shown.words()
