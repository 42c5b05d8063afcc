"""The candidate's API: sign-in at the seat, state, face, device, paper, events, hand-in, small
pictures.

Captures and recording segments are the invigilation room's.
"""

from functools import partial
from typing import Annotated

import msgspec
from fastapi import APIRouter, Body, Request, Response
from pydantic import BaseModel, Field

from kernel.access import KnownSittings, Principal
from kernel.errors import Kind, Refusal
from kernel.shortway import Short
from kernel.web import CurrentSitting, KnownSitting, refusals, sends, takes
from server.checkin.rules import Advice
from server.sittings.service import Batch, FinalState, SittingsService
from server.sittings.service.shapes import (
    AckShown,
    EventsIn,
    PaperShown,
    ReceiptShown,
    StateShown,
    ack_json,
    from_base64,
    paper_json,
    quickly,
    receipt_json,
    state_json,
    to_base64,
)

IMAGE_LIMIT_BYTES = 4 * 1024 * 1024
THUMBNAIL_LIMIT_BYTES = 256 * 1024
JPEG = b"\xff\xd8\xff"


class SignIn(BaseModel):
    """The two numbers and the machine's own token."""

    ticket_no: str = Field(max_length=64)
    id_number: str = Field(max_length=64)
    machine_token: str = Field(max_length=200)


class SignedInBody(BaseModel):
    """The device comes next: ``epoch_pending``."""

    token: str
    sitting_id: str
    epoch_pending: bool


class FaceBody(BaseModel):
    """What the second match advises."""

    advice: Advice
    reason: str | None
    hint_code: str
    passed: bool
    tries: int


class DeviceIn(BaseModel):
    """P-256 public key, 65 bytes uncompressed, base64."""

    public_key_b64: str = Field(max_length=200)


class DeviceBody(BaseModel):
    """The epoch and what checks acknowledgements."""

    epoch: int
    origin: str
    stream_id: str
    server_key_b64: str


class SubmitIn(BaseModel):
    """The final state under the device's signature (``client-final`` frame)."""

    epoch: int = Field(ge=1)
    last_seq: int = Field(ge=0)
    state_hash_hex: str = Field(pattern="^[0-9a-f]{64}$")
    signature_b64: str = Field(max_length=200)


async def picture(request: Request, limit_bytes: int) -> bytes:
    """A JPEG body. Raises ``request.too_large``, ``request.not_jpeg``."""
    data = await request.body()
    if len(data) > limit_bytes:
        raise Refusal("request.too_large", Kind.TOO_LARGE, limit_bytes=limit_bytes)
    if not data.startswith(JPEG):
        raise Refusal("request.not_jpeg")
    return data


async def take_events(service: SittingsService, who: Principal, batch: Batch) -> bytes:
    """The acknowledgement as JSON. Its shape is typed where it is made; the framework need not look
    at it once more.
    """
    return msgspec.json.encode(ack_json(await service.answers.take(who, batch)))


def short_way(service: SittingsService, known: KnownSittings) -> Short[Batch]:
    """The way of a save that is beyond question; every other comes to ``router``'s endpoint."""
    return Short("/api/sitting/events", quickly, partial(take_events, service), known)


