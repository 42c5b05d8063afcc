"""What staff do about a case and to a sitting, each with its reason."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kernel.errors import Kind
from kernel.web import refusals
from server.checkin.api import WithReason, WithSecond
from server.invigilation.api.asks import ACT, RoomStaff
from server.invigilation.rules import Decision
from server.invigilation.service import InvigilationService


class Decide(WithReason):
    """A person's word on a case."""

    decision: Decision


class Decided(BaseModel):
    """The case after it."""

    incident_id: str
    state: str
    decision: Decision
    decided_by: str


class Warn(BaseModel):
    """A reminder to the candidate."""

    text: str = Field(min_length=1, max_length=500)
    reason_code: str = Field("", max_length=100)


class Extend(WithSecond):
    """补时 in seconds."""

    extend_s: int = Field(gt=0, le=24 * 3_600)


class NewDeadline(BaseModel):
    """The sitting's end as it stands now."""

    deadline_ms: int
    server_ms: int


class Violate(WithSecond):
    """违纪登记."""

    article_id: str = Field(max_length=40)


class Violated(BaseModel):
    """What was recorded; ``evidence`` are the captures it cites."""

    violation_id: str
    authority: str
    evidence: list[str]


class Transfer(WithReason):
    """换机 to this seat."""

    seat_id: str = Field(max_length=64)


class NewSeatNo(BaseModel):
    """Where the candidate goes on."""

    seat_no: str


def add(api: APIRouter, service: InvigilationService) -> None:
    """Adds the acts."""
    _time(api, service)
    acts = service.acts

    @api.post(
        "/incidents/{incident_id}/decide",
        responses=refusals(
            incident__unknown=Kind.NOT_FOUND,
            incident__decided=Kind.CONFLICT,
            incident__decision=Kind.INVALID,
            incident__needs_chief=Kind.FORBIDDEN,
            sessions__not_staffed=Kind.FORBIDDEN,
        ),
    )
    async def decide(principal: RoomStaff, incident_id: str, body: Decide) -> Decided:
        row = await acts.decide(principal, incident_id, body.decision, body.reason)
        return Decided(
            incident_id=row.id,
            state=row.state,
            decision=body.decision,
            decided_by=row.decided_by or "",
        )

    @api.post("/sittings/{sitting_id}/warn", status_code=204, responses=ACT)
    async def warn(principal: RoomStaff, sitting_id: str, body: Warn) -> None:
        await acts.warn(principal, sitting_id, body.text, body.reason_code)

    @api.post("/sittings/{sitting_id}/force-submit", status_code=204, responses=ACT)
    async def force_submit(principal: RoomStaff, sitting_id: str, body: WithSecond) -> None:
        await acts.force_submit(principal, sitting_id, body.reason, body.second)

    @api.post(
        "/sittings/{sitting_id}/violation",
        responses=refusals(
            ACT,
            violation__unknown=Kind.NOT_FOUND,
            violation__inactive=Kind.CONFLICT,
            violation__needs_reminder=Kind.CONFLICT,
            violation__not_applicable=Kind.INVALID,
        ),
    )
    async def violation(principal: RoomStaff, sitting_id: str, body: Violate) -> Violated:
        row = await acts.violation(
            principal, sitting_id, body.article_id, body.reason_text, body.second
        )
        return Violated(violation_id=row.id, authority=row.authority, evidence=row.evidence)

    @api.post(
        "/sittings/{sitting_id}/confirm-face",
        status_code=204,
        responses=refusals(ACT, sitting__face_passed=Kind.CONFLICT),
    )
    async def confirm_face(principal: RoomStaff, sitting_id: str, body: WithReason) -> None:
        await acts.confirm_face(principal, sitting_id, body.reason)

    @api.post(
        "/sittings/{sitting_id}/transfer",
        responses=refusals(
            ACT,
            transfer__taken=Kind.CONFLICT,
            transfer__same=Kind.CONFLICT,
            transfer__seat_unknown=Kind.NOT_FOUND,
        ),
    )
    async def transfer(principal: RoomStaff, sitting_id: str, body: Transfer) -> NewSeatNo:
        seat_no = await acts.transfer(principal, sitting_id, body.seat_id, body.reason)
        return NewSeatNo(seat_no=seat_no)


def _time(api: APIRouter, service: InvigilationService) -> None:
    acts = service.acts

    def ends_at(deadline_ms: int) -> NewDeadline:
        return NewDeadline(deadline_ms=deadline_ms, server_ms=service.hall.clock.now_ms())

    @api.post(
        "/sittings/{sitting_id}/extend",
        responses=refusals(ACT, extend__needs_chief=Kind.FORBIDDEN),
    )
    async def extend(principal: RoomStaff, sitting_id: str, body: Extend) -> NewDeadline:
        return ends_at(
            await acts.extend(principal, sitting_id, body.extend_s, body.reason, body.second)
        )

    @api.post(
        "/sittings/{sitting_id}/pause",
        status_code=204,
        responses=refusals(ACT, sitting__paused=Kind.CONFLICT),
    )
    async def pause(principal: RoomStaff, sitting_id: str, body: WithReason) -> None:
        await acts.pause(principal, sitting_id, body.reason)

    @api.post(
        "/sittings/{sitting_id}/resume",
        responses=refusals(ACT, sitting__not_paused=Kind.CONFLICT),
    )
    async def resume(principal: RoomStaff, sitting_id: str, body: WithReason) -> NewDeadline:
        return ends_at(await acts.resume(principal, sitting_id, body.reason))
