"""Planning, staffing and closing sessions.

Rules kept here: who plans a session is its first officer; a duty needs the role of the same name;
the ledger's session is opened with the plan, and every act stands in the session's stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError

from kernel.access import Principal, Role
from kernel.clock import Clock
from kernel.db import Database, ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from kernel.settings import ExamPolicy
from ledger.book import Ledger
from server.accounts.service import account_of, accounts_named
from server.bodies.service import Room, rooms_by_id
from server.sessions.ports import OpenSittings
from server.sessions.rules import Duty, SessionState, check_plan
from server.sessions.service.noting import note, room_stream, session_stream
from server.sessions.service.state import (
    SEES_ALL,
    move_session,
    need_duty,
    need_seen,
    policy_of,
    rooms_of,
    session_row,
)
from server.sessions.tables import SessionRoomRow, SessionRow, StaffRow

SERIAL_TRIES = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """What a session is planned with."""

    name: str
    occupation_code: str
    occupation_name: str
    level: int
    subject: str
    starts_at_ms: int
    duration_s: int
    room_ids: Sequence[str]
    policy: ExamPolicy


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as staff see it."""

    row: SessionRow
    policy: ExamPolicy
    rooms: tuple[Room, ...]
    server_ms: int


@dataclass(frozen=True, slots=True)
class Staffing:
    """One duty of one person."""

    account_id: str
    name: str
    duty: Duty
    room_id: str | None


