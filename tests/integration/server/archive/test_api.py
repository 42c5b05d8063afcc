"""After the exam over HTTP: who may, in which order, and what a wrong step is answered."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

import server.archive.api
import server.marking.api
import server.results.api
from kernel.access import issue_token
from kernel.web import install
from server.archive.service import ArchiveService
from server.marking.service import MarkingService
from server.results.service import ResultsService
from tests.integration.server.after import SESSION, STAFF, Afternoon

HOME = f"/api/sessions/{SESSION}"


class Client:
    """Requests as a member of staff, or as nobody."""

    def __init__(self, http: httpx.AsyncClient, tokens: dict[str, str]) -> None:
        self._http = http
        self._tokens = tokens

    async def __call__(
        self, who: str, method: str, path: str, body: object = None
    ) -> httpx.Response:
        token = self._tokens.get(who)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self._http.request(method, path, json=body, headers=headers)


@pytest.fixture
async def call(hall: Afternoon, unpublished: ArchiveService) -> AsyncIterator[Client]:
    app = FastAPI()
    install(app, database=hall.database, clock=hall.clock, body_limit_bytes=1_000_000)
    marking = MarkingService(hall.database, hall.clock, hall.ledger, hall.keyring, hall.papers)
    results = ResultsService(hall.database, hall.clock, hall.ledger)
    app.include_router(server.marking.api.router(marking))
    app.include_router(server.results.api.router(results))
    app.include_router(server.archive.api.exporting.router(unpublished))
    async with hall.database.write() as tx:
        tokens = {
            name: await issue_token(
                tx, hall.clock, subject=name, kind="staff", claims={"roles": [role.value]},
                valid_s=60,
            )
            for name, role in STAFF.items()
        }  # fmt: skip
        tokens["candidate"] = await issue_token(
            tx, hall.clock, subject="sit_alice", kind="sitting", claims={}, valid_s=60
        )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hall") as http:
        yield Client(http, tokens)


async def test_from_marking_to_the_archive(call: Client) -> None:
    run = (await call("officer", "POST", f"{HOME}/marking/run")).json()
    assert (run["objective"], run["by_hand"], run["waiting"]) == (14, 2, 2)
    for left in (1, 0):
        task = (await call("marker", "GET", f"{HOME}/marking/queue")).json()
        assert set(task) == {"task_id", "stem", "model_answer", "full", "response", "left"}
        done = await call("marker", "POST", f"/api/marking/{task['task_id']}", {"score": "1.5"})
        assert done.json()["left"] == left
    assert (await call("marker", "GET", f"{HOME}/marking/queue")).json() is None
    lines = (await call("chief", "GET", f"{HOME}/results")).json()
    assert {one["name"]: one["state"] for one in lines}["Dora"] == "absent"
    sheet = await call("officer", "GET", f"{HOME}/results.xlsx")
    assert sheet.content[:2] == b"PK"
    assert not (await call("officer", "POST", f"{HOME}/results/publish")).json()["published"]
    again = await call("officer", "POST", f"{HOME}/results/publish")
    assert (again.status_code, again.json()["code"]) == (403, "approval.same_person")
    assert (await call("chief", "POST", f"{HOME}/results/publish")).json()["published"]
    asked = await call("officer", "POST", f"{HOME}/archive")
    assert (asked.status_code, asked.json()["code"]) == (409, "archive.window_open")
    early = {"early_reason": "试考,不设复核期"}
    archive = await call("officer", "POST", f"{HOME}/archive", early)
    assert archive.status_code == 201
    again = await call("chief", "POST", f"{HOME}/archive")
    assert again.status_code == 201, "what is sealed is sealed; a further copy asks nobody"
    file = await call("officer", "GET", f"/api/archives/{archive.json()['archive_id']}/file")
    assert len(file.content) == archive.json()["size_bytes"]
    code = next(one["receipt_code"] for one in lines if one["name"] == "Alice")
    receipt = (await call("nobody", "GET", f"/api/receipts/{code}")).json()
    assert (receipt["found"], receipt["holds"]) == (True, True)
    assert "Alice" not in str(receipt)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{HOME}/marking/run"), ("GET", f"{HOME}/marking/run"),
        ("GET", f"{HOME}/marking/queue"), ("GET", f"{HOME}/marking/progress"),
        ("POST", f"{HOME}/marking/undo"), ("GET", f"{HOME}/results"),
        ("GET", f"{HOME}/results.xlsx"), ("POST", f"{HOME}/results/publish"),
        ("POST", f"{HOME}/archive"), ("GET", f"{HOME}/archives"),
        ("GET", "/api/archives/archive_1/file"),
    ],
)  # fmt: skip
async def test_every_door_is_shut_to_strangers_candidates_and_the_wrong_staff(
    call: Client, method: str, path: str
) -> None:
    assert (await call("nobody", method, path)).status_code == 401
    for who in ("candidate", "invigilator"):
        answer = await call(who, method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.role_missing")
    if not path.endswith(("/file", "/undo", "/queue")):
        answer = await call("outsider", method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "sessions.not_staffed")


async def test_wrong_steps_are_answered_with_words(call: Client) -> None:
    for who, method, path, status, code in (
        ("marker", "GET", f"{HOME}/marking/queue", 409, "marking.not_run"),
        ("officer", "POST", f"{HOME}/results/publish", 409, "sessions.wrong_state"),
        ("officer", "POST", f"{HOME}/archive", 409, "sessions.wrong_state"),
        ("officer", "POST", "/api/sessions/none/marking/run", 404, "sessions.unknown"),
        ("officer", "GET", "/api/archives/none/file", 404, "archive.unknown"),
        ("marker", "POST", f"{HOME}/marking/undo", 409, "marking.nothing_to_undo"),
        ("nobody", "GET", "/api/receipts/ABC", 422, "receipt.code_bad"),
    ):
        answer = await call(who, method, path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert all(answer.json()["message"][language] != code for language in ("zh", "en"))
    bad = await call("marker", "POST", "/api/marking/none", {"score": "1"})
    assert (bad.status_code, bad.json()["code"]) == (404, "marking.task_unknown")
    assert (await call("marker", "POST", "/api/marking/none", {})).status_code == 422
