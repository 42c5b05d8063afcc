"""Holds and the destruction of a session's keys over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import refusals, staff
from ledger.erasure import Erasure, Hold
from server.archive.service.erasing import Erasing

Holder = Annotated[Principal, staff(Role.OFFICER, Role.SUPERVISOR)]
Officer = Annotated[Principal, staff(Role.OFFICER)]
Looker = Annotated[Principal, staff(Role.OFFICER, Role.SUPERVISOR, Role.CHIEF)]


class ReasonIn(BaseModel):
    """Why."""

    reason_text: str = Field(max_length=500)


class OrderIn(ReasonIn):
    """Who may agree: ids of members of staff, none of them who orders."""

    approvers: list[str] = Field(max_length=9)


class HoldBody(BaseModel):
    """A hold; it stands while nobody lifted it."""

    hold_id: str
    reason_text: str
    issued_by: str
    issued_at_ms: int
    lifted_by: str | None
    lifted_at_ms: int | None


class ErasureBody(BaseModel):
    """An order; ``state`` is ordered, approved, sequenced, erased or withdrawn."""

    erasure_id: str
    session_id: str
    reason_text: str
    ordered_by: str
    ordered_at_ms: int
    needed: int
    approvers: list[str]
    agreed: list[str]
    state: str
    erased_at_ms: int | None
    withdrawn_by: str | None
    withdrawn_at_ms: int | None


class StandingBody(BaseModel):
    """Every hold, and the order that stands, or else the last that was withdrawn."""

    holds: list[HoldBody]
    erasure: ErasureBody | None


def router(service: Erasing) -> APIRouter:
    """The endpoints."""
    api = APIRouter(prefix="/api", tags=["erasure"])

    @api.get("/sessions/{session_id}/erasure", responses=refusals(sessions__unknown=Kind.NOT_FOUND))
    async def standing(principal: Looker, session_id: str) -> StandingBody:
        holds, erasure = await service.standing(principal, session_id)
        return StandingBody(
            holds=[_hold(one) for one in holds],
            erasure=None if erasure is None else _erasure(erasure),
        )

    @api.post(
        "/sessions/{session_id}/holds",
        status_code=201,
        responses=refusals(
            sessions__unknown=Kind.NOT_FOUND,
            erasure__reason=Kind.INVALID,
            erasure__erased=Kind.CONFLICT,
        ),
    )
    async def hold(principal: Holder, session_id: str, body: ReasonIn) -> HoldBody:
        return _hold(await service.hold(principal, session_id, body.reason_text))

    @api.post(
        "/holds/{hold_id}/lift",
        responses=refusals(
            erasure__hold_unknown=Kind.NOT_FOUND,
            erasure__hold_lifted=Kind.CONFLICT,
            erasure__lifts_own_order=Kind.FORBIDDEN,
            erasure__reason=Kind.INVALID,
        ),
    )
    async def lift(principal: Holder, hold_id: str, body: ReasonIn) -> HoldBody:
        return _hold(await service.lift(principal, hold_id, body.reason_text))

    _orders(api, service)
    return api


def _orders(api: APIRouter, service: Erasing) -> None:
    @api.post(
        "/sessions/{session_id}/erasure",
        status_code=201,
        responses=refusals(
            sessions__unknown=Kind.NOT_FOUND,
            ledger__not_sealed=Kind.CONFLICT,
            erasure__reason=Kind.INVALID,
            erasure__approvers=Kind.INVALID,
            erasure__approver_unfit=Kind.INVALID,
            erasure__lifted_hold=Kind.FORBIDDEN,
            erasure__ordered=Kind.CONFLICT,
            erasure__erased=Kind.CONFLICT,
            erasure__held=Kind.CONFLICT,
        ),
    )
    async def order(principal: Officer, session_id: str, body: OrderIn) -> ErasureBody:
        return _erasure(
            await service.order(principal, session_id, body.reason_text, body.approvers)
        )

    @api.post(
        "/erasures/{erasure_id}/agree",
        responses=refusals(
            erasure__unknown=Kind.NOT_FOUND,
            erasure__not_approver=Kind.FORBIDDEN,
            erasure__agreed=Kind.CONFLICT,
            erasure__held=Kind.CONFLICT,
            erasure__erased=Kind.CONFLICT,
            erasure__lifted_hold=Kind.FORBIDDEN,
            erasure__withdrawn=Kind.CONFLICT,
        ),
    )
    async def agree(principal: Looker, erasure_id: str) -> ErasureBody:
        return _erasure(await service.agree(principal, erasure_id))

    @api.post(
        "/erasures/{erasure_id}/withdraw",
        responses=refusals(
            erasure__unknown=Kind.NOT_FOUND,
            erasure__reason=Kind.INVALID,
            erasure__withdrawn=Kind.CONFLICT,
            erasure__begun=Kind.CONFLICT,
        ),
    )
    async def withdraw(principal: Officer, erasure_id: str, body: ReasonIn) -> ErasureBody:
        return _erasure(await service.withdraw(principal, erasure_id, body.reason_text))

    @api.post(
        "/erasures/{erasure_id}/run",
        responses=refusals(
            erasure__unknown=Kind.NOT_FOUND,
            erasure__withdrawn=Kind.CONFLICT,
            erasure__not_approved=Kind.CONFLICT,
            erasure__held=Kind.CONFLICT,
            erasure__not_covered=Kind.UNAVAILABLE,
        ),
    )
    async def run(principal: Officer, erasure_id: str) -> ErasureBody:
        return _erasure(await service.run(principal, erasure_id))

    @api.get(
        "/erasures/{erasure_id}/statement.json",
        response_class=Response,
        responses=refusals(erasure__unknown=Kind.NOT_FOUND, erasure__not_erased=Kind.CONFLICT),
    )
    async def statement(principal: Looker, erasure_id: str) -> Response:
        """The destruction record (销毁记录) under the log's signature."""
        found = await service.statement(principal, erasure_id)
        return Response(found.to_bytes(), media_type="application/json")


def _hold(one: Hold) -> HoldBody:
    return HoldBody(
        hold_id=one.hold_id,
        reason_text=one.reason,
        issued_by=one.issued_by,
        issued_at_ms=one.issued_at_ms,
        lifted_by=one.lifted_by,
        lifted_at_ms=one.lifted_at_ms,
    )


def _erasure(one: Erasure) -> ErasureBody:
    return ErasureBody(
        erasure_id=one.erasure_id,
        session_id=one.session_id,
        reason_text=one.reason,
        ordered_by=one.ordered_by,
        ordered_at_ms=one.ordered_at_ms,
        needed=one.needed,
        approvers=list(one.approvers),
        agreed=sorted(one.agreed),
        state=one.state.value,
        erased_at_ms=one.erased_at_ms,
        withdrawn_by=one.withdrawn_by,
        withdrawn_at_ms=one.withdrawn_at_ms,
    )
