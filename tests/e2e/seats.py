"""Seat PCs of a running session and whoever acts on them, for tests that look at their screens."""

from dataclasses import dataclass

from playwright.async_api import Page, Route, expect

from server.rehearsal.cast import DEMO
from server.rehearsal.day import Admitted, Day
from tests.e2e.browser import Chromium
from tests.e2e.looking import Looks
from tests.e2e.player import PATIENCE_MS, Player
from tests.e2e.serving import Server

WHY = {"reason_code": "equipment_fault", "reason_text": "键盘更换"}
SECOND = {
    "second_account": DEMO.invigilators[0].account, "second_pin": DEMO.invigilators[0].pin,
}  # fmt: skip


@dataclass
class Room:
    """Who is at their seats, and who acts on them."""

    server: Server
    seats: Chromium
    day: Day
    people: list[Admitted]
    looks: Looks

    async def signs_in(self, one: Admitted, page: Page | None = None) -> Player:
        """From the check of the machine past the notice."""
        assert one.desk is not None
        player = Player(page or await self.seats.person(), self.server.url)
        await player.open(one.desk.machine_token)
        await player.pass_check()
        await player.sign_in(one.desk)
        await player.read_notice()
        return player

    async def sits(self, one: Admitted, page: Page | None = None) -> Player:
        """From the check of the machine to the paper."""
        player = await self.signs_in(one, page)
        await player.expect_paper()
        return player

    async def act(self, one: Admitted, act: str, **more: object) -> None:
        """The chief's act on one sitting."""
        path = f"/api/sittings/{one.sitting_id}/{act}"
        await self.day.call(DEMO.chief.account, "POST", path, json={**WHY, **SECOND, **more})

    async def free_seat(self) -> str:
        path = f"/api/sessions/{self.day.session_id}/rooms/{self.day.room_id}/wall"
        wall = await self.day.call(DEMO.chief.account, "GET", path)
        return next(str(seat["seat_id"]) for seat in wall["seats"] if seat["sitting_id"] is None)


async def covered(page: Page, title: str) -> None:
    """What lies above the questions says so."""
    await expect(page.locator(".overlay h1")).to_contain_text(title, timeout=PATIENCE_MS)


async def without_receipt(route: Route) -> None:
    """The server's own state a moment earlier."""
    reply = await route.fetch()
    await route.fulfill(response=reply, json={**await reply.json(), "receipt": None})
