"""A candidate who goes on writing while the server dies again and again.

Rules kept here: what was acknowledged is kept word for word, number for number, and is looked for
in whatever the server says afterwards; chance comes from a written seed.
"""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import httpx

from kernel.clock import SystemClock
from server.rehearsal.candidate import SimulatedCandidate
from server.rehearsal.day import Admitted
from server.rehearsal.faces import load_faces
from server.rehearsal.figures import Figures
from server.rehearsal.run import choice

PATIENCE_S = 180.0
LOOK_BACK_EVERY = 12
CAPTURE_EVERY = 9
BATCH_SIZES = (1, 1, 1, 2, 3, 5)

Event = tuple[int, int, str, str]
"""Device epoch, client number, kind, item."""


class Writer:
    """One candidate at one seat. ``acknowledged`` holds every event that was promised, ``bodies``
    every batch that was sent.
    """

    def __init__(
        self, http: httpx.AsyncClient, one: Admitted, heard: Callable[[], None], seed: int
    ) -> None:
        assert one.desk is not None
        self.one = one
        self.who = SimulatedCandidate(http, one.desk, SystemClock(), Figures())
        self.who.api.patience_s = PATIENCE_S
        self.acknowledged: dict[Event, Any] = {}
        self.bodies: list[dict[str, Any]] = []
        self.receipt: dict[str, Any] | None = None
        self._heard = heard
        self._chance = Random(seed)
        self._frames = load_faces()[one.person.face].frames
        self.sent = 0

    async def sit_down(self) -> None:
        """Sign in, second match, device, paper."""
        await self.who.sign_in()
        if self.one.person.route == "face":
            seen = await self.who.show_face(self._frames[0])
            assert seen["passed"], seen
        await self.who.enrol_device()
        await self.who.take_paper()

    async def write(self, until: Callable[[], bool]) -> None:
        """Answer, answer anew, clear and mark until told to stop; look back now and then."""
        while not until():
            for _ in range(self._chance.choice(BATCH_SIZES)):
                self._queue_one()
            await self.save()
            self.sent += 1
            if self.sent % LOOK_BACK_EVERY == 0:
                await self.look_back()
            if self.one.person.route == "face" and self.sent % CAPTURE_EVERY == 0:
                await self.who.capture(self._chance.choice(self._frames))

    async def save(self) -> None:
        """What the server acknowledges is promised from now on."""
        batch = list(self.who.unsent)
        if batch:
            self.bodies.append(self.who.signed_batch())
        await self.who.send()
        for event in batch:
            name = (self.who.epoch, event["seq"], event["kind"], event["item_id"])
            self.acknowledged[name] = event["response"]
        self._heard()

    async def look_back(self) -> None:
        """What the server holds is what it promised, neither less nor more."""
        held = (await self.who.take_paper())["answers"]
        assert held == self.who.standing, self.one.ticket_no

    async def hand_in(self) -> None:
        """The same receipt, however often it is asked for."""
        receipt = await self.who.submit()
        assert self.receipt in (None, receipt)
        self.receipt = receipt

    def _queue_one(self) -> None:
        item = self._chance.choice(self.who.paper["items"])
        turn = self._chance.randrange(1_000)
        if turn % 11 == 0:
            self.who.note("marked", item["item_id"])
        elif turn % 7 == 0:
            self.who.answer(item["item_id"], None)
        else:
            self.who.answer(item["item_id"], choice(item, turn))


async def all_of(writers: list[Writer], act: Callable[[Writer], Any]) -> None:
    """Everybody at once; the first failure ends the others."""
    async with asyncio.TaskGroup() as together:
        for one in writers:
            together.create_task(act(one))
