"""The session's row, its state and who may act in it: for this room and all later ones.

Rules kept here: later rooms change the state only through ``move_session`` inside their own
transaction; a person acts in a session only with a duty there, and an invigilator only in the rooms
the duty names.
"""

from collections.abc import Collection

from sqlalchemy import select

from kernel.access import Principal, Role
from kernel.db import ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.settings import ExamPolicy
from server.sessions.rules import Duty, SessionState, check_move, reached
from server.sessions.tables import SessionRoomRow, SessionRow, StaffRow


async def session_row(session: ReadSession, session_id: str) -> SessionRow:
    """Raises ``sessions.unknown``."""
    row = await session.get(SessionRow, session_id)
    if row is None:
        raise Refusal("sessions.unknown", Kind.NOT_FOUND, id=session_id)
    return row


async def locked_session(session: WriteSession, session_id: str) -> SessionRow:
    """The row, locked until the transaction ends (PostgreSQL; SQLite has one writer anyway)."""
    row = (
        await session.execute(
            select(SessionRow)
            .where(SessionRow.id == session_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).scalar_one_or_none()
    if row is None:
        raise Refusal("sessions.unknown", Kind.NOT_FOUND, id=session_id)
    return row


def policy_of(row: SessionRow) -> ExamPolicy:
    """The session's own policy."""
    return ExamPolicy.model_validate(row.policy)


def need_reached(row: SessionRow, milestone: SessionState) -> None:
    """Raises ``sessions.wrong_state`` while the session is before the milestone."""
    if not reached(row.state, milestone):
        raise Refusal(
            "sessions.wrong_state", Kind.CONFLICT, state=row.state, needed=milestone.value
        )


async def move_session(session: WriteSession, session_id: str, to: SessionState) -> SessionRow:
    """To the next state. Raises ``sessions.unknown``, ``sessions.wrong_state``.

    Only the state changes here; the caller writes the ledger's record in the same transaction.
    """
    row = await locked_session(session, session_id)
    check_move(row.state, to)
    row.state = to.value
    await session.flush()
    return row


async def count_candidates(session: WriteSession, session_id: str, added: int) -> SessionRow:
    """Registration says how many it added; refused once frozen: ``sessions.roster_frozen``."""
    row = await locked_session(session, session_id)
    if row.roster_frozen_at_ms is not None:
        raise Refusal("sessions.roster_frozen", Kind.CONFLICT, id=session_id)
    row.candidate_count += added
    await session.flush()
    return row


async def freeze_roster(
    session: WriteSession, session_id: str, roster_root: str, now_ms: int
) -> None:
    """From here on registration refuses changes. Raises ``sessions.roster_frozen``."""
    row = await locked_session(session, session_id)
    if row.roster_frozen_at_ms is not None:
        raise Refusal("sessions.roster_frozen", Kind.CONFLICT, id=session_id)
    row.roster_root, row.roster_frozen_at_ms = roster_root, now_ms
    await session.flush()


async def thaw_roster(session: WriteSession, session_id: str) -> None:
    """After an aborted draw: the roster may change again until the next freeze."""
    row = await locked_session(session, session_id)
    row.roster_root, row.roster_frozen_at_ms = None, None
    await session.flush()


async def rooms_of(session: ReadSession, session_id: str) -> list[str]:
    """Ids of the session's rooms in the order of the plan."""
    found = await session.execute(
        select(SessionRoomRow.room_id)
        .where(SessionRoomRow.session_id == session_id)
        .order_by(SessionRoomRow.position)
    )
    return list(found.scalars())


async def need_duty(
    session: ReadSession,
    principal: Principal,
    session_id: str,
    room_id: str | None = None,
    duties: Collection[Duty] = (Duty.INVIGILATOR, Duty.CHIEF),
) -> Duty:
    """Which of the duties the caller has in the session (and in the room, when one is named).

    With ``room_id`` a duty bound to another room does not count. Raises ``access.role_missing``
    for a principal who is no such staff at all, ``sessions.not_staffed`` for one without the duty
    here.
    """
    principal.need(*(Role(duty.value) for duty in duties))
    found = await session.execute(
        select(StaffRow).where(
            StaffRow.session_id == session_id,
            StaffRow.account_id == principal.subject,
            StaffRow.duty.in_([duty.value for duty in duties]),
        )
    )
    held = [
        Duty(row.duty)
        for row in found.scalars()
        if (room_id is None or row.room_id in {None, room_id}) and Role(row.duty) in principal.roles
    ]
    if not held:
        raise Refusal(
            "sessions.not_staffed", Kind.FORBIDDEN,
            session_id=session_id, room_id=room_id or "", needed=", ".join(sorted(duties)),
        )  # fmt: skip
    return min(held, key=list(duties).index)


SEES_ALL = frozenset({Role.OFFICER, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR})


async def need_seen(session: ReadSession, principal: Principal, session_id: str) -> None:
    """Raises unless the caller may look at the session: planners, supervisors, its own staff."""
    if principal.kind == "staff" and principal.roles & SEES_ALL:
        return
    await need_duty(session, principal, session_id, duties=tuple(Duty))


SEES_PEOPLE = frozenset({Role.SUPERVISOR, Role.AUDITOR})


async def need_people_seen(session: ReadSession, principal: Principal, session_id: str) -> None:
    """Raises unless the caller may see the session's candidates: its own staff and supervision."""
    if principal.kind == "staff" and principal.roles & SEES_PEOPLE:
        return
    await need_duty(session, principal, session_id, duties=tuple(Duty))
