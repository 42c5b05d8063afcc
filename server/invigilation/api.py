"""The room over HTTP: wall, queue, acts, absent list, room record; and the candidate's camera."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from kernel.access import Principal, Role
from kernel.errors import Kind, Refusal
from kernel.web import CurrentSitting, refusals, staff
from server.checkin.service import Reason, SecondBy
from server.invigilation.rules import Decision
from server.invigilation.service import InvigilationService, room_record_pdf

RoomStaff = Annotated[Principal, staff(Role.INVIGILATOR, Role.CHIEF)]
Watcher = Annotated[Principal, staff(Role.INVIGILATOR, Role.CHIEF, Role.OFFICER)]
AnyStaff = Annotated[Principal, staff(*Role)]
Confirmer = Annotated[Principal, staff(Role.ADMINISTRATOR, Role.CHIEF)]

CAPTURE_LIMIT_BYTES = 4 * 1024 * 1024
SEGMENT_LIMIT_BYTES = 16 * 1024 * 1024


class WithReason(BaseModel):
    """Why: a code from the list and free text."""

    reason_code: str = Field("", max_length=100)
    reason_text: str = Field("", max_length=2_000)

    @property
    def reason(self) -> Reason:
        return Reason(self.reason_code, self.reason_text)


class WithSecond(WithReason):
    """The second person's account and PIN."""

    second_account: str | None = Field(None, max_length=200)
    second_pin: str | None = Field(None, max_length=32)

    @property
    def second(self) -> SecondBy | None:
        if not self.second_account or not self.second_pin:
            return None
        return SecondBy(self.second_account, self.second_pin)


class Decide(WithReason):
    """A person's word on a case."""

    decision: Decision


class Warn(BaseModel):
    """A reminder to the candidate."""

    text: str = Field(min_length=1, max_length=500)
    reason_code: str = Field("", max_length=100)


class Extend(WithSecond):
    """补时 in seconds."""

    extend_s: int = Field(gt=0, le=24 * 3_600)


class Violate(WithSecond):
    """违纪登记."""

    article_id: str = Field(max_length=40)


class Transfer(WithReason):
    """换机 to this seat."""

    seat_id: str = Field(max_length=64)


class Absent(WithReason):
    """Exactly these are absent."""

    sitting_ids: list[str] = Field(max_length=2_000)


ACT = refusals(
    sitting__closed=Kind.CONFLICT,
    sessions__not_staffed=Kind.FORBIDDEN,
    gate__not_admitted=Kind.FORBIDDEN,
    act__reason_missing=Kind.INVALID,
    accounts__pin_wrong=Kind.FORBIDDEN,
    accounts__same_person=Kind.FORBIDDEN,
)
ROOM = refusals(sessions__not_staffed=Kind.FORBIDDEN, sessions__unknown=Kind.NOT_FOUND)
PICTURE = {"cache-control": "no-store"}


def router(service: InvigilationService) -> APIRouter:
    """The room's endpoints."""
    api = APIRouter(prefix="/api", tags=["invigilation"])
    _camera(api, service)
    _looking(api, service)
    _acting(api, service)
    _closing(api, service)
    return api


def _camera(api: APIRouter, service: InvigilationService) -> None:
    @api.post(
        "/sitting/captures",
        status_code=202,
        responses=refusals(capture__not_now=Kind.CONFLICT, capture__time=Kind.INVALID),
    )
    async def capture(
        principal: CurrentSitting, request: Request, taken_at_ms: Annotated[int, Query(ge=0)]
    ) -> dict[str, int]:
        image = await _body(request, CAPTURE_LIMIT_BYTES)
        return {"next_in_s": await service.captures.capture(principal, image, taken_at_ms)}

    @api.post("/sitting/segments", responses=refusals(capture__not_now=Kind.CONFLICT))
    async def segment(
        principal: CurrentSitting, request: Request,
        index: Annotated[int, Query(ge=0, le=1_000_000)], t0_ms: Annotated[int, Query(ge=0)],
        t1_ms: Annotated[int, Query(ge=0)],
        sha256: Annotated[str, Query(pattern="^[0-9a-fA-F]{64}$")],
    ) -> dict[str, Any]:  # fmt: skip
        data = await _body(request, SEGMENT_LIMIT_BYTES)
        stored = await service.captures.segment(
            principal, index=index, t0_ms=t0_ms, t1_ms=t1_ms, sha256=sha256.lower(), data=data
        )
        return {"stored": True, "index": stored}


