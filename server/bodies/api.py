"""Bodies, sites and rooms over HTTP."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from kernel.access import Principal, Role
from kernel.errors import Kind
from kernel.web import refusals, staff
from server.bodies.rules import GRID_MAX, SeatPlan
from server.bodies.service import BodiesService, Room

Planner = Annotated[Principal, staff(Role.OFFICER, Role.ADMINISTRATOR)]
Reader = Annotated[
    Principal,
    staff(Role.OFFICER, Role.ADMINISTRATOR, Role.CHIEF, Role.INVIGILATOR, Role.SUPERVISOR),
]


class NewBody(BaseModel):
    """A body to be added."""

    code: str = Field(min_length=1, max_length=32)
    name: str = Field(min_length=1, max_length=100)


class Body(NewBody):
    """A body."""

    body_id: str


class NewSite(BaseModel):
    """A site to be added."""

    body_id: str
    code: str = Field(min_length=1, max_length=32)
    name: str = Field(min_length=1, max_length=100)
    address: str = Field("", max_length=200)


class Site(NewSite):
    """A site."""

    site_id: str


class NewSeat(BaseModel):
    """A seat of a room; rows and columns count from 1."""

    seat_no: str = Field(max_length=16)
    row: int
    col: int
    machine_code: str = Field(max_length=32)
    spare: bool = False


class NewRoom(BaseModel):
    """A room; without ``seats`` a full grid, the last tenth spare when ``with_spares``."""

    code: str = Field(min_length=1, max_length=32)
    name: str = Field(min_length=1, max_length=100)
    rows: int = Field(ge=1, le=GRID_MAX)
    cols: int = Field(ge=1, le=GRID_MAX)
    seats: list[NewSeat] | None = None
    with_spares: bool = False


class SeatBody(BaseModel):
    """A seat."""

    model_config = ConfigDict(from_attributes=True)
    seat_id: str
    seat_no: str
    row: int
    col: int
    machine_code: str
    spare: bool
    set_up: bool


class RoomBody(BaseModel):
    """A room with its seats in reading order."""

    model_config = ConfigDict(from_attributes=True)
    room_id: str
    site_id: str
    site_name: str
    code: str
    name: str
    rows: int
    cols: int
    seats: list[SeatBody]


class MachineToken(BaseModel):
    """Shown once; the seat's PC keeps it."""

    machine_token: str


def _room(room: Room) -> RoomBody:
    return RoomBody.model_validate(room)


def router(service: BodiesService) -> APIRouter:
    """The endpoints of bodies and places."""
    api = APIRouter(prefix="/api", tags=["bodies"])

    @api.get("/bodies")
    async def bodies(_: Reader) -> list[Body]:
        return [Body(body_id=r.id, code=r.code, name=r.name) for r in await service.bodies()]

    @api.post("/bodies", status_code=201, responses=refusals(bodies__code_taken=Kind.CONFLICT))
    async def add_body(_: Planner, body: NewBody) -> Body:
        row = await service.add_body(code=body.code, name=body.name)
        return Body(body_id=row.id, code=row.code, name=row.name)

    @api.get("/sites")
    async def sites(_: Reader) -> list[Site]:
        return [
            Site(site_id=r.id, body_id=r.body_id, code=r.code, name=r.name, address=r.address)
            for r in await service.sites()
        ]

    @api.post(
        "/sites",
        status_code=201,
        responses=refusals(bodies__code_taken=Kind.CONFLICT, bodies__unknown=Kind.NOT_FOUND),
    )
    async def add_site(_: Planner, body: NewSite) -> Site:
        row = await service.add_site(**body.model_dump())
        return Site(site_id=row.id, **body.model_dump())

    @api.get("/sites/{site_id}/rooms")
    async def rooms(_: Reader, site_id: str) -> list[RoomBody]:
        return [_room(room) for room in await service.rooms(site_id)]

    @api.post(
        "/sites/{site_id}/rooms",
        status_code=201,
        responses=refusals(
            bodies__code_taken=Kind.CONFLICT,
            bodies__unknown=Kind.NOT_FOUND,
            bodies__seats_bad=Kind.INVALID,
        ),
    )
    async def add_room(_: Planner, site_id: str, body: NewRoom) -> RoomBody:
        seats = (
            None if body.seats is None else [SeatPlan(**seat.model_dump()) for seat in body.seats]
        )
        room = await service.add_room(
            site_id,
            code=body.code,
            name=body.name,
            rows=body.rows,
            cols=body.cols,
            seats=seats,
            with_spares=body.with_spares,
        )
        return _room(room)

    @api.post(
        "/rooms/{room_id}/machines/{machine_code}/set-up",
        responses=refusals(bodies__machine_unknown=Kind.NOT_FOUND),
    )
    async def set_up(
        principal: Annotated[Principal, staff(Role.OFFICER)], room_id: str, machine_code: str
    ) -> MachineToken:
        token = await service.set_up_machine(principal, room_id, machine_code)
        return MachineToken(machine_token=token)

    return api
