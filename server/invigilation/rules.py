"""Pure decisions of the room: what a seat shows, what becomes a case, what an act needs.

Rules kept here: observations of one kind about one sitting are one case until somebody decides;
seats never change their order; a violation needs an active rule set and, where the article says so,
an earlier reminder; an extension above the room's cap needs the chief.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kernel.errors import Kind, Refusal


class IncidentKind(StrEnum):
    """What a case is about."""

    MISMATCH = "mismatch"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    CAMERA_LOST = "camera_lost"
    HELP = "help"
    OFFLINE = "offline"
    TRANSFER = "transfer"
    SEAT_FACE = "seat_face"
    CONFLICT = "conflict"
    CLOCK = "clock"


class Severity(StrEnum):
    """Red comes before amber."""

    RED = "red"
    AMBER = "amber"


class Decision(StrEnum):
    """What a person may decide about a case."""

    SAME_PERSON = "same_person"
    NOT_SAME_PERSON = "not_same_person"
    DISMISSED = "dismissed"
    GRANTED = "granted"
    HANDLED = "handled"


_OF_PERSON = frozenset({Decision.SAME_PERSON, Decision.NOT_SAME_PERSON, Decision.DISMISSED})
_OF_EVENT = frozenset({Decision.HANDLED, Decision.DISMISSED, Decision.GRANTED})
DECISIONS: Mapping[IncidentKind, frozenset[Decision]] = {
    IncidentKind.MISMATCH: _OF_PERSON,
    IncidentKind.SEAT_FACE: _OF_PERSON,
    IncidentKind.SEVERAL_FACES: _OF_PERSON | {Decision.HANDLED},
    IncidentKind.NO_FACE: _OF_PERSON | {Decision.HANDLED},
    IncidentKind.CAMERA_LOST: _OF_EVENT,
    IncidentKind.HELP: _OF_EVENT,
    IncidentKind.OFFLINE: _OF_EVENT,
    IncidentKind.TRANSFER: _OF_EVENT,
    IncidentKind.CONFLICT: _OF_EVENT,
    IncidentKind.CLOCK: _OF_EVENT,
}

# The proctor's word for an episode → the case. A low score accuses nobody: it is amber.
EPISODES: Mapping[str, tuple[IncidentKind, Severity]] = {
    "mismatch": (IncidentKind.MISMATCH, Severity.RED),
    "low": (IncidentKind.MISMATCH, Severity.AMBER),
    "several_faces": (IncidentKind.SEVERAL_FACES, Severity.AMBER),
    "no_face": (IncidentKind.NO_FACE, Severity.AMBER),
    "blocked": (IncidentKind.CAMERA_LOST, Severity.AMBER),
    "lost": (IncidentKind.CAMERA_LOST, Severity.AMBER),
}


class SeatState(StrEnum):
    """What a tile of the wall shows."""

    EMPTY = "empty"
    EXPECTED = "expected"
    ADMITTED = "admitted"
    SIGNED_IN = "signed_in"
    READY = "ready"
    ANSWERING = "answering"
    OFFLINE = "offline"
    PAUSED = "paused"
    SUBMITTED = "submitted"
    FORCED = "forced"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class SeatFacts:
    """What is known of a seat; ``stage`` is the sitting's stage, empty before the first sign-in."""

    expected: bool = False
    admitted: bool = False
    absent: bool = False
    stage: str = ""
    forced: bool = False
    offline: bool = False


_BY_STAGE = {
    "face": SeatState.SIGNED_IN, "ready": SeatState.SIGNED_IN, "waiting": SeatState.READY,
    "answering": SeatState.ANSWERING, "paused": SeatState.PAUSED,
    "submitted": SeatState.SUBMITTED, "ended": SeatState.SUBMITTED,
}  # fmt: skip


def seat_state(facts: SeatFacts) -> SeatState:
    """The tile's state. A paused or submitted sitting is never shown as offline."""
    if facts.forced:
        return SeatState.FORCED
    if facts.stage:
        state = _BY_STAGE[facts.stage]
        running = state in (SeatState.ANSWERING, SeatState.READY)
        return SeatState.OFFLINE if running and facts.offline else state
    if facts.admitted:
        return SeatState.ADMITTED
    if facts.absent:
        return SeatState.ABSENT
    return SeatState.EXPECTED if facts.expected else SeatState.EMPTY


def badge(cases: Collection[tuple[IncidentKind, Severity]]) -> IncidentKind | None:
    """The one badge of a tile: red before amber, then the catalogue's order."""
    order = list(IncidentKind)
    ranked = sorted(cases, key=lambda case: (case[1] is not Severity.RED, order.index(case[0])))
    return ranked[0][0] if ranked else None


def worse(one: Severity, other: Severity) -> Severity:
    """The graver of two; a case never becomes lighter by itself."""
    return Severity.RED if Severity.RED in (one, other) else Severity.AMBER


def check_decision(kind: IncidentKind, state: str, decision: Decision) -> None:
    """Raises ``incident.decided``, ``incident.decision``."""
    if state != "open":
        raise Refusal("incident.decided", Kind.CONFLICT)
    if decision not in DECISIONS[kind]:
        raise Refusal("incident.decision", kind=kind.value, decision=decision.value)


def total_outage_s(outages: Mapping[str, int]) -> int | None:
    """The time proposed for all measured outages of a case (start → seconds)."""
    return sum(outages.values()) or None


def needs_chief(granted_s: Sequence[int], extend_s: int, cap_s: int) -> bool:
    """True when the sum of all extensions would pass the room's cap."""
    return sum(granted_s) + extend_s > cap_s


def absent_now(
    now_ms: int, starts_at_ms: int, late_limit_s: int, *, expected: Collection[str],
    admitted: Collection[str],
) -> list[str]:  # fmt: skip
    """Whom to propose as absent: expected, not admitted, entry closed. Sorted."""
    if now_ms <= starts_at_ms + late_limit_s * 1_000:
        return []
    return sorted(set(expected) - set(admitted))


@dataclass(frozen=True, slots=True)
class Article:
    """One article of a rule set. ``applicable``: it can happen in an exam by computer."""

    id: str
    article_class: str
    zh: str
    en: str
    needs_reminder: bool
    applicable: bool = True


def check_violation(article: Article | None, *, active: bool, reminded: bool) -> None:
    """Raises ``violation.unknown``, ``violation.inactive``, ``violation.not_applicable``,
    ``violation.needs_reminder``.
    """
    if article is None:
        raise Refusal("violation.unknown", Kind.NOT_FOUND)
    if not active:
        raise Refusal("violation.inactive", Kind.CONFLICT)
    if not article.applicable:
        raise Refusal("violation.not_applicable", article=article.id)
    if article.needs_reminder and not reminded:
        raise Refusal("violation.needs_reminder", Kind.CONFLICT, article=article.id)


def check_target(seat_id: str, *, current: str, taken: Collection[str]) -> None:
    """A transfer goes to another seat that nobody has. Raises ``transfer.same``,
    ``transfer.taken``.
    """
    if seat_id == current:
        raise Refusal("transfer.same", Kind.CONFLICT)
    if seat_id in taken:
        raise Refusal("transfer.taken", Kind.CONFLICT)
