"""A machine with two cameras: the one that sees the candidate is chosen once, for the machine."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import browsing
from tests.e2e.looking import Looks
from tests.e2e.player import PATIENCE_MS
from tests.e2e.serving import serving
from tests.e2e.worlds import Seeded

TWO = "--use-fake-device-for-media-stream=device-count=2"
_SEEN = """document.querySelector('.preview video').srcObject
  ?.getVideoTracks()[0]?.getSettings().deviceId ?? ''"""


async def opened(page: Page, address: str) -> str:
    """The self-check has run; returns which camera the picture is of."""
    await page.goto(address)
    await expect(page.locator(".probes .good", has_text="摄像头")).to_be_visible(
        timeout=PATIENCE_MS
    )
    return str(await page.evaluate(_SEEN))


@pytest.mark.timeout(300)
async def test_the_camera_chosen_at_the_check_is_used_and_remembered(
    seeded: Seeded, tmp_path: Path
) -> None:
    looks = Looks(still=True)
    async with serving(seeded.data) as server, browsing(tmp_path) as browsers:
        page = await browsers.make("two", None, TWO).open()
        address = f"{server.url}/exam/"
        first = await opened(page, address)
        choice = page.get_by_label("使用的摄像头")
        await expect(choice).to_have_value(first)
        options = choice.locator("option")
        await expect(options).to_have_count(2)
        ids = [str(await one.get_attribute("value")) for one in await options.all()]
        [other] = set(ids) - {first}
        await choice.select_option(other)
        await expect(choice).to_have_value(other)
        await expect(choice).to_be_enabled(timeout=PATIENCE_MS)
        await page.wait_for_function(f"wanted => ({_SEEN}) === wanted", arg=other)
        await looks.in_both("check", page, "two cameras")
        assert await opened(page, address) == other
        await expect(choice).to_have_value(other)
        plain = await browsers.make("one").open()
        await opened(plain, address)
        await expect(plain.get_by_label("使用的摄像头")).to_have_count(0)
    assert looks.faults == {}
