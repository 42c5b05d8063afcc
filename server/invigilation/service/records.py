"""What the room leaves behind: a sitting's timeline and the room record (考场情况记录单).

Rules kept here: acts are read from the ledger's streams and never from memory; answers' contents
never appear here; the record says what is still open, so nobody signs over a gap.
"""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import select

from kernel.access import Principal
from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from ledger.book import OpenRecord
from server.accounts.service import Account, accounts_named
from server.bodies.service import room_of
from server.checkin.service import camera_stream, sitting_stream
from server.invigilation.service.absences import Absences
from server.invigilation.service.incidents import OPEN, incident_json, incidents_of
from server.invigilation.service.shapes import (
    Incident,
    OpenPoint,
    RecordAct,
    RoomRecord,
    Timeline,
    TimelineEvent,
)
from server.invigilation.service.wall import WATCHERS
from server.invigilation.tables import CaptureRow, SegmentRow, ViolationRow
from server.registration.service import candidates_of
from server.registration.tables import CandidateRow
from server.seating.tables import SeatRow
from server.sessions.rules import SessionState
from server.sessions.service import need_duty, room_stream, session_row
from server.sittings.service import Loaded, SittingsService, load, of_session
from server.sittings.service.shapes import masked

ACTS_SHOWN = frozenset(
    {
        "seat_drawn", "late_override", "warned", "extended", "paused", "resumed", "transferred",
        "face_confirmed", "forced", "violation", "absent", "incident_decided",
    }
)  # fmt: skip
HIDDEN = frozenset({"response", "response_json", "item_id", "order_seed", "state_hash"})


class Records:
    """Reads back."""

    def __init__(self, sittings: SittingsService, absences: Absences) -> None:
        self._sittings = sittings
        self._hall = sittings.hall
        self._absences = absences

    async def timeline(self, principal: Principal, sitting_id: str) -> Timeline:
        """Events of a sitting without answers, its captures and its recording's pieces."""
        async with self._hall.database.read() as session:
            loaded = await load(session, sitting_id)
            await need_duty(session, principal, loaded.row.session_id, loaded.row.room_id, WATCHERS)
            records = await self._hall.ledger.read(session, sitting_stream(sitting_id))
            captures = await session.execute(
                select(CaptureRow)
                .where(CaptureRow.sitting_id == sitting_id)
                .order_by(CaptureRow.taken_at_ms)
            )
            segments = await session.execute(
                select(SegmentRow)
                .where(SegmentRow.sitting_id == sitting_id)
                .order_by(SegmentRow.index)
            )
            return {
                "sitting_id": sitting_id,
                "server_ms": self._hall.clock.now_ms(),
                "events": [_event(record) for record in records],
                "captures": [
                    {
                        "capture_id": row.id, "taken_at_ms": row.taken_at_ms,
                        "outcome": row.outcome, "score": row.score, "threshold": row.threshold,
                        "faces": row.faces,
                    }
                    for row in captures.scalars()
                ],
                "segments": [
                    {"index": row.index, "t0_ms": row.t0_ms, "t1_ms": row.t1_ms}
                    for row in segments.scalars()
                ],
                "camera_stream": camera_stream(sitting_id),
            }  # fmt: skip

    async def capture_row(self, principal: Principal, capture_id: str) -> CaptureRow:
        """Raises ``capture.unknown`` and ``sessions.not_staffed``."""
        async with self._hall.database.read() as session:
            row = await session.get(CaptureRow, capture_id)
            if row is None:
                raise Refusal("capture.unknown", Kind.NOT_FOUND, id=capture_id)
            loaded = await load(session, row.sitting_id)
            await need_duty(session, principal, loaded.row.session_id, loaded.row.room_id, WATCHERS)
            return row

    async def incidents(self, principal: Principal, session_id: str) -> list[Incident]:
        """The session's cases in the rooms where the caller has a duty."""
        async with self._hall.database.read() as session:
            await need_duty(session, principal, session_id, None, WATCHERS)
            everybody = {one.row.id: one for one in await of_session(session, session_id)}
            shown = []
            allowed: dict[str, bool] = {}
            for row in await incidents_of(session, session_id):
                if row.room_id not in allowed:
                    allowed[row.room_id] = await _may_see(
                        session, principal, session_id, row.room_id
                    )
                if allowed[row.room_id]:
                    one = everybody[row.sitting_id]
                    shown.append(incident_json(row, one.row.seat_no, masked(one.candidate.name)))
            return shown

    async def room_record(self, principal: Principal, session_id: str, room_id: str) -> RoomRecord:
        """考场情况记录单 as data."""
        hall = self._hall
        async with hall.database.read() as session:
            await need_duty(session, principal, session_id, room_id, WATCHERS)
            exam = await session_row(session, session_id)
            room = await room_of(session, room_id)
            sittings = [
                one for one in await of_session(session, session_id) if one.row.room_id == room_id
            ]
            people = {row.sitting_id: row for row in await candidates_of(session, session_id)}
            absent = await self._absences.listed(session, session_id, room_id)
            drawn = await session.execute(
                select(SeatRow.sitting_id).where(
                    SeatRow.session_id == session_id, SeatRow.room_id == room_id
                )
            )
            cases = await incidents_of(session, session_id, [room_id])
            violations = await session.execute(
                select(ViolationRow).where(
                    ViolationRow.session_id == session_id, ViolationRow.room_id == room_id
                )
            )
            broken = list(violations.scalars())
            records = await hall.ledger.read(session, room_stream(session_id, room_id))
            acts = [_event(one) for one in records if one.kind in ACTS_SHOWN]
            names = await accounts_named(session, _people_of(acts))
            answered = {}
            for one in sittings:
                if one.row.started_at_ms is not None:
                    progress = await self._sittings.papers.progress(session, one)
                    answered[one.row.id] = len(progress.answered)
        present = [one for one in sittings if one.row.first_signed_in_at_ms is not None]
        return {
            "session": {
                "session_id": exam.id, "name": exam.name, "subject": exam.subject,
                "occupation_name": exam.occupation_name, "level": exam.level,
                "starts_at_ms": exam.starts_at_ms, "ends_at_ms": exam.ends_at_ms,
                "state": SessionState(exam.state),
            },
            "room": {"room_id": room_id, "name": room.name, "site_name": room.site_name},
            "made_at_ms": hall.clock.now_ms(),
            "counts": {
                "expected": len(list(drawn.scalars())),
                "present": len(present),
                "absent": sum(one.confirmed for one in absent),
                "submitted": sum(one.row.submitted_at_ms is not None for one in present),
                "forced": sum(one.row.submit_kind == "forced" for one in present),
                "violations": len(broken),
                "incidents": len(cases),
            },
            "open_points": _open_points(present, cases, absent, answered),
            "absent": [
                {
                    "name": one.name, "ticket_no": one.ticket_no, "seat_no": one.seat_no,
                    "confirmed": one.confirmed,
                }
                for one in absent
            ],
            "extensions": [
                {
                    "seat_no": one.row.seat_no, "name": one.candidate.name,
                    "ticket_no": one.candidate.ticket_no, "extend_s": sum(one.row.extensions_s),
                }
                for one in sittings
                if one.row.extensions_s
            ],
            "violations": [
                {
                    "name": _name(people, row.sitting_id), "article_id": row.article_id,
                    "authority": row.authority, "reason_text": row.reason_text,
                    "at_ms": row.at_ms, "evidence": len(row.evidence),
                }
                for row in broken
            ],
            "acts": [_act(act, names, people) for act in acts],
        }  # fmt: skip


