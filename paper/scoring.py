"""Scoring rules in decimal arithmetic; the trade's default for 多选 is all or nothing.

Rules kept here: any wrong option gives zero; a blank is never negative and is not "wrong"; the
score of an item lies between 0 and its full mark; a text answer has no machine score.
"""

from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

import msgspec

from paper.responses import Response


class ScoringRule(StrEnum):
    """How a set of chosen options earns marks."""

    ALL_OR_NOTHING = "all_or_nothing"
    MISSING_HALF = "missing_half"
    PER_CORRECT = "per_correct"
    PROPORTIONAL = "proportional"
    BY_HAND = "by_hand"


class Key(msgspec.Struct, frozen=True):
    """The key of one item version. ``each`` is the mark per right option for PER_CORRECT."""

    item_id: str
    options: tuple[str, ...]
    rule: ScoringRule
    score: str
    model_answer: str = ""
    explanation: str = ""
    each: str = "0"


def score_item(key: Key, response: Response | None) -> Decimal | None:
    """The mark; None when a person must mark it."""
    if key.rule is ScoringRule.BY_HAND:
        return Decimal(0) if response is None else None
    if response is None or not response.options:
        return Decimal(0)
    full, right, chosen = Decimal(key.score), set(key.options), set(response.options)
    if chosen - right:
        return Decimal(0)
    if chosen == right:
        return full
    return _partial(key, full, len(chosen), len(right))


def _partial(key: Key, full: Decimal, hits: int, keys: int) -> Decimal:
    if key.rule is ScoringRule.MISSING_HALF:
        return full / 2
    if key.rule is ScoringRule.PER_CORRECT:
        return min(full, Decimal(key.each) * hits)
    if key.rule is ScoringRule.PROPORTIONAL:
        return (full * hits / keys).quantize(Decimal("0.1"), ROUND_DOWN)
    return Decimal(0)
