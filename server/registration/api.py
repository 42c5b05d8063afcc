"""Candidates, rosters and tickets over HTTP."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Response, UploadFile
from pydantic import BaseModel

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import ErrorRow, refusals, row_body, sends, staff
from server.registration.rules import Route
from server.registration.service import RegistrationService

Officer = Annotated[Principal, staff(Role.OFFICER)]
Reader = Annotated[
    Principal, staff(Role.OFFICER, Role.CHIEF, Role.INVIGILATOR, Role.SUPERVISOR, Role.AUDITOR)
]
PDF = sends("application/pdf")
SEEN = refusals(
    sessions__unknown=Kind.NOT_FOUND,
    sessions__not_staffed=Kind.FORBIDDEN,
    registration__unknown=Kind.NOT_FOUND,
)


class RosterImportBody(BaseModel):
    """What an import did, or on a dry run would do; ``rows`` are faults with place and remedy."""

    accepted: int
    rejected: int
    written: bool
    rows: list[ErrorRow]
    warnings: list[ErrorRow]


class CandidateBody(BaseModel):
    """A candidate as staff see one."""

    candidate_id: str
    sitting_id: str
    ticket_no: str
    name: str
    gender: str
    id_type: str
    id_number_masked: str
    employer: str
    route: Route
    extra_time_pct: int
    portrait: bool


def router(service: RegistrationService) -> APIRouter:
    """Registration's endpoints."""
    api = APIRouter(prefix="/api", tags=["registration"])

    @api.post(
        "/sessions/{session_id}/candidates/import",
        responses=refusals(
            sessions__unknown=Kind.NOT_FOUND,
            sessions__not_staffed=Kind.FORBIDDEN,
            sessions__roster_frozen=Kind.CONFLICT,
            registration__workbook_bad=Kind.INVALID,
            registration__header_missing=Kind.INVALID,
            registration__too_many_rows=Kind.INVALID,
            registration__zip_bad=Kind.INVALID,
            registration__zip_bomb=Kind.INVALID,
            registration__portraits_bad=Kind.INVALID,
            registration__raced=Kind.CONFLICT,
        ),
    )
    async def import_roster(
        principal: Officer,
        session_id: str,
        roster: Annotated[UploadFile, File()],
        portraits: Annotated[UploadFile | None, File()] = None,
        dry_run: Annotated[bool, Form()] = False,
        partial: Annotated[bool, Form()] = False,
    ) -> RosterImportBody:
        report = await service.importing.run(
            principal,
            session_id,
            roster=await roster.read(),
            portraits=await portraits.read() if portraits else None,
            dry_run=dry_run,
            partial=partial,
        )
        return RosterImportBody(
            accepted=report.accepted,
            rejected=report.rejected,
            written=report.written,
            rows=[row_body(fault) for fault in report.faults],
            warnings=[row_body(warning) for warning in report.warnings],
        )

    @api.get("/sessions/{session_id}/candidates", responses=SEEN)
    async def candidates(principal: Reader, session_id: str) -> list[CandidateBody]:
        return [
            CandidateBody(
                candidate_id=row.id,
                sitting_id=row.sitting_id,
                ticket_no=row.ticket_no,
                name=row.name,
                gender=row.gender,
                id_type=row.id_type,
                id_number_masked=row.id_number_masked,
                employer=row.employer,
                route=Route(row.route),
                extra_time_pct=row.extra_time_pct,
                portrait=row.portrait_blob is not None,
            )
            for row in await service.candidates(principal, session_id)
        ]

    @api.get(
        "/candidates/{candidate_id}/portrait",
        responses=sends("image/jpeg") | refusals(SEEN, registration__no_portrait=Kind.NOT_FOUND),
        response_class=Response,
    )
    async def portrait(principal: Reader, candidate_id: str) -> Response:
        picture = await service.portrait(principal, candidate_id)
        return Response(picture, media_type="image/jpeg", headers={"cache-control": "no-store"})

    @api.get(
        "/sessions/{session_id}/tickets.pdf",
        responses=PDF
        | refusals(SEEN, registration__nobody=Kind.NOT_FOUND, printing__no_font=Kind.UNAVAILABLE),
        response_class=Response,
    )
    async def tickets(principal: Reader, session_id: str) -> Response:
        return _pdf(await service.tickets(principal, session_id))

    @api.get(
        "/candidates/{candidate_id}/ticket.pdf",
        responses=PDF | refusals(SEEN, printing__no_font=Kind.UNAVAILABLE),
        response_class=Response,
    )
    async def ticket(principal: Reader, candidate_id: str) -> Response:
        return _pdf(await service.ticket(principal, candidate_id))

    return api


def _pdf(data: bytes) -> Response:
    return Response(data, media_type="application/pdf", headers={"cache-control": "no-store"})
