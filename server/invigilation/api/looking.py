"""What staff see: wall, pictures, timelines, cases, rule sets."""

from fastapi import APIRouter, Response

from kernel.errors import Kind
from kernel.web import refusals, sends
from server.checkin.api import WithReason
from server.invigilation.api.asks import ROOM, AnyStaff, Confirmer, Watcher
from server.invigilation.service import (
    ArticleTable,
    ConflictShown,
    Incident,
    InvigilationService,
    RoomWall,
    Timeline,
)

PICTURE = {"cache-control": "no-store"}
SITTING = refusals(sitting__unknown=Kind.NOT_FOUND, sessions__not_staffed=Kind.FORBIDDEN)


def add(api: APIRouter, service: InvigilationService) -> None:
    """Adds what only reads, and the confirmation of a rule set."""

    @api.get("/sessions/{session_id}/rooms/{room_id}/wall", responses=ROOM)
    async def wall(principal: Watcher, session_id: str, room_id: str) -> RoomWall:
        return await service.wall.wall(principal, session_id, room_id)

    @api.get(
        "/sittings/{sitting_id}/thumb.jpg",
        response_class=Response,
        responses=sends("image/jpeg") | refusals(SITTING, thumb__none=Kind.NOT_FOUND),
    )
    async def thumb(principal: Watcher, sitting_id: str) -> Response:
        image, at_ms = await service.pictures.newest(principal, sitting_id)
        return Response(
            image, media_type="image/jpeg", headers={**PICTURE, "x-taken-at-ms": str(at_ms)}
        )

    @api.get("/sittings/{sitting_id}/timeline", responses=SITTING)
    async def timeline(principal: Watcher, sitting_id: str) -> Timeline:
        return await service.records.timeline(principal, sitting_id)

    @api.get("/sessions/{session_id}/incidents", responses=ROOM)
    async def incidents(principal: Watcher, session_id: str) -> list[Incident]:
        return await service.records.incidents(principal, session_id)

    @api.get(
        "/incidents/{incident_id}/conflicts",
        responses=refusals(
            incident__unknown=Kind.NOT_FOUND,
            incident__no_conflict=Kind.CONFLICT,
            incident__needs_chief=Kind.FORBIDDEN,
            sessions__not_staffed=Kind.FORBIDDEN,
            sessions__unknown=Kind.NOT_FOUND,
            papers__not_released=Kind.CONFLICT,
            sitting__form_unknown=Kind.CONFLICT,
        ),
    )
    async def conflicts(principal: Watcher, incident_id: str) -> list[ConflictShown]:
        return await service.conflicts.of_incident(principal, incident_id)

    @api.get(
        "/captures/{capture_id}.jpg",
        response_class=Response,
        responses=sends("image/jpeg") | refusals(SITTING, capture__unknown=Kind.NOT_FOUND),
    )
    async def capture_image(principal: Watcher, capture_id: str) -> Response:
        row = await service.records.capture_row(principal, capture_id)
        image = await service.captures.image(row)
        return Response(image, media_type="image/jpeg", headers=PICTURE)

    @api.get("/violations")
    async def violations(_: AnyStaff) -> ArticleTable:
        return await service.rule_sets.table()

    @api.post(
        "/bodies/{body_id}/violations/confirm",
        responses=refusals(bodies__unknown=Kind.NOT_FOUND, act__reason_missing=Kind.INVALID),
    )
    async def confirm_rules(principal: Confirmer, body_id: str, body: WithReason) -> ArticleTable:
        await service.rule_sets.confirm(principal, body_id, body.reason)
        return await service.rule_sets.table()
