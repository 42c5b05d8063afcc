"""HTTP: the one place where refusals meet status codes.

Rules kept here: every error has the same body; endpoints declare their codes with ``refusals``;
bodies over the limit are refused before they are read; pages may load nothing from elsewhere; a
database or disk that fails is said in words, whatever the request.
"""

import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from math import isfinite
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from kernel.access import KnownSittings, Principal, Role, principal_of
from kernel.clock import Clock
from kernel.db import Database, is_given_up, is_storage_fault
from kernel.errors import Kind, Refusal, RowError, RowRefusal
from kernel.pacing import place_of
from kernel.shape import faults
from kernel.words import Sentence, say_row, sentence

STATUS = {
    Kind.INVALID: 422, Kind.UNAUTHENTICATED: 401, Kind.FORBIDDEN: 403, Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409, Kind.TOO_LARGE: 413, Kind.TOO_MANY: 429, Kind.UNAVAILABLE: 503,
}  # fmt: skip


_log = logging.getLogger(__name__)
SERVING: dict[str, Any] = {
    "ws": "websockets-sansio",
    "log_level": "warning",
    "access_log": False,
}
"""How uvicorn runs an application, whichever it is."""
JSON_LIMIT_BYTES = 1024 * 1024
EXACT_MOST = (1 << 53) - 1
_UNPRINTED = re.compile("[\\x00\\ud800-\\udfff]")


async def _place(request: Request) -> str:
    return place_of(request.client.host if request.client else "")


Place = Annotated[str, Depends(_place)]
"""Where a request comes from, as ``kernel.pacing`` counts it."""


class ErrorRow(BaseModel):
    """One faulty row of an imported file."""

    source: str
    row: int
    field: str
    code: str
    params: dict[str, Any]
    message: Sentence


class ErrorBody(BaseModel):
    """Every error's body: a code for programs, sentences for people."""

    code: str
    kind: str
    params: dict[str, Any]
    message: Sentence
    rows: list[ErrorRow]


def row_body(error: RowError) -> ErrorRow:
    """A row error as the API shows it."""
    return ErrorRow(
        source=error.source,
        row=error.row,
        field=error.field,
        code=error.code,
        params=dict(error.params),
        message=Sentence(zh=say_row(error, "zh"), en=say_row(error, "en")),
    )


def error_body(refusal: Refusal) -> ErrorBody:
    """A refusal as the API shows it."""
    rows = refusal.rows if isinstance(refusal, RowRefusal) else []
    return ErrorBody(
        code=refusal.code,
        kind=refusal.kind.value,
        params=dict(refusal.params),
        message=sentence(refusal.code, refusal.params),
        rows=[row_body(row) for row in rows],
    )


Responses = dict[int | str, dict[str, Any]]


def refusals(*shared: Responses, **codes: Kind) -> Responses:
    """``responses=`` of an endpoint: its codes (``answer__too_late=Kind.CONFLICT``) by status.

    ``shared`` are the results of other calls, whose codes it has too.
    """
    by_status: dict[int | str, list[str]] = {}
    for status, entry in (pair for one in shared for pair in one.items()):
        by_status.setdefault(status, []).extend(entry["description"].split(", "))
    for name, kind in codes.items():
        by_status.setdefault(STATUS[kind], []).append(name.replace("__", "."))
    return {status: _refused_with(sorted(set(found))) for status, found in by_status.items()}


def _refused_with(codes: list[str]) -> dict[str, Any]:
    narrower = {
        "type": "object",
        "properties": {"code": {"type": "string", "enum": codes}},
        "required": ["code"],
    }
    schema = {"allOf": [{"$ref": "#/components/schemas/ErrorBody"}, narrower]}
    return {"description": ", ".join(codes), "content": {"application/json": {"schema": schema}}}


def sends(media_type: str) -> Responses:
    """``responses=`` of an endpoint with ``response_class=Response`` that answers with a file."""
    return {200: {"content": {media_type: {}}}}


def takes(media_type: str) -> dict[str, Any]:
    """``openapi_extra=`` of an endpoint that reads its body as it comes."""
    return {"requestBody": {"required": True, "content": {media_type: {}}}}


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal("access.token_invalid", Kind.UNAUTHENTICATED)
    return token


async def _principal(request: Request) -> Principal:
    token = _token(request)
    database: Database = request.app.state.database
    clock: Clock = request.app.state.clock
    async with database.read() as session:
        return await principal_of(session, clock, token)


CurrentPrincipal = Annotated[Principal, Depends(_principal)]


def staff(*roles: Role) -> Any:
    """A dependency: staff with one of the roles."""

    async def check(principal: CurrentPrincipal) -> Principal:
        principal.need(*roles)
        return principal

    return Depends(check)


async def _sitting(principal: CurrentPrincipal) -> Principal:
    if principal.kind != "sitting":
        raise Refusal("access.role_missing", Kind.FORBIDDEN, needed="candidate")
    return principal


CurrentSitting = Annotated[Principal, Depends(_sitting)]


async def _known_sitting(request: Request) -> Principal:
    known: KnownSittings = request.app.state.known_sittings
    return await _sitting(await known.principal_of(_token(request)))


