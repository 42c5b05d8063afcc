"""What staff decide and do in the room.

Rules kept here: only those with a duty in this room; every act has its reason, stands in the ledger
and reaches the candidate's page at once; a machine's report is never carried out by itself.
"""

from sqlalchemy import select

from kernel.access import Principal
from kernel.db import WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from server.accounts.service import AccountsService
from server.bodies.service import SeatPlace, room_of
from server.checkin.service import (
    Reason,
    Second,
    SecondBy,
    StaffAct,
    record,
    second_in_session,
    sitting_stream,
)
from server.invigilation.rules import (
    Decision,
    IncidentKind,
    check_decision,
    check_target,
    check_violation,
    needs_chief,
)
from server.invigilation.service.articles import RuleSets
from server.invigilation.service.incidents import DECIDED, locked_incident
from server.invigilation.tables import AbsenceRow, CaptureRow, IncidentRow, ViolationRow
from server.seating.tables import SeatRow
from server.sessions.rules import Duty
from server.sessions.service import need_duty, rooms_of
from server.sittings.service import Acting, Loaded, SittingsService, ensure, locked, of_session

ACTORS = (Duty.INVIGILATOR, Duty.CHIEF)
DECIDERS = (Duty.CHIEF, Duty.INVIGILATOR)
EVIDENCE_MS = 60_000


