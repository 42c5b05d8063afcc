"""The exam day's application on a free port, over HTTP and sockets."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
import websockets
from websockets.asyncio.client import ClientConnection, connect

import server.checkin.api
import server.invigilation.api
import server.invigilation.live
import server.sittings.api
import server.sittings.live
from kernel.access import Principal, issue_token
from kernel.shortway import Shortened
from kernel.web import install
from server.sittings.service import Batch
from tests.integration.server.hall import ExamDay, Seated

LIMIT = 1_000_000


class Site:
    """The application on a free port, with a token for whoever asks."""

    def __init__(self, day: ExamDay, http: httpx.AsyncClient, port: int) -> None:
        self.day, self.http, self.port = day, http, port

    async def staff(self, person: Principal) -> dict[str, str]:
        async with self.day.world.database.write() as tx:
            token = await issue_token(
                tx, self.day.clock, subject=person.subject, kind="staff", claims=person.claims,
                valid_s=36_000,
            )  # fmt: skip
        return {"authorization": f"Bearer {token}"}

    def candidate(self, one: Seated) -> dict[str, str]:
        return {"authorization": f"Bearer {one.token}"}

    def socket(self, path: str) -> connect:
        return websockets.connect(f"ws://127.0.0.1:{self.port}{path}", max_size=2**22)


def body_of(batch: Batch) -> dict[str, Any]:
    return {
        "epoch": batch.epoch,
        "first_seq": batch.first_seq,
        "events": [
            {
                "seq": e.seq, "kind": e.kind, "item_id": e.item_id, "response": e.response,
                "client_ms": e.client_ms,
            }
            for e in batch.events
        ],
        "signature_b64": base64.b64encode(batch.signature).decode(),
    }  # fmt: skip


@asynccontextmanager
async def served(day: ExamDay) -> AsyncIterator[Site]:
    app = Shortened()
    install(app, database=day.world.database, clock=day.clock, body_limit_bytes=LIMIT)
    known = app.state.known_sittings
    app.shorten(server.sittings.api.short_way(day.sittings, known))
    app.include_router(server.checkin.api.router(day.desk))
    app.include_router(server.sittings.api.router(day.sittings))
    app.include_router(server.invigilation.api.router(day.room))
    app.router.routes.append(server.sittings.live.route(day.sittings))
    app.router.routes.append(server.invigilation.live.route(day.room))
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="critical", ws="websockets-sansio",
        lifespan="off", timeout_graceful_shutdown=2,
    )  # fmt: skip
    program = uvicorn.Server(config)
    running = asyncio.create_task(program.serve())
    while not program.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
        await asyncio.sleep(0.01)
    port = program.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        yield Site(day, http, port)
    program.should_exit = True
    await running


async def read_until(socket: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 10))
        if message["type"] == kind:
            return message
