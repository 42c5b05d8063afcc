"""When publicity and reviews of a session begin and end: by first publication and policy."""

from sqlalchemy import select

from kernel.db import ReadSession
from server.results.rules.periods import Calendar, Periods, periods_of
from server.results.tables import PublicationRow
from server.sessions.service import policy_of
from server.sessions.tables import SessionRow


async def session_periods(
    session: ReadSession, calendar: Calendar, exam: SessionRow
) -> Periods | None:
    """None before the first publication."""
    found = await session.execute(
        select(PublicationRow.published_at_ms)
        .where(PublicationRow.session_id == exam.id)
        .order_by(PublicationRow.version)
        .limit(1)
    )
    published_at_ms = found.scalar_one_or_none()
    if published_at_ms is None:
        return None
    policy = policy_of(exam)
    return periods_of(
        calendar,
        published_at_ms,
        publicity_days=policy.publicity_days,
        review_apply_days=policy.review_apply_days,
    )
