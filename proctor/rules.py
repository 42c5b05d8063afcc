"""What a comparison means: advice at the gate, verdicts during the exam, episodes over captures.

Rules kept here: the machine reports, people decide, so the strongest word is advice; a picture too
poor to judge by never becomes "another person"; several faces are judged by the one that fits best;
one bad capture alerts nobody, ``misses`` of the last ``window`` do; an accommodation profile mutes
what would accuse a disability. Numbers come in as arguments (kernel.settings holds their defaults).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from proctor.sight import SeenFace, Sight


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Similarities of one model: the gate's two, and the one for captures."""

    accept: float
    review: float
    same_person: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Under these a face is too poor to judge by (units as in ``SeenFace``; height in pixels)."""

    sharpness: float
    brightness: float
    face_px: int


class Advice(StrEnum):
    """What the gate's screen advises the invigilator."""

    SAME = "same"
    REVIEW = "review"
    DIFFERENT = "different"
    UNUSABLE = "unusable"


class Reason(StrEnum):
    """Why a picture is unusable, or what else a person should know."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    BLURRED = "blurred"
    DARK = "dark"
    TOO_SMALL = "too_small"


class State(StrEnum):
    """What a capture shows. Everything but ``ok`` is a miss."""

    OK = "ok"
    LOW = "low"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    MISMATCH = "mismatch"
    BLOCKED = "blocked"
    LOST = "lost"


SEVERITY = (
    State.OK, State.LOW, State.LOST, State.NO_FACE, State.BLOCKED, State.SEVERAL_FACES,
    State.MISMATCH,
)  # fmt: skip

# What each accommodation of a candidate's profile takes out of the alerts.
MUTES: Mapping[str, frozenset[State]] = {
    "companion": frozenset({State.SEVERAL_FACES}),
    "face_difference": frozenset({State.LOW, State.MISMATCH}),
    "face_covering": frozenset({State.LOW, State.MISMATCH, State.NO_FACE}),
    "movement": frozenset({State.LOW, State.NO_FACE}),
    "rest_breaks": frozenset({State.NO_FACE}),
}

# A lens is covered when the picture is nearly one grey, or nearly black.
_BLOCKED_CONTRAST = 6.0
_BLOCKED_BRIGHTNESS = 8.0
# Mean difference of luma prints, in grey levels, up to which two pictures are the same one.
_FROZEN = 0.02
# At the gate a face counts as a second person when it is at least this high beside the matched one.
_PROMINENT = 0.5


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and its grounds; ``score`` is None when there was no face to compare."""

    outcome: Advice | State
    reason: Reason | None
    score: float | None


def flaw(face: SeenFace, limits: Limits) -> Reason | None:
    """Why this face cannot be judged by, if so."""
    if face.height < limits.face_px:
        return Reason.TOO_SMALL
    if face.brightness < limits.brightness:
        return Reason.DARK
    if face.sharpness < limits.sharpness:
        return Reason.BLURRED
    return None


def advise(sight: Sight, thresholds: Thresholds, limits: Limits) -> Judgement:
    """Advice at the gate and at the seat, where the candidate can simply try again."""
    face = sight.best()
    if face is None:
        dark = sight.brightness < limits.brightness
        return Judgement(Advice.UNUSABLE, Reason.DARK if dark else Reason.NO_FACE, None)
    reason = flaw(face, limits)
    if reason is not None:
        return Judgement(Advice.UNUSABLE, reason, face.score)
    if face.score < thresholds.review:
        advice = Advice.DIFFERENT
    else:
        advice = Advice.SAME if face.score >= thresholds.accept else Advice.REVIEW
    prominent = sum(other.height >= _PROMINENT * face.height for other in sight.faces)
    if prominent < 2:
        return Judgement(advice, None, face.score)
    if advice is Advice.SAME:
        advice = Advice.REVIEW
    return Judgement(advice, Reason.SEVERAL_FACES, face.score)


