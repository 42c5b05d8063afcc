"""``gongyuan demo`` as a newcomer lives it: up, looked at, played with, ended with Ctrl-C."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Page, expect

from server.rehearsal.candidate import Desk
from server.rehearsal.cast import DEMO
from tests.e2e.browser import browsing
from tests.e2e.demonstration import (
    Demo,
    Guest,
    answering,
    demonstrating,
    is_free,
    kinds,
    watching,
)
from tests.e2e.player import Player

AT_LEAST = 25
PLAY_S = 200


@pytest.mark.timeout(700)
async def test_the_demo_comes_up_plays_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async with demonstrating(tmp_path) as demo:
        _prints_every_address_and_account(demo)
        await _every_address_answers(demo)
        async with watching(demo) as watcher:
            await watcher.wait(lambda wall: answering(wall) >= AT_LEAST, PLAY_S)
            await watcher.wait(lambda wall: {"help", "offline"} <= kinds(wall), PLAY_S)
            asked = await _walk(demo, tmp_path)
            sitting_id = next(
                one["sitting_id"]
                for one in (await watcher.wall())["seats"]
                if one["state"] == "answering"
            )
            picture = await watcher.http.get(f"/api/sittings/{sitting_id}/thumb.jpg")
            assert picture.content.startswith(b"\xff\xd8")
        assert {urlsplit(url).hostname for url in asked} == {"127.0.0.1"}
        assert [one.name[:13] for one in demo.temporary.iterdir()] == ["gongyuan-demo"]

        assert await demo.press_ctrl_c() == 0
        await _nothing_is_left(demo)
    assert "Traceback" not in demo.complained, demo.complained
    assert "temporary data is gone" in demo.complained
    assert "临时数据已删除" in demo.complained


def _prints_every_address_and_account(demo: Demo) -> None:
    assert demo.said.startswith("演示已就绪")
    a, b = demo.guests.values()
    assert a.url.startswith(f"{demo.base}/exam/?machine=")
    assert b.url == f"{demo.base}/exam/"
    assert f"{demo.base}/console/\n" in demo.said
    assert demo.practice in demo.said
    assert demo.receipt[0] == f"{demo.base}/portal/#/receipt"
    printed = {(one.account, one.password, one.pin, one.passphrase) for one in demo.logins.values()}
    assert printed == {
        (one.account, one.password, one.pin, one.passphrase) for one in DEMO.everyone
    }


async def _every_address_answers(demo: Demo) -> None:
    page, code = demo.receipt
    addresses = [f"{demo.base}/", f"{demo.base}/console/", demo.practice, page]
    addresses += [one.url for one in demo.guests.values()]
    async with httpx.AsyncClient(follow_redirects=True, timeout=30) as http:
        for address in addresses:
            reply = await http.get(address)
            assert reply.status_code == 200, address
            assert "<script" in reply.text, address
        receipt = (await http.get(f"{demo.base}/api/receipts/{code}")).json()
        assert receipt["found"]
        assert receipt["holds"]
        papers = (await http.get(f"{demo.practice}api/practice/papers")).json()
        assert len(papers) >= 1
        for one in demo.logins.values():
            body = {"account": one.account, "password": one.password}
            signed = await http.post(f"{demo.base}/api/staff/sign-in", json=body)
            assert signed.status_code == 200, one.account


async def _walk(demo: Demo, folder: Path) -> set[str]:
    """The newcomer's three programs in a browser; returns every address that was asked for."""
    async with browsing(folder) as browsers:
        chromium = browsers.make("newcomer")
        page = await chromium.open()
        asked: set[str] = set()
        _listen(page, asked)
        await _sit(Player(page, demo.base), demo.guests["体验考生甲"])
        await page.goto(f"{demo.base}/console/")
        await page.get_by_label("账号").fill("jk001")
        await page.get_by_label("密码").fill(demo.logins["jk001"].password)
        await page.get_by_role("button", name="登录").click()
        await page.get_by_role("link", name="考场墙 · 第 3 考场").click()
        await expect(page.locator(".tiles img").first).to_be_visible()
        await page.goto(demo.practice)
        await page.locator(".paper-list a").first.click()
        await page.get_by_role("link", name="开始模拟考试").click()
        await expect(page.locator(".question-head")).to_be_visible()
    assert any(url.startswith("ws:") for url in asked)
    return asked


def _listen(page: Page, asked: set[str]) -> None:
    """What a page makes itself (blob:, data:) asks nobody."""

    def hear(url: str) -> None:
        if not url.startswith(("blob:", "data:")):
            asked.add(url)

    page.on("request", lambda request: hear(request.url))
    page.on("websocket", lambda opened: hear(opened.url))


async def _sit(player: Player, guest: Guest) -> None:
    """From the printed link to a saved answer."""
    await player.page.goto(guest.url)
    await player.pass_check()
    await player.sign_in(Desk(guest.ticket_no, guest.id_number, guest.machine_token))
    await player.read_notice()
    await player.expect_paper()
    await player.answer(0)
    await player.expect_saved()


async def _nothing_is_left(demo: Demo) -> None:
    for _ in range(300):
        if not demo.processes():
            break
        await asyncio.sleep(0.1)
    assert demo.processes() == []
    assert list(demo.temporary.iterdir()) == []
    assert is_free(demo.port)
    assert is_free(demo.port + 1)
