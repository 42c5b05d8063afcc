"""The server's disk is full: the candidate's page says whose fault it is, and goes on by itself."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.browser import browsing
from tests.e2e.looking import Looks
from tests.e2e.player import Player
from tests.e2e.power_cut import compare_all
from tests.e2e.running import arrange
from tests.e2e.serving import serving
from tests.e2e.worlds import Seeded
from tests.e2e.writing import Writer
from tests.faults.test_disk import disk_of, fill
from tests.faults.test_served import refusals

FULL = re.compile("服务器暂时无法保存,答案已存在本机")
BAR = "考试服务器暂时无法保存答案(E-SRV-03)。答案都在本机,服务器恢复后自动上传"
PATIENCE_MS = 10_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk_of("256m", tmp_path / "small") as place:
        yield place


async def answer_until_refused(player: Player) -> None:
    """An answer or two may still find room in what SQLite holds already."""
    for turn in range(8):
        await player.answer(turn)
        try:
            await expect(player.chip).to_contain_text(FULL, timeout=PATIENCE_MS)
        except AssertionError:
            continue
        return
    raise AssertionError(f"the page says: {await player.chip.inner_text()}")


@pytest.mark.timeout(700)
@pytest.mark.parametrize("line", ["over the line", "over HTTP"])
async def test_a_full_disk_is_told_to_the_candidate_in_words_and_passes_by_itself(
    seeded_once: Seeded, small_disk: Path, tmp_path: Path, line: str
) -> None:
    seeded = seeded_once.copy(small_disk / "data")
    running = await asyncio.to_thread(arrange, seeded, 3)
    seat, other = [one for one in running.candidates if one.person.route == "manual"]
    assert seat.desk is not None
    ballast = small_disk / "ballast"
    async with (
        serving(seeded.data) as server,
        browsing(tmp_path) as browsers,
        httpx.AsyncClient(base_url=server.url, timeout=30) as http,
    ):
        writer = Writer(http, other, lambda: None, 1)
        await writer.sit_down()
        player = Player(await browsers.make("seat").open(), server.url)
        if line == "over HTTP":
            await player.page.route_web_socket("**/live", lambda line: line.close())
        await player.open(seat.desk.machine_token)
        await player.pass_check()
        await player.sign_in(seat.desk)
        await player.read_notice()
        await player.expect_paper()
        await player.go(1)
        await player.answer(0)
        await player.expect_saved()
        fill(ballast)
        assert "ledger.not_stored" in await refusals(writer)
        await answer_until_refused(player)
        await expect(player.page.get_by_role("alert").filter(has_text=BAR)).to_be_visible()
        looks = Looks(still=True)
        await looks.in_both("exam", player.page, f"full disk {line}")
        assert looks.faults == {}
        given = await player.shown()
        ballast.unlink()
        await player.expect_saved()
        await expect(player.page.get_by_role("alert").filter(has_text=BAR)).to_have_count(0)
        await player.page.reload()
        await player.expect_paper()
        await player.go(1)
        assert await player.shown() == given
        await writer.save()
        await writer.hand_in()
    assert (await compare_all(seeded, [writer])).lost == 0