def judge_capture(sight: Sight | None, thresholds: Thresholds, limits: Limits) -> Judgement:
    """What a capture shows; no sight means that the camera gave no frame.

    A face that fits is fine however poor the picture; one that does not fit in a poor picture is
    ``low``, never ``mismatch``.
    """
    if sight is None:
        return Judgement(State.LOST, None, None)
    face = sight.best()
    if face is None:
        covered = sight.contrast < _BLOCKED_CONTRAST or sight.brightness < _BLOCKED_BRIGHTNESS
        return Judgement(State.BLOCKED if covered else State.NO_FACE, None, None)
    if len(sight.faces) > 1:
        return Judgement(State.SEVERAL_FACES, None, face.score)
    if face.score >= thresholds.same_person:
        return Judgement(State.OK, None, face.score)
    reason = flaw(face, limits)
    if reason is not None or face.score >= thresholds.review:
        return Judgement(State.LOW, reason, face.score)
    return Judgement(State.MISMATCH, None, face.score)


def portrait_fault(sight: Sight, limits: Limits) -> Reason | None:
    """Why a portrait cannot be enrolled: it must show exactly one usable face."""
    if not sight.faces:
        return Reason.NO_FACE
    if len(sight.faces) > 1:
        return Reason.SEVERAL_FACES
    return flaw(sight.faces[0], limits)


def muted_by(accommodations: Iterable[str]) -> frozenset[State]:
    """States that a profile takes out of the alerts; unknown words mute nothing."""
    return frozenset().union(*(MUTES.get(word, frozenset()) for word in accommodations))


def frozen(earlier: bytes | None, later: bytes) -> bool:
    """True when two luma prints are of one picture: a live camera's noise alone changes more."""
    if not earlier or len(earlier) != len(later):
        return False
    return sum(abs(a - b) for a, b in zip(earlier, later, strict=True)) <= _FROZEN * len(later)


class Change(StrEnum):
    """What a capture did to the sitting's episode."""

    NONE = "none"
    OPENED = "opened"
    CONTINUED = "continued"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Signal:
    """One capture's state at its time."""

    state: State
    taken_at_ms: int


@dataclass(frozen=True, slots=True)
class Episode:
    """Signals that belong together. ``counts`` is per state; ``kind`` is what the queue shows."""

    kind: State
    opened_at_ms: int
    last_at_ms: int
    counts: Mapping[State, int]


def watch(
    signals: Sequence[Signal], episode: Episode | None, *, misses: int,
    muted: frozenset[State] = frozenset(),
) -> tuple[Change, Episode | None]:  # fmt: skip
    """The capture at hand (last of ``signals``, which end with it) against the open episode.

    Opens when ``misses`` of the signals are misses; a miss continues an open episode and may raise
    its kind; it closes after ``misses`` good captures in a row. A muted state is as good as ``ok``.
    A good capture that arrives late, from before the episode's last miss, closes nothing.
    """
    fine = muted | {State.OK}
    bad = [signal for signal in signals if signal.state not in fine]
    newest = signals[-1]
    if episode is None:
        if newest.state in fine or len(bad) < misses:
            return Change.NONE, None
        counts = Counter(signal.state for signal in bad)
        return Change.OPENED, Episode(
            _leading(counts), bad[0].taken_at_ms, newest.taken_at_ms, counts
        )
    if newest.state not in fine:
        counts = Counter(episode.counts)
        counts[newest.state] += 1
        here = _leading(Counter(signal.state for signal in bad))
        kind = max(episode.kind, here, key=SEVERITY.index)
        first = min(episode.opened_at_ms, newest.taken_at_ms)
        last = max(episode.last_at_ms, newest.taken_at_ms)
        return Change.CONTINUED, Episode(kind, first, last, counts)
    if newest.taken_at_ms < episode.last_at_ms:
        return Change.NONE, episode
    calm = len(signals) >= misses and all(s.state in fine for s in signals[-misses:])
    return (Change.CLOSED if calm else Change.NONE), episode


def _leading(counts: Mapping[State, int]) -> State:
    return max(counts, key=lambda state: (counts[state], SEVERITY.index(state)))
