"""Visits between table and rules, and what later rooms may know of them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from kernel.db import ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from server.checkin.rules import Advice, Route, State, Visit
from server.checkin.tables import VisitRow
from server.registration.tables import CandidateRow


@dataclass(frozen=True, slots=True)
class Admission:
    """A candidate who passed the gate at the door."""

    checkin_id: str
    session_id: str
    candidate_id: str
    sitting_id: str
    route: Route
    late_override: bool
    seated_at_ms: int


def visit_of(row: VisitRow) -> Visit:
    """The row as the rules see it."""
    return Visit(
        state=State(row.state),
        route=Route(row.route),
        advice=Advice(row.advice) if row.advice else None,
        identified_by=tuple(row.identified_by),
        confirmed_by=tuple(row.confirmed_by),
        late_override=row.late_override,
    )


def keep(row: VisitRow, visit: Visit) -> None:
    """Writes what the rules decided back into the row."""
    row.state, row.route = visit.state.value, visit.route.value
    row.advice = visit.advice.value if visit.advice else None
    row.identified_by = list(visit.identified_by)
    row.confirmed_by = list(visit.confirmed_by)
    row.late_override = visit.late_override


async def visit_row(session: ReadSession, checkin_id: str) -> VisitRow:
    """Raises ``checkin.unknown``."""
    row = await session.get(VisitRow, checkin_id)
    if row is None:
        raise Refusal("checkin.unknown", Kind.NOT_FOUND, id=checkin_id)
    return row


async def locked_visit(tx: WriteSession, checkin_id: str) -> VisitRow:
    """The row, locked until the transaction ends."""
    found = await tx.execute(select(VisitRow).where(VisitRow.id == checkin_id).with_for_update())
    row = found.scalar_one_or_none()
    if row is None:
        raise Refusal("checkin.unknown", Kind.NOT_FOUND, id=checkin_id)
    return row


async def latest_visits(session: ReadSession, session_id: str) -> dict[str, VisitRow]:
    """The last visit of every candidate of the session who came, by candidate id."""
    found = await session.execute(
        select(VisitRow).where(VisitRow.session_id == session_id).order_by(VisitRow.attempt)
    )
    return {row.candidate_id: row for row in found.scalars()}


async def latest_visit(session: ReadSession, candidate_id: str) -> VisitRow | None:
    """The candidate's last visit, if any."""
    found = await session.execute(
        select(VisitRow)
        .where(VisitRow.candidate_id == candidate_id)
        .order_by(VisitRow.attempt.desc())
        .limit(1)
    )
    return found.scalar_one_or_none()


async def admission_of(session: ReadSession, sitting_id: str) -> Admission | None:
    """How this sitting passed the gate; None while it has not."""
    found = await session.execute(
        select(VisitRow).where(
            VisitRow.sitting_id == sitting_id, VisitRow.state == State.SEATED.value
        )
    )
    row = found.scalars().first()
    return None if row is None else _admission(row)


async def admissions(
    session: ReadSession, session_id: str, among: Collection[str] | None = None
) -> dict[str, Admission]:
    """Everybody admitted to the session, or of these sittings only, by sitting id."""
    wanted = select(VisitRow).where(
        VisitRow.session_id == session_id, VisitRow.state == State.SEATED.value
    )
    if among is not None:
        wanted = wanted.where(VisitRow.sitting_id.in_(among))
    found = await session.execute(wanted)
    return {row.sitting_id: _admission(row) for row in found.scalars()}


def _admission(row: VisitRow) -> Admission:
    return Admission(
        row.id, row.session_id, row.candidate_id, row.sitting_id, Route(row.route),
        row.late_override, row.seated_at_ms or 0,
    )  # fmt: skip


def new_visit(candidate: CandidateRow, before: VisitRow | None, by: str, now_ms: int) -> VisitRow:
    """A fresh visit; ``before`` is the one that was refused."""
    row = VisitRow(
        id=mint("visit"), session_id=candidate.session_id, candidate_id=candidate.id,
        sitting_id=candidate.sitting_id, attempt=before.attempt + 1 if before else 1,
        face_consent=None, notice_version=None, consented_at_ms=None, verdict=None, document=None,
        confirmed_at_ms=None, reason_code=None, reason_text=None, slip_code=None,
        seated_at_ms=None, candidate_salt=None, started_by=by, started_at_ms=now_ms,
    )  # fmt: skip
    keep(row, Visit(route=Route(candidate.route)))
    return row
