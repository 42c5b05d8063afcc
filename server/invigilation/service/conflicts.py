"""Both contents of a conflict, for the person who decides the case.

Rules kept here: contents are named by position and displayed letter, never by stem; while the
session runs nobody but its chief reads an answer; what came first counts, whatever is decided.
"""

from kernel.access import Principal, Role
from kernel.errors import Kind, Refusal
from server.checkin.service import sitting_stream
from server.invigilation.rules import IncidentKind
from server.invigilation.service.shapes import ConflictShown, ContentShown
from server.invigilation.service.wall import WATCHERS
from server.invigilation.tables import IncidentRow
from server.sessions.rules import Duty, SessionState, reached
from server.sessions.service import need_duty, session_row
from server.sittings.rules.bound import dealt_items
from server.sittings.rules.logged import Content, contradictions
from server.sittings.service import Hall


class Conflicts:
    """Reads both sides back."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    async def of_incident(self, principal: Principal, incident_id: str) -> list[ConflictShown]:
        """Every conflict of the incident's sitting. Raises ``incident.unknown``,
        ``incident.no_conflict``, ``incident.needs_chief``, ``sessions.not_staffed``,
        ``sitting.form_unknown``.
        """
        async with self._hall.database.read() as session:
            row = await session.get(IncidentRow, incident_id)
            if row is None:
                raise Refusal("incident.unknown", Kind.NOT_FOUND, id=incident_id)
            await need_duty(session, principal, row.session_id, row.room_id, WATCHERS)
            if row.kind != IncidentKind.CONFLICT.value:
                raise Refusal("incident.no_conflict", Kind.CONFLICT)
            exam = await session_row(session, row.session_id)
            if not reached(exam.state, SessionState.CLOSED):
                if Role.CHIEF not in principal.roles:
                    raise Refusal("incident.needs_chief", Kind.FORBIDDEN)
                await need_duty(session, principal, row.session_id, row.room_id, (Duty.CHIEF,))
            records = await self._hall.ledger.read(session, sitting_stream(row.sitting_id))
        content = await self._hall.papers.content(row.session_id)
        dealt = dealt_items(records, content.forms)
        return [
            ConflictShown(
                epoch=one.epoch,
                client_seq=one.client_seq,
                kept_number=one.kept_number,
                kept=None if one.kept is None else _content(one.kept),
                number=one.number,
                given=_content(one.given),
            )
            for one in contradictions(records, dealt)
        ]


def _content(one: Content) -> ContentShown:
    return ContentShown(
        kind=one.kind, words=one.words, client_ms=one.client_ms, server_ms=one.server_ms
    )
