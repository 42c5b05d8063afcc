"""Bodies, sites, rooms, seats and the machine at each seat.

Rules kept here: a machine's token is shown once, when the PC is set up, and stored as a hash;
setting a PC up again ends the old token. Later rooms read through the functions below the class.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from kernel.access import Principal
from kernel.clock import Clock
from kernel.crypto import chance, digest
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from server.bodies.rules import SeatPlan, check_seats, default_seats
from server.bodies.tables import BodyRow, RoomRow, SeatPlaceRow, SiteRow


@dataclass(frozen=True, slots=True)
class SeatPlace:
    """A seat as it stands in the room."""

    seat_id: str
    seat_no: str
    row: int
    col: int
    machine_code: str
    spare: bool
    set_up: bool


@dataclass(frozen=True, slots=True)
class Room:
    """A room with its site and its seats in reading order."""

    room_id: str
    site_id: str
    site_name: str
    site_address: str
    code: str
    name: str
    rows: int
    cols: int
    seats: tuple[SeatPlace, ...]


@dataclass(frozen=True, slots=True)
class Machine:
    """The PC at a seat."""

    room_id: str
    seat_id: str
    seat_no: str
    machine_code: str


class BodiesService:
    """Bodies and places."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def bodies(self) -> list[BodyRow]:
        """All bodies by code."""
        async with self._db.read() as session:
            return list((await session.execute(select(BodyRow).order_by(BodyRow.code))).scalars())

    async def sites(self) -> list[SiteRow]:
        """All sites by code."""
        async with self._db.read() as session:
            return list((await session.execute(select(SiteRow).order_by(SiteRow.code))).scalars())

    async def add_body(self, *, code: str, name: str) -> BodyRow:
        """Raises ``bodies.code_taken``."""
        row = BodyRow(id=mint("body"), code=code.strip(), name=name.strip())
        await self._add(row, row.code)
        return row

    async def add_site(self, *, body_id: str, code: str, name: str, address: str) -> SiteRow:
        """Raises ``bodies.unknown``, ``bodies.code_taken``."""
        async with self._db.read() as session:
            if await session.get(BodyRow, body_id) is None:
                raise Refusal("bodies.unknown", Kind.NOT_FOUND, id=body_id)
        row = SiteRow(
            id=mint("site"), body_id=body_id, code=code.strip(), name=name.strip(), address=address
        )
        await self._add(row, row.code)
        return row

    async def add_room(
        self,
        site_id: str,
        *,
        code: str,
        name: str,
        rows: int,
        cols: int,
        seats: Sequence[SeatPlan] | None = None,
        with_spares: bool = False,
    ) -> Room:
        """Raises ``bodies.unknown``, ``bodies.code_taken``, ``bodies.seats_bad``."""
        plan = default_seats(code, rows, cols, with_spares=with_spares) if seats is None else seats
        check_seats(rows, cols, plan)
        async with self._db.read() as session:
            if await session.get(SiteRow, site_id) is None:
                raise Refusal("bodies.unknown", Kind.NOT_FOUND, id=site_id)
        room = RoomRow(id=mint("room"), site_id=site_id, code=code, name=name, rows=rows, cols=cols)
        places = [
            SeatPlaceRow(
                id=mint("seat"),
                room_id=room.id,
                seat_no=seat.seat_no,
                row=seat.row,
                col=seat.col,
                machine_code=seat.machine_code,
                spare=seat.spare,
            )
            for seat in plan
        ]
        await self._add(room, code, *places)
        async with self._db.read() as session:
            return await room_of(session, room.id)

    async def rooms(self, site_id: str) -> list[Room]:
        """The site's rooms by code."""
        async with self._db.read() as session:
            found = await session.execute(
                select(RoomRow.id).where(RoomRow.site_id == site_id).order_by(RoomRow.code)
            )
            return await rooms_by_id(session, list(found.scalars()))

    async def set_up_machine(self, principal: Principal, room_id: str, machine_code: str) -> str:
        """The token that the PC at this seat keeps. Raises ``bodies.machine_unknown``."""
        token = chance.token_text()
        async with self._db.write() as tx:
            found = await tx.execute(
                select(SeatPlaceRow).where(
                    SeatPlaceRow.room_id == room_id, SeatPlaceRow.machine_code == machine_code
                )
            )
            seat = found.scalar_one_or_none()
            if seat is None:
                raise Refusal("bodies.machine_unknown", Kind.NOT_FOUND, machine=machine_code)
            seat.machine_token_hash = digest.sha256(token.encode())
            seat.set_up_by = principal.subject
            seat.set_up_at_ms = self._clock.now_ms()
        return token

    async def _add(self, row: BodyRow | SiteRow | RoomRow, code: str, *more: SeatPlaceRow) -> None:
        try:
            async with self._db.write() as tx:
                tx.add(row)
                await tx.flush()
                tx.add_all(more)
        except IntegrityError as taken:
            raise Refusal("bodies.code_taken", Kind.CONFLICT, given=code) from taken


async def rooms_by_id(session: ReadSession, ids: Sequence[str]) -> list[Room]:
    """The rooms in the order of the ids; unknown ids are left out."""
    rows = await session.execute(
        select(RoomRow, SiteRow)
        .join(SiteRow, SiteRow.id == RoomRow.site_id)
        .where(RoomRow.id.in_(ids))
    )
    seats = await _seats(session, ids)
    found = {
        room.id: Room(
            room_id=room.id,
            site_id=site.id,
            site_name=site.name,
            site_address=site.address,
            code=room.code,
            name=room.name,
            rows=room.rows,
            cols=room.cols,
            seats=tuple(seats.get(room.id, ())),
        )
        for room, site in rows
    }
    return [found[key] for key in ids if key in found]


async def room_of(session: ReadSession, room_id: str) -> Room:
    """One room. Raises ``bodies.unknown``."""
    rooms = await rooms_by_id(session, [room_id])
    if not rooms:
        raise Refusal("bodies.unknown", Kind.NOT_FOUND, id=room_id)
    return rooms[0]


async def room_name(session: ReadSession, room_id: str) -> str:
    """What the room is called, without its seats. Raises ``bodies.unknown``."""
    found = await session.scalar(select(RoomRow.name).where(RoomRow.id == room_id))
    if found is None:
        raise Refusal("bodies.unknown", Kind.NOT_FOUND, id=room_id)
    return found


async def machine_of(session: ReadSession, machine_token: str) -> Machine | None:
    """The PC that holds this token; None for a token that no PC was given."""
    wanted = digest.sha256(machine_token.encode())
    found = await session.execute(
        select(SeatPlaceRow).where(SeatPlaceRow.machine_token_hash == wanted)
    )
    seat = found.scalar_one_or_none()
    if seat is None:
        return None
    return Machine(seat.room_id, seat.id, seat.seat_no, seat.machine_code)


async def _seats(session: ReadSession, ids: Iterable[str]) -> dict[str, list[SeatPlace]]:
    found = await session.execute(
        select(SeatPlaceRow)
        .where(SeatPlaceRow.room_id.in_(list(ids)))
        .order_by(SeatPlaceRow.row, SeatPlaceRow.col)
    )
    by_room: dict[str, list[SeatPlace]] = {}
    for seat in found.scalars():
        place = SeatPlace(
            seat.id, seat.seat_no, seat.row, seat.col, seat.machine_code, seat.spare,
            seat.machine_token_hash is not None,
        )  # fmt: skip
        by_room.setdefault(seat.room_id, []).append(place)
    return by_room
