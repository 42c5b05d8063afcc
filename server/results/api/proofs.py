"""Proof files and printed receipts over HTTP: for the public by code, the candidate, the room."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Response

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import CurrentSitting, Place, refusals, sends, staff
from server.results.api.portal import Own
from server.results.service.proving import Printed, ProofFile, Proving
from server.results.service.sheet import receipt_pdf

PROOF_TYPE = "text/plain; charset=utf-8"
PDF = "application/pdf"
Printer = Annotated[Principal, staff(Role.INVIGILATOR, Role.CHIEF, Role.OFFICER)]

PROOF = refusals(receipt__unknown=Kind.NOT_FOUND, receipt__not_covered=Kind.CONFLICT)
BY_CODE = refusals(PROOF, receipt__code_bad=Kind.INVALID, receipt__too_many=Kind.TOO_MANY)
SHEET = refusals(
    PROOF,
    registration__unknown=Kind.NOT_FOUND,
    sessions__unknown=Kind.NOT_FOUND,
    printing__no_font=Kind.UNAVAILABLE,
)
STAFFED = refusals(SHEET, sessions__not_staffed=Kind.FORBIDDEN, sitting__unknown=Kind.NOT_FOUND)
TEXT, PAPER = sends("text/plain"), sends(PDF)


def _file(proof: ProofFile) -> Response:
    name = f'attachment; filename="{proof.code}.tlog-proof"'
    return Response(
        proof.text.encode(), media_type=PROOF_TYPE, headers={"Content-Disposition": name}
    )


def proofs_router(proving: Proving) -> APIRouter:
    """Everything is answered once a checkpoint covers the submission."""
    api = APIRouter(prefix="/api", tags=["receipts"])

    def printed(sheets: Sequence[Printed]) -> Response:
        return Response(receipt_pdf(sheets, proving.font_path), media_type=PDF)

    @api.get(
        "/receipts/{code}/proof",
        response_class=Response,
        responses=TEXT | BY_CODE,
    )
    async def by_code(place: Place, code: str) -> Response:
        return _file(await proving.by_code(code, address=place))

    @api.get("/sitting/receipt.tlog-proof", response_class=Response, responses=TEXT | PROOF)
    async def at_seat(principal: CurrentSitting) -> Response:
        return _file(await proving.own(principal.subject))

    @api.get("/portal/receipt.tlog-proof", response_class=Response, responses=TEXT | PROOF)
    async def own(principal: Own) -> Response:
        return _file(await proving.own(principal.subject))

    @api.get("/portal/receipt.pdf", response_class=Response, responses=PAPER | SHEET)
    async def own_sheet(principal: Own) -> Response:
        return printed([await proving.own_sheet(principal.subject)])

    @api.get(
        "/sittings/{sitting_id}/receipt.pdf",
        response_class=Response,
        responses=PAPER | STAFFED,
    )
    async def sheet(principal: Printer, sitting_id: str) -> Response:
        return printed([await proving.sheet(principal, sitting_id)])

    @api.get(
        "/sessions/{session_id}/rooms/{room_id}/receipts.pdf",
        response_class=Response,
        responses=PAPER | STAFFED,
    )
    async def sheets(principal: Printer, session_id: str, room_id: str) -> Response:
        return printed(await proving.sheets(principal, session_id, room_id))

    return api