async def _may_see(
    session: ReadSession, principal: Principal, session_id: str, room_id: str
) -> bool:
    try:
        await need_duty(session, principal, session_id, room_id, WATCHERS)
    except Refusal:
        return False
    return True


def _event(record: OpenRecord) -> TimelineEvent:
    body = {key: value for key, value in record.body.items() if key not in HIDDEN}
    event = {**body, "seq": record.seq, "kind": record.kind, "at_ms": record.server_ms}
    return cast("TimelineEvent", event)


def _act(
    act: TimelineEvent, names: Mapping[str, Account], people: dict[str, CandidateRow]
) -> RecordAct:
    by, sitting_id = act.get("by"), act.get("sitting_id")
    named = {
        **act,
        "by_name": names[by].name if by and by in names else "",
        "name": _name(people, sitting_id or ""),
    }
    return cast("RecordAct", named)


def _people_of(acts: list[TimelineEvent]) -> set[str]:
    return {str(act[key]) for act in acts for key in ("by", "second") if act.get(key)}


def _name(people: dict[str, CandidateRow], sitting_id: str) -> str:
    row = people.get(sitting_id)
    return row.name if row else ""


def _open_points(
    present: list[Loaded], cases: list[Any], absent: list[Any], answered: dict[str, int]
) -> list[OpenPoint]:
    points: list[OpenPoint] = []
    for one in present:
        if one.row.submitted_at_ms is None:
            points.append({"code": "not_submitted", "seat_no": one.row.seat_no})
        elif one.row.started_at_ms is not None and not answered.get(one.row.id):
            points.append({"code": "no_answers", "seat_no": one.row.seat_no})
    seats = {one.row.id: one.row.seat_no for one in present}
    points += [
        {"code": "incident_open", "incident_id": c.id, "seat_no": seats.get(c.sitting_id, "")}
        for c in cases
        if c.state == OPEN
    ]
    points += [
        {"code": "absence_unconfirmed", "seat_no": one.seat_no}
        for one in absent
        if not one.confirmed
    ]
    return points
