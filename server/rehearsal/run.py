"""``gongyuan rehearse``: a whole session with N simulated candidates against a running server.

Rules kept here: the report counts what was asked, refused and acknowledged; at the end every
acknowledged answer is looked for in what the ledger holds, and the number missing must be 0.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx

from kernel.clock import Clock
from kernel.errors import Refusal
from kernel.lot import permutation
from server.rehearsal.api import Refused
from server.rehearsal.candidate import SimulatedCandidate
from server.rehearsal.cast import Cast
from server.rehearsal.day import Admitted, Day, Plan
from server.rehearsal.faces import FaceSet
from server.rehearsal.figures import Figures
from server.rehearsal.roster import people

AT_THE_DOOR = 4
POLICY = {
    "check_in_opens_s": 86_400, "release_opens_s": 86_400, "earliest_submit_s": 0,
    "late_limit_s": 86_400,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """What the rehearsal is asked to do. ``minutes`` bounds the answering."""

    candidates: int
    minutes: float
    site_id: str
    package_id: str
    occupation_code: str
    occupation_name: str
    level: int
    seed: bytes


async def wish_from(
    day: Day, *, candidates: int, minutes: float, package_id: str | None, seed: bytes
) -> Wish:
    """Fills in what the server knows: its first site and the newest (or named) package.

    Raises ``rehearsal.no_package``.
    """
    sites = await day.call(day.cast.officer.account, "GET", "/api/sites")
    packages = await day.call(day.cast.bank_keeper.account, "GET", "/api/bank/packages")
    fitting = [one for one in packages if package_id in (None, one["package_id"])]
    if not fitting or not sites:
        raise Refusal("rehearsal.no_package")
    newest = max(fitting, key=lambda one: str(one["package_id"]))
    return Wish(
        candidates=candidates,
        minutes=minutes,
        site_id=sites[0]["site_id"],
        package_id=newest["package_id"],
        occupation_code=newest["occupation_code"],
        occupation_name=newest["occupation_name"],
        level=newest["level"],
        seed=seed,
    )


class Rehearsal:
    """One run; ``report`` afterwards."""

    def __init__(
        self, http: httpx.AsyncClient, cast: Cast, faces: dict[str, FaceSet], clock: Clock
    ) -> None:
        self.figures = Figures()
        self.day = Day(http, cast, clock, self.figures)
        self._http = http
        self._faces = faces
        self._clock = clock
        self._missing: list[str] = []
        self._submitted = 0
        self._seated: list[tuple[Admitted, SimulatedCandidate]] = []

    async def run(self, wish: Wish) -> dict[str, Any]:
        """The whole day; raises what a real day would stop at."""
        await self._arrange(wish)
        await self._door()
        await asyncio.gather(*(self._sit(one, who) for one, who in self._seated))
        await self.day.release()
        await self._until_start(wish)
        ends_ms = self._clock.now_ms() + int(wish.minutes * 60_000)
        await asyncio.gather(
            *(self._write(n, who, one, ends_ms) for n, (one, who) in enumerate(self._seated))
        )
        await self.day.close()
        return self.report()

    def report(self) -> dict[str, Any]:
        """Counts, latencies and the one number that must be 0."""
        return {
            "session_id": self.day.session_id,
            "candidates": len(self._seated),
            "submitted": self._submitted,
            "acknowledged_events": sum(who.promised.events for _, who in self._seated),
            "acknowledged_answers": sum(len(who.promised.answers) for _, who in self._seated),
            "acknowledged_but_missing": len(self._missing),
            "missing": self._missing[:20],
            "refusals": dict(self.figures.refusals),
            "steps": self.figures.report(),
        }

    async def _arrange(self, wish: Wish) -> None:
        side = 1
        while side * side < wish.candidates:
            side += 1
        lead_ms = 15_000 + 400 * wish.candidates
        serial = self._clock.now_ms() // 1_000 % 100_000_000
        plan = Plan(
            name=f"试考 {wish.candidates} 人 {serial}",
            occupation_code=wish.occupation_code,
            occupation_name=wish.occupation_name,
            level=wish.level,
            subject="理论知识",
            starts_at_ms=self._clock.now_ms() + lead_ms,
            duration_s=int(wish.minutes * 60) + 600,
            policy=POLICY,
            rows=side,
            cols=side,
        )
        crowd = people(wish.candidates, sorted(self._faces), wish.seed, serial % 700)
        await self.day.plan(wish.site_id, plan, f"R{serial}", f"试考考场 {serial}")
        await self.day.register(plan, crowd, self._faces)
        await self.day.receive_package(wish.package_id)
        await self.day.draw()

    async def _door(self) -> None:
        places = asyncio.Semaphore(AT_THE_DOOR)

        async def admit(one: Admitted) -> None:
            async with places:
                await self.day.admit(one, self._faces[one.person.face].frames[0])

        await asyncio.gather(*(admit(one) for one in self.day.candidates))
        for one in self.day.candidates:
            if one.desk is None:
                raise Refusal("rehearsal.not_seated", ticket_no=one.ticket_no)
            who = SimulatedCandidate(self._http, one.desk, self._clock, self.figures)
            self._seated.append((one, who))

    async def _sit(self, one: Admitted, who: SimulatedCandidate) -> None:
        await who.sign_in()
        await who.show_face(self._faces[one.person.face].frames[0])
        await who.enrol_device()

    async def _until_start(self, wish: Wish) -> None:
        if not self._seated:
            raise Refusal("rehearsal.nobody", wanted=wish.candidates)
        state = await self._seated[0][1].state()
        wait_ms = state["starts_at_ms"] - state["server_ms"]
        await asyncio.sleep(max(0, wait_ms + 50) / 1_000)

    async def _write(
        self, number: int, who: SimulatedCandidate, one: Admitted, ends_ms: int
    ) -> None:
        paper = await who.take_paper()
        items = paper["items"]
        frames = self._faces[one.person.face].frames
        pause_s = max(0.0, (ends_ms - self._clock.now_ms()) / 1_000 / max(1, len(items)))
        order = permutation(who.sitting_id.encode(), "rehearsal", len(items))
        await asyncio.sleep(pause_s * (number % 10) / 10)
        for step, position in enumerate(order):
            item = items[position]
            who.note("item_viewed", item["item_id"])
            who.answer(item["item_id"], choice(item, step + number))
            await who.send()
            if step % 12 == number % 12:
                await self._capture(who, frames[step % len(frames)])
            await asyncio.sleep(max(0.0, pause_s - 0.01))
        held = (await who.take_paper())["answers"]
        self._missing += [f"{who.sitting_id}/{item}" for item in who.missing(held)]
        await who.submit()
        self._submitted += 1

    async def _capture(self, who: SimulatedCandidate, frame: bytes) -> None:
        try:
            await who.capture(frame)
        except Refused as refused:
            if refused.status != 503:
                raise


def choice(item: dict[str, Any], turn: int) -> dict[str, Any]:
    """A valid response: one option, two for multiple choice, words for text."""
    options = sorted(option["id"] for option in item["options"])
    if item["type"] == "short":
        return {"text": f"模拟作答 {turn}: 先检查数据, 再复核标注, 最后记录结论。"}
    if item["type"] == "multiple":
        return {
            "options": sorted({options[turn % len(options)], options[(turn + 1) % len(options)]})
        }
    return {"options": [options[turn % len(options)]]}
