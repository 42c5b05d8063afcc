"""A session made for measuring: staff, one site, one sealed paper, and everybody at a seat.

Rules kept here: everything goes through the API of the program itself, in this process and before
the measured server begins; everybody takes the manual route, because faces are measured on their
own; the clock stands shortly before the session while it is arranged.
"""

from dataclasses import dataclass, replace
from math import ceil, sqrt
from time import perf_counter
from typing import cast

from kernel.clock import Clock, HandClock
from kernel.settings import Settings
from server.app import Services, create_app
from server.demo.bank import OCCUPATIONS, fill_bank
from server.demo.people import first_administrator, staff_and_site
from server.demo.seed import alive
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Admitted, Day, Plan
from server.rehearsal.figures import Figures
from server.rehearsal.roster import people

OCCUPATION = OCCUPATIONS[0]
BEFORE_MS = 20 * 60_000
POLICY = {
    "check_in_opens_s": 7_200, "release_opens_s": 3_600, "earliest_submit_s": 0,
    "late_limit_s": 86_400,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bank:
    """What ``fill`` made; ``took_s`` says how fast this machine is just now."""

    site_id: str
    package_id: str
    took_s: float


@dataclass(frozen=True, slots=True)
class Trial:
    """The arranged session."""

    session_id: str
    starts_at_ms: int
    candidates: list[Admitted]


async def fill(settings: Settings, clock: Clock) -> Bank:
    """Staff, key holders, site and one sealed package. The schema must be there."""
    begun = perf_counter()
    app = create_app(settings, clock)
    async with alive(app) as http:
        await first_administrator(cast("Services", app.state.services))
        day = Day(http, DEMO, clock, Figures())
        await day.gather_one(DEMO.administrator)
        site_id = await staff_and_site(day)
        package_id = await fill_bank(day, OCCUPATION, seed=7)
    return Bank(site_id, package_id, perf_counter() - begun)


async def arrange(settings: Settings, bank: Bank, candidates: int, starts_at_ms: int) -> Trial:
    """The session from plan to released paper, everybody admitted."""
    hand = HandClock(starts_at_ms - BEFORE_MS)
    side = ceil(sqrt(candidates))
    app = create_app(settings, hand)
    async with alive(app) as http:
        day = Day(http, DEMO, hand, Figures())
        await day.gather()
        plan = Plan(
            name="基准场次",
            occupation_code=OCCUPATION.code,
            occupation_name=OCCUPATION.name,
            level=OCCUPATION.level,
            subject="理论知识",
            starts_at_ms=starts_at_ms,
            duration_s=4 * 3_600,
            policy=POLICY,
            rows=side,
            cols=side,
        )
        await day.plan(bank.site_id, plan, "KC90", "基准考场")
        crowd = [replace(one, route="manual") for one in people(candidates, ["none"], b"benchmark")]
        await day.register(plan, crowd, {})
        await day.receive_package(bank.package_id)
        await day.draw()
        for one in day.candidates:
            await day.admit(one, None)
        await day.release()
    return Trial(day.session_id, starts_at_ms, day.candidates)
