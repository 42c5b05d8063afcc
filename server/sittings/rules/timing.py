"""The one deadline, the stage of a sitting, and whether an answer counts.

Rules kept here: the deadline is plan ⊕ accommodation ⊕ extensions ⊕ pauses and nothing else, so a
late candidate keeps the common end; server time decides, a client's time only tells late data from
no data. All instants are ms since 1970 UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kernel.errors import Kind, Refusal


@dataclass(frozen=True, slots=True)
class Plan:
    """When the session begins and how long it lasts for everybody."""

    starts_at_ms: int
    duration_s: int


@dataclass(frozen=True, slots=True)
class Accommodation:
    """补时 of right, granted before the session: percent of the duration."""

    extra_time_pct: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """From and to; a pause that still runs is given with the present as its end."""

    from_ms: int
    to_ms: int


class Stage(StrEnum):
    """What the candidate's screen shows."""

    FACE = "face"
    READY = "ready"
    WAITING = "waiting"
    ANSWERING = "answering"
    PAUSED = "paused"
    SUBMITTED = "submitted"
    ENDED = "ended"


class SubmitKind(StrEnum):
    """Who handed in: the candidate, the server at the deadline, or staff."""

    SELF = "self"
    DEADLINE = "deadline"
    FORCED = "forced"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a sitting stands; ``deadline_ms`` comes from ``deadline``."""

    starts_at_ms: int
    deadline_ms: int
    paper_open: bool
    face_passed: bool
    has_device: bool
    paused: bool
    submitted: SubmitKind | None


class Timing(StrEnum):
    """How an answer is stored."""

    ON_TIME = "on_time"
    LATE = "late"


def deadline(
    plan: Plan,
    accommodation: Accommodation,
    extensions_s: Sequence[int],
    pauses: Sequence[Pause],
) -> int:
    """The end of this sitting.

    A pause counts only where it covers exam time: from the start on, and only when it began before
    the end that held at that moment. Overlapping pauses count once.
    """
    own_ms = plan.duration_s * (100 + accommodation.extra_time_pct) * 10
    end = plan.starts_at_ms + own_ms + sum(extensions_s) * 1_000
    covered_to = plan.starts_at_ms
    for pause in sorted(pauses, key=lambda p: (p.from_ms, p.to_ms)):
        begin = max(pause.from_ms, covered_to)
        if begin < end and pause.to_ms > begin:
            end += pause.to_ms - begin
            covered_to = pause.to_ms
    return end


def stage(now_ms: int, standing: Standing) -> Stage:  # noqa: PLR0911 - one line per stage
    """The stage; a forced submission and a passed deadline both show ``ended``."""
    if standing.submitted is SubmitKind.FORCED:
        return Stage.ENDED
    if standing.submitted is not None:
        return Stage.SUBMITTED
    if now_ms >= standing.deadline_ms and not standing.paused:
        return Stage.ENDED
    if not standing.face_passed:
        return Stage.FACE
    if standing.paused:
        return Stage.PAUSED
    if not standing.has_device:
        return Stage.READY
    if now_ms < standing.starts_at_ms or not standing.paper_open:
        return Stage.WAITING
    return Stage.ANSWERING


def may_answer(
    now_ms: int, standing: Standing, *, newest_client_ms: int, late_data_s: int
) -> Timing:
    """How a batch may be stored; ``newest_client_ms`` is the latest client time in it.

    After the deadline a batch made before it is kept as late data for ``late_data_s``; two people
    decide later whether it counts. Raises ``answer.too_early``, ``answer.too_late``,
    ``sitting.closed``, ``sitting.paused``, ``gate.face_open``.
    """
    if standing.submitted in (SubmitKind.SELF, SubmitKind.FORCED):
        raise Refusal("sitting.closed", Kind.CONFLICT)
    if not standing.face_passed:
        raise Refusal("gate.face_open", Kind.FORBIDDEN)
    if now_ms < standing.starts_at_ms or not standing.paper_open:
        raise Refusal(
            "answer.too_early", Kind.CONFLICT, starts_at_ms=standing.starts_at_ms, now_ms=now_ms
        )
    if standing.paused and standing.submitted is None:
        raise Refusal("sitting.paused", Kind.CONFLICT)
    if now_ms < standing.deadline_ms and standing.submitted is None:
        return Timing.ON_TIME
    window_ends = standing.deadline_ms + late_data_s * 1_000
    if newest_client_ms < standing.deadline_ms and now_ms < window_ends:
        return Timing.LATE
    raise Refusal("answer.too_late", Kind.CONFLICT, deadline_ms=standing.deadline_ms)


def may_submit(now_ms: int, standing: Standing, *, earliest_submit_s: int) -> None:
    """Hands in by the candidate: not before the earliest moment, always at the deadline.

    The earliest moment counts from the common start. Raises ``submit.too_early``,
    ``sitting.paused``, ``answer.too_early``, ``gate.face_open``.
    """
    if not standing.face_passed:
        raise Refusal("gate.face_open", Kind.FORBIDDEN)
    if now_ms < standing.starts_at_ms or not standing.paper_open:
        raise Refusal(
            "answer.too_early", Kind.CONFLICT, starts_at_ms=standing.starts_at_ms, now_ms=now_ms
        )
    if standing.paused:
        raise Refusal("sitting.paused", Kind.CONFLICT)
    not_before = earliest_submit(standing, earliest_submit_s)
    if now_ms < not_before:
        raise Refusal("submit.too_early", Kind.CONFLICT, not_before_ms=not_before)


def earliest_submit(standing: Standing, earliest_submit_s: int) -> int:
    """From when the candidate may hand in; never after the deadline."""
    return min(standing.starts_at_ms + earliest_submit_s * 1_000, standing.deadline_ms)


def due(now_ms: int, standing: Standing) -> bool:
    """True when the server must hand in for the candidate; nothing is due while a pause runs."""
    return standing.submitted is None and not standing.paused and now_ms >= standing.deadline_ms


def outage_s(last_seen_ms: int, back_ms: int, pauses: Sequence[Pause] = ()) -> int:
    """Measured outage in whole seconds without what ``pauses`` of it gave already, rounded up in
    the candidate's favour; at least one, for it has an end.
    """
    lost_ms, counted_to = back_ms - last_seen_ms, last_seen_ms
    for pause in sorted(pauses, key=lambda p: (p.from_ms, p.to_ms)):
        begin, end = max(pause.from_ms, counted_to), min(pause.to_ms, back_ms)
        if begin < end:
            lost_ms -= end - begin
            counted_to = end
    return max(1, -(-lost_ms // 1_000))
