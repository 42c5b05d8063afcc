"""The wall: the room's seats in the order of the room, with counts, badges and the queue.

Rules kept here: seats stand where they stand in the room; a name appears only after the desk
admitted the person (or the absence was confirmed), so the wall betrays no drawn seat; everything is
read from the store, and memory adds only who was heard and how far a sitting is; however large the
session is, a wall reads its own room and whoever was drawn into it.
"""

from dataclasses import dataclass

from sqlalchemy import select

from kernel.access import Principal
from kernel.db import ReadSession
from paper.package import Manifest
from server.bodies.service import Room, SeatPlace, room_of
from server.checkin.service import admissions
from server.invigilation.rules import (
    IncidentKind,
    SeatFacts,
    SeatState,
    Severity,
    badge,
    seat_state,
)
from server.invigilation.service.incidents import OPEN, incident_json, incidents_of
from server.invigilation.service.shapes import (
    Incident,
    RoomWall,
    WallCounts,
    WallRoom,
    WallSeat,
    WallSession,
)
from server.invigilation.tables import AbsenceRow, IncidentRow
from server.papers.service import manifest_of
from server.registration.service import candidates_of
from server.registration.tables import CandidateRow
from server.seating.tables import SeatRow
from server.sessions.rules import Duty, SessionState
from server.sessions.service import need_duty, session_row
from server.sittings.rules.timing import SubmitKind, stage
from server.sittings.service import Loaded, SittingsService, of_room
from server.sittings.service.shapes import masked

IN_EXAM = frozenset(
    {
        SeatState.SIGNED_IN, SeatState.READY, SeatState.ANSWERING, SeatState.OFFLINE,
        SeatState.PAUSED, SeatState.SUBMITTED, SeatState.FORCED,
    }
)  # fmt: skip
WATCHERS = (Duty.INVIGILATOR, Duty.CHIEF, Duty.OFFICER)


@dataclass(slots=True)
class _Room:
    """Everything about one room of one session, read in one transaction."""

    room: Room
    manifest: Manifest
    drawn: dict[str, SeatRow]
    sittings: dict[str, Loaded]
    stays: set[str]
    admitted: set[str]
    absent: set[str]
    people: dict[str, CandidateRow]
    cases: list[IncidentRow]
    answered: dict[str, int]


