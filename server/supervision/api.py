"""Replays over HTTP: take a look with a reason, then moments, frames, pictures and the score."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import refusals, sends, staff
from server.checkin.api import WithReason
from server.supervision.service import Look, Overview, SupervisionService
from server.supervision.service.shapes import (
    CourseBody,
    FrameBody,
    ProofBody,
    course_body,
    frame_body,
    proof_body,
)

Looker = Annotated[Principal, staff(Role.SUPERVISOR, Role.OFFICER, Role.CHIEF)]
MOST_MS = (1 << 53) - 1

ENTRY = refusals(
    replay__running=Kind.FORBIDDEN,
    sessions__not_staffed=Kind.FORBIDDEN,
)
SHOWN = refusals(
    ENTRY,
    replay__look_unknown=Kind.NOT_FOUND,
    replay__look_over=Kind.CONFLICT,
    replay__empty=Kind.NOT_FOUND,
    sitting__form_unknown=Kind.CONFLICT,
    papers__not_released=Kind.CONFLICT,
    ledger__damaged=Kind.UNAVAILABLE,
    ledger__key_missing=Kind.NOT_FOUND,
)


class TakeLook(WithReason):
    """Why somebody looks."""


class LookBody(BaseModel):
    """A look that was taken; it ends at ``until_ms``. ``texts``: whether items may be read."""

    look_id: str
    session_id: str
    sitting_id: str
    seat_no: str
    ticket_no: str
    name_masked: str
    form_code: str
    texts: bool
    at_ms: int
    until_ms: int


class ReplayableBody(BaseModel):
    """A sitting of the session."""

    sitting_id: str
    seat_no: str
    ticket_no: str
    name_masked: str
    started: bool
    submitted: str | None


class LookedBody(BaseModel):
    """A look on record."""

    sitting_id: str
    by_name: str
    reason_code: str
    reason_text: str
    at_ms: int


class OverviewBody(BaseModel):
    """What can be replayed in a session, and who has looked."""

    sittings: list[ReplayableBody]
    looks: list[LookedBody]


def _look(look: Look) -> LookBody:
    row = look.row
    return LookBody(
        look_id=row.id,
        session_id=row.session_id,
        sitting_id=row.sitting_id,
        seat_no=look.seat_no,
        ticket_no=look.ticket_no,
        name_masked=look.name_masked,
        form_code=look.form_code,
        texts=row.texts,
        at_ms=row.at_ms,
        until_ms=row.until_ms,
    )


def _overview(found: Overview) -> OverviewBody:
    return OverviewBody(
        sittings=[
            ReplayableBody(
                sitting_id=one.sitting_id,
                seat_no=one.seat_no,
                ticket_no=one.ticket_no,
                name_masked=one.name_masked,
                started=one.started,
                submitted=one.submitted,
            )
            for one in found.sittings
        ],
        looks=[
            LookedBody(
                sitting_id=one.sitting_id,
                by_name=one.by_name,
                reason_code=one.reason_code,
                reason_text=one.reason_text,
                at_ms=one.at_ms,
            )
            for one in found.looks
        ],
    )


def router(service: SupervisionService) -> APIRouter:
    """The supervision room's endpoints."""
    api = APIRouter(prefix="/api", tags=["supervision"])

    @api.get(
        "/sessions/{session_id}/replays",
        responses=refusals(ENTRY, sessions__unknown=Kind.NOT_FOUND),
    )
    async def overview(principal: Looker, session_id: str) -> OverviewBody:
        return _overview(await service.looks.overview(principal, session_id))

    @api.post(
        "/sittings/{sitting_id}/replay",
        responses=refusals(
            ENTRY,
            sitting__unknown=Kind.NOT_FOUND,
            act__reason_missing=Kind.INVALID,
            act__reason_long=Kind.INVALID,
            ledger__damaged=Kind.UNAVAILABLE,
            ledger__key_missing=Kind.NOT_FOUND,
        ),
    )
    async def take(principal: Looker, sitting_id: str, body: TakeLook) -> LookBody:
        return _look(await service.looks.take(principal, sitting_id, body.reason))

    @api.get("/replays/{look_id}/moments", responses=SHOWN)
    async def moments(principal: Looker, look_id: str) -> CourseBody:
        return course_body(await service.replaying.course(principal, look_id))

    @api.get("/replays/{look_id}/frame", responses=SHOWN)
    async def frame(
        principal: Looker, look_id: str, at_ms: Annotated[int, Query(ge=0, le=MOST_MS)]
    ) -> FrameBody:
        return frame_body(await service.replaying.frame(principal, look_id, at_ms))

    @api.get(
        "/replays/{look_id}/captures/{capture_id}.jpg",
        response_class=Response,
        responses=sends("image/jpeg")
        | refusals(
            SHOWN,
            capture__unknown=Kind.NOT_FOUND,
            replay__picture_gone=Kind.NOT_FOUND,
            replay__picture_differs=Kind.CONFLICT,
        ),
    )
    async def picture(principal: Looker, look_id: str, capture_id: str) -> Response:
        image = await service.replaying.picture(principal, look_id, capture_id)
        return Response(image, media_type="image/jpeg", headers={"cache-control": "no-store"})

    @api.get(
        "/replays/{look_id}/score",
        responses=refusals(
            SHOWN,
            papers__scoring_closed=Kind.CONFLICT,
            marking__not_run=Kind.CONFLICT,
            marking__key_missing=Kind.INVALID,
        ),
    )
    async def score(principal: Looker, look_id: str) -> ProofBody:
        return proof_body(await service.comparing.prove(principal, look_id))

    return api
