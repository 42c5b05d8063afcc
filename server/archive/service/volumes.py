"""What goes into the five volumes, read in one consistent view of the database.

Rules kept here: a document is either public and names nobody, or personal and will be sealed; what
does not exist is said with its reason.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import select

from kernel.codec import canonical_json
from kernel.db import ReadSession
from server.accounts.service import accounts_named
from server.archive.rules import (
    CERTIFICATES,
    DRAW,
    MARKS,
    PACKAGE_MANIFEST,
    PEOPLE,
    PLAN,
    PUBLICATION,
    ROSTER,
    SESSION,
    STAFFING,
    VISITS,
    masked_name,
)
from server.bodies.service import rooms_by_id
from server.checkin.tables import VisitRow
from server.marking.rules import plain
from server.marking.service import marked
from server.papers.service import package_row
from server.registration.service import candidates_of
from server.registration.tables import CandidateRow
from server.results.service import published_rows
from server.seating.service.records import last_draw, proof_of
from server.sessions.service import rooms_of
from server.sessions.tables import SessionRow, StaffRow


@dataclass(frozen=True, slots=True)
class Document:
    """A file for the archive; without data it is left out, with the reason's catalogue code."""

    path: str
    data: bytes | None = None
    personal: bool = False
    reason: str = ""


async def documents(session: ReadSession, exam: SessionRow) -> AsyncIterator[Document]:
    """The documents that are made from the database alone."""
    people = await candidates_of(session, exam.id)
    yield _json(SESSION, _session(exam))
    yield _json(ROSTER, {"session_id": exam.id, "candidates": [_masked(row) for row in people]})
    yield _json(PEOPLE, {"candidates": [_person(row) for row in people]}, personal=True)
    yield _json(PLAN, await _plan(session, exam))
    yield _json(STAFFING, await _staffing(session, exam.id), personal=True)
    yield await _draw(session, exam.id)
    yield _json(VISITS, await _visits(session, exam.id), personal=True)
    yield Document(PACKAGE_MANIFEST, (await package_row(session, exam.id)).manifest)
    yield await _marks(session, exam.id)
    yield await _publication(session, exam.id)
    yield Document(CERTIFICATES, reason="archive.no_certificates")


def _json(path: str, value: Mapping[str, Any], *, personal: bool = False) -> Document:
    return Document(path, canonical_json(value), personal)


def _session(exam: SessionRow) -> dict[str, Any]:
    return {
        "session_id": exam.id,
        "name": exam.name,
        "occupation_code": exam.occupation_code,
        "occupation_name": exam.occupation_name,
        "level": exam.level,
        "subject": exam.subject,
        "starts_at_ms": exam.starts_at_ms,
        "duration_s": exam.duration_s,
        "state": exam.state,
        "closed_at_ms": exam.closed_at_ms,
        "candidate_count": exam.candidate_count,
        "roster_root": exam.roster_root,
        "roster_frozen_at_ms": exam.roster_frozen_at_ms,
    }


def _masked(row: CandidateRow) -> dict[str, Any]:
    return {
        "candidate_id": row.id,
        "sitting_id": row.sitting_id,
        "name_masked": masked_name(row.name),
        "id_number_masked": row.id_number_masked,
        "route": row.route,
        "extra_time_pct": row.extra_time_pct,
        "portrait_sha256": row.portrait_sha256,
    }


def _person(row: CandidateRow) -> dict[str, Any]:
    return {
        "candidate_id": row.id,
        "sitting_id": row.sitting_id,
        "ticket_no": row.ticket_no,
        "name": row.name,
        "gender": row.gender,
        "id_type": row.id_type,
        "id_number_masked": row.id_number_masked,
        "birth_date": row.birth_date,
        "education": row.education,
        "source": row.source,
        "employer": row.employer,
    }


async def _plan(session: ReadSession, exam: SessionRow) -> dict[str, Any]:
    rooms = await rooms_by_id(session, await rooms_of(session, exam.id))
    return {
        "session_id": exam.id,
        "policy": exam.policy,
        "policy_version": exam.policy_version,
        "rooms": [
            {
                "room_id": room.room_id,
                "code": room.code,
                "name": room.name,
                "site_name": room.site_name,
                "site_address": room.site_address,
                "rows": room.rows,
                "cols": room.cols,
                "seats": len(room.seats),
            }
            for room in rooms
        ],
    }


async def _staffing(session: ReadSession, session_id: str) -> dict[str, Any]:
    found = await session.execute(
        select(StaffRow).where(StaffRow.session_id == session_id).order_by(StaffRow.id)
    )
    rows = found.scalars().all()
    names = await accounts_named(session, [row.account_id for row in rows])
    return {
        "staff": [
            {
                "account_id": row.account_id,
                "name": names[row.account_id].name if row.account_id in names else "",
                "duty": row.duty,
                "room_id": row.room_id,
            }
            for row in rows
        ]
    }


async def _draw(session: ReadSession, session_id: str) -> Document:
    row = await last_draw(session, session_id)
    if row is None or row.seed is None:
        return Document(DRAW, reason="archive.no_draw")
    proof = await proof_of(session, row)
    return Document(DRAW, canonical_json(msgspec.to_builtins(proof)))


async def _visits(session: ReadSession, session_id: str) -> dict[str, Any]:
    found = await session.execute(
        select(VisitRow)
        .where(VisitRow.session_id == session_id)
        .order_by(VisitRow.started_at_ms, VisitRow.id)
    )
    return {
        "visits": [
            {
                "checkin_id": row.id,
                "sitting_id": row.sitting_id,
                "attempt": row.attempt,
                "state": row.state,
                "route": row.route,
                "face_consent": row.face_consent,
                "notice_version": row.notice_version,
                "consented_at_ms": row.consented_at_ms,
                "advice": row.advice,
                "verdict": row.verdict,
                "document": row.document,
                "identified_by": row.identified_by,
                "confirmed_by": row.confirmed_by,
                "confirmed_at_ms": row.confirmed_at_ms,
                "reason_code": row.reason_code,
                "reason_text": row.reason_text,
                "late_override": row.late_override,
                "seated_at_ms": row.seated_at_ms,
                "candidate_salt": row.candidate_salt.hex() if row.candidate_salt else None,
            }
            for row in found.scalars()
        ]
    }


async def _marks(session: ReadSession, session_id: str) -> Document:
    marks = await marked(session, session_id)
    if marks is None:
        return Document(MARKS, reason="archive.not_marked")
    return _json(
        MARKS,
        {
            "run_id": marks.run.id,
            "version": marks.run.version,
            "key_sha256": marks.run.key_sha256,
            "totals_hash": marks.run.totals_hash,
            "sittings": [
                {
                    "sitting_id": sheet.sitting_id,
                    "form_code": sheet.form_code,
                    "marks": [
                        [
                            one.item_id,
                            plain(one.full),
                            None if one.mark is None else plain(one.mark),
                        ]
                        for one in sheet.marks
                    ],
                }
                for sheet in marks.sheets.values()
            ],
        },
        personal=True,
    )


async def _publication(session: ReadSession, session_id: str) -> Document:
    published = await published_rows(session, session_id)
    if published is None:
        return Document(PUBLICATION, reason="archive.not_published")
    row, lines = published
    return _json(
        PUBLICATION,
        {
            "publication_id": row.id,
            "version": row.version,
            "totals_hash": row.totals_hash,
            "list_hash": row.list_hash,
            "requested_by": row.requested_by,
            "approved_by": row.approved_by,
            "published_at_ms": row.published_at_ms,
            "candidates": len(lines),
            "passed": sum(line.passed for line in lines),
        },
    )