KnownSitting = Annotated[Principal, Depends(_known_sitting)]
"""As its token was a moment ago; only for what asks again in its own transaction."""


def check_plain(value: Any, at: str = "body") -> None:
    """Raises ``request.malformed`` for what no database can hold: a NUL or half a character in a
    text, a whole number that others cannot read exactly (RFC 7493), a number that is none.
    """
    waiting = [(at, value)]
    while waiting:
        where, one = waiting.pop()
        if isinstance(one, dict):
            waiting += [(f"{where} (key)", key) for key in one]
            waiting += [(f"{where}.{key}", inner) for key, inner in one.items()]
        elif isinstance(one, list):
            waiting += [(f"{where}.{number}", inner) for number, inner in enumerate(one)]
        elif (detail := _unplain(one)) is not None:
            row = RowError(0, _UNPRINTED.sub("?", where)[:200], "request.field", {"detail": detail})
            raise RowRefusal("request.malformed", [row])


def _unplain(value: object) -> str | None:
    if isinstance(value, str) and (found := _UNPRINTED.search(value)):
        return f"text with U+{ord(found[0]):04X}"
    if isinstance(value, int) and abs(value) > EXACT_MOST:
        return f"beyond ±{EXACT_MOST}"
    if isinstance(value, float) and not isfinite(value):
        return "not a number"
    return None


async def _plain(request: Request) -> None:
    for name, text in (*request.path_params.items(), *request.query_params.multi_items()):
        check_plain(text, name)
    # What the framework has read for the endpoint already, and only that.
    read = vars(request)
    check_plain(read.get("_json"))
    form = read.get("_form")
    for name, given in form.multi_items() if form else ():
        check_plain(given if isinstance(given, str) else given.filename or "", name)


def answer_to(failed: Exception) -> JSONResponse | None:
    """What is answered to a refusal, a database or a disk that fails; None to any other error."""
    if isinstance(failed, Refusal):
        return _answer(failed)
    if isinstance(failed, SQLAlchemyError | OSError) and is_storage_fault(failed):
        _log.error("the storage failed", exc_info=failed)
        return _answer(Refusal("storage.unavailable", Kind.UNAVAILABLE))
    if isinstance(failed, SQLAlchemyError) and is_given_up(failed):
        _log.warning("the database gave a transaction up for another", exc_info=failed)
        return _answer(Refusal("storage.given_up", Kind.UNAVAILABLE))
    return None


def _answer(refusal: Refusal) -> JSONResponse:
    return JSONResponse(error_body(refusal).model_dump(), STATUS[refusal.kind])


def install(app: FastAPI, *, database: Database, clock: Clock, body_limit_bytes: int) -> None:
    """Error bodies, security headers, size limit and what ``CurrentPrincipal`` needs."""
    app.state.database = database
    app.state.clock = clock
    app.state.known_sittings = KnownSittings(database, clock)
    app.router.dependencies.append(Depends(_plain))
    # Whatever else goes wrong anywhere (token, shape of the request) has the same body.
    app.router.responses["default"] = {"model": ErrorBody, "description": "Refused"}

    @app.exception_handler(RequestValidationError)
    async def _malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        return _answer(RowRefusal("request.malformed", faults(error.errors())))

    @app.exception_handler(Refusal)
    @app.exception_handler(SQLAlchemyError)
    @app.exception_handler(OSError)
    async def _told(_: Request, failed: Exception) -> JSONResponse:
        answer = answer_to(failed)
        if answer is None:
            raise failed
        return answer

    @app.exception_handler(ClientDisconnect)
    async def _gone(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=400)  # nobody is there to read it

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error.__cause__, Refusal):  # the framework met it while it read the body
            return _answer(error.__cause__)
        if error.status_code == 400:
            return _answer(Refusal("request.malformed", count=0))
        if error.status_code == 404:
            return _answer(Refusal("request.not_found", Kind.NOT_FOUND))
        return JSONResponse(error_body(Refusal("request.method")).model_dump(), error.status_code)

    app.add_middleware(_Guard, body_limit_bytes=body_limit_bytes)


HEADERS = [
    (b"content-security-policy",
     (b"default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
      b"style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; frame-ancestors 'none'")),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(self), microphone=(self), geolocation=()"),
]  # fmt: skip
"""What every answer tells the browser."""


class _Guard:
    """ASGI: refuses over-long bodies while they arrive and adds the security headers. JSON has a
    closer limit than files, because it is read whole before anybody is asked who sends it.
    """

    def __init__(self, app: Any, body_limit_bytes: int) -> None:
        self._app = app
        self._limit = body_limit_bytes

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, seen, limit = dict(scope["headers"]), 0, self._limit
        if b"json" in headers.get(b"content-type", b"").lower():
            limit = min(limit, JSON_LIMIT_BYTES)
        too_large = Refusal("request.too_large", Kind.TOO_LARGE, limit_bytes=limit)

        async def counted() -> MutableMapping[str, Any]:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise too_large
            return message

        async def dressed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            await _answer(too_large)(scope, receive, dressed)
            return
        await self._app(scope, counted, dressed)
