"""The desk over HTTP. Roles: invigilators and the chief with a duty in the session."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from kernel.access import Principal, Role
from kernel.errors import Kind, Refusal
from kernel.web import refusals, sends, staff, takes
from server.checkin.service import CheckIn, CheckinService, Desk, DrawnSeat, Reason, SecondBy

DeskStaff = Annotated[Principal, staff(Role.INVIGILATOR, Role.CHIEF)]
IMAGE_LIMIT_BYTES = 10 * 1024 * 1024


class Arrival(BaseModel):
    """Ticket number or document number, as typed or read from a card."""

    ticket_no: str | None = Field(None, max_length=64)
    id_number: str | None = Field(None, max_length=64)


class Consent(BaseModel):
    """The candidate's answer to the face notice."""

    face: bool
    notice_version: str = Field(min_length=1, max_length=40)


class WithReason(BaseModel):
    """Why: a code from the list and free text."""

    reason_code: str = Field("", max_length=100)
    reason_text: str = Field("", max_length=2_000)

    @property
    def reason(self) -> Reason:
        return Reason(self.reason_code, self.reason_text)


class WithSecond(WithReason):
    """The second person's account and PIN, where one is needed."""

    second_account: str | None = Field(None, max_length=200)
    second_pin: str | None = Field(None, max_length=32)

    @property
    def second(self) -> SecondBy | None:
        if not self.second_account or not self.second_pin:
            return None
        return SecondBy(self.second_account, self.second_pin)

    def need_second(self) -> SecondBy:
        """Raises ``checkin.second_missing``."""
        second = self.second
        if second is None:
            raise Refusal("checkin.second_missing", advice="")
        return second


class LateOverride(WithSecond):
    """The chief lets a late candidate in."""


class Confirmation(WithSecond):
    """Confirm the person, or refuse with a reason."""

    decision: Literal["confirm", "refuse"]


class Manual(WithSecond):
    """人工核验: which document was compared."""

    document: str = Field(min_length=1, max_length=100)


CHECKIN = refusals(
    checkin__unknown=Kind.NOT_FOUND,
    checkin__out_of_order=Kind.CONFLICT,
    checkin__route_manual=Kind.CONFLICT,
    sessions__not_staffed=Kind.FORBIDDEN,
)
CONFIRM = refusals(
    checkin__unknown=Kind.NOT_FOUND,
    checkin__out_of_order=Kind.CONFLICT,
    checkin__too_late=Kind.CONFLICT,
    checkin__reason_missing=Kind.INVALID,
    checkin__second_missing=Kind.INVALID,
    checkin__same_person=Kind.FORBIDDEN,
    accounts__same_person=Kind.FORBIDDEN,
    accounts__pin_wrong=Kind.FORBIDDEN,
    accounts__locked=Kind.TOO_MANY,
    proctor__match_unknown=Kind.NOT_FOUND,
    papers__no_package=Kind.NOT_FOUND,
    sessions__not_staffed=Kind.FORBIDDEN,
)


def router(service: CheckinService) -> APIRouter:
    """The desk's endpoints."""
    api = APIRouter(prefix="/api", tags=["check-in"])
    _arriving(api, service)
    _deciding(api, service)
    return api


def _arriving(api: APIRouter, service: CheckinService) -> None:
    @api.get(
        "/sessions/{session_id}/desk",
        responses=refusals(sessions__unknown=Kind.NOT_FOUND, sessions__not_staffed=Kind.FORBIDDEN),
    )
    async def desk(principal: DeskStaff, session_id: str) -> Desk:
        return await service.desk(principal, session_id)

    @api.post(
        "/sessions/{session_id}/checkins",
        responses=refusals(
            checkin__not_open=Kind.CONFLICT,
            checkin__candidate_unknown=Kind.NOT_FOUND,
            sessions__not_staffed=Kind.FORBIDDEN,
        ),
    )
    async def start(principal: DeskStaff, session_id: str, body: Arrival) -> CheckIn:
        number = body.ticket_no or body.id_number or ""
        return await service.start(principal, session_id, number)

    @api.get("/checkins/{checkin_id}", responses=CHECKIN)
    async def show(principal: DeskStaff, checkin_id: str) -> CheckIn:
        return await service.show(principal, checkin_id)

    @api.post("/checkins/{checkin_id}/consent", responses=CHECKIN)
    async def consent(principal: DeskStaff, checkin_id: str, body: Consent) -> CheckIn:
        return await service.consent(
            principal, checkin_id, face=body.face, notice_version=body.notice_version
        )

    @api.post(
        "/checkins/{checkin_id}/frame",
        openapi_extra=takes("image/jpeg"),
        responses=refusals(CHECKIN, request__too_large=Kind.TOO_LARGE),
    )
    async def frame(principal: DeskStaff, checkin_id: str, request: Request) -> CheckIn:
        image = await request.body()
        if len(image) > IMAGE_LIMIT_BYTES:
            raise Refusal("request.too_large", Kind.TOO_LARGE, limit_bytes=IMAGE_LIMIT_BYTES)
        return await service.frame(principal, checkin_id, image)

    @api.get(
        "/checkins/{checkin_id}/frame.jpg",
        response_class=Response,
        responses=sends("image/jpeg")
        | refusals(
            CHECKIN, checkin__no_frame=Kind.NOT_FOUND, proctor__frame_unknown=Kind.NOT_FOUND
        ),
    )
    async def frame_image(principal: DeskStaff, checkin_id: str) -> Response:
        image = await service.frame_image(principal, checkin_id)
        return Response(image, media_type="image/jpeg", headers={"cache-control": "no-store"})


def _deciding(api: APIRouter, service: CheckinService) -> None:
    @api.post("/checkins/{checkin_id}/manual", responses=CONFIRM)
    async def manual(principal: DeskStaff, checkin_id: str, body: Manual) -> CheckIn:
        return await service.manual(
            principal, checkin_id, document=body.document, reason=body.reason,
            second=body.need_second(),
        )  # fmt: skip

    @api.post("/checkins/{checkin_id}/confirm", responses=CONFIRM)
    async def confirm(principal: DeskStaff, checkin_id: str, body: Confirmation) -> CheckIn:
        if body.decision == "refuse":
            return await service.refuse(principal, checkin_id, reason=body.reason)
        return await service.confirm(principal, checkin_id, reason=body.reason, second=body.second)

    @api.post("/checkins/{checkin_id}/seat", responses=CHECKIN)
    async def seat(principal: DeskStaff, checkin_id: str) -> DrawnSeat:
        return await service.seat(principal, checkin_id)

    @api.get(
        "/checkins/{checkin_id}/slip.pdf",
        response_class=Response,
        responses=sends("application/pdf") | CHECKIN,
    )
    async def slip(principal: DeskStaff, checkin_id: str) -> Response:
        sheet = await service.slip(principal, checkin_id)
        return Response(sheet, media_type="application/pdf")

    @api.post("/checkins/{checkin_id}/late-override", responses=CONFIRM)
    async def late_override(principal: DeskStaff, checkin_id: str, body: LateOverride) -> CheckIn:
        return await service.override_lateness(
            principal, checkin_id, reason=body.reason, second=body.need_second()
        )
