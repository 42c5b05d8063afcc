"""Holds and the destruction of a session's keys over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Response

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import refusals, sends, staff
from server.archive.api.shapes import (
    ErasureBody,
    HoldBody,
    OrderIn,
    ReasonIn,
    StandingBody,
    erasure_body,
    hold_body,
    standing_body,
)
from server.archive.service.destruction_sheet import destruction_pdf
from server.archive.service.erasing import Erasing

Holder = Annotated[Principal, staff(Role.OFFICER, Role.SUPERVISOR)]
Officer = Annotated[Principal, staff(Role.OFFICER)]
Looker = Annotated[Principal, staff(Role.OFFICER, Role.SUPERVISOR, Role.CHIEF)]


def router(service: Erasing) -> APIRouter:
    """The endpoints."""
    api = APIRouter(prefix="/api", tags=["erasure"])

    @api.get("/sessions/{session_id}/erasure", responses=refusals(sessions__unknown=Kind.NOT_FOUND))
    async def standing(principal: Looker, session_id: str) -> StandingBody:
        return standing_body(await service.standing(principal, session_id))

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
        placed = await service.hold(principal, session_id, body.reason_text)
        return hold_body(placed, await service.names_in_hold(placed))

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
        lifted = await service.lift(principal, hold_id, body.reason_text)
        return hold_body(lifted, await service.names_in_hold(lifted))

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
        made = await service.order(principal, session_id, body.reason_text, body.approvers)
        return erasure_body(await service.told(made))

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
        return erasure_body(await service.told(await service.agree(principal, erasure_id)))

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
        made = await service.withdraw(principal, erasure_id, body.reason_text)
        return erasure_body(await service.told(made))

    _carrying_out(api, service)


def _carrying_out(api: APIRouter, service: Erasing) -> None:
    @api.post(
        "/erasures/{erasure_id}/sequence",
        responses=refusals(
            erasure__unknown=Kind.NOT_FOUND,
            erasure__withdrawn=Kind.CONFLICT,
            erasure__not_approved=Kind.CONFLICT,
            erasure__held=Kind.CONFLICT,
        ),
    )
    async def sequence(principal: Officer, erasure_id: str) -> ErasureBody:
        """The order into the log; nothing is destroyed yet, and it is not withdrawn any more."""
        return erasure_body(await service.told(await service.sequence(principal, erasure_id)))

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
        return erasure_body(await service.told(await service.run(principal, erasure_id)))

    @api.get(
        "/erasures/{erasure_id}/statement.json",
        response_class=Response,
        responses=refusals(erasure__unknown=Kind.NOT_FOUND, erasure__not_erased=Kind.CONFLICT),
    )
    async def statement(principal: Looker, erasure_id: str) -> Response:
        """The destruction record (销毁记录) under the log's signature."""
        found = await service.statement(principal, erasure_id)
        return Response(found.to_bytes(), media_type="application/json")

    @api.get(
        "/erasures/{erasure_id}/statement.pdf",
        response_class=Response,
        responses=sends("application/pdf")
        | refusals(
            erasure__unknown=Kind.NOT_FOUND,
            erasure__not_erased=Kind.CONFLICT,
            printing__no_font=Kind.UNAVAILABLE,
        ),
    )
    async def sheet(principal: Looker, erasure_id: str) -> Response:
        """The same on paper, its QR code the signed record."""
        made = await service.printed(principal, erasure_id)
        return Response(destruction_pdf(made, service.font_path), media_type="application/pdf")
