"""The state of a sitting is a fold over its records. Pure.

Rules kept here: the last event by (epoch, client number) wins; a late record counts only when two
different people decided so, and their decision stands in the same stream; the first decision that
covers a record is the one that holds; other acts of server and staff change no answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

ANSWERING = frozenset({"answer_set", "answer_cleared"})
LATE_DECIDED = "late_decided"


class Recorded(Protocol):
    """An opened record, as far as folding needs it."""

    @property
    def seq(self) -> int: ...
    @property
    def server_ms(self) -> int: ...
    @property
    def epoch(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> Mapping[str, Any]: ...


R = TypeVar("R", bound=Recorded)


@dataclass(frozen=True, slots=True)
class LateDecision:
    """Two people's word on the late records up to ``through_seq``; it stands at ``seq``."""

    seq: int
    counted: bool
    through_seq: int
    by: str
    second: str

    def covers(self, one: Recorded) -> bool:
        return one.seq <= self.through_seq and one.seq < self.seq


@dataclass(slots=True)
class Folded:
    """Answers by item (responses as given), flags, and what each epoch was acknowledged.

    ``settled_ms``: when the device made what stands about an item (``client_ms``), a clearing too.
    ``late`` counts late records, ``undecided`` those among them that give or clear an answer and
    that no decision covers.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    settled_ms: dict[str, int] = field(default_factory=dict)
    acknowledged: dict[int, int] = field(default_factory=dict)
    late: int = 0
    undecided: int = 0
    last_answer_ms: int | None = None

    def acked(self, epoch: int) -> int:
        """The last client number of the epoch that is in the log; 0 for none."""
        return self.acknowledged.get(epoch, 0)


def is_late(one: Recorded) -> bool:
    """True for a device's event that came after the deadline."""
    return bool(one.body.get("late")) and one.kind != "conflict"


def late_decisions(records: Iterable[Recorded]) -> list[LateDecision]:
    """The decisions on late data, in stream order; one without two different people is none."""
    found = []
    for one in records:
        by, second = one.body.get("by"), one.body.get("second")
        if one.kind == LATE_DECIDED and by and second and by != second:
            counted, through = one.body.get("counted") is True, one.body.get("through_seq", 0)
            found.append(LateDecision(one.seq, counted, through, by, second))
    return found


def decision_on(one: Recorded, decisions: Iterable[LateDecision]) -> LateDecision | None:
    """The first decision that covers the record."""
    return next((decision for decision in decisions if decision.covers(one)), None)


def counts(one: Recorded, decisions: Iterable[LateDecision]) -> bool:
    """Whether an event is in the answers: it came in time, or two people counted it."""
    if not is_late(one):
        return True
    decision = decision_on(one, decisions)
    return decision is not None and decision.counted


def events(records: Iterable[R]) -> list[R]:
    """The devices' events in the devices' own order; what contradicted an earlier one is none."""
    found = [one for one in records if "client_seq" in one.body and one.kind != "conflict"]
    return sorted(found, key=lambda one: (one.epoch, one.body["client_seq"]))


def standing(records: Sequence[R], item_id: str) -> R | None:
    """The record whose answer to the item is the one that ``fold`` finds; None for a blank."""
    decisions = late_decisions(records)
    given = [
        one
        for one in events(records)
        if one.kind in ANSWERING and one.body.get("item_id") == item_id and counts(one, decisions)
    ]
    return given[-1] if given and given[-1].kind == "answer_set" else None


def fold(records: Iterable[Recorded], *, count_late: bool | None = None) -> Folded:
    """Fold records in stream order. ``count_late`` asks what would be if all late records counted,
    or none; without it the decisions in the stream say.
    """
    state, records = Folded(), list(records)
    decisions = late_decisions(records)
    for one in events(records):
        number = one.body["client_seq"]
        state.acknowledged[one.epoch] = max(state.acked(one.epoch), number)
        if is_late(one):
            state.late += 1
            state.undecided += one.kind in ANSWERING and decision_on(one, decisions) is None
        taken = counts(one, decisions) if count_late is None else count_late or not is_late(one)
        if taken:
            _apply(state, one)
    return state


def _apply(state: Folded, one: Recorded) -> None:
    item_id = one.body.get("item_id", "")
    if one.kind in ANSWERING:
        state.settled_ms[item_id] = one.body.get("client_ms", 0)
    if one.kind == "answer_set":
        state.answers[item_id] = one.body["response"]
        state.last_answer_ms = one.server_ms
    elif one.kind == "answer_cleared":
        state.answers.pop(item_id, None)
        state.last_answer_ms = one.server_ms
    elif one.kind == "marked":
        state.marks.add(item_id)
    elif one.kind == "unmarked":
        state.marks.discard(item_id)
