"""The state of a sitting is a fold over its records. Pure.

Rules kept here: the last event by (epoch, client number) wins; a late record counts only when asked
for by whoever decided so; acts of server and staff change no answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ledger.reading import OpenRecord


@dataclass(slots=True)
class Folded:
    """Answers by item (responses as given), flags, and what each epoch was acknowledged."""

    answers: dict[str, Any] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    acknowledged: dict[int, int] = field(default_factory=dict)
    late: int = 0
    last_answer_ms: int | None = None

    def acked(self, epoch: int) -> int:
        """The last client number of the epoch that is in the log; 0 for none."""
        return self.acknowledged.get(epoch, 0)


def fold(records: Iterable[OpenRecord], *, count_late: bool = False) -> Folded:
    """Fold records in stream order."""
    state = Folded()
    events = [one for one in records if "client_seq" in one.body and one.kind != "conflict"]
    for one in sorted(events, key=lambda r: (r.epoch, r.body["client_seq"])):
        number = one.body["client_seq"]
        state.acknowledged[one.epoch] = max(state.acked(one.epoch), number)
        if one.body.get("late"):
            state.late += 1
            if not count_late:
                continue
        _apply(state, one)
    return state


def _apply(state: Folded, one: OpenRecord) -> None:
    item_id = one.body.get("item_id", "")
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
