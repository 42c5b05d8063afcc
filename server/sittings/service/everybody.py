"""What is asked about all sittings at once, every second: plain columns and no entities.

Rules kept here: a round's questions cost some microseconds a sitting; whoever they point at is
loaded whole, so what is decided is decided on ``Loaded``.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, String, and_, bindparam, cast, func, select, tuple_

from kernel.bulk import Wanted, select_rows
from kernel.db import ReadSession
from kernel.settings import ExamPolicy
from server.papers.tables import PackageRow
from server.registration.tables import CandidateRow
from server.sessions.tables import SessionRow
from server.sittings.service.rows import Loaded, in_parts
from server.sittings.tables import NoticeRow, SittingRow

Revision = tuple[Any, ...]
"""All that the candidate's page depends on; equal revisions mean that nothing has changed."""


@dataclass(frozen=True, slots=True)
class Present:
    """A sitting that has a device and is not submitted."""

    sitting_id: str
    offline_after_s: int


async def ended(session: ReadSession, now_ms: int) -> Sequence[str]:
    """Sittings that are not submitted though the common time is over: nobody's own time, whatever
    was granted, ends earlier.
    """
    over = SessionRow.starts_at_ms + SessionRow.duration_s * 1_000 <= now_ms
    found = await session.scalars(
        select(SittingRow.id)
        .join(SessionRow, SessionRow.id == SittingRow.session_id)
        .where(_unfinished(), over)
    )
    return found.all()


async def present(session: ReadSession) -> list[Present]:
    """Who ought to be heard, anywhere."""
    found = await session.execute(
        select(SittingRow.id, SittingRow.session_id).where(_unfinished(), SittingRow.epoch > 0)
    )
    lines = found.all()
    policies = await session.execute(
        select(SessionRow.id, cast(SessionRow.policy, String)).where(
            SessionRow.id.in_({session_id for _, session_id in lines})
        )
    )
    after_s = {session_id: _offline_after_s(policy) for session_id, policy in policies}
    return [Present(sitting_id, after_s[session_id]) for sitting_id, session_id in lines]


async def without_receipt(
    session: ReadSession, after: tuple[int, str], before_ms: int, limit: int
) -> Sequence[tuple[int, str]]:
    """When they handed in and who: the first of those who have no receipt and come later than
    ``after`` and earlier than ``before_ms``, in this order.
    """
    place = tuple_(SittingRow.submitted_at_ms, SittingRow.id)
    found = await session.execute(
        select(SittingRow.submitted_at_ms, SittingRow.id)
        .where(place > after, SittingRow.submitted_at_ms < before_ms, ~_HAS_RECEIPT)
        .order_by(SittingRow.submitted_at_ms, SittingRow.id)
        .limit(limit)
    )
    return [(at_ms or 0, sitting_id) for at_ms, sitting_id in found]


async def one_of_each_room(session: ReadSession) -> Sequence[str]:
    """A sitting of every room where somebody is not submitted."""
    found = await session.scalars(
        select(func.min(SittingRow.id))
        .where(_unfinished())
        .group_by(SittingRow.session_id, SittingRow.room_id)
    )
    return found.all()


async def revisions(session: ReadSession, sitting_ids: Collection[str]) -> dict[str, Revision]:
    """The revision of each of these sittings, as ``revision_of`` makes it."""
    found: dict[str, Revision] = {}
    for few in in_parts(sorted(sitting_ids)):
        [lines] = await select_rows(session, Wanted(_REVISIONS, "sittings", few))
        for sitting_id, extensions, pauses, receipt, *plain in lines:
            found[sitting_id] = (
                _read(extensions), _read(pauses), (receipt or 0) > len("null"), *plain
            )  # fmt: skip
    return found


async def places(session: ReadSession, sitting_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Session and room of these sittings; one that has no row is left out."""
    found: dict[str, tuple[str, str]] = {}
    for few in in_parts(sorted(sitting_ids)):
        lines = await session.execute(
            select(SittingRow.id, SittingRow.session_id, SittingRow.room_id).where(
                SittingRow.id.in_(few)
            )
        )
        found |= {sitting_id: (session_id, room_id) for sitting_id, session_id, room_id in lines}
    return found


def revision_of(loaded: Loaded, notices: int) -> Revision:
    """The revision of a sitting that was loaded with so many notices."""
    row, exam = loaded.row, loaded.exam
    return (
        tuple(row.extensions_s), tuple(map(tuple, row.pauses)), row.receipt is not None,
        row.sign_in, row.holder, row.epoch, row.seat_no, row.face_passed, row.submit_kind,
        exam.starts_at_ms, exam.duration_s, loaded.candidate.extra_time_pct, loaded.paper_open,
        notices,
    )  # fmt: skip


def _unfinished() -> ColumnElement[bool]:
    return and_(SittingRow.submitted_at_ms.is_(None), SittingRow.first_signed_in_at_ms.is_not(None))


_RECEIPT_LENGTH = func.length(cast(SittingRow.receipt, String))
_HAS_RECEIPT = func.coalesce(_RECEIPT_LENGTH, 0) > len("null")
_NOTICES = (
    select(func.count(NoticeRow.id))
    .where(NoticeRow.sitting_id == SittingRow.id)
    .correlate(SittingRow)
    .scalar_subquery()
)
_REVISIONS = (
    select(
        SittingRow.id,
        cast(SittingRow.extensions_s, String),
        cast(SittingRow.pauses, String),
        _RECEIPT_LENGTH,
        SittingRow.sign_in,
        SittingRow.holder,
        SittingRow.epoch,
        SittingRow.seat_no,
        SittingRow.face_passed,
        SittingRow.submit_kind,
        SessionRow.starts_at_ms,
        SessionRow.duration_s,
        CandidateRow.extra_time_pct,
        PackageRow.content_released_at_ms.is_not(None),
        _NOTICES,
    )
    .join(SessionRow, SessionRow.id == SittingRow.session_id)
    .join(CandidateRow, CandidateRow.id == SittingRow.candidate_id)
    .outerjoin(PackageRow, PackageRow.session_id == SittingRow.session_id)
    .where(SittingRow.id.in_(bindparam("sittings", expanding=True)))
)


@lru_cache(1_024)
def _read(text: str) -> tuple[Any, ...]:
    found = msgspec.json.decode(text)
    return tuple(tuple(one) if isinstance(one, list) else one for one in found)


@lru_cache(1_024)
def _offline_after_s(policy: str) -> int:
    return ExamPolicy.model_validate_json(policy).offline_after_s
