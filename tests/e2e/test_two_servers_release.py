"""Two holders give their shares at two servers on one PostgreSQL, in their browsers; a restart of
both servers between them is said on the page of the keys.
"""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from server.rehearsal.cast import DEMO
from tests.e2e.browser import browsing
from tests.e2e.console import PATIENCE_MS, Console, give_share
from tests.e2e.looking import Looks
from tests.e2e.running import arrange
from tests.e2e.serving import serving
from tests.e2e.worlds import make_world
from tests.postgres import PostgresCluster

FIRST, SECOND = DEMO.holders


def content_card(holder: Console) -> Locator:
    return holder.page.locator("section.card").filter(has_text="试卷内容密钥")


@pytest.mark.timeout(600)
async def test_holders_at_two_servers_open_one_paper(
    tmp_path: Path, postgres_cluster: PostgresCluster
) -> None:
    url = postgres_cluster.url(postgres_cluster.new_database())
    seeded = await asyncio.to_thread(make_world, tmp_path / "data", url)
    arranged = await asyncio.to_thread(arrange, seeded, 1, url, released=False)
    session_id = arranged.session_id
    looks = Looks()
    async with (
        serving(seeded.data, url) as one,
        serving(seeded.data, url) as other,
        browsing(tmp_path) as browsers,
    ):
        office = browsers.make("office")
        await office.open()
        first = Console(await office.person(), one.url)
        second = Console(await office.person(), other.url)
        await first.sign_in(FIRST)
        await second.sign_in(SECOND)
        await give_share(first, session_id, FIRST, "content")
        await second.open("sessions", session_id, "keys")
        await expect(content_card(second)).to_contain_text("已交出 1 / 2")
        await looks.in_both("keys", second.page, "given elsewhere")
        one.stop()
        other.stop()
        one.start()
        other.start()
        await one.ready()
        await other.ready()
        await expect(content_card(second)).to_contain_text(
            f"须重新交出:{FIRST.name}", timeout=PATIENCE_MS
        )
        await looks.in_both("keys", second.page, "lost")
        await give_share(second, session_id, SECOND, "content")
        await expect(content_card(second)).to_contain_text("已交出 1 / 2")
        await give_share(first, session_id, FIRST, "content")
        for holder in (first, second):
            await expect(content_card(holder)).to_contain_text("已打开", timeout=PATIENCE_MS)
    assert looks.faults == {}
