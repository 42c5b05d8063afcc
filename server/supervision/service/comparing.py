"""The score made again from the log, beside the one that is stored.

Rules kept here: answers and marks by hand come from the streams, keys from the sealed package;
stored marks and the published score are read only to be compared.
"""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from kernel.access import Principal
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal
from ledger.book import Ledger
from paper.responses import parse_responses
from server.marking.rules import Sheet, mark_form, with_hand_marks
from server.marking.service import marked
from server.papers.service import PapersService
from server.results.tables import PublicationRow, ResultRow
from server.sessions.service import session_stream
from server.sittings.rules.dealing import DealtItem
from server.sittings.rules.logged import shown, times_of
from server.supervision.rules.comparing import Compared, compare, hand_marks
from server.supervision.rules.replaying import replay
from server.supervision.service.looks import Look, Looks
from server.supervision.service.replaying import Replaying


@dataclass(frozen=True, slots=True)
class Proof:
    """A comparison, with each answer by position and letters."""

    look: Look
    compared: Compared
    items: tuple[DealtItem, ...]
    answers: dict[str, str]


class Comparing:
    """Recomputes scores."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        papers: PapersService,
        looks: Looks,
        replaying: Replaying,
    ) -> None:
        self._db = database
        self._ledger = ledger
        self._papers = papers
        self._looks = looks
        self._replaying = replaying

    async def prove(self, principal: Principal, look_id: str) -> Proof:
        """Raises ``papers.scoring_closed``, ``marking.not_run``, ``marking.key_missing`` and what
        a replay raises.
        """
        async with self._db.read() as session:
            look = await self._looks.held(session, principal, look_id)
            sitting_id, session_id = look.row.sitting_id, look.row.session_id
            records = await self._replaying.records(session, sitting_id)
            acts = await self._ledger.read(session, session_stream(session_id))
            found = await marked(session, session_id)
            published = await _published(session, session_id, sitting_id)
        scoring = await self._papers.scoring(session_id)
        _, form = await self._replaying.form(session_id, records)
        if found is None:
            raise Refusal("marking.not_run", Kind.CONFLICT)
        frame = replay(records, form, times_of(records)[-1])
        responses = parse_responses(form.items, frame.answers)
        marks = tuple(mark_form(form, scoring.keys, responses))
        by_hand = hand_marks([(one.kind, one.body) for one in acts], sitting_id)
        sheet = with_hand_marks(Sheet(sitting_id, form.form_code, marks), by_hand)
        stored = found.sheets.get(sitting_id)
        rows = {} if stored is None else {one.item_id: one for one in stored.marks}
        dealt = {one.item.item_id: one for one in frame.items}
        return Proof(
            look,
            compare(sheet.marks, rows, published=published),
            frame.items,
            {item: shown(dealt.get(item), given) for item, given in frame.answers.items()},
        )


async def _published(session: ReadSession, session_id: str, sitting_id: str) -> Decimal | None:
    """The score of the newest published list; None for none, or for a result without a number."""
    found = await session.execute(
        select(ResultRow.score)
        .join(PublicationRow, PublicationRow.id == ResultRow.publication_id)
        .where(PublicationRow.session_id == session_id, ResultRow.sitting_id == sitting_id)
        .order_by(PublicationRow.version.desc())
        .limit(1)
    )
    score = found.scalar_one_or_none()
    return None if score is None else Decimal(score)
