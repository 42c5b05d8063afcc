"""The candidates' own page: ticket and ID number in, one's own sitting out.

Rules kept here: a wrong number and an unknown one get the same answer at the same price; attempts
are counted per ticket before the numbers are looked at and paced per address; a token of this page
opens this page only; nobody sees a result before it is published, nor another's at any time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernel.access import Principal, issue_token, revoke_tokens
from kernel.clock import Clock
from kernel.db import Database
from kernel.errors import Kind, Refusal
from kernel.pacing import Pace
from kernel.settings import PortalSettings
from server.accounts.service import Counted, begin_attempt, clear_attempts
from server.registration.rules import normal_id_number
from server.registration.service import candidate_of_sitting, candidate_signing_in
from server.registration.tables import CandidateRow
from server.results.rules.lines import Line
from server.results.rules.periods import Calendar, Periods, Phase
from server.results.rules.reviews import ReviewState
from server.results.service.applying import Applying, item_count_of, reviews_of
from server.results.service.lines_shown import LinesShown
from server.results.service.opening import OpenedAnswer, Openings
from server.results.service.periods import session_periods
from server.results.tables import ReviewRow
from server.sessions.rules import SessionState, reached
from server.sessions.service import policy_of, session_row
from server.sessions.tables import SessionRow
from server.sittings.tables import SittingRow

TOKEN_KIND = "portal"  # noqa: S105 - names the kind, is no token
PURPOSE = "portal"


@dataclass(frozen=True, slots=True)
class OwnReview:
    """One's own application, with what was opened for it."""

    row: ReviewRow
    opened: tuple[OpenedAnswer, ...]


@dataclass(frozen=True, slots=True)
class OwnSitting:
    """Everything that the page shows. ``line`` is the newest published one; ``withheld`` says that
    the list is not the one that the log names, so that no line is shown.
    """

    exam: SessionRow
    candidate: CandidateRow
    sitting: SittingRow | None
    item_count: int
    phase: Phase
    periods: Periods | None
    line: Line | None
    version: int
    withheld: bool
    reviews: tuple[OwnReview, ...]
    may_apply: bool
    positions_most: int

    @property
    def receipt(self) -> dict[str, Any] | None:
        return None if self.sitting is None else self.sitting.receipt


class Portal:
    """The candidate's use cases after the exam."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        lookup_key: bytes,
        calendar: Calendar,
        settings: PortalSettings,
        openings: Openings,
        applying: Applying,
        lines: LinesShown,
    ) -> None:
        self._db = database
        self._clock = clock
        self._lookup_key = lookup_key
        self._calendar = calendar
        self._settings = settings
        self._openings = openings
        self._applying = applying
        self._lines = lines
        self._pace = Pace(clock, "portal.too_many", settings.per_address, settings.per_minute)

    async def sign_in(self, ticket_no: str, id_number: str, *, address: str) -> str:
        """A token for one's own page. Raises ``portal.too_many``, ``accounts.locked``,
        ``portal.unknown`` whichever number was wrong.
        """
        self._pace.take(address)
        ticket = normal_id_number(ticket_no)[:64]
        attempt = Counted(PURPOSE, ticket)
        await begin_attempt(self._db, self._clock, attempt)
        async with self._db.write() as tx:
            candidate = await candidate_signing_in(tx, self._lookup_key, ticket, id_number)
            if candidate is None:
                raise Refusal("portal.unknown", Kind.FORBIDDEN)
            await clear_attempts(tx, attempt)
            return await issue_token(
                tx, self._clock, subject=candidate.sitting_id, kind=TOKEN_KIND, claims={},
                valid_s=self._settings.token_s,
            )  # fmt: skip

    async def sign_out(self, principal: Principal) -> None:
        """Every token of this page ends."""
        async with self._db.write() as tx:
            await revoke_tokens(tx, subject=principal.subject, kind=TOKEN_KIND)

    async def own(self, principal: Principal) -> OwnSitting:
        """One's own sitting. Raises ``registration.unknown``."""
        sitting_id, now_ms = principal.subject, self._clock.now_ms()
        async with self._db.read() as session:
            candidate = await candidate_of_sitting(session, sitting_id)
            exam = await session_row(session, candidate.session_id)
            sitting = await session.get(SittingRow, sitting_id)
            periods = await session_periods(session, self._calendar, exam)
            published = await self._lines.newest(session, exam.id)
            reviews = await reviews_of(session, sitting_id=sitting_id)
            opened = await self._openings.told(session, sitting_id) if reviews else {}
            items = 0
            if sitting is not None and sitting.submitted_at_ms is not None:
                items = await item_count_of(session, sitting)
        phase = Phase.UNPUBLISHED if periods is None else periods.phase(now_ms)
        open_already = any(one.state == ReviewState.OPEN.value for one in reviews)
        sealed = reached(exam.state, SessionState.ARCHIVED)
        if sealed and phase in {Phase.PUBLICITY, Phase.REVIEW}:
            phase = Phase.SEALED
        return OwnSitting(
            exam=exam, candidate=candidate, sitting=sitting, item_count=items, phase=phase,
            periods=periods, line=published.lines.get(candidate.id), version=published.version,
            withheld=published.withheld,
            reviews=tuple(OwnReview(row, tuple(opened.get(row.id, ()))) for row in reviews),
            may_apply=phase is Phase.REVIEW and not open_already,
            positions_most=policy_of(exam).review_positions,
        )  # fmt: skip

    async def apply(self, principal: Principal, reason: str, positions: Sequence[int]) -> None:
        """Asks for a review of one's own paper. Raises what ``Applying.apply`` raises."""
        await self._applying.apply(principal.subject, reason=reason, positions=positions)
