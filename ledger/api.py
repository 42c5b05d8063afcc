"""The log over HTTP: what C2SP tlog-tiles serves, the log's key, and cosignatures in.

Rules kept here: everything given out is public: names of streams, numbers and hashes, nothing that
a header does not tell; a tile or bundle is given only as far as a signed checkpoint covers it; what
comes in is paced before a byte of it is looked at.
"""

from fastapi import APIRouter, Request, Response

from kernel.db import Database
from kernel.errors import Kind, Refusal
from kernel.pacing import Pace
from kernel.web import Place, refusals
from ledger.tree.note import NOTE_LIMIT_BYTES
from ledger.tree.reading import Tree
from ledger.tree.tiles import parse_number

_TEXT = "text/plain; charset=utf-8"
_FOR_EVER = "public, max-age=31536000, immutable"
_MOMENT = "public, max-age=1"


def router(database: Database, tree: Tree, pace: Pace) -> APIRouter:
    """The log's prefix is ``/log``; ``pace`` is that of cosignatures."""
    api = APIRouter(prefix="/log", tags=["log"])

    @api.get(
        "/checkpoint", response_class=Response, responses=refusals(log__not_there=Kind.NOT_FOUND)
    )
    async def checkpoint() -> Response:
        async with database.read() as session:
            head = await tree.newest(session)
        if head is None:
            raise Refusal("log.not_there", Kind.NOT_FOUND)
        return Response(head.note, media_type=_TEXT, headers={"cache-control": _MOMENT})

    @api.get("/key", response_class=Response)
    async def key() -> Response:
        """The verifier key; compare it with the one that was published elsewhere."""
        return Response(tree.key.text() + "\n", media_type=_TEXT)

    @api.get(
        "/tile/entries/{path:path}",
        response_class=Response,
        responses=refusals(log__not_there=Kind.NOT_FOUND),
    )
    async def entries(path: str) -> Response:
        number, width = _number(path)
        async with database.read() as session:
            return _octets(await tree.entries(session, number, width))

    @api.get(
        "/tile/{level}/{path:path}",
        response_class=Response,
        responses=refusals(log__not_there=Kind.NOT_FOUND),
    )
    async def tile(level: int, path: str) -> Response:
        number, width = _number(path)
        if not 0 <= level < 8:
            raise Refusal("log.not_there", Kind.NOT_FOUND)
        async with database.read() as session:
            return _octets(await tree.tile(session, level, number, width))

    @api.post(
        "/cosignatures",
        responses=refusals(
            witness__note_bad=Kind.INVALID,
            witness__unknown=Kind.FORBIDDEN,
            witness__checkpoint_unknown=Kind.CONFLICT,
            witness__too_many=Kind.TOO_MANY,
        ),
    )
    async def cosignatures(request: Request, place: Place) -> dict[str, int]:
        """A checkpoint with a witness's line under it (a signed note as text)."""
        pace.take(place)
        body = await request.body()
        if len(body) > NOTE_LIMIT_BYTES:
            raise Refusal("request.too_large", Kind.TOO_LARGE, limit_bytes=NOTE_LIMIT_BYTES)
        try:
            text = body.decode()
        except UnicodeDecodeError as wrong:
            raise Refusal("witness.note_bad", detail="UTF-8") from wrong
        async with database.write() as session:
            return {"new": await tree.take_cosignature(session, text)}

    return api


def _number(path: str) -> tuple[int, int]:
    try:
        number, width = parse_number(path)
    except ValueError as wrong:
        raise Refusal("log.not_there", Kind.NOT_FOUND) from wrong
    if number >> 40:
        raise Refusal("log.not_there", Kind.NOT_FOUND)
    return number, width


def _octets(data: bytes | None) -> Response:
    if data is None:
        raise Refusal("log.not_there", Kind.NOT_FOUND)
    headers = {"cache-control": _FOR_EVER}
    return Response(data, media_type="application/octet-stream", headers=headers)
