"""The result list: computed from marks and facts until it is published, read back afterwards.

Rules kept here: everybody on the roster stands in it, absent or not; what was published is shown as
it was published, whatever happens to the marks later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from kernel.db import ReadSession
from server.invigilation.tables import ViolationRow
from server.marking.rules import plain
from server.marking.service import marked
from server.papers.service import manifest_of
from server.registration.service import candidates_of
from server.registration.tables import CandidateRow
from server.results.rules.lines import Line, State, result_of
from server.results.tables import PublicationRow, ResultRow
from server.seating.tables import SeatRow
from server.sessions.tables import SessionRow
from server.sittings.tables import SittingRow


@dataclass(frozen=True, slots=True)
class Listed:
    """A line with the person it is about."""

    line: Line
    candidate: CandidateRow


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole list. ``publication`` is None while it is only computed; ``totals_hash`` is empty
    before the first marking.
    """

    exam: SessionRow
    lines: tuple[Listed, ...]
    pass_score: str
    run_id: str
    totals_hash: str
    publication: PublicationRow | None

    @property
    def pending(self) -> int:
        """Lines that cannot be published yet."""
        return sum(one.line.state is State.PENDING for one in self.lines)


async def newest_publication(session: ReadSession, session_id: str) -> PublicationRow | None:
    """The newest version of the session's published list, if any."""
    found = await session.execute(
        select(PublicationRow)
        .where(PublicationRow.session_id == session_id)
        .order_by(PublicationRow.version.desc())
        .limit(1)
    )
    return found.scalar_one_or_none()


async def published_rows(
    session: ReadSession, session_id: str
) -> tuple[PublicationRow, Sequence[ResultRow]] | None:
    """The newest published list, if any."""
    publication = await newest_publication(session, session_id)
    return None if publication is None else (publication, await rows_of(session, publication))


async def rows_of(session: ReadSession, publication: PublicationRow) -> Sequence[ResultRow]:
    """Its lines by ticket number."""
    rows = await session.execute(
        select(ResultRow)
        .where(ResultRow.publication_id == publication.id)
        .order_by(ResultRow.ticket_no)
    )
    return rows.scalars().all()


async def first_absent(session: ReadSession, session_id: str) -> Sequence[str]:
    """Sittings of those who were absent when the list was first published."""
    found = await session.execute(
        select(ResultRow.sitting_id)
        .join(PublicationRow, PublicationRow.id == ResultRow.publication_id)
        .where(
            PublicationRow.session_id == session_id,
            PublicationRow.version == 1,
            ResultRow.state == State.ABSENT.value,
        )
    )
    return found.scalars().all()


async def sheet_of(
    session: ReadSession, exam: SessionRow, publication: PublicationRow, rows: Sequence[ResultRow]
) -> Sheet:
    """A list as it was published."""
    people = {one.id: one for one in await candidates_of(session, exam.id)}
    manifest = await manifest_of(session, exam.id)
    return Sheet(
        exam=exam,
        lines=tuple(Listed(line_of(row), people[row.candidate_id]) for row in rows),
        pass_score=manifest.pass_score,
        run_id=publication.run_id,
        totals_hash=publication.totals_hash,
        publication=publication,
    )


async def computed(session: ReadSession, exam: SessionRow) -> Sheet:
    """The list from marks and facts of the day. Raises ``papers.no_package``."""
    manifest = await manifest_of(session, exam.id)
    marks = await marked(session, exam.id)
    violations = await _violations(session, exam.id)
    forms = await _forms(session, exam.id)
    full = {form.form_code: form.full_score for form in manifest.forms}
    sittings = {
        row.id: row
        for row in (
            await session.execute(select(SittingRow).where(SittingRow.session_id == exam.id))
        ).scalars()
    }
    lines = []
    for person in await candidates_of(session, exam.id):
        sitting = sittings.get(person.sitting_id)
        sheet = marks.sheets.get(person.sitting_id) if marks else None
        handed_in = sitting is not None and sitting.submitted_at_ms is not None
        result = result_of(
            # Once marked, the run knows from the ledger who handed in; the row is only its index.
            submitted=sheet is not None if marks else handed_in,
            violation=person.sitting_id in violations,
            marks=[one.mark for one in sheet.marks] if sheet else [],
            pass_score=Decimal(manifest.pass_score),
        )
        form = sitting.form_code if sitting is not None else forms.get(person.sitting_id)
        receipt = (sitting.receipt or {}) if sitting is not None else {}
        line = Line(
            candidate_id=person.id,
            sitting_id=person.sitting_id,
            ticket_no=person.ticket_no,
            form_code=form,
            state=result.state,
            score=None if result.score is None else plain(result.score),
            full=full.get(form or ""),
            passed=result.passed,
            article_id=violations.get(person.sitting_id),
            receipt_code=receipt.get("receipt_code"),
        )
        lines.append(Listed(line, person))
    return Sheet(
        exam=exam,
        lines=tuple(lines),
        pass_score=manifest.pass_score,
        run_id=marks.run.id if marks else "",
        totals_hash=marks.run.totals_hash if marks else "",
        publication=None,
    )


async def _violations(session: ReadSession, session_id: str) -> dict[str, str]:
    """Sitting id → articles, as two people registered them."""
    found = await session.execute(
        select(ViolationRow.sitting_id, ViolationRow.article_id)
        .where(ViolationRow.session_id == session_id)
        .order_by(ViolationRow.at_ms, ViolationRow.id)
    )
    articles: dict[str, str] = {}
    for sitting_id, article_id in found:
        before = articles.get(sitting_id)
        articles[sitting_id] = article_id if before is None else f"{before}, {article_id}"
    return articles


async def _forms(session: ReadSession, session_id: str) -> dict[str, str]:
    found = await session.execute(
        select(SeatRow.sitting_id, SeatRow.form_code).where(SeatRow.session_id == session_id)
    )
    return {row.sitting_id: row.form_code for row in found}


def line_of(row: ResultRow) -> Line:
    """A stored line."""
    return Line(
        candidate_id=row.candidate_id,
        sitting_id=row.sitting_id,
        ticket_no=row.ticket_no,
        form_code=row.form_code,
        state=State(row.state),
        score=row.score,
        full=row.full,
        passed=row.passed,
        article_id=row.article_id,
        receipt_code=row.receipt_code,
    )


def result_row(publication_id: str, line: Line) -> ResultRow:
    """A line as it is stored."""
    return ResultRow(
        publication_id=publication_id,
        candidate_id=line.candidate_id,
        sitting_id=line.sitting_id,
        ticket_no=line.ticket_no,
        form_code=line.form_code,
        state=line.state.value,
        score=line.score,
        full=line.full,
        passed=line.passed,
        article_id=line.article_id,
        receipt_code=line.receipt_code,
    )
