"""缺考: proposed once entry has closed, confirmed by a person.

Rules kept here: only somebody whom the draw seated here and the desk never admitted is proposed;
nobody is absent before a person says so.
"""

from dataclasses import dataclass

from sqlalchemy import select

from kernel.access import Principal
from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from server.checkin.service import Reason, StaffAct, admissions, record
from server.invigilation.rules import absent_now
from server.invigilation.tables import AbsenceRow
from server.registration.service import candidates_of
from server.seating.tables import SeatRow
from server.sessions.rules import Duty
from server.sessions.service import need_duty, policy_of, session_row
from server.sittings.service import Hall

ACTORS = (Duty.INVIGILATOR, Duty.CHIEF)


@dataclass(frozen=True, slots=True)
class Absentee:
    """Somebody proposed or confirmed as absent."""

    candidate_id: str
    sitting_id: str
    name: str
    ticket_no: str
    seat_no: str
    confirmed: bool


class Absences:
    """Use cases of the absent list."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    async def absentees(
        self, principal: Principal, session_id: str, room_id: str
    ) -> list[Absentee]:
        """Whom to confirm as absent, and who is confirmed already."""
        async with self._hall.database.read() as session:
            await need_duty(session, principal, session_id, room_id, ACTORS)
            return await self.listed(session, session_id, room_id)

    async def confirm_absent(
        self, principal: Principal, session_id: str, room_id: str, sitting_ids: list[str],
        reason: Reason,
    ) -> list[Absentee]:  # fmt: skip
        """缺考 of exactly these. Raises ``absent.not_proposed`` when one is not proposed."""
        hall = self._hall
        async with hall.database.write() as tx:
            await need_duty(tx, principal, session_id, room_id, ACTORS)
            proposed = {one.sitting_id: one for one in await self.listed(tx, session_id, room_id)}
            now_ms = hall.clock.now_ms()
            for sitting_id in sorted(set(sitting_ids)):
                one = proposed.get(sitting_id)
                if one is None:
                    raise Refusal("absent.not_proposed", Kind.CONFLICT, sitting_id=sitting_id)
                if one.confirmed:
                    continue
                tx.add(
                    AbsenceRow(
                        sitting_id=sitting_id, session_id=session_id, room_id=room_id,
                        candidate_id=one.candidate_id, confirmed_by=principal.subject,
                        confirmed_at_ms=now_ms,
                    )
                )  # fmt: skip
                act = StaffAct(
                    "absent", session_id, now_ms, principal.subject, reason, None, room_id,
                    sitting_id, {"candidate_id": one.candidate_id, "ticket_no": one.ticket_no},
                )  # fmt: skip
                await record(hall.ledger, tx, act, in_sitting=False)
            await tx.flush()
            after = await self.listed(tx, session_id, room_id)
        hall.bus.moved(f"room/{session_id}/{room_id}")
        return after

    async def listed(self, session: ReadSession, session_id: str, room_id: str) -> list[Absentee]:
        """The list as it stands, within the caller's transaction."""
        exam = await session_row(session, session_id)
        drawn = await session.execute(
            select(SeatRow).where(SeatRow.session_id == session_id, SeatRow.room_id == room_id)
        )
        seats = {row.sitting_id: row.seat_no for row in drawn.scalars()}
        people = {
            row.sitting_id: row
            for row in await candidates_of(session, session_id)
            if row.sitting_id in seats
        }
        kept = await session.execute(
            select(AbsenceRow.sitting_id).where(AbsenceRow.session_id == session_id)
        )
        confirmed = set(kept.scalars())
        missing = absent_now(
            self._hall.clock.now_ms(), exam.starts_at_ms, policy_of(exam).late_limit_s,
            expected=set(people), admitted=set(await admissions(session, session_id)),
        )  # fmt: skip
        return [
            Absentee(
                people[key].id, key, people[key].name, people[key].ticket_no, seats[key],
                key in confirmed,
            )
            for key in missing
        ]  # fmt: skip
