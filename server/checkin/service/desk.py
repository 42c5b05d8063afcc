"""The desk at the door: one public method, one transaction.

Rules kept here: the machine never refuses and never admits; every act of staff is in the ledger
within its transaction; confirming opens the sitting's two streams and binds session, candidate and
form.
"""

from pathlib import Path

from sqlalchemy.exc import IntegrityError

from kernel.access import Principal
from kernel.bus import Bus
from kernel.clock import Clock
from kernel.crypto import chance
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger
from server.accounts.service import AccountsService
from server.checkin.ports import FaceMatcher
from server.checkin.rules import (
    Advice,
    Route,
    State,
    confirm,
    consent,
    draw_seat,
    identify_by_document,
    is_open,
    match,
    override_lateness,
    refuse,
)
from server.checkin.service.acts import (
    Reason,
    SecondBy,
    StaffAct,
    record,
    second_in_session,
)
from server.checkin.service.opening import open_streams
from server.checkin.service.slips import Slip, new_slip_code, slip_pdf
from server.checkin.service.views import (
    CheckIn,
    Desk,
    DrawnSeat,
    checkin_view,
    desk_of,
    drawn_seat,
    is_late,
    kept_verdict,
)
from server.checkin.service.visits import (
    keep,
    latest_visit,
    latest_visits,
    locked_visit,
    new_visit,
    visit_of,
    visit_row,
)
from server.checkin.tables import VisitRow
from server.registration.service import candidate_by_number, candidate_of, candidates_of
from server.registration.tables import CandidateRow
from server.seating.service import seat_of
from server.sessions.rules import Duty, desk_is_open
from server.sessions.service import need_duty, policy_of, session_row

CHIEF = (Duty.CHIEF,)