def _looking(api: APIRouter, service: InvigilationService) -> None:
    @api.get("/sessions/{session_id}/rooms/{room_id}/wall", responses=ROOM)
    async def wall(principal: Watcher, session_id: str, room_id: str) -> dict[str, Any]:
        return await service.wall.wall(principal, session_id, room_id)

    @api.get("/sittings/{sitting_id}/thumb.jpg", responses=refusals(thumb__none=Kind.NOT_FOUND))
    async def thumb(principal: Watcher, sitting_id: str) -> Response:
        image, at_ms = await service.records.thumbnail(principal, sitting_id)
        return Response(
            image, media_type="image/jpeg", headers={**PICTURE, "x-taken-at-ms": str(at_ms)}
        )

    @api.get("/sittings/{sitting_id}/timeline", responses=refusals(sitting__unknown=Kind.NOT_FOUND))
    async def timeline(principal: Watcher, sitting_id: str) -> dict[str, Any]:
        return await service.records.timeline(principal, sitting_id)

    @api.get("/sessions/{session_id}/incidents", responses=ROOM)
    async def incidents(principal: Watcher, session_id: str) -> list[dict[str, Any]]:
        return await service.records.incidents(principal, session_id)

    @api.get("/captures/{capture_id}.jpg", responses=refusals(capture__unknown=Kind.NOT_FOUND))
    async def capture_image(principal: Watcher, capture_id: str) -> Response:
        row = await service.records.capture_row(principal, capture_id)
        image = await service.captures.image(row)
        return Response(image, media_type="image/jpeg", headers=PICTURE)

    @api.get("/violations")
    async def violations(_: AnyStaff) -> dict[str, Any]:
        return await service.rule_sets.table()

    @api.post(
        "/bodies/{body_id}/violations/confirm",
        responses=refusals(bodies__unknown=Kind.NOT_FOUND, act__reason_missing=Kind.INVALID),
    )
    async def confirm_rules(principal: Confirmer, body_id: str, body: WithReason) -> dict[str, Any]:
        await service.rule_sets.confirm(principal, body_id, body.reason)
        return await service.rule_sets.table()


