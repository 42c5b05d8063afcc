"""On an address without https the browser gives no camera; the player says so in words."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.browser import GENUINE, browsing
from tests.e2e.serving import serving
from tests.e2e.worlds import Seeded

NAME = "kaochang.test"


@pytest.mark.timeout(500)
async def test_over_plain_http_by_name_the_player_says_that_the_address_is_insecure(
    seeded: Seeded, tmp_path: Path
) -> None:
    rule = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    async with serving(seeded.data) as server, browsing(tmp_path) as browsers:
        page = await browsers.make("plain", GENUINE, rule).open()
        await page.goto(f"http://{NAME}:{server.port}/exam/")
        assert not await page.evaluate("window.isSecureContext")
        lines = page.locator("ul.probes li")
        words = "当前地址不安全,无法使用摄像头。请用 https 地址打开(E-ENV-01)"
        await expect(lines.filter(has_text="安全地址")).to_contain_text(words)
        await expect(lines.filter(has_text="摄像头").last).to_contain_text(words)
        await expect(page.get_by_role("alert")).to_contain_text("本机还不能用于考试")
        await expect(page.get_by_role("button", name="去登录")).to_be_disabled()
        await page.goto(f"http://127.0.0.1:{server.port}/exam/")
        assert await page.evaluate("window.isSecureContext")
        await expect(lines.filter(has_text="安全地址")).to_contain_text("页面地址安全")