class CheckinService:
    """Use cases of the desk. ``font_path`` None: the printer looks in known places."""

    def __init__(
        self, database: Database, clock: Clock, ledger: Ledger, matcher: FaceMatcher,
        accounts: AccountsService, bus: Bus, lookup_key: bytes, font_path: Path | None = None,
    ) -> None:  # fmt: skip
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._matcher = matcher
        self._accounts = accounts
        self._bus = bus
        self._lookup_key = lookup_key
        self._font_path = font_path

    async def desk(self, principal: Principal, session_id: str) -> Desk:
        """Who is expected, waiting, admitted. Raises ``sessions.unknown``,
        ``sessions.not_staffed``.
        """
        async with self._db.read() as session:
            await session_row(session, session_id)
            await need_duty(session, principal, session_id)
            rows = await candidates_of(session, session_id)
            return desk_of(self._clock.now_ms(), rows, await latest_visits(session, session_id))

    async def start(self, principal: Principal, session_id: str, number: str) -> CheckIn:
        """A candidate comes to the desk with ticket or document number; coming twice is one visit.

        Raises ``checkin.not_open``, ``checkin.candidate_unknown``.
        """
        now_ms = self._clock.now_ms()
        async with self._db.write() as tx:
            await need_duty(tx, principal, session_id)
            row = await session_row(tx, session_id)
            policy = policy_of(row)
            if not desk_is_open(row.state, now_ms, row.starts_at_ms, policy.check_in_opens_s):
                opens_ms = row.starts_at_ms - policy.check_in_opens_s * 1_000
                raise Refusal("checkin.not_open", Kind.CONFLICT, opens_at_ms=opens_ms)
            candidate = await candidate_by_number(tx, self._lookup_key, session_id, number)
            if candidate is None:
                raise Refusal("checkin.candidate_unknown", Kind.NOT_FOUND)
            visit = await latest_visit(tx, candidate.id)
            if visit is None or visit.state == State.REFUSED.value:
                visit = await self._arrive(tx, principal, candidate, visit)
            view = await self._view(tx, visit, candidate)
        self._moved(session_id)
        return view

    async def show(self, principal: Principal, checkin_id: str) -> CheckIn:
        """The visit as it stands."""
        async with self._db.read() as session:
            visit = await visit_row(session, checkin_id)
            await need_duty(session, principal, visit.session_id)
            return await self._view(session, visit)

    async def consent(
        self, principal: Principal, checkin_id: str, *, face: bool, notice_version: str
    ) -> CheckIn:
        """The candidate's answer to the face notice; refusing it leads to the manual route."""
        async with self._db.write() as tx:
            visit = await self._mine(tx, principal, checkin_id)
            keep(visit, consent(visit_of(visit), face=face))
            visit.face_consent, visit.notice_version = face, notice_version
            visit.consented_at_ms = self._clock.now_ms()
            await self._record(
                tx, principal, visit, "consented", detail={"face": face, "notice": notice_version}
            )
            view = await self._view(tx, visit)
        self._moved(visit.session_id)
        return view

    async def frame(self, principal: Principal, checkin_id: str, image: bytes) -> CheckIn:
        """A frame of the door camera is matched 1:1 with the portrait; what comes out is advice."""
        async with self._db.read() as session:
            visit = await visit_row(session, checkin_id)
            await need_duty(session, principal, visit.session_id)
            match(visit_of(visit), Advice.REVIEW, by=principal.subject)
        verdict = await self._matcher.verify(
            subject_id=visit.candidate_id, image=image, against="portrait", purpose="door"
        )
        async with self._db.write() as tx:
            visit = await self._mine(tx, principal, checkin_id)
            advice = Advice(verdict.advice)
            keep(visit, match(visit_of(visit), advice, by=principal.subject))
            visit.verdict = kept_verdict(verdict)
            await self._record(tx, principal, visit, "door_matched", detail=visit.verdict)
            view = await self._view(tx, visit)
        self._moved(visit.session_id)
        return view

    async def frame_image(self, principal: Principal, checkin_id: str) -> bytes:
        """The frame that was matched last. Raises ``checkin.no_frame``."""
        async with self._db.read() as session:
            visit = await visit_row(session, checkin_id)
            await need_duty(session, principal, visit.session_id)
        if visit.verdict is None:
            raise Refusal("checkin.no_frame", Kind.NOT_FOUND)
        return await self._matcher.frame(visit.verdict["frame_blob"])

    async def manual(
        self, principal: Principal, checkin_id: str, *, document: str, reason: Reason,
        second: SecondBy,
    ) -> CheckIn:  # fmt: skip
        """The route without a face: two staff compare person and document."""
        reason.need()
        other = await self._second(principal, checkin_id, second)
        async with self._db.write() as tx:
            visit = await self._mine(tx, principal, checkin_id)
            keep(
                visit,
                identify_by_document(visit_of(visit), by=principal.subject, second=other or ""),
            )
            visit.document, visit.verdict = document, None
            await self._record(
                tx, principal, visit, "manual_route", reason=reason, second=other,
                detail={"document": document},
            )  # fmt: skip
            view = await self._view(tx, visit)
        self._moved(visit.session_id)
        return view

    async def confirm(
        self, principal: Principal, checkin_id: str, *, reason: Reason,
        second: SecondBy | None = None,
    ) -> CheckIn:  # fmt: skip
        """我已核对本人与证件. Opens the sitting's streams in the same transaction."""
        other = await self._second(principal, checkin_id, second)
        await self._set_door_frame(checkin_id)
        now_ms = self._clock.now_ms()
        async with self._db.write() as tx:
            visit = await self._mine(tx, principal, checkin_id)
            session = await session_row(tx, visit.session_id)
            decided = confirm(
                visit_of(visit), by=principal.subject, second=other, has_reason=reason.given,
                late=is_late(session, now_ms),
            )  # fmt: skip
            keep(visit, decided)
            visit.confirmed_at_ms = now_ms
            visit.reason_code, visit.reason_text = reason.code, reason.text
            visit.candidate_salt = chance.token_bytes(32)
            candidate = await candidate_of(tx, visit.candidate_id)
            await open_streams(self._ledger, tx, visit, candidate, now_ms)
            await self._record(
                tx, principal, visit, "check_in_confirmed", reason=reason, second=other,
                detail={"route": visit.route, "advice": visit.advice}, in_sitting=True,
            )  # fmt: skip
            view = await self._view(tx, visit, candidate)
        self._moved(visit.session_id)
        return view

    async def refuse(self, principal: Principal, checkin_id: str, *, reason: Reason) -> CheckIn:
        """A person refuses the candidate; the candidate may come again as a new visit."""
        async with self._db.write() as tx:
            visit = await self._mine(tx, principal, checkin_id)
            keep(visit, refuse(visit_of(visit), has_reason=reason.given))
            visit.reason_code, visit.reason_text = reason.code, reason.text
            await self._record(tx, principal, visit, "check_in_refused", reason=reason)
            view = await self._view(tx, visit)
        self._moved(visit.session_id)
        return view

    async def seat(self, principal: Principal, checkin_id: str) -> DrawnSeat:
        """The drawn seat is shown and the candidate is admitted; asking again shows the same."""
        async with self._db.write() as tx:
            visit = await self._mine(tx, principal, checkin_id)
            before = visit_of(visit)
            after = draw_seat(before)
            if before.state is not State.SEATED:
                keep(visit, after)
                visit.seated_at_ms = self._clock.now_ms()
                visit.slip_code = new_slip_code(visit.id)
                drawn = await seat_of(tx, visit.sitting_id)
                await self._record(
                    tx, principal, visit, "seat_drawn", in_sitting=True, room_id=drawn.room_id,
                    detail={"seat_no": drawn.seat_no, "open": is_open(after)},
                )  # fmt: skip
            seat = await drawn_seat(tx, visit)
        self._moved(visit.session_id)
        return seat

    async def slip(self, principal: Principal, checkin_id: str) -> bytes:
        """The slip (PDF). Raises ``checkin.out_of_order`` before the seat is drawn."""
        async with self._db.read() as session:
            visit = await visit_row(session, checkin_id)
            await need_duty(session, principal, visit.session_id)
            if not is_open(visit_of(visit)):
                raise Refusal("checkin.out_of_order", Kind.CONFLICT, act="slip", state=visit.state)
            exam = await session_row(session, visit.session_id)
            candidate = await candidate_of(session, visit.candidate_id)
            seat = await drawn_seat(session, visit)
        return slip_pdf(
            Slip(
                exam=exam.name, starts_at_ms=exam.starts_at_ms, name=candidate.name,
                ticket_no=candidate.ticket_no, id_number_masked=candidate.id_number_masked,
                room_name=seat.room_name, seat_no=seat.seat_no, machine_code=seat.machine_code,
                slip_code=seat.slip_code,
            ),
            self._font_path,
        )  # fmt: skip

    async def override_lateness(
        self, principal: Principal, checkin_id: str, *, reason: Reason, second: SecondBy
    ) -> CheckIn:
        """The chief lets a late candidate in; an invigilator or officer is the second person."""
        reason.need()
        other = await self._second(principal, checkin_id, second, need=CHIEF)
        async with self._db.write() as tx:
            visit = await self._mine(tx, principal, checkin_id, CHIEF)
            keep(visit, override_lateness(visit_of(visit)))
            opened = visit.confirmed_at_ms is not None
            await self._record(
                tx, principal, visit, "late_override", reason=reason, second=other,
                in_sitting=opened,
            )  # fmt: skip
            view = await self._view(tx, visit)
        self._moved(visit.session_id)
        return view

    async def _arrive(
        self, tx: WriteSession, principal: Principal, candidate: CandidateRow,
        before: VisitRow | None,
    ) -> VisitRow:  # fmt: skip
        visit = new_visit(candidate, before, principal.subject, self._clock.now_ms())
        try:
            async with tx.begin_nested():
                tx.add(visit)
                await tx.flush()
        except IntegrityError:
            # Two desks at once: the other one's visit is this visit.
            other = await latest_visit(tx, candidate.id)
            if other is None:
                raise
            return other
        await self._record(tx, principal, visit, "checked_in")
        return visit

    async def _mine(
        self, tx: WriteSession, principal: Principal, checkin_id: str,
        duties: tuple[Duty, ...] = (Duty.INVIGILATOR, Duty.CHIEF),
    ) -> VisitRow:  # fmt: skip
        visit = await locked_visit(tx, checkin_id)
        await need_duty(tx, principal, visit.session_id, None, duties)
        return visit

    async def _second(
        self, principal: Principal, checkin_id: str, second: SecondBy | None,
        need: tuple[Duty, ...] = (Duty.INVIGILATOR, Duty.CHIEF),
    ) -> str | None:  # fmt: skip
        async with self._db.read() as session:
            visit = await visit_row(session, checkin_id)
            await need_duty(session, principal, visit.session_id, None, need)
        other = await second_in_session(
            self._db, self._accounts, principal, visit.session_id, second,
            duties=(Duty.INVIGILATOR, Duty.CHIEF, Duty.OFFICER),
        )  # fmt: skip
        return None if other is None else other.account_id

    async def _set_door_frame(self, checkin_id: str) -> None:
        """Before the transaction: a frame set for a confirmation that fails is simply replaced."""
        async with self._db.read() as session:
            visit = await visit_row(session, checkin_id)
        if visit.route == Route.FACE.value and visit.verdict is not None:
            await self._matcher.set_door_frame(
                subject_id=visit.candidate_id, match_id=visit.verdict["match_id"]
            )

    async def _record(
        self, tx: WriteSession, principal: Principal, visit: VisitRow, kind: str, *,
        reason: Reason = Reason(), second: str | None = None,  # noqa: B008 - frozen and empty
        detail: dict[str, object] | None = None, in_sitting: bool = False,
        room_id: str | None = None,
    ) -> None:  # fmt: skip
        act = StaffAct(
            kind=kind, session_id=visit.session_id, at_ms=self._clock.now_ms(),
            by=principal.subject, reason=reason, second=second, room_id=room_id,
            sitting_id=visit.sitting_id, detail={"checkin_id": visit.id, **(detail or {})},
        )  # fmt: skip
        await record(self._ledger, tx, act, in_sitting=in_sitting)

    async def _view(
        self, session: ReadSession, visit: VisitRow, candidate: CandidateRow | None = None
    ) -> CheckIn:
        return await checkin_view(session, visit, candidate, now_ms=self._clock.now_ms())

    def _moved(self, session_id: str) -> None:
        self._bus.moved(f"session/{session_id}")