class Acts:
    """Use cases of the invigilator."""

    def __init__(
        self, sittings: SittingsService, accounts: AccountsService, rule_sets: RuleSets
    ) -> None:
        self._hall = sittings.hall
        self._sittings = sittings
        self._steps = sittings.interventions
        self._accounts = accounts
        self._rule_sets = rule_sets

    async def decide(
        self, principal: Principal, incident_id: str, decision: Decision, reason: Reason
    ) -> IncidentRow:
        """A person's word on a case; on a conflict the chief's, who has read both contents.

        Raises ``incident.decided``, ``incident.decision``, ``incident.needs_chief``.
        """
        reason.need()
        hall = self._hall
        async with hall.database.write() as tx:
            row = await locked_incident(tx, incident_id)
            duty = await need_duty(tx, principal, row.session_id, row.room_id, DECIDERS)
            if row.kind == IncidentKind.CONFLICT.value and duty is not Duty.CHIEF:
                raise Refusal("incident.needs_chief", Kind.FORBIDDEN)
            check_decision(IncidentKind(row.kind), row.state, decision)
            now_ms = hall.clock.now_ms()
            row.state, row.decision, row.decided_by = DECIDED, decision.value, principal.subject
            row.decided_at_ms = now_ms
            row.reason_code, row.reason_text = reason.code, reason.text
            await tx.flush()
            act = StaffAct(
                "incident_decided", row.session_id, now_ms, principal.subject, reason, None,
                row.room_id, row.sitting_id,
                {
                    "incident_id": row.id, "kind": row.kind, "decision": decision.value,
                    "count": row.count, "score": row.score, "threshold": row.threshold,
                    "capture_ids": row.capture_ids,
                },
            )  # fmt: skip
            await record(hall.ledger, tx, act, in_sitting=True)
        hall.bus.moved(f"room/{row.session_id}/{row.room_id}")
        return row

    async def warn(
        self, principal: Principal, sitting_id: str, text: str, reason_code: str
    ) -> None:
        """A reminder that the candidate sees at once. Raises ``warn.text``."""
        if not text.strip() or len(text) > 500:
            raise Refusal("warn.text", limit=500)
        async with self._hall.database.write() as tx:
            loaded = await self._mine(tx, principal, sitting_id)
            acting = Acting(principal.subject, Reason(reason_code, text))
            await self._steps.warn(tx, loaded, acting, text)
        self._hall.moved(loaded)

    async def extend(
        self, principal: Principal, sitting_id: str, extend_s: int, reason: Reason,
        second: SecondBy | None,
    ) -> int:  # fmt: skip
        """补时; above the room's cap a chief is the second person. Returns the new deadline.

        Raises ``extend.needs_chief``.
        """
        reason.need()
        other = await self._second(principal, sitting_id, second, (Duty.CHIEF, Duty.INVIGILATOR))
        chief = other is not None and other.duty is Duty.CHIEF
        by = None if other is None else other.account_id
        async with self._hall.database.write() as tx:
            loaded = await self._mine(tx, principal, sitting_id)
            cap_s = loaded.policy.extension_cap_s
            if needs_chief(loaded.row.extensions_s, extend_s, cap_s) and not chief:
                raise Refusal("extend.needs_chief", Kind.FORBIDDEN, cap_s=cap_s)
            deadline_ms = await self._steps.extend(
                tx, loaded, Acting(principal.subject, reason, by), extend_s
            )
        self._hall.moved(loaded)
        return deadline_ms

    async def pause(self, principal: Principal, sitting_id: str, reason: Reason) -> None:
        """暂停: the candidate's clock stops."""
        reason.need()
        async with self._hall.database.write() as tx:
            loaded = await self._mine(tx, principal, sitting_id)
            await self._steps.pause(tx, loaded, Acting(principal.subject, reason))
        self._hall.moved(loaded)

    async def resume(self, principal: Principal, sitting_id: str, reason: Reason) -> int:
        """恢复. Returns the new deadline."""
        async with self._hall.database.write() as tx:
            loaded = await self._mine(tx, principal, sitting_id)
            deadline_ms = await self._steps.resume(tx, loaded, Acting(principal.subject, reason))
        self._hall.moved(loaded)
        return deadline_ms

    async def force_submit(
        self, principal: Principal, sitting_id: str, reason: Reason, second: SecondBy | None
    ) -> None:
        """强制交卷 by two people. What was answered stays."""
        reason.need()
        other = await self._second(principal, sitting_id, second, ACTORS)
        if other is None:
            raise Refusal("act.second_missing", Kind.FORBIDDEN)
        async with self._hall.database.write() as tx:
            loaded = await self._mine(tx, principal, sitting_id)
            await self._sittings.submitting.force(
                tx, loaded, by=principal.subject, second=other.account_id, reason=reason
            )
        await self._sittings.submitting.make_receipt(sitting_id)
        self._hall.moved(loaded)

    async def confirm_face(self, principal: Principal, sitting_id: str, reason: Reason) -> None:
        """A person at the seat confirms the candidate; the case of the seat is decided with it."""
        reason.need()
        async with self._hall.database.write() as tx:
            loaded = await self._mine(tx, principal, sitting_id)
            await self._steps.confirm_face(tx, loaded, Acting(principal.subject, reason))
            await self._close_cases(
                tx, sitting_id, IncidentKind.SEAT_FACE, Decision.SAME_PERSON, principal, reason
            )
        self._hall.moved(loaded)

    async def transfer(
        self, principal: Principal, sitting_id: str, seat_id: str, reason: Reason
    ) -> str:
        """换机 to a free seat in a room of the session; returns the seat's number."""
        reason.need()
        hall = self._hall
        async with hall.database.write() as tx:
            loaded = await self._mine(tx, principal, sitting_id)
            room_id, seat = await self._seat(tx, loaded, seat_id)
            await need_duty(tx, principal, loaded.row.session_id, room_id, ACTORS)
            # Moves of one session follow each other from here on, so a seat is given away once.
            await hall.ledger.lock_session(tx, loaded.row.session_id)
            taken = await self._taken(tx, loaded)
            check_target(seat_id, current=loaded.row.seat_id, taken=taken)
            before = loaded.row.room_id
            acting = Acting(principal.subject, reason)
            await self._steps.transfer(tx, loaded, acting, room_id, seat)
            await self._close_cases(
                tx, sitting_id, IncidentKind.TRANSFER, Decision.GRANTED, principal, reason
            )
        hall.presence.forget(sitting_id)
        hall.moved(loaded)
        hall.bus.moved(f"room/{loaded.row.session_id}/{before}")
        return seat.seat_no

    async def violation(
        self, principal: Principal, sitting_id: str, article_id: str, reason_text: str,
        second: SecondBy | None,
    ) -> ViolationRow:  # fmt: skip
        """违纪登记 by two people, with the captures around the moment as evidence.

        It records and does nothing to the sitting. Raises ``violation.*``.
        """
        reason = Reason(article_id, reason_text)
        reason.need()
        other = await self._second(principal, sitting_id, second, ACTORS)
        if other is None:
            raise Refusal("act.second_missing", Kind.FORBIDDEN)
        hall = self._hall
        async with hall.database.write() as tx:
            loaded = await self._mine(tx, principal, sitting_id)
            records = await hall.ledger.read(tx, sitting_stream(sitting_id))
            check_violation(
                self._rule_sets.article(article_id),
                active=await self._rule_sets.is_active(tx, loaded.row.room_id),
                reminded=any(one.kind == "warned" for one in records),
            )
            now_ms = hall.clock.now_ms()
            near = await tx.execute(
                select(CaptureRow.id).where(
                    CaptureRow.sitting_id == sitting_id,
                    CaptureRow.taken_at_ms.between(now_ms - EVIDENCE_MS, now_ms + EVIDENCE_MS),
                )
            )
            row = ViolationRow(
                id=mint("violation"), session_id=loaded.row.session_id,
                room_id=loaded.row.room_id, sitting_id=sitting_id,
                authority=self._rule_sets.authority, article_id=article_id,
                recorded_by=principal.subject, second_by=other.account_id, reason_text=reason_text,
                evidence=sorted(near.scalars()), at_ms=now_ms,
            )  # fmt: skip
            tx.add(row)
            await tx.flush()
            detail = {
                "violation_id": row.id, "authority": row.authority, "article_id": article_id,
                "evidence": row.evidence,
            }  # fmt: skip
            acting = Acting(principal.subject, reason, other.account_id)
            await self._steps.write(tx, loaded, "violation", acting, detail)
        hall.moved(loaded)
        return row

    async def _mine(self, tx: WriteSession, principal: Principal, sitting_id: str) -> Loaded:
        loaded = await ensure(tx, sitting_id)
        await need_duty(tx, principal, loaded.row.session_id, loaded.row.room_id, ACTORS)
        return await locked(tx, sitting_id)

    async def _second(
        self, principal: Principal, sitting_id: str, second: SecondBy | None,
        duties: tuple[Duty, ...],
    ) -> Second | None:  # fmt: skip
        async with self._hall.database.write() as tx:
            loaded = await self._mine(tx, principal, sitting_id)
        return await second_in_session(
            self._hall.database, self._accounts, principal, loaded.row.session_id, second,
            duties=duties,
        )  # fmt: skip

    async def _seat(self, tx: WriteSession, loaded: Loaded, seat_id: str) -> tuple[str, SeatPlace]:
        for room_id in await rooms_of(tx, loaded.row.session_id):
            for seat in (await room_of(tx, room_id)).seats:
                if seat.seat_id == seat_id:
                    return room_id, seat
        raise Refusal("transfer.seat_unknown", Kind.NOT_FOUND, seat=seat_id)

    async def _taken(self, tx: WriteSession, loaded: Loaded) -> set[str]:
        """Seats that others sit on, or that the draw gave to somebody who has not come yet."""
        session_id = loaded.row.session_id
        sitting = {
            one.row.id: one.row.seat_id
            for one in await of_session(tx, session_id)
            if one.row.id != loaded.row.id
        }
        absent = await tx.execute(
            select(AbsenceRow.sitting_id).where(AbsenceRow.session_id == session_id)
        )
        away = set(absent.scalars())
        drawn = await tx.execute(select(SeatRow).where(SeatRow.session_id == session_id))
        reserved = {
            row.seat_id
            for row in drawn.scalars()
            if row.sitting_id not in sitting
            and row.sitting_id not in away
            and row.sitting_id != loaded.row.id
        }
        return set(sitting.values()) | reserved

    async def _close_cases(
        self, tx: WriteSession, sitting_id: str, kind: IncidentKind, decision: Decision,
        principal: Principal, reason: Reason,
    ) -> None:  # fmt: skip
        found = await tx.execute(
            select(IncidentRow).where(
                IncidentRow.sitting_id == sitting_id, IncidentRow.kind == kind.value,
                IncidentRow.state != DECIDED,
            )
        )  # fmt: skip
        for row in found.scalars():
            row.state, row.decision, row.decided_by = DECIDED, decision.value, principal.subject
            row.decided_at_ms = self._hall.clock.now_ms()
            row.reason_code, row.reason_text = reason.code, reason.text
        await tx.flush()
