"""A short way around the framework for an endpoint that is asked thousands of times a second.

Rules kept here: the short way takes only what is beyond question, and gives it to the declared
endpoint's own function; a request with anything odd about it (token, type, shape, text, size) goes
on to the declared endpoint, with the body that was read, and is answered there. So there is one set
of checks and one set of answers, and what the framework does for every other request is left out
here. Its answers have the headers of all answers, and what fails is told as everywhere.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.access import KnownSittings, Principal
from kernel.errors import Refusal
from kernel.web import HEADERS, JSON_LIMIT_BYTES, answer_to

T = TypeVar("T")

_JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Short(Generic[T]):
    """POST of JSON to exactly ``path``, by a sitting whose token is known.

    ``understand`` returns None for a body with anything odd about it; ``endpoint`` returns the
    answer's JSON.
    """

    path: str
    understand: Callable[[bytes], T | None]
    endpoint: Callable[[Principal, T], Awaitable[bytes]]
    known: KnownSittings


class Shortened(FastAPI):
    """An application that may have a short way around everything of the framework."""

    _around: ASGIApp | None = None

    def shorten(self, short: Short[Any]) -> None:
        """From now on; raises nothing."""
        self._around = _ShortWay(super().__call__, short)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._around or super().__call__)(scope, receive, send)


class _ShortWay:
    def __init__(self, app: ASGIApp, short: Short[Any]) -> None:
        self._app = app
        self._short = short

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["path"] != self._short.path
            or scope["method"] != "POST"
        ):
            await self._app(scope, receive, send)
            return
        read = await _read(receive)
        if read is None:
            return  # whoever asked has gone
        long = read.get("more_body") or len(read["body"]) > JSON_LIMIT_BYTES
        try:
            found = None if long else await self._understood(scope, read["body"])
            body = None if found is None else await self._short.endpoint(*found)
        except Exception as failed:
            answer = answer_to(failed)
            if answer is None:
                raise
            answer.raw_headers += HEADERS
            await answer(scope, receive, send)
            return
        if body is None:
            await self._app(scope, _again(read, receive), send)
            return
        length = (b"content-length", b"%d" % len(body))
        start = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": [length, _JSON, *HEADERS]})
        await send({"type": "http.response.body", "body": body})

    async def _understood(self, scope: Scope, body: bytes) -> tuple[Principal, Any] | None:
        token = kind = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                token = value
            elif name == b"content-type":
                kind = value
        if kind != _JSON[1] or not token.startswith(b"Bearer ") or not token.isascii():
            return None
        given = self._short.understand(body)
        if given is None:
            return None
        try:
            principal = await self._short.known.principal_of(token[7:].decode())
        except Refusal:
            return None  # said where the others are told
        return (principal, given) if principal.kind == "sitting" else None


async def _read(receive: Receive) -> Message | None:
    """The body in one message, or as much of a long one as shows that it is too long."""
    message = await receive()
    pieces = [message.get("body", b"")]
    while message.get("more_body") and sum(map(len, pieces)) <= JSON_LIMIT_BYTES:
        message = await receive()
        pieces.append(message.get("body", b""))
    if message["type"] == "http.disconnect":
        return None
    more = message.get("more_body", False)
    return {"type": "http.request", "body": b"".join(pieces), "more_body": more}


def _again(read: Message, receive: Receive) -> Receive:
    """What was read once more, then whatever comes."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return read

    return replayed