def _acting(api: APIRouter, service: InvigilationService) -> None:
    acts = service.acts

    @api.post(
        "/incidents/{incident_id}/decide",
        responses=refusals(
            incident__unknown=Kind.NOT_FOUND,
            incident__decided=Kind.CONFLICT,
            incident__decision=Kind.INVALID,
            sessions__not_staffed=Kind.FORBIDDEN,
        ),
    )
    async def decide(principal: RoomStaff, incident_id: str, body: Decide) -> dict[str, Any]:
        row = await acts.decide(principal, incident_id, body.decision, body.reason)
        return {
            "incident_id": row.id, "state": row.state, "decision": row.decision,
            "decided_by": row.decided_by,
        }  # fmt: skip

    @api.post("/sittings/{sitting_id}/warn", status_code=204, responses=ACT)
    async def warn(principal: RoomStaff, sitting_id: str, body: Warn) -> None:
        await acts.warn(principal, sitting_id, body.text, body.reason_code)

    @api.post(
        "/sittings/{sitting_id}/extend",
        responses={**ACT, **refusals(extend__needs_chief=Kind.FORBIDDEN)},
    )
    async def extend(principal: RoomStaff, sitting_id: str, body: Extend) -> dict[str, int]:
        deadline_ms = await acts.extend(
            principal, sitting_id, body.extend_s, body.reason, body.second
        )
        return {"deadline_ms": deadline_ms, "server_ms": service.hall.clock.now_ms()}

    @api.post("/sittings/{sitting_id}/pause", status_code=204, responses=ACT)
    async def pause(principal: RoomStaff, sitting_id: str, body: WithReason) -> None:
        await acts.pause(principal, sitting_id, body.reason)

    @api.post(
        "/sittings/{sitting_id}/resume",
        responses={**ACT, **refusals(sitting__not_paused=Kind.CONFLICT)},
    )
    async def resume(principal: RoomStaff, sitting_id: str, body: WithReason) -> dict[str, int]:
        deadline_ms = await acts.resume(principal, sitting_id, body.reason)
        return {"deadline_ms": deadline_ms, "server_ms": service.hall.clock.now_ms()}

    @api.post("/sittings/{sitting_id}/force-submit", status_code=204, responses=ACT)
    async def force_submit(principal: RoomStaff, sitting_id: str, body: WithSecond) -> None:
        await acts.force_submit(principal, sitting_id, body.reason, body.second)

    @api.post(
        "/sittings/{sitting_id}/violation",
        responses={
            **ACT,
            **refusals(
                violation__unknown=Kind.NOT_FOUND,
                violation__inactive=Kind.CONFLICT,
                violation__needs_reminder=Kind.CONFLICT,
            ),
        },
    )
    async def violation(principal: RoomStaff, sitting_id: str, body: Violate) -> dict[str, Any]:
        row = await acts.violation(
            principal, sitting_id, body.article_id, body.reason_text, body.second
        )
        return {"violation_id": row.id, "authority": row.authority, "evidence": row.evidence}

    @api.post("/sittings/{sitting_id}/confirm-face", status_code=204, responses=ACT)
    async def confirm_face(principal: RoomStaff, sitting_id: str, body: WithReason) -> None:
        await acts.confirm_face(principal, sitting_id, body.reason)

    @api.post(
        "/sittings/{sitting_id}/transfer",
        responses={**ACT, **refusals(transfer__taken=Kind.CONFLICT)},
    )
    async def transfer(principal: RoomStaff, sitting_id: str, body: Transfer) -> dict[str, str]:
        return {"seat_no": await acts.transfer(principal, sitting_id, body.seat_id, body.reason)}


def _closing(api: APIRouter, service: InvigilationService) -> None:
    room = "/sessions/{session_id}/rooms/{room_id}"

    @api.get(room + "/absent", responses=ROOM)
    async def absent(principal: RoomStaff, session_id: str, room_id: str) -> list[dict[str, Any]]:
        found = await service.absences.absentees(principal, session_id, room_id)
        return [asdict(one) for one in found]

    @api.post(
        room + "/absent",
        responses=refusals(
            absent__not_proposed=Kind.CONFLICT, sessions__not_staffed=Kind.FORBIDDEN
        ),
    )
    async def confirm_absent(
        principal: RoomStaff, session_id: str, room_id: str, body: Absent
    ) -> list[dict[str, Any]]:
        found = await service.absences.confirm_absent(
            principal, session_id, room_id, body.sitting_ids, body.reason
        )
        return [asdict(one) for one in found]

    @api.get(room + "/room-record", responses=ROOM)
    async def record(principal: Watcher, session_id: str, room_id: str) -> dict[str, Any]:
        return await service.records.room_record(principal, session_id, room_id)

    @api.get(room + "/room-record.pdf", responses=ROOM)
    async def record_pdf(principal: Watcher, session_id: str, room_id: str) -> Response:
        made = await service.records.room_record(principal, session_id, room_id)
        return Response(room_record_pdf(made, service.font_path), media_type="application/pdf")


async def _body(request: Request, limit_bytes: int) -> bytes:
    declared = request.headers.get("content-length", "")
    data = b"" if declared.isdigit() and int(declared) > limit_bytes else await request.body()
    if not data or len(data) > limit_bytes:
        code = "request.empty" if not data and declared == "0" else "request.too_large"
        raise Refusal(code, Kind.TOO_LARGE, limit_bytes=limit_bytes)
    return data