def router(service: SittingsService) -> APIRouter:
    """The candidate's endpoints."""
    api = APIRouter(prefix="/api/sitting", tags=["sitting"])

    @api.post(
        "/sign-in",
        responses=refusals(
            gate__unknown=Kind.FORBIDDEN,
            gate__machine_unknown=Kind.FORBIDDEN,
            accounts__locked=Kind.TOO_MANY,
            gate__not_admitted=Kind.FORBIDDEN,
            gate__wrong_machine=Kind.FORBIDDEN,
            gate__too_late=Kind.FORBIDDEN,
            gate__already_open=Kind.CONFLICT,
            gate__finished=Kind.CONFLICT,
        ),
    )
    async def sign_in(body: SignIn) -> SignedInBody:
        done = await service.entry.sign_in(body.ticket_no, body.id_number, body.machine_token)
        return SignedInBody(
            token=done.token, sitting_id=done.sitting_id, epoch_pending=done.epoch_pending
        )

    @api.get("/state", responses=refusals(sitting__unknown=Kind.NOT_FOUND))
    async def state(principal: CurrentSitting) -> StateShown:
        found = await service.papers.state(principal.subject)
        service.hall.heard(found.loaded, principal)
        return state_json(found)

    @api.get(
        "/portrait",
        response_class=Response,
        responses=sends("image/jpeg") | refusals(registration__no_portrait=Kind.NOT_FOUND),
    )
    async def portrait(principal: CurrentSitting) -> Response:
        image = await service.portrait(principal.subject)
        return Response(image, media_type="image/jpeg", headers={"cache-control": "no-store"})

    @api.post(
        "/face",
        openapi_extra=takes("image/jpeg"),
        responses=refusals(request__not_jpeg=Kind.INVALID, request__too_large=Kind.TOO_LARGE),
    )
    async def face(principal: CurrentSitting, request: Request) -> FaceBody:
        done = await service.entry.face(principal, await picture(request, IMAGE_LIMIT_BYTES))
        return FaceBody(
            advice=Advice(done.advice), reason=done.reason, hint_code=done.hint_code,
            passed=done.passed, tries=done.tries,
        )  # fmt: skip

    @api.post(
        "/device",
        responses=refusals(
            device__bad_key=Kind.INVALID,
            request__base64=Kind.INVALID,
            gate__face_open=Kind.FORBIDDEN,
            gate__finished=Kind.CONFLICT,
            answer__stale_epoch=Kind.CONFLICT,
        ),
    )
    async def device(principal: CurrentSitting, body: DeviceIn) -> DeviceBody:
        made = await service.entry.device(principal, from_base64(body.public_key_b64))
        return DeviceBody(
            epoch=made.epoch, origin=made.origin, stream_id=made.stream_id,
            server_key_b64=to_base64(made.server_key),
        )  # fmt: skip

    @api.get(
        "/paper",
        responses=refusals(
            answer__too_early=Kind.CONFLICT,
            answer__too_late=Kind.CONFLICT,
            answer__stale_epoch=Kind.CONFLICT,
            sitting__paused=Kind.CONFLICT,
            sitting__closed=Kind.CONFLICT,
            gate__face_open=Kind.FORBIDDEN,
            paper__form_differs=Kind.CONFLICT,
        ),
    )
    async def paper(principal: CurrentSitting, response: Response) -> PaperShown:
        response.headers["cache-control"] = "no-store"
        return paper_json(await service.papers.paper(principal))

    @api.post(
        "/events",
        response_model=AckShown,
        responses=refusals(
            answer__too_late=Kind.CONFLICT,
            answer__too_early=Kind.CONFLICT,
            answer__stale_epoch=Kind.CONFLICT,
            answer__item_unknown=Kind.NOT_FOUND,
            request__base64=Kind.INVALID,
            events__empty=Kind.INVALID,
            events__kind=Kind.INVALID,
            events__order=Kind.INVALID,
            response__shape=Kind.INVALID,
            ledger__bad_event=Kind.INVALID,
            ledger__signature=Kind.INVALID,
            ledger__too_large=Kind.TOO_LARGE,
            ledger__device_unknown=Kind.CONFLICT,
            ledger__gap=Kind.CONFLICT,
            ledger__conflict=Kind.CONFLICT,
            ledger__busy=Kind.UNAVAILABLE,
            ledger__not_stored=Kind.UNAVAILABLE,
            paper__form_differs=Kind.CONFLICT,
            sitting__closed=Kind.CONFLICT,
            sitting__paused=Kind.CONFLICT,
        ),
    )
    async def events(principal: KnownSitting, body: Annotated[EventsIn, Body()]) -> Response:
        acked = await take_events(service, principal, body.batch())
        return Response(acked, media_type="application/json")

    @api.post(
        "/submit",
        responses=refusals(
            submit__too_early=Kind.CONFLICT,
            submit__behind=Kind.CONFLICT,
            submit__signature=Kind.INVALID,
            request__base64=Kind.INVALID,
            answer__stale_epoch=Kind.CONFLICT,
            sitting__paused=Kind.CONFLICT,
        ),
    )
    async def submit(principal: CurrentSitting, body: SubmitIn) -> ReceiptShown:
        final = FinalState(
            body.epoch, body.last_seq, bytes.fromhex(body.state_hash_hex),
            from_base64(body.signature_b64),
        )  # fmt: skip
        return receipt_json(await service.submitting.submit(principal, final))

    @api.post(
        "/thumbnail",
        status_code=204,
        openapi_extra=takes("image/jpeg"),
        responses=refusals(
            request__not_jpeg=Kind.INVALID,
            request__too_large=Kind.TOO_LARGE,
            answer__stale_epoch=Kind.CONFLICT,
        ),
    )
    async def thumbnail(principal: CurrentSitting, request: Request) -> None:
        await service.show(principal, await picture(request, THUMBNAIL_LIMIT_BYTES))

    return api
