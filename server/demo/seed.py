"""Seeding the demo's world: staff, bank, one finished and archived session, one about to run.

Rules kept here: everything is done through the API; yesterday's session runs on a clock moved by
hand, so that its times are true within its own day.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx
from fastapi import FastAPI

from kernel.clock import Clock, HandClock
from kernel.settings import Settings
from server.app import Services, create_app
from server.demo.ability import ABILITIES_PCT, Learned
from server.demo.bank import OCCUPATIONS, Occupation, fill_bank
from server.demo.people import first_administrator, in_process, staff_and_site
from server.demo.pictures import cast_faces
from server.rehearsal.candidate import SimulatedCandidate
from server.rehearsal.cast import DEMO
from server.rehearsal.day import Admitted, Day, Plan
from server.rehearsal.figures import Figures
from server.rehearsal.roster import Person, id_number, people

GUEST_IDS = (id_number(998), id_number(999))
DAY_MS = 86_400_000
MINUTE_MS = 60_000
YESTERDAYS = 6
TODAYS = 30
OPEN_POLICY = {
    "check_in_opens_s": 7_200,
    "release_opens_s": 3_600,
    "earliest_submit_s": 60,
}


@dataclass(slots=True)
class World:
    """What the demo shows."""

    site_id: str
    packages: dict[str, str]
    archived_session: str
    archive_id: str
    receipt_code: str
    today: Day
    guests: list[Admitted]
    bundle: bytes
    bank_public: bytes


@asynccontextmanager
async def alive(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The application's life span, and a client that calls it without a socket."""
    async with app.router.lifespan_context(app), in_process(app) as http:
        yield http


async def seed(settings: Settings, clock: Clock, starts_in_s: int) -> World:
    """The whole world. The schema must be there.

    ``starts_in_s`` is the least time to the start of today's session; a machine that is slow gets
    more, so that nobody comes late who should not.
    """
    begun_ms = clock.now_ms()
    hand = HandClock(begun_ms - DAY_MS)
    app = create_app(settings, hand)
    async with alive(app) as http:
        services: Services = app.state.services
        await first_administrator(services)
        day = Day(http, DEMO, hand, Figures())
        await day.gather_one(DEMO.administrator)
        site_id = await staff_and_site(day)
        packages = {
            one.folder: await fill_bank(day, one, seed=20261 + n)
            for n, one in enumerate(OCCUPATIONS)
        }
        bundle = await day.call(
            DEMO.bank_keeper.account, "GET", "/api/bank/released/bundle", raw=True
        )
        archive_id, code = await yesterday(day, hand, site_id, packages)
        public = services.bank.signer_public
    app = create_app(settings, clock)
    async with alive(app) as http:
        today = Day(http, DEMO, clock, Figures())
        await today.gather()
        lead_s = max(starts_in_s, 2 * (clock.now_ms() - begun_ms) // 1_000)
        guests = await arrange_today(today, clock, site_id, packages, lead_s)
    return World(site_id, packages, day.session_id, archive_id, code, today, guests, bundle, public)


def plan_of(occupation: Occupation, name: str, starts_at_ms: int, rows: int, cols: int) -> Plan:
    """A demo session of 90 minutes."""
    return Plan(
        name=name,
        occupation_code=occupation.code,
        occupation_name=occupation.name,
        level=occupation.level,
        subject="理论知识",
        starts_at_ms=starts_at_ms,
        duration_s=90 * 60,
        policy=OPEN_POLICY,
        rows=rows,
        cols=cols,
    )


async def yesterday(
    day: Day, hand: HandClock, site_id: str, packages: dict[str, str]
) -> tuple[str, str]:
    """A finished session: gate, paper, answers, marks, results, archive; and one receipt code."""
    occupation = OCCUPATIONS[1]
    faces = cast_faces()
    plan = plan_of(occupation, "昨日场次(已归档)", hand.now_ms() + 30 * MINUTE_MS, 2, 4)
    # A session that is archived on the same day has no time for reviews that archiving could cut.
    plan = replace(plan, policy={**OPEN_POLICY, "publicity_days": 0, "review_apply_days": 0})
    await day.plan(site_id, plan, "KC00", "第 1 考场")
    crowd = people(YESTERDAYS, sorted(faces), b"yesterday", first_serial=700)
    crowd[-1] = replace(crowd[-1], route="manual")
    await day.register(plan, crowd, faces)
    await day.receive_package(packages[occupation.folder])
    await day.draw()
    present = day.candidates[:-1] if crowd[-1].route == "face" else day.candidates
    seated = []
    learned = Learned(day)
    for one in present:
        frame = faces[one.person.face].frames[0] if one.person.route == "face" else None
        await day.admit(one, frame)
        if one.desk is None:
            continue
        who = SimulatedCandidate(day.http, one.desk, hand, day.figures)
        await who.sign_in()
        if frame is not None:
            await who.show_face(frame)
        await who.enrol_device()
        seated.append((one, who))
    await day.release()
    hand.instant_ms = plan.starts_at_ms + 1_000
    for number, (one, who) in enumerate(seated):
        items = (await who.take_paper())["items"]
        ability = ABILITIES_PCT[number % len(ABILITIES_PCT)]
        for item in items[: len(items) - number]:
            given = await learned.response(item, who.sitting_id, ability)
            who.answer(item["item_id"], given)
        await who.send()
        if one.person.route == "face":
            await who.capture(faces[one.person.face].frames[-1])
        hand.advance(minutes=4)
    receipts = [await who.submit() for _, who in seated]
    await _handle_incidents(day)
    await day.close()
    await day.mark()
    hand.advance(minutes=60)
    await day.publish()
    made = await day.archive()
    return str(made["archive_id"]), str(receipts[0]["receipt_code"])


async def _handle_incidents(day: Day) -> None:
    """The chief goes through what is open, as before every closing."""
    chief = DEMO.chief.account
    for one in await day.call(chief, "GET", f"/api/sessions/{day.session_id}/incidents"):
        path = f"/api/incidents/{one['incident_id']}/decide"
        body = {"decision": "dismissed", "reason_text": "已核实,无须处置"}
        await day.call(chief, "POST", path, json=body)


async def arrange_today(
    day: Day, clock: Clock, site_id: str, packages: dict[str, str], starts_in_s: int
) -> list[Admitted]:
    """The running room: everybody admitted but the two guests' seats for whoever tries the demo."""
    occupation = OCCUPATIONS[0]
    faces = cast_faces()
    plan = plan_of(occupation, "今日场次(进行中)", clock.now_ms() + starts_in_s * 1_000, 6, 6)
    await day.plan(site_id, plan, "KC03", "第 3 考场")
    crowd = people(TODAYS, sorted(faces), b"today")
    guests = [
        Person("体验考生甲", "女", GUEST_IDS[0], "obama", route="manual"),
        Person("体验考生乙", "男", GUEST_IDS[1], "obama"),
    ]
    await day.register(plan, [*crowd, *guests], faces)
    await day.receive_package(packages[occupation.folder])
    await day.draw()
    waiting = []
    for one in day.candidates:
        if one.person.id_number == GUEST_IDS[1]:
            waiting.append(one)
            continue
        frame = faces[one.person.face].frames[0] if one.person.route == "face" else None
        await day.admit(one, frame)
        if one.person.id_number == GUEST_IDS[0]:
            waiting.append(one)
    await day.release()
    return waiting
