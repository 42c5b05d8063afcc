"""The candidate's way in Chromium 109, the oldest browser served (exam rooms on Windows 7)."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from setup import oldest
from setup.places import CLIENT
from tests.e2e.browser import GENUINE, browsing
from tests.e2e.forgery import Forger
from tests.e2e.player import PATIENCE_MS, Player
from tests.e2e.running import Running, arrange
from tests.e2e.serving import serving
from tests.e2e.styles import dropped
from tests.e2e.worlds import Seeded

pytestmark = pytest.mark.skipif(
    not oldest.is_offered(), reason="Chromium 109 is only there for Linux on x86-64"
)
FACE_OF_THE_CAMERA = "obama"
NOT_GENUINE = "保存确认无效,未保存"


@pytest.fixture
def running(seeded: Seeded) -> Running:
    """A session under way."""
    return arrange(seeded, 4)


@pytest.mark.timeout(500)
async def test_a_candidate_signs_in_shows_a_face_answers_comes_back_and_hands_in(
    seeded: Seeded, running: Running, tmp_path: Path
) -> None:
    one = next(found for found in running.candidates if found.person.face == FACE_OF_THE_CAMERA)
    assert one.person.route == "face"
    assert one.desk is not None
    async with serving(seeded.data) as server, browsing(tmp_path) as browsers:
        seat = browsers.make_oldest("seat", GENUINE)
        page = await seat.open()
        faults = watched(page)
        assert "Chrome/109." in await page.evaluate("navigator.userAgent")
        forger = Forger(page)
        await forger.stand_between()
        player = Player(page, server.url)
        await player.open(one.desk.machine_token)
        await player.pass_check()
        await player.sign_in(one.desk)
        await player.read_notice()
        await player.expect_paper()
        given = {}
        for number in (1, 31, 40):
            await player.go(number)
            given[number] = await player.answer(number)
            await player.expect_saved()
        await expects_no_false_promise(player, forger)
        given[2] = await player.shown()
        assert faults == []
        await seat.kill()
        player = Player(await seat.open(), server.url)
        faults = watched(player.page)
        await player.open()
        await player.expect_paper()
        await player.back_to_full_screen()
        for number, shown in given.items():
            await player.go(number)
            assert await player.shown() == shown
        assert await player.submit()
        assert faults == []


async def expects_no_false_promise(player: Player, forger: Forger) -> None:
    """What the server did not sign is not shown as saved, and goes again until it is."""
    await forger.forge(active=True)
    await player.go(2)
    await player.answer(2)
    await expect(player.chip).to_contain_text(NOT_GENUINE, timeout=PATIENCE_MS)
    await expect(player.page.get_by_role("alert").filter(has_text="E-SRV-02")).to_be_visible()
    assert await forger.forged() > 0
    await forger.forge(active=False)
    await player.expect_saved()


def watched(page: Page) -> list[str]:
    """Grows by every error that no code of the page has caught."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults


@pytest.mark.timeout(300)
async def test_no_rule_of_the_styles_is_unknown_to_it(tmp_path: Path) -> None:
    async with browsing(tmp_path) as browsers:
        page = await browsers.make_oldest("plain").open()
        sheets = [
            sheet
            for program in ("player", "practice", "portal")
            for sheet in (CLIENT / "dist" / program).rglob("*.css")
        ]
        assert len(sheets) >= 3
        for sheet in sheets:
            assert await dropped(page, sheet.read_text()) == [], sheet.name
        newer = ".a{color:oklch(50% 0 0);gap:1px}.b{& .c{gap:1px}}.d{field-sizing:content}"
        found = await dropped(page, newer)
        assert len(found) == 3, found