class SessionsService:
    """The sessions of this installation."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        policy: ExamPolicy,
        open_sittings: OpenSittings,
    ) -> None:
        self._db = database
        self._clock = clock
        self._ledger = ledger
        self._policy = policy
        self._open = open_sittings

    @property
    def default_policy(self) -> ExamPolicy:
        """What a session gets where its plan says nothing."""
        return self._policy

    async def plan(self, principal: Principal, plan: Plan) -> SessionView:
        """A new session. Raises ``sessions.bad_plan`` with rows, ``bodies.unknown``."""
        principal.need(Role.OFFICER)
        check_plan(
            starts_at_ms=plan.starts_at_ms,
            duration_s=plan.duration_s,
            level=plan.level,
            room_ids=plan.room_ids,
            now_ms=self._clock.now_ms(),
        )
        for _ in range(SERIAL_TRIES):
            try:
                return await self._plan(principal, plan)
            except IntegrityError:
                continue  # somebody else took the serial number in the same moment
        raise Refusal("sessions.raced", Kind.CONFLICT)

    async def _plan(self, principal: Principal, plan: Plan) -> SessionView:
        session_id = mint("sess")
        async with self._db.write() as tx:
            rooms = await rooms_by_id(tx, plan.room_ids)
            missing = sorted(set(plan.room_ids) - {room.room_id for room in rooms})
            if missing:
                raise Refusal("bodies.unknown", Kind.NOT_FOUND, id=missing[0])
            serial = (await tx.execute(select(func.max(SessionRow.serial)))).scalar_one() or 0
            row = SessionRow(
                id=session_id,
                serial=serial + 1,
                name=plan.name,
                occupation_code=plan.occupation_code,
                occupation_name=plan.occupation_name,
                level=plan.level,
                subject=plan.subject,
                starts_at_ms=plan.starts_at_ms,
                duration_s=plan.duration_s,
                policy=plan.policy.model_dump(mode="json"),
                policy_version=1,
                state=SessionState.PLANNED.value,
                roster_root=None,
                roster_frozen_at_ms=None,
                candidate_count=0,
                closed_at_ms=None,
                created_by=principal.subject,
                created_at_ms=self._clock.now_ms(),
            )
            tx.add(row)
            await tx.flush()
            tx.add_all(
                SessionRoomRow(session_id=session_id, room_id=room_id, position=at)
                for at, room_id in enumerate(plan.room_ids)
            )
            tx.add(_staff(session_id, principal.subject, Duty.OFFICER, None))
            await self._open_ledger(tx, row, plan)
            return SessionView(row, plan.policy, tuple(rooms), self._clock.now_ms())

    async def _open_ledger(self, tx: WriteSession, row: SessionRow, plan: Plan) -> None:
        await self._ledger.open_session(tx, row.id)
        facts = {
            "name": row.name,
            "occupation_code": row.occupation_code,
            "level": row.level,
            "subject": row.subject,
            "starts_at_ms": row.starts_at_ms,
            "duration_s": row.duration_s,
            "policy": row.policy,
            "rooms": list(plan.room_ids),
            "by": row.created_by,
        }
        stream = session_stream(row.id)
        await self._ledger.open_stream(tx, stream, row.id, "session_opened", facts)
        for room_id in plan.room_ids:
            await self._ledger.open_stream(
                tx, room_stream(row.id, room_id), row.id, "room_opened", {"room_id": room_id}
            )

    async def sessions(self, principal: Principal) -> list[SessionView]:
        """Newest start first: all for planners and supervisors, else those the caller is staffed
        in.
        """
        wanted = select(SessionRow).order_by(SessionRow.starts_at_ms.desc(), SessionRow.serial)
        if not principal.roles & SEES_ALL:
            wanted = wanted.where(SessionRow.id.in_(_staffed_in(principal)))
        async with self._db.read() as session:
            rows = (await session.execute(wanted)).scalars().all()
            return [await self._view(session, row) for row in rows]

    async def mine(self, principal: Principal) -> list[SessionView]:
        """The sessions that the caller has a duty in."""
        wanted = select(SessionRow).where(SessionRow.id.in_(_staffed_in(principal)))
        async with self._db.read() as session:
            rows = await session.execute(wanted.order_by(SessionRow.starts_at_ms.desc()))
            return [await self._view(session, row) for row in rows.scalars().all()]

    async def one(self, principal: Principal, session_id: str) -> SessionView:
        """Raises ``sessions.unknown``, ``sessions.not_staffed``."""
        async with self._db.read() as session:
            row = await session_row(session, session_id)
            await need_seen(session, principal, session_id)
            return await self._view(session, row)

    async def staff(
        self,
        principal: Principal,
        session_id: str,
        *,
        account_id: str,
        duty: Duty,
        room_id: str | None,
    ) -> list[Staffing]:
        """Adds a duty. Raises ``sessions.role_for_duty``, ``sessions.room_unknown``."""
        async with self._db.write() as tx:
            await session_row(tx, session_id)
            await need_duty(tx, principal, session_id, duties=(Duty.OFFICER,))
            person = await account_of(tx, account_id)
            if Role(duty.value) not in person.roles:
                raise Refusal("sessions.role_for_duty", duty=duty.value, name=person.name)
            if room_id is not None and room_id not in await rooms_of(tx, session_id):
                raise Refusal("sessions.room_unknown", Kind.NOT_FOUND, id=room_id)
            have = await tx.execute(
                select(StaffRow.id).where(
                    StaffRow.session_id == session_id,
                    StaffRow.account_id == account_id,
                    StaffRow.duty == duty.value,
                    StaffRow.room_id.is_(None) if room_id is None else StaffRow.room_id == room_id,
                )
            )
            if have.first() is None:
                tx.add(_staff(session_id, account_id, duty, room_id))
                act = {"account_id": account_id, "duty": duty.value, "room_id": room_id}
                await note(
                    tx, self._ledger, session_id, "staffed", {**act, "by": principal.subject}
                )
                await tx.flush()
            return await _staffing(tx, session_id)

    async def staffing(self, principal: Principal, session_id: str) -> list[Staffing]:
        """Who does what. Raises ``sessions.unknown``, ``sessions.not_staffed``."""
        async with self._db.read() as session:
            await session_row(session, session_id)
            await need_seen(session, principal, session_id)
            return await _staffing(session, session_id)

    async def close(
        self, principal: Principal, session_id: str, *, reason_text: str, force: bool
    ) -> SessionView:
        """The chief ends the session. Raises ``sessions.sittings_open``, ``sessions.wrong_state``.

        With ``force`` what still runs is submitted by the server first, as forced.
        """
        async with self._db.read() as session:
            await session_row(session, session_id)
            await need_duty(session, principal, session_id, duties=(Duty.CHIEF,))
            still_open = await self._open.count_open(session, session_id)
        forced = 0
        if still_open and force:
            forced = await self._open.submit_open(principal, session_id, reason_text)
        async with self._db.write() as tx:
            row = await move_session(tx, session_id, SessionState.CLOSED)
            still_open = await self._open.count_open(tx, session_id)
            if still_open:
                raise Refusal("sessions.sittings_open", Kind.CONFLICT, count=still_open)
            row.closed_at_ms = self._clock.now_ms()
            act = {"by": principal.subject, "reason_text": reason_text, "forced": forced}
            await note(tx, self._ledger, session_id, "session_closed", act)
            return await self._view(tx, row)

    async def _view(self, session: ReadSession, row: SessionRow) -> SessionView:
        rooms = await rooms_by_id(session, await rooms_of(session, row.id))
        return SessionView(row, policy_of(row), tuple(rooms), self._clock.now_ms())


def _staffed_in(principal: Principal) -> Select[str]:
    return select(StaffRow.session_id).where(StaffRow.account_id == principal.subject)


def _staff(session_id: str, account_id: str, duty: Duty, room_id: str | None) -> StaffRow:
    return StaffRow(
        id=mint("duty"),
        session_id=session_id,
        account_id=account_id,
        duty=duty.value,
        room_id=room_id,
    )


async def _staffing(session: ReadSession, session_id: str) -> list[Staffing]:
    found = await session.execute(
        select(StaffRow).where(StaffRow.session_id == session_id).order_by(StaffRow.id)
    )
    rows = found.scalars().all()
    names = await accounts_named(session, [row.account_id for row in rows])
    return [
        Staffing(row.account_id, names[row.account_id].name, Duty(row.duty), row.room_id)
        for row in rows
    ]
