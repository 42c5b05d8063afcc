"""The candidate's camera: captures and pieces of the recording."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from kernel.errors import Kind, Refusal
from kernel.web import CurrentSitting, refusals, takes
from server.invigilation.service import InvigilationService

CAPTURE_LIMIT_BYTES = 4 * 1024 * 1024
SEGMENT_LIMIT_BYTES = 16 * 1024 * 1024
Instant = Annotated[int, Query(ge=0, lt=1 << 53)]


class CaptureTaken(BaseModel):
    """When the next capture is due."""

    next_in_s: int


class SegmentStored(BaseModel):
    """The piece that is stored; the same one sent twice is stored once."""

    stored: bool
    index: int


def add(api: APIRouter, service: InvigilationService) -> None:
    """Adds the camera's endpoints."""

    @api.post(
        "/sitting/captures",
        status_code=202,
        openapi_extra=takes("image/jpeg"),
        responses=refusals(
            capture__not_now=Kind.CONFLICT,
            capture__time=Kind.INVALID,
            request__empty=Kind.TOO_LARGE,
            request__too_large=Kind.TOO_LARGE,
        ),
    )
    async def capture(
        principal: CurrentSitting, request: Request, taken_at_ms: Instant
    ) -> CaptureTaken:
        image = await _body(request, CAPTURE_LIMIT_BYTES)
        next_in_s = await service.captures.capture(principal, image, taken_at_ms)
        return CaptureTaken(next_in_s=next_in_s)

    @api.post(
        "/sitting/segments",
        openapi_extra=takes("video/webm"),
        responses=refusals(
            capture__not_now=Kind.CONFLICT,
            segment__bad_hash=Kind.INVALID,
            segment__bad_time=Kind.INVALID,
            request__empty=Kind.TOO_LARGE,
            request__too_large=Kind.TOO_LARGE,
        ),
    )
    async def segment(
        principal: CurrentSitting, request: Request,
        index: Annotated[int, Query(ge=0, le=1_000_000)], t0_ms: Instant,
        t1_ms: Instant,
        sha256: Annotated[str, Query(pattern="^[0-9a-fA-F]{64}$")],
    ) -> SegmentStored:  # fmt: skip
        data = await _body(request, SEGMENT_LIMIT_BYTES)
        stored = await service.captures.segment(
            principal, index=index, t0_ms=t0_ms, t1_ms=t1_ms, sha256=sha256.lower(), data=data
        )
        return SegmentStored(stored=True, index=stored)


async def _body(request: Request, limit_bytes: int) -> bytes:
    declared = request.headers.get("content-length", "")
    data = b"" if declared.isdigit() and int(declared) > limit_bytes else await request.body()
    if not data or len(data) > limit_bytes:
        code = "request.empty" if not data and declared == "0" else "request.too_large"
        raise Refusal(code, Kind.TOO_LARGE, limit_bytes=limit_bytes)
    return data
