"""The short way takes what is beyond question and hands on everything else as it came."""

import errno
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.types import Message

from kernel.access import KnownSittings, Principal
from kernel.clock import HandClock
from kernel.db import Database
from kernel.errors import Kind, Refusal
from kernel.shortway import Short, Shortened
from kernel.web import JSON_LIMIT_BYTES, install

GOOD = b'{"n": 1}'
REFUSED, FULL, BROKEN = 2, 3, 4


class Known(KnownSittings):
    """Whoever says what he is, is it."""

    async def principal_of(self, token: str) -> Principal:
        if token not in {"sitting", "staff"}:
            raise Refusal("access.token_invalid", Kind.UNAUTHENTICATED)
        return Principal("one", token, {})


def understood(body: bytes) -> int | None:
    try:
        n = json.loads(body)["n"]
    except (ValueError, TypeError):
        return None
    return n if isinstance(n, int) else None


async def shortly(who: Principal, n: int) -> bytes:
    if n == REFUSED:
        raise Refusal("request.base64")
    if n == FULL:
        raise OSError(errno.ENOSPC, "full")
    if n == BROKEN:
        raise ZeroDivisionError
    return json.dumps({"way": "short", "n": n, "who": who.subject}).encode()


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FastAPI]:
    made, clock = Shortened(), HandClock()
    database = Database.open(f"sqlite+aiosqlite:///{tmp_path}/unused.db")
    install(made, database=database, clock=clock, body_limit_bytes=2 * JSON_LIMIT_BYTES)

    @made.post("/save")
    async def declared(request: Request) -> dict[str, Any]:
        return {"way": "declared", "body": (await request.body()).decode()}

    made.shorten(Short("/save", understood, shortly, Known(database, clock)))
    yield made
    await database.close()


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


def headers(who: str = "sitting", kind: str = "application/json") -> dict[str, str]:
    return {"authorization": f"Bearer {who}", "content-type": kind}


async def test_what_is_beyond_question_is_taken(http: httpx.AsyncClient) -> None:
    reply = await http.post("/save", headers=headers(), content=GOOD)
    assert reply.json() == {"way": "short", "n": 1, "who": "one"}
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("given", "body"),
    [
        (headers(), b'{"n": "x"}'),
        (headers(), b'{"n": 1'),
        (headers(), b""),
        (headers(), b"[" * 90 + b"]" * 90),
        (headers("staff"), GOOD),
        (headers("nobody"), GOOD),
        (headers(kind="application/json; charset=utf-8"), GOOD),
        (headers(kind="text/plain"), GOOD),
        ({"content-type": "application/json"}, GOOD),
        ({**headers(), "authorization": "Basic sitting"}, GOOD),
    ],
)
async def test_anything_odd_comes_to_the_declared_endpoint_as_it_was_sent(
    http: httpx.AsyncClient, given: dict[str, str], body: bytes
) -> None:
    reply = await http.post("/save", headers=given, content=body)
    assert reply.json() == {"way": "declared", "body": body.decode()}


async def test_a_body_in_pieces_is_one_body(http: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for byte in GOOD:
            yield bytes([byte])

    reply = await http.post("/save", headers=headers(), content=pieces())
    assert reply.json()["way"] == "short"


@pytest.mark.parametrize(
    ("n", "status", "code"),
    [(REFUSED, 422, "request.base64"), (FULL, 503, "storage.unavailable")],
)
async def test_what_the_endpoint_refuses_is_told_as_everywhere(
    http: httpx.AsyncClient, n: int, status: int, code: str
) -> None:
    reply = await http.post("/save", headers=headers(), content=b'{"n": %d}' % n)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("away", ["sqlite", "postgresql"])
async def test_a_database_that_is_away_when_a_token_is_looked_up_is_told_as_everywhere(
    tmp_path: Path, away: str
) -> None:
    folder = tmp_path / "taken away"
    nobody = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"
    url = nobody if away == "postgresql" else f"sqlite+aiosqlite:///{folder}/some.db"
    database = Database.open(url)
    if away == "sqlite":
        folder.rmdir()
    made, clock = Shortened(), HandClock()
    install(made, database=database, clock=clock, body_limit_bytes=200)
    made.shorten(Short("/save", understood, shortly, KnownSittings(database, clock)))
    transport = httpx.ASGITransport(made)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        reply = await http.post("/save", headers=headers(), content=GOOD)
    await database.close()
    assert (reply.status_code, reply.json()["code"]) == (503, "storage.unavailable")
    assert reply.headers["x-content-type-options"] == "nosniff"


async def test_what_nobody_foresaw_is_not_told_as_a_refusal(http: httpx.AsyncClient) -> None:
    with pytest.raises(ZeroDivisionError):
        await http.post("/save", headers=headers(), content=b'{"n": %d}' % BROKEN)


async def test_a_body_over_the_limit_is_refused_while_it_comes(http: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b" " * 10_000

    reply = await http.post("/save", headers=headers(), content=endless())
    assert (reply.status_code, reply.json()["code"]) == (413, "request.too_large")


@pytest.mark.parametrize(
    ("sizes", "status", "code"),
    [
        ([JSON_LIMIT_BYTES], 200, None),
        ([JSON_LIMIT_BYTES + 1], 413, "request.too_large"),
        ([JSON_LIMIT_BYTES, 1], 413, "request.too_large"),
        ([JSON_LIMIT_BYTES - 1, 65_536], 413, "request.too_large"),
    ],
)
async def test_a_good_body_over_the_limit_of_json_is_refused_also_when_it_has_come_whole(
    app: FastAPI, sizes: list[int], status: int, code: str | None
) -> None:
    pieces = [GOOD.ljust(sizes[0]), *(b" " * size for size in sizes[1:])]
    told: list[Message] = []

    async def receive() -> Message:
        body = pieces.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(pieces)}

    async def send(message: Message) -> None:
        told.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers().items()]
    scope = {"type": "http", "path": "/save", "method": "POST", "headers": raw, "query_string": b""}
    await app(scope, receive, send)
    assert told[0]["status"] == status
    assert json.loads(told[1]["body"]).get("code") == code


async def test_another_method_is_told_so(http: httpx.AsyncClient) -> None:
    reply = await http.get("/save", headers=headers())
    assert reply.status_code == 405


async def test_who_goes_away_in_the_middle_is_not_answered(tmp_path: Path) -> None:
    database = Database.open(f"sqlite+aiosqlite:///{tmp_path}/unused.db")
    begun: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}]

    async def gone() -> Message:
        return begun.pop() if begun else {"type": "http.disconnect"}

    async def never(*_: object) -> None:
        raise AssertionError

    app = Shortened()
    app.shorten(Short("/save", understood, shortly, Known(database, HandClock())))
    await app({"type": "http", "path": "/save", "method": "POST", "headers": []}, gone, never)
    await database.close()
