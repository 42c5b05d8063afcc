"""A short way into an endpoint that is asked thousands of times a second.

Rules kept here: the short way takes only what is beyond question, and gives it to the declared
endpoint's own function; a request with anything odd about it (token, type, shape, text) goes on to
the declared endpoint, with the body that was read, and is answered there. So there is one set of
checks and one set of answers, and what the framework does for every other request is left out
here.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from pydantic import BaseModel
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Message, Receive, Scope, Send

from kernel.access import KnownSittings, Principal
from kernel.web import check_plain

M = TypeVar("M", bound=BaseModel)

_WENT_ON = "gongyuan.went_on"


class ShortWay(BaseRoute, Generic[M]):
    """POST of a JSON ``model`` to exactly ``path``, by a sitting whose token is known.

    Goes before all others in the router's list.
    """

    def __init__(
        self,
        path: str,
        model: type[M],
        endpoint: Callable[[Principal, M], Awaitable[Response]],
        known: KnownSittings,
    ) -> None:
        self.path = path
        self._model = model
        self._endpoint = endpoint
        self._known = known

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Only once for each request: whatever went on is not taken again."""
        mine = (
            scope["type"] == "http"
            and scope["path"] == self.path
            and scope["method"] == "POST"
            and _WENT_ON not in scope
        )
        return (Match.FULL if mine else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises what the endpoint raises, and ClientDisconnect."""
        body = await _read(receive)
        found = await self._understood(scope, body)
        if found is None:
            scope[_WENT_ON] = True
            await scope["router"].app(scope, _again(body, receive), send)
            return
        response = await self._endpoint(*found)
        await response(scope, receive, send)

    async def _understood(self, scope: Scope, body: bytes) -> tuple[Principal, M] | None:
        headers = dict(scope["headers"])
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme != b"Bearer" or headers.get(b"content-type") != b"application/json":
            return None
        try:
            principal = await self._known.principal_of(token.decode())
            given = json.loads(body)
            check_plain(given)
            if principal.kind == "sitting":
                return principal, self._model.model_validate(given)
        except Exception:  # noqa: BLE001 - whatever is wrong is said where the others are told
            return None
        return None


async def _read(receive: Receive) -> bytes:
    pieces, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever comes."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
