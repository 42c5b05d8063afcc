"""The same route with a constant handler: what framework, event loop and connection can do at all.

A program of the benchmark, ``python -m server.rehearsal.bench.constant --host H --port P
[--declared]``, and never a part of the product: the answer route over HTTP and the socket with the
product's own middleware, the same body read the same way, and always the same acknowledgement.
Nothing is checked, stored or signed.
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import msgspec
import uvicorn
from fastapi import Body, FastAPI, Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from kernel import web
from kernel.access import KnownSittings, Principal
from kernel.clock import SystemClock
from kernel.db import Database
from kernel.settings import Settings
from kernel.shortway import Short, Shortened
from server.sittings.service import Batch
from server.sittings.service.shapes import AckShown, EventsIn, quickly, quickly_said

_ACK = AckShown(
    origin="bench.invalid/ledger",
    stream_id="sitting/sitting_00000000000000000000000000",
    epoch=1,
    acked_through=1,
    head_hex="00" * 32,
    server_ms=1_700_000_000_000,
    frame_b64="A" * 200,
    signature_b64="A" * 88,
    deadline_ms=1_700_000_000_000,
)


def create_app(folder: Path, *, declared: bool = False) -> FastAPI:
    """The application; ``folder`` holds the database that nobody asks. ``declared`` leaves the
    short way out.
    """
    app = Shortened(docs_url=None, redoc_url=None)
    database = Database.open(f"sqlite+aiosqlite:///{folder}/unused.db")
    limit_bytes = Settings().http.body_limit_bytes
    web.install(app, database=database, clock=SystemClock(), body_limit_bytes=limit_bytes)

    if declared:

        @app.post("/api/sitting/events", response_model=AckShown)
        async def events(body: Annotated[EventsIn, Body()]) -> Response:
            return Response(await _events(_ANYBODY, body.batch()), media_type="application/json")
    else:
        known = _Anybody(database, SystemClock())
        app.shorten(Short("/api/sitting/events", quickly, _events, known))

    @app.get("/healthz")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    app.router.routes.append(WebSocketRoute("/api/sitting/live", _live))
    return app


_ANYBODY = Principal("anybody", "sitting", {})


class _Anybody(KnownSittings):
    """Nobody is looked up."""

    async def principal_of(self, _token: str) -> Principal:
        return _ANYBODY


async def _events(_: Principal, __: Batch) -> bytes:
    return msgspec.json.encode(_ACK)


async def _live(socket: WebSocket) -> None:
    await socket.accept()
    sending = asyncio.Lock()
    try:
        while True:
            async with asyncio.timeout(20.0):
                text = await socket.receive_text()
            reply = {"type": "ack", **_ACK} if quickly_said(text) else _reply(json.loads(text))
            async with sending, asyncio.timeout(10.0):
                await socket.send_text(msgspec.json.encode(reply).decode())
    except (WebSocketDisconnect, TimeoutError):
        return


def _reply(message: dict[str, Any]) -> dict[str, Any]:
    return {"type": {"hello": "state", "ping": "pong"}[message["type"]]}


def main() -> None:
    """Serve until a signal."""
    command = argparse.ArgumentParser()
    command.add_argument("--host", required=True)
    command.add_argument("--port", type=int, required=True)
    command.add_argument("--declared", action="store_true")
    chosen = command.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Path(folder), declared=chosen.declared)
        uvicorn.run(app, host=chosen.host, port=chosen.port, **web.SERVING)


if __name__ == "__main__":
    main()