class Wall:
    """Reads the room as it is now."""

    def __init__(self, sittings: SittingsService) -> None:
        self._sittings = sittings
        self._hall = sittings.hall

    async def allow(self, principal: Principal, session_id: str, room_id: str) -> None:
        """Raises ``sessions.not_staffed`` for somebody without a duty in this room."""
        async with self._hall.database.read() as session:
            await need_duty(session, principal, session_id, room_id, WATCHERS)

    async def wall(self, principal: Principal, session_id: str, room_id: str) -> RoomWall:
        """The projection that the wall shows."""
        now_ms = self._hall.clock.now_ms()
        async with self._hall.database.read() as session:
            await need_duty(session, principal, session_id, room_id, WATCHERS)
            exam = await session_row(session, session_id)
            found = await self._read(session, session_id, room_id)
        seats = [self._tile(found, place, now_ms) for place in found.room.seats]
        open_cases = [row for row in found.cases if row.state == OPEN]
        return RoomWall(
            server_ms=now_ms,
            session=WallSession(
                session_id=exam.id, name=exam.name, subject=exam.subject,
                state=SessionState(exam.state), starts_at_ms=exam.starts_at_ms,
                duration_s=exam.duration_s, ends_at_ms=exam.ends_at_ms,
            ),
            room=WallRoom(
                room_id=room_id, name=found.room.name, rows=found.room.rows, cols=found.room.cols
            ),
            counts=_counts(seats, len(found.drawn), len(open_cases)),
            seats=seats,
            incidents=[_shown(found, row) for row in found.cases],
        )  # fmt: skip

    async def _read(self, session: ReadSession, session_id: str, room_id: str) -> _Room:
        rows = await session.scalars(
            select(SeatRow).where(SeatRow.session_id == session_id, SeatRow.room_id == room_id)
        )
        drawn = {row.sitting_id: row for row in rows}
        concerned = await of_room(session, session_id, room_id, drawn)
        here = {one.row.seat_id: one for one in concerned if one.row.room_id == room_id}
        moved = {one.row.id for one in concerned if one.row.room_id != room_id}
        cases = await incidents_of(session, session_id, [room_id])
        asked = {*drawn, *(one.row.id for one in concerned), *(case.sitting_id for case in cases)}
        absent = await session.scalars(
            select(AbsenceRow.sitting_id).where(
                AbsenceRow.session_id == session_id, AbsenceRow.sitting_id.in_(asked)
            )
        )
        found = _Room(
            room=await room_of(session, room_id),
            manifest=await manifest_of(session, session_id),
            drawn={row.seat_id: row for row in drawn.values() if row.sitting_id not in moved},
            sittings=here,
            stays={one.row.id for one in here.values()},
            admitted=set(await admissions(session, session_id, asked)),
            absent=set(absent),
            people={row.sitting_id: row for row in await candidates_of(session, session_id, asked)},
            cases=cases,
            answered={},
        )
        for one in here.values():
            if one.row.started_at_ms is not None:
                progress = await self._sittings.papers.progress(session, one)
                found.answered[one.row.id] = len(progress.answered)
        return found

    def _tile(self, found: _Room, place: SeatPlace, now_ms: int) -> WallSeat:
        one, drawn = found.sittings.get(place.seat_id), found.drawn.get(place.seat_id)
        # Somebody who moved away leaves the drawn seat empty.
        if one is None and drawn is not None and drawn.sitting_id in found.stays:
            drawn = None
        sitting_id = one.row.id if one else drawn.sitting_id if drawn else None
        facts = self._facts(found, one, sitting_id, now_ms)
        state = seat_state(facts)
        known = state not in (SeatState.EMPTY, SeatState.EXPECTED)
        person = found.people.get(sitting_id or "") if known else None
        cases = [
            (IncidentKind(row.kind), Severity(row.severity))
            for row in found.cases
            if row.state == OPEN and row.sitting_id == sitting_id
        ]
        presence = self._hall.presence
        thumb = presence.thumbnail(sitting_id or "")
        counts = {form.form_code: form.item_count for form in found.manifest.forms}
        offline = one is not None and facts.offline and state is SeatState.OFFLINE
        return WallSeat(
            seat_id=place.seat_id,
            seat_no=place.seat_no,
            row=place.row,
            col=place.col,
            spare=place.spare,
            sitting_id=sitting_id if known else None,
            name_masked=masked(person.name) if person else "",
            state=state,
            answered=found.answered.get(sitting_id or "", 0),
            item_count=counts.get(one.row.form_code, 0) if one else 0,
            deadline_ms=one.deadline_ms(now_ms) if one else None,
            offline_since_ms=presence.last_seen_ms(sitting_id or "") if offline else None,
            badge=badge(cases),
            severity=_severity(cases),
            thumb_at_ms=thumb.at_ms if thumb else None,
            extra_s=sum(one.row.extensions_s) if one else 0,
            late=_came_late(one),
            simulated=person is not None and person.source == "模拟",
        )

    def _facts(
        self, found: _Room, one: Loaded | None, sitting_id: str | None, now_ms: int
    ) -> SeatFacts:
        if sitting_id is None:
            return SeatFacts()
        signed_in = one is not None and one.row.first_signed_in_at_ms is not None
        away = None
        if one is not None and one.row.epoch:
            away = self._hall.presence.offline_since(sitting_id, now_ms, one.policy.offline_after_s)
        return SeatFacts(
            expected=True,
            admitted=sitting_id in found.admitted,
            absent=sitting_id in found.absent,
            stage=stage(now_ms, one.standing(now_ms)).value if one and signed_in else "",
            forced=one is not None and one.row.submit_kind == SubmitKind.FORCED.value,
            offline=away is not None,
        )


def _counts(seats: list[WallSeat], expected: int, incidents: int) -> WallCounts:
    states = [seat["state"] for seat in seats]
    return WallCounts(
        expected=expected,
        signed_in=sum(state in IN_EXAM for state in states),
        answering=states.count(SeatState.ANSWERING),
        offline=states.count(SeatState.OFFLINE),
        submitted=states.count(SeatState.SUBMITTED) + states.count(SeatState.FORCED),
        absent=states.count(SeatState.ABSENT),
        incidents=incidents,
    )


def _severity(cases: list[tuple[IncidentKind, Severity]]) -> Severity | None:
    if not cases:
        return None
    return Severity.RED if any(case[1] is Severity.RED for case in cases) else Severity.AMBER


def _came_late(one: Loaded | None) -> bool:
    if one is None or one.row.first_signed_in_at_ms is None:
        return False
    return one.row.first_signed_in_at_ms > one.exam.starts_at_ms


def _shown(found: _Room, row: IncidentRow) -> Incident:
    seat = next((one.row.seat_no for one in found.sittings.values()
                 if one.row.id == row.sitting_id), "")  # fmt: skip
    person = found.people.get(row.sitting_id)
    return incident_json(row, seat, masked(person.name) if person else "")
