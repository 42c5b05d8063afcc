"""Results as arithmetic: marks and facts of the day in, one result per candidate out.

Rules kept here: pass is at least the pass score of the package, no compensation; a confirmed
violation voids the subject; an absent candidate has no number; nothing is published while a mark is
missing; what two people publish is named by one hash; no cell of a sheet can start a formula.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

from kernel.codec import Field, encode


class State(StrEnum):
    """What stands in the result column."""

    NUMBER = "number"
    PENDING = "pending"
    ABSENT = "absent"
    VIOLATION = "violation"


class Part(StrEnum):
    """The columns of the field's result sheet."""

    THEORY = "theory"
    SKILL = "skill"
    REVIEW = "review"
    RECORD = "record"


_PART_WORDS = (
    (Part.SKILL, ("实操", "操作", "技能", "skill", "practical")),
    (Part.REVIEW, ("综合", "答辩", "review")),
    (Part.RECORD, ("业绩", "record")),
)


@dataclass(frozen=True, slots=True)
class Result:
    """``score`` is None unless the state is ``number``."""

    state: State
    score: Decimal | None
    passed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One candidate's line as it is published; decimals as text."""

    candidate_id: str
    sitting_id: str
    ticket_no: str
    form_code: str | None
    state: State
    score: str | None
    full: str | None
    passed: bool
    article_id: str | None
    receipt_code: str | None


def result_of(
    *, submitted: bool, violation: bool, marks: list[Decimal | None], pass_score: Decimal
) -> Result:
    """One candidate's result. A submitted blank paper is a number: nought."""
    if violation:
        return Result(State.VIOLATION, None, passed=False)
    if not submitted:
        return Result(State.ABSENT, None, passed=False)
    known = [mark for mark in marks if mark is not None]
    if len(known) < len(marks) or not marks:
        return Result(State.PENDING, None, passed=False)
    score = sum(known, Decimal(0))
    return Result(State.NUMBER, score, passed=score >= pass_score)


def part_of(subject: str) -> Part:
    """Which column a session's subject belongs to; theory where nothing else is named."""
    lowered = subject.lower()
    for part, words in _PART_WORDS:
        if any(word in lowered for word in words):
            return part
    return Part.THEORY


def lines_hash(session_id: str, totals_hash: str, lines: Iterable[Line]) -> bytes:
    """SHA-256 over the whole list, candidates by id: what two people agree to."""
    return sha256(lines_bytes(session_id, totals_hash, lines)).digest()


def lines_bytes(session_id: str, totals_hash: str, lines: Iterable[Line]) -> bytes:
    """The canonical frame of a result list."""
    fields: list[Field] = [
        [
            one.candidate_id, one.sitting_id, one.ticket_no, one.form_code, one.state.value,
            one.score, one.full, one.passed, one.article_id, one.receipt_code,
        ]
        for one in sorted(lines, key=lambda one: one.candidate_id)
    ]  # fmt: skip
    return encode("result-list", 1, [session_id, totals_hash, fields])


def cell_text(text: str) -> str:
    """Text that a spreadsheet keeps: without the control characters its format forbids."""
    return "".join(char for char in text if char >= " " or char in "\t\n\r")


def may_start_formula(text: str) -> bool:
    """True for text that some program would take for a formula or a command."""
    return text[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"}
