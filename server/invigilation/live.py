"""The wall's socket: the projection whenever something moved, at most once a second.

Rules kept here: what is sent is read from the store at that moment; a tick every two seconds says
that the wall is alive; a watcher who loses the duty or the token is cut off (close code 4401).
"""

import asyncio
import json
from contextlib import suppress
from typing import Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from kernel.access import Principal, principal_of
from kernel.errors import Refusal
from kernel.web import check_plain
from server.invigilation.service import InvigilationService

HELLO_S = 10.0
TICK_S = 2.0
SPACING_S = 1.0
SEND_S = 10.0
# Outages and answers heard in memory only show without a move.
REREAD_TICKS = 2


def route(
    service: InvigilationService,
    path: str = "/api/sessions/{session_id}/rooms/{room_id}/wall/live",
) -> WebSocketRoute:
    """The endpoint for the application's route list."""

    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        with suppress(WebSocketDisconnect, TimeoutError):
            await _Watch(service, socket).run()
        if socket.application_state is WebSocketState.CONNECTED:
            with suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(1000)

    return WebSocketRoute(path, endpoint)


class _Watch:
    def __init__(self, service: InvigilationService, socket: WebSocket) -> None:
        self._service = service
        self._socket = socket
        self._session_id = socket.path_params["session_id"]
        self._room_id = socket.path_params["room_id"]

    async def run(self) -> None:
        token = await self._hello()
        if token is None:
            return
        topics = (f"room/{self._session_id}/{self._room_id}", f"session/{self._session_id}")
        async with self._service.hall.bus.watch(*topics) as waker:
            listening = asyncio.create_task(self._until_gone())
            try:
                ticks = REREAD_TICKS
                while not listening.done():
                    if ticks >= REREAD_TICKS:
                        ticks = 0
                        if not await self._show(token):
                            return
                        await asyncio.wait({listening}, timeout=SPACING_S)
                        if listening.done():
                            return
                    if await waker.wait(TICK_S):
                        ticks = REREAD_TICKS
                    else:
                        ticks += 1
                        now_ms = self._service.hall.clock.now_ms()
                        await self._send({"type": "tick", "server_ms": now_ms})
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError, WebSocketDisconnect):
                    await listening

    async def _hello(self) -> str | None:
        try:
            message = json.loads(await asyncio.wait_for(self._socket.receive_text(), HELLO_S))
            check_plain([message, self._session_id, self._room_id])
        except (KeyError, ValueError, RecursionError, Refusal):  # bytes, no JSON, no sound text
            message = None
        token = message.get("token") if isinstance(message, dict) else None
        if not isinstance(token, str) or message.get("type") != "hello":
            await self._socket.close(4400)
            return None
        return token

    async def _show(self, token: str) -> bool:
        try:
            principal = await self._principal(token)
            wall = await self._service.wall.wall(principal, self._session_id, self._room_id)
        except Refusal:
            await self._socket.close(4401)
            return False
        await self._send({"type": "wall", **wall})
        return True

    async def _principal(self, token: str) -> Principal:
        hall = self._service.hall
        async with hall.database.read() as session:
            return await principal_of(session, hall.clock, token)

    async def _until_gone(self) -> None:
        while True:
            with suppress(KeyError):  # bytes are as welcome as words: nobody listens
                await self._socket.receive_text()

    async def _send(self, message: dict[str, Any]) -> None:
        await asyncio.wait_for(self._socket.send_text(json.dumps(message)), SEND_S)
