"""Results as arithmetic: marks and facts of the day in, one result per candidate out.

Rules kept here: pass is at least the pass score of the package, no compensation; a confirmed
violation
voids the subject; an absent candidate has no number; nothing is published while a mark is missing.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class State(StrEnum):
    """What stands in the result column."""

    NUMBER = "number"
    PENDING = "pending"
    ABSENT = "absent"
    VIOLATION = "violation"


@dataclass(frozen=True, slots=True)
class Result:
    """``score`` is None unless the state is ``number``."""

    state: State
    score: Decimal | None
    passed: bool


def result_of(
    *, submitted: bool, violation: bool, marks: list[Decimal | None], pass_score: Decimal
) -> Result:
    """One candidate's result."""
    if violation:
        return Result(State.VIOLATION, None, passed=False)
    if not submitted:
        return Result(State.ABSENT, None, passed=False)
    known = [mark for mark in marks if mark is not None]
    if len(known) < len(marks) or not marks:
        return Result(State.PENDING, None, passed=False)
    score = sum(known, Decimal(0))
    return Result(State.NUMBER, score, passed=score >= pass_score)
