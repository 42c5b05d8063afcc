"""The end of the room: absent list and room record; the log's head on paper at start and end."""

from fastapi import APIRouter, Response
from pydantic import Field

from kernel.errors import Kind
from kernel.printing import use_fonts
from kernel.web import refusals, sends
from server.checkin.api import WithReason
from server.invigilation.api.asks import ROOM, Closer, RoomStaff, Watcher
from server.invigilation.service import (
    Absentee,
    InvigilationService,
    RoomRecord,
    checkpoint_pdf,
    room_record_pdf,
)

PLACE = "/sessions/{session_id}/rooms/{room_id}"


class Absent(WithReason):
    """Exactly these are absent."""

    sitting_ids: list[str] = Field(max_length=2_000)


def add(api: APIRouter, service: InvigilationService) -> None:
    """Adds the endpoints of the end."""

    @api.get(PLACE + "/absent", responses=ROOM)
    async def absent(principal: RoomStaff, session_id: str, room_id: str) -> list[Absentee]:
        return await service.absences.absentees(principal, session_id, room_id)

    @api.post(
        PLACE + "/absent",
        responses=refusals(ROOM, absent__not_proposed=Kind.CONFLICT),
    )
    async def confirm_absent(
        principal: RoomStaff, session_id: str, room_id: str, body: Absent
    ) -> list[Absentee]:
        return await service.absences.confirm_absent(
            principal, session_id, room_id, body.sitting_ids, body.reason
        )

    @api.get(PLACE + "/room-record", responses=ROOM)
    async def record(principal: Watcher, session_id: str, room_id: str) -> RoomRecord:
        return await service.records.room_record(principal, session_id, room_id)

    @api.get(
        PLACE + "/room-record.pdf",
        response_class=Response,
        responses=sends("application/pdf") | ROOM,
    )
    async def record_pdf(principal: Watcher, session_id: str, room_id: str) -> Response:
        made = await service.records.room_record(principal, session_id, room_id)
        return Response(room_record_pdf(made, service.font_path), media_type="application/pdf")

    @api.post(
        "/sessions/{session_id}/checkpoint.pdf",
        response_class=Response,
        responses=sends("application/pdf")
        | refusals(
            sessions__not_staffed=Kind.FORBIDDEN,
            sessions__unknown=Kind.NOT_FOUND,
            sessions__wrong_state=Kind.CONFLICT,
            checkpoint__not_covered=Kind.CONFLICT,
            printing__no_font=Kind.UNAVAILABLE,
        ),
    )
    async def checkpoint(principal: Closer, session_id: str) -> Response:
        use_fonts(service.font_path)  # before the record that says it was printed
        made = await service.checkpoints.printed(principal, session_id)
        return Response(checkpoint_pdf(made, service.font_path), media_type="application/pdf")
