"""HTTP: the one place where refusals meet status codes.

Rules kept here: every error has the same body; endpoints declare their codes with ``refusals``;
bodies
over the limit are refused before they are read; pages may load nothing from elsewhere.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from kernel.access import Principal, Role, principal_of
from kernel.clock import Clock
from kernel.db import Database
from kernel.errors import Kind, Refusal, RowError, RowRefusal
from kernel.words import LANGUAGES, say, say_row

STATUS = {
    Kind.INVALID: 422, Kind.UNAUTHENTICATED: 401, Kind.FORBIDDEN: 403, Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409, Kind.TOO_LARGE: 413, Kind.TOO_MANY: 429, Kind.UNAVAILABLE: 503,
}  # fmt: skip


class ErrorRow(BaseModel):
    """One faulty row of an imported file."""

    source: str
    row: int
    field: str
    code: str
    params: dict[str, Any]
    message: dict[str, str]


class ErrorBody(BaseModel):
    """Every error's body: a code for programs, sentences for people."""

    code: str
    kind: str
    params: dict[str, Any]
    message: dict[str, str]
    rows: list[ErrorRow] = []


def row_body(error: RowError) -> ErrorRow:
    """A row error as the API shows it."""
    return ErrorRow(
        source=error.source,
        row=error.row,
        field=error.field,
        code=error.code,
        params=dict(error.params),
        message={lang: say_row(error, lang) for lang in LANGUAGES},
    )


def error_body(refusal: Refusal) -> ErrorBody:
    """A refusal as the API shows it."""
    rows = refusal.rows if isinstance(refusal, RowRefusal) else []
    return ErrorBody(
        code=refusal.code,
        kind=refusal.kind.value,
        params=dict(refusal.params),
        message={lang: say(refusal.code, refusal.params, lang) for lang in LANGUAGES},
        rows=[row_body(row) for row in rows],
    )


def refusals(**codes: Kind) -> dict[int | str, dict[str, Any]]:
    """``responses=`` of an endpoint: its codes (``answer__too_late=Kind.CONFLICT``) by status."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for name, kind in codes.items():
        entry = by_status.setdefault(STATUS[kind], {"model": ErrorBody, "description": ""})
        code = name.replace("__", ".")
        entry["description"] = ", ".join(filter(None, [entry["description"], code]))
    return by_status


async def _principal(request: Request) -> Principal:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal("access.token_invalid", Kind.UNAUTHENTICATED)
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


def _answer(refusal: Refusal) -> JSONResponse:
    return JSONResponse(error_body(refusal).model_dump(), STATUS[refusal.kind])


def install(app: FastAPI, *, database: Database, clock: Clock, body_limit_bytes: int) -> None:
    """Error bodies, security headers, size limit and what ``CurrentPrincipal`` needs."""
    app.state.database = database
    app.state.clock = clock

    @app.exception_handler(Refusal)
    async def _refused(_: Request, refusal: Refusal) -> JSONResponse:
        return _answer(refusal)

    @app.exception_handler(RequestValidationError)
    async def _malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        rows = [
            RowError(0, ".".join(map(str, e["loc"])), "request.field", {"detail": e["msg"]})
            for e in error.errors()
        ]
        return _answer(RowRefusal("request.malformed", rows))

    @app.exception_handler(ClientDisconnect)
    async def _gone(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=400)  # nobody is there to read it

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 404:
            return _answer(Refusal("request.not_found", Kind.NOT_FOUND))
        return JSONResponse(error_body(Refusal("request.method")).model_dump(), error.status_code)

    app.add_middleware(_Guard, body_limit_bytes=body_limit_bytes)


_HEADERS = [
    (b"content-security-policy",
     (b"default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
      b"style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; frame-ancestors 'none'")),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(self), microphone=(self), geolocation=()"),
]  # fmt: skip


class _Guard:
    """ASGI: refuses over-long bodies while they arrive and adds the security headers."""

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
        seen = 0
        too_large = Refusal("request.too_large", Kind.TOO_LARGE, limit_bytes=self._limit)

        async def counted() -> MutableMapping[str, Any]:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise too_large
            return message

        async def dressed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_HEADERS]
            await send(message)

        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._limit:
            await _answer(too_large)(scope, receive, dressed)
            return
        await self._app(scope, counted, dressed)
