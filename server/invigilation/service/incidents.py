"""Cases: opened by reports, coalesced while open, decided by people.

Rules kept here: one open case per sitting and kind; a report with a name counts once, also over
restarts, several servers and decisions; a report never closes, decides or does anything to a
candidate; a decision is in the ledger with its reason within the same transaction; whoever
touches a case holds its sitting's row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from kernel.clock import Clock
from kernel.db import ReadSession, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from ledger.book import Act, Ledger
from server.checkin.service import sitting_stream
from server.invigilation.rules import Decision, IncidentKind, Severity, total_outage_s, worse
from server.invigilation.service.shapes import CodedReason, Incident, Proposal
from server.invigilation.tables import IncidentRow, ReportRow
from server.sessions.service import room_stream
from server.sittings.ports import Observation
from server.sittings.service import locked

OPEN, DECIDED = "open", "decided"
CAPTURES_KEPT = 20


@dataclass(frozen=True, slots=True)
class CaptureFacts:
    """What a capture adds to a case."""

    capture_id: str
    episode_id: str


class IncidentBook:
    """Where all reports go; it implements the sittings' ``Incidents`` port."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def report(self, tx: WriteSession, observation: Observation) -> None:
        """Opens a case or adds to the open one."""
        await self.add(tx, observation, None)

    async def add(
        self, tx: WriteSession, observation: Observation, capture: CaptureFacts | None
    ) -> None:
        """The same, with what a capture adds."""
        loaded = await locked(tx, observation.sitting_id)
        if not await _is_new(tx, observation):
            return
        kind, severity = IncidentKind(observation.kind), Severity(observation.severity)
        row = await _open_case(tx, observation.sitting_id, kind)
        if row is None:
            row = IncidentRow(
                id=mint("incident"), session_id=loaded.row.session_id,
                room_id=loaded.row.room_id, sitting_id=observation.sitting_id, kind=kind.value,
                severity=severity.value, opened_at_ms=observation.at_ms,
                last_at_ms=observation.at_ms, count=0, score=None, threshold=None, capture_ids=[],
                proposal_s=None, detail={}, state=OPEN, decision=None, decided_by=None,
                decided_at_ms=None, reason_code=None, reason_text=None,
            )  # fmt: skip
            tx.add(row)
            await self._record(tx, row, observation)
        _merge(row, observation, capture)
        row.severity = worse(Severity(row.severity), severity).value
        await tx.flush()

    async def open_outages(self, session: ReadSession) -> dict[str, int]:
        """The newest outage without an end, of every open case that has one."""
        found = await session.execute(
            select(IncidentRow.sitting_id, IncidentRow.detail).where(
                IncidentRow.kind == IncidentKind.OFFLINE.value, IncidentRow.state == OPEN
            )
        )
        since = {
            sitting_id: max((int(at) for at, s in detail["outages"].items() if not s), default=0)
            for sitting_id, detail in found
        }
        return {sitting_id: at_ms for sitting_id, at_ms in since.items() if at_ms}

    async def _record(self, tx: WriteSession, row: IncidentRow, observation: Observation) -> None:
        body = {
            "at_ms": self._clock.now_ms(), "incident_id": row.id, "sitting_id": row.sitting_id,
            "kind": row.kind, "severity": row.severity, "score": observation.score,
            "threshold": observation.threshold, **observation.detail,
        }  # fmt: skip
        entry = [Act("incident_opened", body)]
        await self._ledger.append(tx, room_stream(row.session_id, row.room_id), entry)
        await self._ledger.append(tx, sitting_stream(row.sitting_id), entry)


def _merge(row: IncidentRow, observation: Observation, capture: CaptureFacts | None) -> None:
    row.last_at_ms = max(row.last_at_ms, observation.at_ms)
    row.score = observation.score if observation.score is not None else row.score
    row.threshold = row.threshold if observation.threshold is None else observation.threshold
    if row.kind == IncidentKind.OFFLINE.value:
        since = str(observation.detail.get("offline_since_ms", observation.at_ms))
        outages = dict(row.detail.get("outages", {}))
        row.count += since not in outages
        outages[since] = observation.proposal_s or outages.get(since, 0)
        row.detail = {**row.detail, **observation.detail, "outages": outages}
        row.proposal_s = total_outage_s(outages)
        return
    row.count += 1
    row.detail = {**row.detail, **observation.detail}
    row.proposal_s = observation.proposal_s or row.proposal_s
    if capture is not None:
        row.capture_ids = [*row.capture_ids, capture.capture_id][-CAPTURES_KEPT:]
        row.detail = {**row.detail, "episode_id": capture.episode_id}


async def _is_new(tx: WriteSession, observation: Observation) -> bool:
    """Whether nobody reported it before. The sitting's row is locked."""
    if not observation.name:
        return True
    key = (observation.sitting_id, observation.kind, observation.name)
    known = await tx.get(ReportRow, key, populate_existing=True)
    if known is not None and known.number >= observation.number:
        return False
    if known is None:
        known = ReportRow(sitting_id=key[0], kind=key[1], name=key[2])
        tx.add(known)
    known.number = observation.number
    return True


async def _open_case(tx: ReadSession, sitting_id: str, kind: IncidentKind) -> IncidentRow | None:
    found = await tx.execute(
        select(IncidentRow).where(
            IncidentRow.sitting_id == sitting_id, IncidentRow.kind == kind.value,
            IncidentRow.state == OPEN,
        )
    )  # fmt: skip
    return found.scalars().first()


async def locked_incident(tx: WriteSession, incident_id: str) -> IncidentRow:
    """The case under its sitting's lock, as every report takes it: what is being decided is added
    to by nobody. Raises ``incident.unknown``.
    """
    sitting_id = await tx.scalar(
        select(IncidentRow.sitting_id).where(IncidentRow.id == incident_id)
    )
    if sitting_id is None:
        raise Refusal("incident.unknown", Kind.NOT_FOUND, id=incident_id)
    await locked(tx, sitting_id)
    return await tx.get_one(IncidentRow, incident_id, populate_existing=True)


async def incidents_of(
    session: ReadSession, session_id: str, room_ids: Sequence[str] | None = None
) -> list[IncidentRow]:
    """Cases of the session: open ones first, red before amber, then the oldest first."""
    wanted = select(IncidentRow).where(IncidentRow.session_id == session_id)
    if room_ids is not None:
        wanted = wanted.where(IncidentRow.room_id.in_(list(room_ids)))
    rows = list((await session.execute(wanted)).scalars())
    return sorted(
        rows,
        key=lambda r: (r.state != OPEN, r.severity != Severity.RED.value, r.opened_at_ms, r.id),
    )


def incident_json(row: IncidentRow, seat_no: str, name_masked: str) -> Incident:
    """A case as the queue shows it."""
    return Incident(
        incident_id=row.id,
        sitting_id=row.sitting_id,
        room_id=row.room_id,
        seat_no=seat_no,
        name_masked=name_masked,
        kind=IncidentKind(row.kind),
        severity=Severity(row.severity),
        opened_at_ms=row.opened_at_ms,
        last_at_ms=row.last_at_ms,
        count=row.count,
        score=row.score,
        threshold=row.threshold,
        state="open" if row.state == OPEN else "decided",
        decision=Decision(row.decision) if row.decision else None,
        decided_by=row.decided_by,
        reason=CodedReason(code=row.reason_code, text=row.reason_text) if row.decision else None,
        capture_ids=row.capture_ids,
        proposal=None if row.proposal_s is None else Proposal(extend_s=row.proposal_s),
        detail=row.detail,
    )
