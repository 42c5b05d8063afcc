"""The rooms before the exam over HTTP: one morning from sign-in to release, and who may do what."""

import hashlib
import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from pypdf import PdfReader

import server.accounts.api
import server.bodies.api
import server.papers.api
import server.registration.api
import server.seating.api
import server.sessions.api
from kernel import web
from kernel.access import Role
from server.seating.rules import commitment, verify_proof
from tests.integration.server.world import (
    PASSPHRASE,
    PASSWORD,
    PIN,
    STARTS_IN_S,
    World,
    portraits_of,
    roster_of,
    seal_package,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def app_of(world: World) -> FastAPI:
    app = FastAPI()
    web.install(app, database=world.database, clock=world.clock, body_limit_bytes=8_000_000)
    for router in (
        server.accounts.api.router(world.accounts),
        server.bodies.api.router(world.bodies),
        server.sessions.api.router(world.sessions),
        server.registration.api.router(world.registration),
        server.papers.api.router(world.papers),
        server.seating.api.router(world.seating),
    ):
        app.include_router(router)
    return app


class Browser:
    """A person at a browser."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self.headers: dict[str, str] = {}
        self.account_id = ""

    async def sign_in(self, account: str) -> None:
        body = {"account": account, "password": PASSWORD}
        reply = await self.client.post("/api/staff/sign-in", json=body)
        assert reply.status_code == 200, reply.text
        self.account_id = reply.json()["account_id"]
        self.headers = {"authorization": f"Bearer {reply.json()['token']}"}

    async def send(self, method: str, path: str, **more: Any) -> Response:
        return await self.client.request(method, f"/api{path}", headers=self.headers, **more)

    async def get(self, path: str) -> Any:
        reply = await self.send("GET", path)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def post(self, path: str, body: Any = None, **more: Any) -> Any:
        reply = await self.send("POST", path, json=body, **more)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None


@pytest.fixture
async def client(world: World) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app_of(world))
    async with AsyncClient(transport=transport, base_url="http://hall.test") as opened:
        yield opened


async def staff(world: World, client: AsyncClient, account: str, *roles: Role) -> Browser:
    await world.person(account, *roles)
    browser = Browser(client)
    await browser.sign_in(account)
    return browser


async def room_of(officer: Browser) -> str:
    body = await officer.post("/bodies", {"code": "B1", "name": "示例机构"})
    site = await officer.post(
        "/sites", {"body_id": body["body_id"], "code": "S1", "name": "考点", "address": "路 1 号"}
    )
    room = await officer.post(
        f"/sites/{site['site_id']}/rooms", {"code": "301", "name": "301", "rows": 2, "cols": 3}
    )
    assert len(room["seats"]) == 6
    room_id: str = room["room_id"]
    return room_id


async def plan(world: World, officer: Browser, room_id: str) -> str:
    session = await officer.post(
        "/sessions",
        {
            "name": "第一场", "occupation_code": "4-04-05-05", "occupation_name": "人工智能训练师",
            "level": 3, "subject": "理论知识", "room_ids": [room_id], "duration_s": 5_400,
            "starts_at_ms": world.clock.now_ms() + STARTS_IN_S * 1_000,
        },
    )  # fmt: skip
    assert session["state"] == "planned"
    session_id: str = session["session_id"]
    return session_id


async def test_a_morning_from_sign_in_to_release(world: World, client: AsyncClient) -> None:
    officer = await staff(world, client, "officer", Role.OFFICER)
    chief = await staff(world, client, "chief", Role.CHIEF)
    holders = [await staff(world, client, f"holder{n}", Role.KEY_HOLDER) for n in (1, 2)]
    room_id = await room_of(officer)
    set_up = await officer.post(f"/rooms/{room_id}/machines/301-02/set-up")
    assert len(set_up["machine_token"]) > 30
    session_id = await plan(world, officer, room_id)
    for who, duty in ((chief, "chief"), *((holder, "key_holder") for holder in holders)):
        await officer.post(
            f"/sessions/{session_id}/staff", {"account_id": who.account_id, "duty": duty}
        )
    assert [s["session_id"] for s in await chief.get("/sessions/mine")] == [session_id]
    keys = {}
    for who in holders:
        holder = await who.post("/papers/holders", {"passphrase": PASSPHRASE + who.account_id})
        keys[holder["holder_id"]] = bytes.fromhex(holder["public_key"])
    sealed = seal_package(keys)
    package = await officer.post(
        f"/sessions/{session_id}/package", files={"file": ("p.zip", sealed.data)}
    )
    assert package["signer_known"] is True
    assert [form["form_code"] for form in package["forms"]] == ["A", "B"]
    files = {
        "roster": ("名册.xlsx", roster_of(5), XLSX),
        "portraits": ("照片.zip", portraits_of(5), "application/zip"),
    }
    dry = await officer.post(
        f"/sessions/{session_id}/candidates/import", files=files, data={"dry_run": "true"}
    )
    assert (dry["accepted"], dry["written"]) == (5, False)
    done = await officer.post(f"/sessions/{session_id}/candidates/import", files=files)
    assert (done["accepted"], done["rejected"], done["rows"]) == (5, 0, [])
    people = await officer.get(f"/sessions/{session_id}/candidates")
    assert people[0]["id_number_masked"].count("*") == 10
    picture = await chief.send("GET", f"/candidates/{people[0]['candidate_id']}/portrait")
    assert picture.headers["content-type"] == "image/jpeg"
    tickets = await officer.send("GET", f"/sessions/{session_id}/tickets.pdf")
    assert len(PdfReader(io.BytesIO(tickets.content)).pages) == 5
    await draw(session_id, chief, officer)
    world.clock.advance(seconds=STARTS_IN_S - 1_800)
    opened = [
        await who.post(
            f"/sessions/{session_id}/release", {"passphrase": PASSPHRASE + who.account_id}
        )
        for who in holders
    ]
    assert [one["open"] for one in opened] == [False, True]
    assert opened[1]["given"] == ["holder1", "holder2"]
    told = await officer.get(f"/sessions/{session_id}/releases")
    assert [(one["part"], one["open"]) for one in told] == [("content", True), ("scoring", False)]
    assert (await officer.get(f"/sessions/{session_id}"))["state"] == "released"
    world.clock.advance(seconds=4_000)
    proof = await chief.get(f"/sessions/{session_id}/draw/proof")
    assert verify_proof(proof) == []
    closed = await chief.post(f"/sessions/{session_id}/close", {"reason_text": "结束"})
    assert closed["state"] == "closed"


async def draw(session_id: str, chief: Browser, officer: Browser) -> None:
    frozen = await officer.post(f"/sessions/{session_id}/draw/freeze")
    parties = {"chief": chief, "officer": officer}
    for party, who in parties.items():
        value = hashlib.sha256(party.encode()).digest()
        kept = commitment(frozen["draw_id"], party, value).hex()
        body = {"party": party, "commitment_hex": kept}
        await who.post(f"/sessions/{session_id}/draw/commitments", body)
    for party, who in parties.items():
        value = hashlib.sha256(party.encode()).digest()
        body = {"party": party, "value_hex": value.hex()}
        shown = await who.post(f"/sessions/{session_id}/draw/reveals", body)
    assert shown["state"] == "revealed"
    assert shown["proof"] is None
    assert shown["seed_hex"] is None
    assert all(one["revealed"] for one in shown["parties"])


async def test_a_faulty_roster_is_told_in_both_languages(world: World, client: AsyncClient) -> None:
    officer = await staff(world, client, "officer", Role.OFFICER)
    session_id = await plan(world, officer, await room_of(officer))
    files = {"roster": ("名册.xlsx", roster_of(2), XLSX)}
    report = await officer.post(f"/sessions/{session_id}/candidates/import", files=files)
    assert report["written"] is False
    assert report["rows"][0]["code"] == "registration.portrait_missing"
    assert "第 2 行「照片」" in report["rows"][0]["message"]["zh"]
    assert "row 2" in report["rows"][0]["message"]["en"]


ANYBODY = frozenset(Role)
MAY: dict[str, frozenset[Role]] = {
    "POST /api/staff/sign-out": ANYBODY,
    "GET /api/staff/me": ANYBODY,
    "GET /api/sessions": ANYBODY,
    "GET /api/sessions/mine": ANYBODY,
    "GET /api/sessions/{session_id}": ANYBODY,
    "GET /api/sessions/{session_id}/staff": ANYBODY,
    "GET /api/sessions/{session_id}/draw": ANYBODY,
    "GET /api/sessions/{session_id}/draw/proof": ANYBODY,
    "GET /api/staff": frozenset({Role.ADMINISTRATOR, Role.OFFICER, Role.CHIEF}),
    "POST /api/staff": frozenset({Role.ADMINISTRATOR}),
    "POST /api/papers/signers": frozenset({Role.ADMINISTRATOR}),
    "POST /api/papers/holders": frozenset({Role.KEY_HOLDER}),
    "POST /api/sessions/{session_id}/release": frozenset({Role.KEY_HOLDER}),
    "POST /api/sessions/{session_id}/scoring-release": frozenset({Role.KEY_HOLDER}),
    "POST /api/sessions/{session_id}/close": frozenset({Role.CHIEF}),
    "POST /api/sessions": frozenset({Role.OFFICER}),
    "POST /api/sessions/{session_id}/staff": frozenset({Role.OFFICER}),
    "POST /api/sessions/{session_id}/package": frozenset({Role.OFFICER}),
    "POST /api/sessions/{session_id}/candidates/import": frozenset({Role.OFFICER}),
    "POST /api/sessions/{session_id}/draw/freeze": frozenset({Role.OFFICER}),
    "POST /api/rooms/{room_id}/machines/{machine_code}/set-up": frozenset({Role.OFFICER}),
    **dict.fromkeys(
        ("POST /api/bodies", "POST /api/sites", "POST /api/sites/{site_id}/rooms"),
        frozenset({Role.OFFICER, Role.ADMINISTRATOR}),
    ),
    **dict.fromkeys(
        ("GET /api/bodies", "GET /api/sites", "GET /api/sites/{site_id}/rooms"),
        frozenset({
            Role.OFFICER, Role.ADMINISTRATOR, Role.CHIEF, Role.INVIGILATOR, Role.SUPERVISOR,
        }),
    ),
    **dict.fromkeys(
        ("GET /api/papers/holders", "GET /api/papers/signers"),
        frozenset({Role.OFFICER, Role.KEY_HOLDER, Role.BANK_KEEPER, Role.ADMINISTRATOR}),
    ),
    **dict.fromkeys(
        ("GET /api/sessions/{session_id}/package", "GET /api/sessions/{session_id}/releases"),
        frozenset({Role.OFFICER, Role.CHIEF, Role.KEY_HOLDER, Role.SUPERVISOR}),
    ),
    **dict.fromkeys(
        (
            "GET /api/sessions/{session_id}/candidates",
            "GET /api/candidates/{candidate_id}/portrait",
            "GET /api/sessions/{session_id}/tickets.pdf",
            "GET /api/candidates/{candidate_id}/ticket.pdf",
        ),
        frozenset({
            Role.OFFICER, Role.CHIEF, Role.INVIGILATOR, Role.SUPERVISOR, Role.AUDITOR,
        }),
    ),
    **dict.fromkeys(
        (
            f"POST /api/sessions/{{session_id}}/draw/{act}"
            for act in ("commitments", "reveals", "fallback", "abort")
        ),
        frozenset({Role.OFFICER, Role.CHIEF}),
    ),
}  # fmt: skip


def endpoints(world: World) -> list[str]:
    found: list[str] = []
    for path, item in app_of(world).openapi()["paths"].items():
        found += [f"{method.upper()} {path}" for method in item]
    return [one for one in found if one != "POST /api/staff/sign-in"]


async def test_every_endpoint_refuses_everybody_it_is_not_for(
    world: World, client: AsyncClient
) -> None:
    assert set(endpoints(world)) == set(MAY)
    stranger = Browser(client)
    for role in Role:
        browser = await staff(world, client, f"as_{role}", role)
        for endpoint in endpoints(world):
            method, path = endpoint.split(" ")
            path = re.sub(r"\{\w+\}", "none", path.removeprefix("/api"))
            if role is Role.MARKER:
                assert (await stranger.send(method, path)).status_code == 401
            if role not in MAY[endpoint]:
                reply = await browser.send(method, path)
                assert reply.status_code == 403, (role, endpoint, reply.text)
                assert reply.json()["code"] == "access.role_missing"


async def test_a_duty_counts_not_the_role_alone(world: World, client: AsyncClient) -> None:
    """The right role without a duty in this session gets nothing that belongs to it."""
    officer = await staff(world, client, "officer", Role.OFFICER)
    session_id = await plan(world, officer, await room_of(officer))
    outsider = await staff(
        world, client, "outsider", Role.CHIEF, Role.INVIGILATOR, Role.KEY_HOLDER, Role.MARKER
    )
    for path in ("", "/staff", "/candidates", "/tickets.pdf", "/package", "/draw"):
        reply = await outsider.send("GET", f"/sessions/{session_id}{path}")
        assert (reply.status_code, reply.json()["code"]) == (403, "sessions.not_staffed"), path
    other = await staff(world, client, "officer2", Role.OFFICER)
    reply = await other.send("POST", f"/sessions/{session_id}/draw/freeze")
    assert reply.json()["code"] == "sessions.not_staffed"
    reply = await other.send("GET", f"/sessions/{session_id}/candidates")
    assert reply.json()["code"] == "sessions.not_staffed"
    reply = await outsider.send("POST", f"/sessions/{session_id}/close", json={})
    assert reply.json()["code"] == "sessions.not_staffed"


async def test_administrators_make_accounts_that_then_sign_in(
    world: World, client: AsyncClient
) -> None:
    await world.accounts.ensure_administrator(account="admin", name="管理员", password=PASSWORD)
    admin = Browser(client)
    await admin.sign_in("admin")
    body = {
        "account": "zhao", "name": "赵", "roles": ["invigilator"], "password": PASSWORD, "pin": PIN,
    }  # fmt: skip
    made = await admin.post("/staff", body)
    assert made["roles"] == ["invigilator"]
    assert (await admin.send("POST", "/staff", json=body)).json()["code"] == "accounts.taken"
    weak = await admin.send(
        "POST", "/staff", json={**body, "account": "b2", "password": "12345678"}
    )
    assert weak.json()["message"]["zh"].startswith("口令至少")
    zhao = Browser(client)
    await zhao.sign_in("zhao")
    assert (await zhao.get("/staff/me"))["name"] == "赵"
    await zhao.post("/staff/sign-out")
    assert (await zhao.send("GET", "/staff/me")).status_code == 401


def test_every_endpoint_of_a_session_declares_its_refusals(world: World) -> None:
    described = app_of(world).openapi()["paths"]
    of_session = {path: item for path, item in described.items() if "{session_id}" in path}
    assert len(of_session) > 12
    for path, item in of_session.items():
        for method, operation in item.items():
            told = [answer for code, answer in operation["responses"].items() if code > "400"]
            assert any("sessions." in answer["description"] for answer in told), (method, path)
