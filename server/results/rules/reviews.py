"""复核 as decisions: who may ask, what two people agree to, what an opening may reach.

Rules kept here: nobody asks before the publicity has ended or after the window; a paper is reviewed
once at a time; an opening belongs to an open review and to a position the candidate named; both
people agree to the same bytes; a correction is a number between nought and the full mark.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from kernel.codec import encode
from kernel.errors import Kind, Refusal
from server.results.rules.periods import Periods, Phase

REASON_MIN = 2
REASON_MAX = 2_000
_MARK_DIGITS = 8
_STEP = Decimal("0.5")


class ReviewState(StrEnum):
    """An application waits, or is answered for good."""

    OPEN = "open"
    DECIDED = "decided"


class Outcome(StrEnum):
    """What a review comes to."""

    UNCHANGED = "unchanged"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the first person proposes; ``score`` is decimal text, None where nothing changes."""

    outcome: Outcome
    reason: str
    score: str | None


def need_phase(periods: Periods | None, now_ms: int) -> None:
    """Raises ``review.not_published``, ``review.in_publicity``, ``review.window_over``."""
    if periods is None:
        raise Refusal("review.not_published", Kind.CONFLICT)
    phase = periods.phase(now_ms)
    if phase is Phase.PUBLICITY:
        raise Refusal("review.in_publicity", Kind.CONFLICT, until_ms=periods.publicity_until_ms)
    if phase is Phase.OVER:
        raise Refusal("review.window_over", Kind.CONFLICT, until_ms=periods.review_until_ms)


def check_reason(text: str) -> str:
    """The reason without its margins. Raises ``review.reason`` when it says nothing or too much."""
    plain = text.strip()
    if not REASON_MIN <= len(plain) <= REASON_MAX:
        raise Refusal("review.reason", least=REASON_MIN, limit=REASON_MAX)
    return plain


def check_positions(positions: Sequence[int], *, item_count: int, most: int) -> list[int]:
    """Sorted positions. Raises ``review.positions`` for one that is not on the paper, stands twice,
    or for more than the policy allows.
    """
    chosen = sorted(set(positions))
    outside = any(not 1 <= one <= item_count for one in chosen)
    if len(chosen) != len(positions) or outside or len(chosen) > most:
        raise Refusal("review.positions", items=item_count, most=most)
    return chosen


def check_openable(state: str, positions: Collection[int], position: int) -> None:
    """Raises ``review.decided``, ``review.not_asked``."""
    if state != ReviewState.OPEN.value:
        raise Refusal("review.decided", Kind.CONFLICT)
    if position not in positions:
        raise Refusal("review.not_asked", Kind.CONFLICT, position=position)


def check_proposal(proposal: Proposal, *, full: str | None) -> Proposal:
    """Raises ``review.reason``, ``review.score``."""
    reason = check_reason(proposal.reason)
    if proposal.outcome is Outcome.UNCHANGED:
        if proposal.score is not None:
            raise Refusal("review.score", score=proposal.score[:20], full=full or "0")
        return Proposal(proposal.outcome, reason, None)
    return Proposal(proposal.outcome, reason, _score(proposal.score or "", full))


def _score(text: str, full: str | None) -> str:
    try:
        score = Decimal(text) if len(text) <= _MARK_DIGITS else Decimal(-1)
    except InvalidOperation:
        score = Decimal(-1)
    if not score.is_finite() or not 0 <= score <= Decimal(full or 0) or score % _STEP:
        raise Refusal("review.score", score=text[:20], full=full or "0")
    plain = format(score, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def opening_bytes(
    review_id: str, stream_id: str, seq: int, record: bytes, position: int, purpose: str
) -> bytes:
    """What two people agree to when one record is opened; ``record`` is its hash."""
    return encode("review-opening", 1, [review_id, stream_id, seq, record, position, purpose])


def decision_bytes(review_id: str, publication_id: str, proposal: Proposal) -> bytes:
    """What two people agree to when a review is answered: about that list and no later one."""
    return encode(
        "review-decision",
        1,
        [review_id, publication_id, proposal.outcome.value, proposal.reason, proposal.score],
    )
