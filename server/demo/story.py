"""The running room: thirty simulated candidates write, and a few of them have a story.

Rules kept here: everything goes over HTTP as a browser would send it; what happens is scripted by
seat and minute, so that two demos look alike; a refusal or a lost connection ends nobody's play.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

import httpx

from kernel.clock import Clock
from kernel.crypto import chance
from kernel.lot import permutation
from server.demo.pictures import cast_faces, scene, thumbnail
from server.rehearsal.api import Refused
from server.rehearsal.candidate import SimulatedCandidate
from server.rehearsal.day import Admitted
from server.rehearsal.figures import Figures
from server.rehearsal.run import choice

_log = logging.getLogger(__name__)
THUMBNAIL_S = 5.0


@dataclass(frozen=True, slots=True)
class Part:
    """What a candidate's script says; seconds after the start of the play, None for never."""

    number: int
    late_s: float = 0.0
    stranger_from_s: float | None = None
    two_faces_from_s: float | None = None
    empty_from_s: float | None = None
    help_at_s: float | None = None
    offline_from_s: float | None = None
    offline_for_s: float = 220.0
    submit_at_s: float | None = None


SCRIPT = {
    3: Part(3, submit_at_s=95),
    6: Part(6, stranger_from_s=25),
    11: Part(11, help_at_s=40),
    14: Part(14, two_faces_from_s=60),
    18: Part(18, offline_from_s=30),
    22: Part(22, empty_from_s=75),
    27: Part(27, late_s=50),
}


class Play:
    """One candidate's play until cancelled."""

    def __init__(
        self, http: httpx.AsyncClient, one: Admitted, clock: Clock, figures: Figures, part: Part
    ) -> None:
        if one.desk is None:
            raise ValueError("a play needs a seat")
        self._who = SimulatedCandidate(http, one.desk, clock, figures)
        self._one = one
        self._part = part
        self._begun = 0.0

    async def run(self) -> None:
        """Sign in, then write, be looked at and live through the script."""
        loop = asyncio.get_running_loop()
        self._begun = loop.time()
        await asyncio.sleep(self._part.late_s)
        await self._who.sign_in()
        if self._one.person.route == "face":
            await self._who.show_face(cast_faces()[self._one.person.face].frames[0])
        await self._who.enrol_device()
        await self._until_open()
        async with asyncio.TaskGroup() as together:
            together.create_task(self._repeat(self._write, 6, 26))
            together.create_task(self._repeat(self._look, 20, 60))
            together.create_task(self._repeat(self._show, THUMBNAIL_S, THUMBNAIL_S))
            together.create_task(self._once())

    async def _until_open(self) -> None:
        while True:
            state = await self._who.state()
            if state["stage"] == "answering":
                self._items = (await self._who.take_paper())["items"]
                order = permutation(self._who.sitting_id.encode(), "demo", len(self._items))
                self._order = iter([*order, *order])
                return
            await asyncio.sleep(1)

    async def _repeat(self, act: Any, low_s: float, high_s: float) -> None:
        await asyncio.sleep(chance.between(0, int(high_s * 1_000)) / 1_000)
        while not self._gone():
            if not self._offline():
                try:
                    await act()
                except (Refused, httpx.TransportError) as lost:
                    _log.info("play %s: %s", self._part.number, lost)
                    if isinstance(lost, Refused) and lost.code == "sitting.closed":
                        return
            await asyncio.sleep(chance.between(int(low_s * 1_000), int(high_s * 1_000)) / 1_000)

    async def _once(self) -> None:
        if self._part.help_at_s is not None:
            await self._at(self._part.help_at_s)
            self._who.note("help_raised")
            await self._who.send()
        if self._part.submit_at_s is not None:
            await self._at(self._part.submit_at_s)
            await self._who.submit()

    async def _at(self, moment_s: float) -> None:
        await asyncio.sleep(max(0.0, moment_s - self._now()))

    async def _write(self) -> None:
        position = next(self._order, None)
        if position is None:
            return
        item = self._items[position]
        self._who.note("item_viewed", item["item_id"])
        self._who.answer(item["item_id"], choice(item, position + self._part.number))
        await self._who.send()

    async def _look(self) -> None:
        if self._one.person.route == "face":
            await self._who.capture(self._frame())

    async def _show(self) -> None:
        await self._who.thumbnail(thumbnail(self._frame()))

    def _frame(self) -> bytes:
        now, part = self._now(), self._part
        if part.two_faces_from_s is not None and now > part.two_faces_from_s:
            return scene("two_people")
        if part.empty_from_s is not None and now > part.empty_from_s:
            return scene("empty_chair")
        face = self._one.person.face
        if part.stranger_from_s is not None and now > part.stranger_from_s:
            face = next(name for name in sorted(cast_faces()) if name != face)
        frames = cast_faces()[face].frames
        return frames[chance.between(0, len(frames) - 1)]

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._begun

    def _offline(self) -> bool:
        begin = self._part.offline_from_s
        return begin is not None and begin < self._now() < begin + self._part.offline_for_s

    def _gone(self) -> bool:
        end = self._part.submit_at_s
        return end is not None and self._now() > end


async def play(
    http: httpx.AsyncClient, crowd: list[Admitted], clock: Clock, figures: Figures
) -> None:
    """Everybody plays until cancelled; one who stumbles does not stop the others."""

    async def safely(one: Admitted, part: Part) -> None:
        try:
            await Play(http, one, clock, figures, part).run()
        except Exception:  # noqa: BLE001  # the others play on, the log has it
            _log.exception("play %s ended", part.number)

    seated = [one for one in crowd if one.desk is not None]
    seated.sort(key=lambda one: one.seat_no)
    await asyncio.gather(*(safely(one, SCRIPT.get(n, Part(n))) for n, one in enumerate(seated)))
