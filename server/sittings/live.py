"""The candidate's socket: events in, acknowledgements, state and notices out.

Rules kept here: events take the same way as over HTTP; no database connection is held while the
socket is idle; what is pushed is read from the store when something moved, and nobody reads it
again and again to see whether something did; a slow reader is given
the newest state and no backlog; a device that a newer one replaced is closed with code 4409, at its
hello or as soon as the store says so, and what it says does not count as the candidate.

Close codes: 4401 no valid token, 4400 not understood, 4408 silent, 4409 replaced by a newer device.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from pydantic import ValidationError
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from kernel.access import Principal, principal_of
from kernel.errors import Refusal, RowRefusal
from kernel.shape import faults
from kernel.web import check_plain, error_body
from server.sittings.service import Batch, Following, SittingsService, State
from server.sittings.service.shapes import (
    EventsIn,
    ack_json,
    notice_json,
    quickly_said,
    state_json,
)

HELLO_S = 10.0
SILENT_S = 20.0
SEND_S = 10.0
EDGE_S = 0.05
LONG_S = 3_600.0
"""Where time alone changes nothing; what else changes wakes."""
MESSAGE_LIMIT_BYTES = 256 * 1024


def route(service: SittingsService, path: str = "/api/sitting/live") -> WebSocketRoute:
    """The endpoint for the application's route list."""

    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        with suppress(WebSocketDisconnect):
            await _Talk(service, socket).run()
        if socket.application_state is WebSocketState.CONNECTED:
            with suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(1000)

    return WebSocketRoute(path, endpoint)


