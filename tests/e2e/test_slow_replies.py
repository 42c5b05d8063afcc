"""A screen is used before all it asked for has come, as on a slow line."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from server.rehearsal.cast import DEMO
from tests.e2e.browser import browsing
from tests.e2e.console import Console
from tests.e2e.serving import serving
from tests.e2e.worlds import Seeded


@pytest.mark.timeout(300)
async def test_an_import_opened_before_the_blueprints_are_there_gets_one_chosen(
    seeded: Seeded, tmp_path: Path
) -> None:
    opened = asyncio.Event()

    async def late(route: Route) -> None:
        await opened.wait()
        await route.continue_()

    async with serving(seeded.data) as server, browsing(tmp_path) as browsers:
        office = browsers.make("office")
        await office.open()
        keeper = Console(await office.person(), server.url)
        await keeper.sign_in(DEMO.bank_keeper)
        await keeper.page.route("**/api/bank/blueprints", late)
        await keeper.open("bank", "items")
        await keeper.press("导入试题")
        chosen = keeper.field("细目表", keeper.page.locator("form.card"))
        await expect(chosen).to_have_value("")
        opened.set()
        await expect(chosen).not_to_have_value("")
