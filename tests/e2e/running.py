"""A session that is under way: everybody drawn, admitted and seated, the paper released.

Rules kept here: it is arranged on a clock moved by hand that stands in the past, so that a server
with the real clock finds it running and no test waits for T0.
"""

import asyncio
from dataclasses import dataclass, replace

from kernel.clock import HandClock, SystemClock
from server.app import create_app
from server.demo.seed import alive
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Admitted, Day, Plan
from server.rehearsal.faces import load_faces
from server.rehearsal.figures import Figures
from server.rehearsal.roster import people
from tests.e2e.worlds import OCCUPATION, Seeded, settings_of

MINUTE_MS = 60_000
FIVE_HOURS_S = 5 * 3_600
POLICY = {
    "check_in_opens_s": 7_200, "release_opens_s": 3_600, "earliest_submit_s": 0,
    "late_limit_s": 86_400,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Running:
    """The session and its candidates, each with the slip of the desk."""

    session_id: str
    room_id: str
    candidates: list[Admitted]


def arrange(
    seeded: Seeded, candidates: int, database_url: str = "", *, ends_in_s: int = FIVE_HOURS_S - 600,
    late_data_s: int = 600, more: dict[str, int] | None = None, starts_in_s: int = -600,
    room: str = "21", at_the_door: int = 0, released: bool = True,
) -> Running:  # fmt: skip
    """Every third candidate is on the face route, the others on the manual one. Blocks.

    ``ends_in_s`` and ``starts_in_s`` count from this call; ``more`` are further numbers of the
    policy; the last ``at_the_door`` candidates have not been at the desk yet. Without ``released``
    the holders have not given their shares.
    """
    policy = {**POLICY, "late_data_s": late_data_s, **(more or {})}
    times = (starts_in_s, ends_in_s - starts_in_s)
    rest = (policy, room, at_the_door, released)
    return asyncio.run(_arrange(seeded, candidates, database_url, times, *rest))


async def _arrange(
    seeded: Seeded, candidates: int, database_url: str, times: tuple[int, int],
    policy: dict[str, int], room: str, at_the_door: int, released: bool,
) -> Running:  # fmt: skip
    starts_in_s, duration_s = times
    hand = HandClock(SystemClock().now_ms() - 30 * MINUTE_MS)
    app = create_app(settings_of(seeded.data, database_url), hand)
    faces = load_faces()
    async with alive(app) as http:
        day = Day(http, DEMO, hand, Figures())
        await day.gather()
        plan = Plan(
            name="断电场次",
            occupation_code=OCCUPATION.code,
            occupation_name=OCCUPATION.name,
            level=OCCUPATION.level,
            subject="理论知识",
            starts_at_ms=hand.now_ms() + 30 * MINUTE_MS + starts_in_s * 1_000,
            duration_s=duration_s,
            policy=policy,
            rows=4,
            cols=8,
        )
        await day.plan(seeded.site_id, plan, f"KC{room}", f"第 {room} 考场")
        crowd = [
            replace(one, route="face" if number % 3 == 0 else "manual")
            for number, one in enumerate(people(candidates, sorted(faces), b"power cut"))
        ]
        await day.register(plan, crowd, faces)
        await day.receive_package(seeded.package_id)
        await day.draw()
        for one in day.candidates[: candidates - at_the_door]:
            frame = faces[one.person.face].frames[0] if one.person.route == "face" else None
            await day.admit(one, frame)
        if released:
            await day.release()
    return Running(day.session_id, day.room_id, day.candidates)