class _Talk:
    def __init__(self, service: SittingsService, socket: WebSocket) -> None:
        self._service = service
        self._hall = service.hall
        self._socket = socket
        self._sending = asyncio.Lock()
        self._seen_notices: set[str] = set()
        self._shown: dict[str, Any] = {}
        self._patience_s = LONG_S
        self._following = Following()
        self._replaced = False

    async def run(self) -> None:
        principal = await self._hello()
        if principal is None:
            return
        topic = f"sitting/{principal.subject}"
        async with self._hall.bus.watch(topic) as waker, self._followed(principal.subject):
            state = await self._service.papers.state(principal.subject)
            if self._is_replaced(principal, state):
                await self._socket.close(4409)
                return
            self._heard(principal)
            self._seen_notices = {notice.id for notice in state.notices}
            await self._send({"type": "state", **state_json(state)})
            self._note(state)
            reader = asyncio.create_task(self._read(principal))
            try:
                while not reader.done():
                    waiting = asyncio.create_task(waker.wait(self._patience_s))
                    await asyncio.wait({reader, waiting}, return_when=asyncio.FIRST_COMPLETED)
                    if not waiting.done():
                        waiting.cancel()
                        with suppress(asyncio.CancelledError):
                            await waiting
                        break
                    if not await self._push(principal):
                        break
            finally:
                reader.cancel()
                with suppress(asyncio.CancelledError, WebSocketDisconnect):
                    await reader

    @asynccontextmanager
    async def _followed(self, sitting_id: str) -> AsyncIterator[None]:
        with self._service.changes.follow(sitting_id) as self._following:
            yield

    async def _hello(self) -> Principal | None:
        try:
            async with asyncio.timeout(HELLO_S):
                message = _message(await self._text())
        except TimeoutError:
            await self._socket.close(4408)
            return None
        token = message.get("token") if message.get("type") == "hello" else None
        if not isinstance(token, str):
            await self._socket.close(4400)
            return None
        try:
            check_plain(token)
            async with self._hall.database.read() as session:
                principal = await principal_of(session, self._hall.clock, token)
        except Refusal:
            await self._socket.close(4401)
            return None
        if principal.kind != "sitting":
            await self._socket.close(4401)
            return None
        return principal

    def _is_replaced(self, principal: Principal, state: State) -> bool:
        """Remembered, so that no word of the candidate costs a question."""
        self._replaced = self._hall.is_replaced(state.loaded, principal)
        return self._replaced

    def _heard(self, principal: Principal) -> None:
        if not self._replaced:
            self._hall.presence.touch(principal.subject, self._hall.clock.now_ms())

    async def _push(self, principal: Principal) -> bool:
        """Sends what is new; False when a newer device holds the sitting."""
        state = await self._service.papers.state(principal.subject)
        replaced = self._is_replaced(principal, state)
        for notice in state.notices:
            if notice.id not in self._seen_notices:
                self._seen_notices.add(notice.id)
                await self._send({**notice_json(notice), "type": "notice", "kind": notice.kind})
        if replaced:
            await self._socket.close(4409)
            return False
        before = self._shown
        self._note(state)
        if before != self._shown:
            await self._send({"type": "state", **state_json(state)})
        return True

    def _note(self, state: State) -> None:
        """Remembers what was shown and when time alone will change it."""
        self._following.saw(state)
        self._shown = _telling(state)
        edges = (state.loaded.exam.starts_at_ms, state.deadline_ms)
        ahead = [(edge - state.now_ms) / 1_000 for edge in edges if edge > state.now_ms]
        self._patience_s = min([LONG_S, *ahead]) + EDGE_S

    async def _read(self, principal: Principal) -> None:
        while True:
            try:
                async with asyncio.timeout(SILENT_S):
                    text = await self._text()
            except TimeoutError:
                await self._socket.close(4408)
                return
            self._heard(principal)
            batch = quickly_said(text)
            if batch is not None:
                await self._take(principal, batch, {"first_seq": batch.first_seq})
                continue
            message = _message(text)
            kind = message.get("type")
            if kind == "ping":
                now_ms = self._hall.clock.now_ms()
                await self._send({"type": "pong", "t0": message.get("t0"), "server_ms": now_ms})
            elif kind == "events":
                await self._events(principal, message)
            elif kind == "help":
                await self._service.calls.raise_hand(principal.subject)
            else:
                await self._refused(Refusal("request.malformed", count=1), message)
                await self._socket.close(4400)
                return

    async def _events(self, principal: Principal, message: dict[str, Any]) -> None:
        body = {key: value for key, value in message.items() if key != "type"}
        try:
            check_plain(body)
            batch = EventsIn.model_validate(body).batch()
        except ValidationError as wrong:
            await self._refused(RowRefusal("request.malformed", faults(wrong.errors())), body)
        except Refusal as refused:
            await self._refused(refused, body)
        else:
            await self._take(principal, batch, body)

    async def _take(self, principal: Principal, batch: Batch, body: dict[str, Any]) -> None:
        try:
            acked = await self._service.answers.take(principal, batch)
        except Refusal as refused:
            await self._refused(refused, body)
        else:
            await self._send({"type": "ack", **ack_json(acked)})

    async def _refused(self, refusal: Refusal, body: dict[str, Any]) -> None:
        """The same code and sentences as over HTTP."""
        told = error_body(refusal).model_dump(mode="json")
        first = body.get("first_seq")
        await self._send({"type": "refused", **told, "first_seq": first})

    async def _text(self) -> str:
        """The next message; nothing for one that is too long or no text."""
        try:
            text = await self._socket.receive_text()
        except KeyError:  # bytes
            return ""
        return text if len(text) <= MESSAGE_LIMIT_BYTES else ""

    async def _send(self, message: Mapping[str, Any]) -> None:
        async with self._sending, asyncio.timeout(SEND_S):
            await self._socket.send_text(msgspec.json.encode(message).decode())


def _message(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):  # no JSON, nested without end
        message = None
    return message if isinstance(message, dict) else {"type": "unreadable"}


def _telling(state: State) -> dict[str, Any]:
    """What makes a new state worth sending; an acknowledgement alone does not."""
    row = state.loaded.row
    return {
        "stage": state.stage, "deadline_ms": None if state.stage.value == "paused"
        else state.deadline_ms, "epoch": row.epoch, "seat": row.seat_no,
        "receipt": row.receipt is not None, "starts": state.loaded.exam.starts_at_ms,
    }  # fmt: skip
