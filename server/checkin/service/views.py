"""What the desk shows."""

from dataclasses import dataclass
from typing import Any, Literal

from typing_extensions import TypedDict

from kernel.db import ReadSession
from kernel.words import Sentence, sentence
from server.bodies.service import room_of
from server.checkin.ports import Verdict
from server.checkin.rules import Advice, Route, State, hint, needs_second
from server.checkin.service.visits import visit_of
from server.checkin.tables import VisitRow
from server.registration.service import candidate_of
from server.registration.tables import CandidateRow
from server.seating.service import seat_of
from server.sessions.service import policy_of, session_row
from server.sessions.tables import SessionRow


@dataclass(frozen=True, slots=True)
class DeskCandidate:
    """A line of the desk's list; ``state`` is ``expected`` until the candidate comes."""

    candidate_id: str
    sitting_id: str
    name: str
    gender: str
    ticket_no: str
    id_type: str
    id_number_masked: str
    route: Route
    portrait: bool
    state: State | Literal["expected"]
    checkin_id: str | None


@dataclass(frozen=True, slots=True)
class Desk:
    """Counts and lists of the whole session; ``queue`` are those between arrival and their seat."""

    server_ms: int
    expected: int
    arrived: int
    admitted: int
    refused: int
    queue: list[DeskCandidate]
    candidates: list[DeskCandidate]


@dataclass(frozen=True, slots=True)
class DrawnSeat:
    """The third part of the gate. Which form lies there nobody at the desk learns."""

    room_name: str
    seat_no: str
    machine_code: str
    slip_code: str
    form: Literal["hidden"] = "hidden"


class ShownVerdict(TypedDict):
    """What the machine advises, in figures and in words; the score is a similarity."""

    match_id: str
    advice: Advice
    reason: str | None
    score: float | None
    threshold: float
    faces: int
    model: str
    frame_sha256: str
    taken_at_ms: int
    words: Sentence


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A visit as the desk's screen needs it."""

    checkin_id: str
    candidate: DeskCandidate
    state: State
    route: Route
    consent: bool | None
    late: bool
    late_override: bool
    needs_second: bool
    verdict: ShownVerdict | None
    identified_by: list[str]
    confirmed_by: list[str]
    seat: DrawnSeat | None


def desk_line(candidate: CandidateRow, visit: VisitRow | None) -> DeskCandidate:
    """One candidate with the state of the last visit."""
    return DeskCandidate(
        candidate_id=candidate.id,
        sitting_id=candidate.sitting_id,
        name=candidate.name,
        gender=candidate.gender,
        ticket_no=candidate.ticket_no,
        id_type=candidate.id_type,
        id_number_masked=candidate.id_number_masked,
        route=Route(visit.route if visit else candidate.route),
        portrait=candidate.portrait_blob is not None,
        state=State(visit.state) if visit else "expected",
        checkin_id=visit.id if visit else None,
    )


def desk_of(now_ms: int, candidates: list[CandidateRow], visits: dict[str, VisitRow]) -> Desk:
    """The desk at this moment."""
    lines = [desk_line(candidate, visits.get(candidate.id)) for candidate in candidates]
    waiting = {State.STARTED, State.CONSENTED, State.MATCHED, State.CONFIRMED}
    return Desk(
        server_ms=now_ms,
        expected=len(lines),
        arrived=len(visits),
        admitted=sum(line.state == State.SEATED for line in lines),
        refused=sum(line.state == State.REFUSED for line in lines),
        queue=[line for line in lines if line.state in waiting],
        candidates=lines,
    )


def verdict_words(
    advice: str, reason: str | None, score: float | None, threshold: float
) -> Sentence:
    """The verdict as sentences, with score and threshold in figures."""
    params = {
        "score": "-" if score is None else f"{score:.2f}",
        "threshold": f"{threshold:.2f}",
    }
    return sentence(hint(reason or "", Advice(advice)), params)


async def checkin_view(
    session: ReadSession, visit: VisitRow, candidate: CandidateRow | None, *, now_ms: int
) -> CheckIn:
    """The visit with everything around it."""
    person = candidate or await candidate_of(session, visit.candidate_id)
    exam = await session_row(session, visit.session_id)
    seated = visit.state == State.SEATED.value
    return CheckIn(
        checkin_id=visit.id,
        candidate=desk_line(person, visit),
        state=State(visit.state),
        route=Route(visit.route),
        consent=visit.face_consent,
        late=is_late(exam, now_ms),
        late_override=visit.late_override,
        needs_second=needs_second(visit_of(visit)),
        verdict=shown_verdict(visit),
        identified_by=visit.identified_by,
        confirmed_by=visit.confirmed_by,
        seat=await drawn_seat(session, visit) if seated else None,
    )


def is_late(session: SessionRow, now_ms: int) -> bool:
    """True when entry has closed."""
    limit_s = policy_of(session).late_limit_s
    return now_ms > session.starts_at_ms + limit_s * 1_000


async def drawn_seat(session: ReadSession, visit: VisitRow) -> DrawnSeat:
    """The seat as the desk shows it."""
    seat = await seat_of(session, visit.sitting_id)
    room = await room_of(session, seat.room_id)
    return DrawnSeat(room.name, seat.seat_no, seat.machine_code, visit.slip_code or "")


def kept_verdict(verdict: Verdict) -> dict[str, Any]:
    """The verdict as row and ledger keep it."""
    return {
        "match_id": verdict.match_id, "advice": str(verdict.advice),
        "reason": None if verdict.reason is None else str(verdict.reason),
        "score": verdict.score, "threshold": verdict.threshold, "faces": verdict.faces,
        "model": verdict.model, "frame_sha256": verdict.frame_sha256,
        "frame_blob": verdict.frame_blob, "taken_at_ms": verdict.taken_at_ms,
    }  # fmt: skip


def shown_verdict(visit: VisitRow) -> ShownVerdict | None:
    """The verdict as the screen shows it, with its sentences."""
    kept = visit.verdict
    if kept is None:
        return None
    return ShownVerdict(
        match_id=kept["match_id"], advice=Advice(kept["advice"]), reason=kept["reason"],
        score=kept["score"], threshold=kept["threshold"], faces=kept["faces"],
        model=kept["model"], frame_sha256=kept["frame_sha256"], taken_at_ms=kept["taken_at_ms"],
        words=verdict_words(kept["advice"], kept["reason"], kept["score"], kept["threshold"]),
    )  # fmt: skip
