"""Sessions and their staff over HTTP."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.settings import ExamPolicy
from kernel.web import refusals, staff
from server.sessions.rules import Duty, SessionState
from server.sessions.service import Plan, SessionsService, SessionView, Staffing

AnyStaff = Annotated[Principal, staff(*Role)]
Officer = Annotated[Principal, staff(Role.OFFICER)]


class NewSession(BaseModel):
    """A session to be planned; without ``policy`` the installation's defaults."""

    name: str = Field(min_length=1, max_length=100)
    occupation_code: str = Field(min_length=1, max_length=32)
    occupation_name: str = Field(min_length=1, max_length=100)
    level: int
    subject: str = Field(min_length=1, max_length=100)
    starts_at_ms: int
    duration_s: int
    room_ids: list[str]
    policy: ExamPolicy | None = None


class RoomName(BaseModel):
    """A room of a session."""

    room_id: str
    name: str
    site_name: str


class SessionBody(BaseModel):
    """A session; ``level`` is 5 to 1."""

    session_id: str
    name: str
    occupation_code: str
    occupation_name: str
    level: int
    subject: str
    starts_at_ms: int
    duration_s: int
    ends_at_ms: int
    state: SessionState
    roster_frozen: bool
    rooms: list[RoomName]
    policy: ExamPolicy
    candidate_count: int
    server_ms: int


class NewStaffing(BaseModel):
    """A duty for a person; without a room it holds in all of the session's rooms."""

    account_id: str
    duty: Duty
    room_id: str | None = None


class StaffingBody(BaseModel):
    """One duty of one person."""

    account_id: str
    name: str
    duty: Duty
    room_id: str | None


class Close(BaseModel):
    """The chief's closing act."""

    reason_text: str = Field("", max_length=500)
    force: bool = False


def _session(view: SessionView) -> SessionBody:
    row = view.row
    return SessionBody(
        session_id=row.id,
        name=row.name,
        occupation_code=row.occupation_code,
        occupation_name=row.occupation_name,
        level=row.level,
        subject=row.subject,
        starts_at_ms=row.starts_at_ms,
        duration_s=row.duration_s,
        ends_at_ms=row.ends_at_ms,
        state=SessionState(row.state),
        roster_frozen=row.roster_frozen_at_ms is not None,
        rooms=[
            RoomName(room_id=room.room_id, name=room.name, site_name=room.site_name)
            for room in view.rooms
        ],
        policy=view.policy,
        candidate_count=row.candidate_count,
        server_ms=view.server_ms,
    )


def _staffing(rows: list[Staffing]) -> list[StaffingBody]:
    return [
        StaffingBody(account_id=r.account_id, name=r.name, duty=r.duty, room_id=r.room_id)
        for r in rows
    ]


def router(service: SessionsService) -> APIRouter:
    """The sessions' endpoints."""
    api = APIRouter(prefix="/api/sessions", tags=["sessions"])

    @api.get("")
    async def sessions(principal: AnyStaff) -> list[SessionBody]:
        return [_session(view) for view in await service.sessions(principal)]

    @api.get("/mine")
    async def mine(principal: AnyStaff) -> list[SessionBody]:
        return [_session(view) for view in await service.mine(principal)]

    @api.post(
        "",
        status_code=201,
        responses=refusals(
            sessions__bad_plan=Kind.INVALID,
            sessions__raced=Kind.CONFLICT,
            bodies__unknown=Kind.NOT_FOUND,
        ),
    )
    async def plan(principal: Officer, body: NewSession) -> SessionBody:
        wanted = Plan(
            name=body.name,
            occupation_code=body.occupation_code,
            occupation_name=body.occupation_name,
            level=body.level,
            subject=body.subject,
            starts_at_ms=body.starts_at_ms,
            duration_s=body.duration_s,
            room_ids=body.room_ids,
            policy=body.policy or service.default_policy,
        )
        return _session(await service.plan(principal, wanted))

    @api.get(
        "/{session_id}",
        responses=refusals(sessions__unknown=Kind.NOT_FOUND, sessions__not_staffed=Kind.FORBIDDEN),
    )
    async def one(principal: AnyStaff, session_id: str) -> SessionBody:
        return _session(await service.one(principal, session_id))

    @api.get(
        "/{session_id}/staff",
        responses=refusals(sessions__unknown=Kind.NOT_FOUND, sessions__not_staffed=Kind.FORBIDDEN),
    )
    async def staffing(principal: AnyStaff, session_id: str) -> list[StaffingBody]:
        return _staffing(await service.staffing(principal, session_id))

    @api.post(
        "/{session_id}/staff",
        responses=refusals(
            sessions__unknown=Kind.NOT_FOUND,
            sessions__not_staffed=Kind.FORBIDDEN,
            sessions__role_for_duty=Kind.INVALID,
            sessions__room_unknown=Kind.NOT_FOUND,
            accounts__unknown=Kind.NOT_FOUND,
        ),
    )
    async def staff_session(
        principal: Officer, session_id: str, body: NewStaffing
    ) -> list[StaffingBody]:
        rows = await service.staff(
            principal,
            session_id,
            account_id=body.account_id,
            duty=body.duty,
            room_id=body.room_id,
        )
        return _staffing(rows)

    @api.post(
        "/{session_id}/close",
        responses=refusals(
            sessions__unknown=Kind.NOT_FOUND,
            sessions__not_staffed=Kind.FORBIDDEN,
            sessions__sittings_open=Kind.CONFLICT,
            sessions__wrong_state=Kind.CONFLICT,
        ),
    )
    async def close(
        principal: Annotated[Principal, staff(Role.CHIEF)], session_id: str, body: Close
    ) -> SessionBody:
        view = await service.close(
            principal, session_id, reason_text=body.reason_text, force=body.force
        )
        return _session(view)

    return api
