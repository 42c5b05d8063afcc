"""Archives over HTTP."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import refusals, staff
from server.archive.service import Archive, ArchiveService
from server.results.rules.reviews import REASON_MAX

Keeper = Annotated[Principal, staff(Role.OFFICER, Role.CHIEF)]


class ArchiveAsk(BaseModel):
    """``early_reason``: why the log is sealed before the time for reviews is over, if it is."""

    early_reason: str = Field("", max_length=REASON_MAX)


class ArchiveBody(BaseModel):
    """A finished archive; ``sha256`` is hex of the file."""

    archive_id: str
    session_id: str
    size_bytes: int
    sha256: str
    files: int


def _body(archive: Archive) -> ArchiveBody:
    return ArchiveBody(
        archive_id=archive.archive_id,
        session_id=archive.session_id,
        size_bytes=archive.size_bytes,
        sha256=archive.sha256,
        files=archive.files,
    )


def router(service: ArchiveService) -> APIRouter:
    """The archive room's endpoints."""
    api = APIRouter(prefix="/api", tags=["archive"])

    @api.post(
        "/sessions/{session_id}/archive",
        status_code=201,
        responses=refusals(
            sessions__unknown=Kind.NOT_FOUND,
            papers__no_package=Kind.NOT_FOUND,
            blob__missing=Kind.NOT_FOUND,
            sessions__not_staffed=Kind.FORBIDDEN,
            sessions__wrong_state=Kind.CONFLICT,
            archive__review_open=Kind.CONFLICT,
            archive__window_open=Kind.CONFLICT,
            review__reason=Kind.INVALID,
            results__list_differs=Kind.CONFLICT,
            archive__blob_differs=Kind.CONFLICT,
            archive__disk=Kind.UNAVAILABLE,
        ),
    )
    async def export(
        principal: Keeper, session_id: str, body: ArchiveAsk | None = None
    ) -> ArchiveBody:
        why = (body or ArchiveAsk()).early_reason
        return _body(await service.export(principal, session_id, early_reason=why))

    @api.get(
        "/sessions/{session_id}/archives",
        responses=refusals(sessions__not_staffed=Kind.FORBIDDEN),
    )
    async def archives(principal: Keeper, session_id: str) -> list[ArchiveBody]:
        return [_body(one) for one in await service.archives(principal, session_id)]

    @api.get(
        "/archives/{archive_id}/file",
        response_class=FileResponse,
        responses=refusals(
            archive__unknown=Kind.NOT_FOUND,
            sessions__not_staffed=Kind.FORBIDDEN,
            archive__not_ready=Kind.CONFLICT,
        ),
    )
    async def file(principal: Keeper, archive_id: str) -> FileResponse:
        path = await service.file(principal, archive_id)
        return FileResponse(path, media_type="application/zip", filename=path.name)

    return api
