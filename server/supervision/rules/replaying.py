"""A sitting at a moment, made again from its records alone. Pure.

Rules kept here: the form is the one that the stream was bound to, the order is the one that was
dealt, both by what stands in the log; a moment knows the records that had come by then and no
later ones; what the device had made but the server did not have yet, what came after the deadline,
and what contradicted itself is shown apart and never mixed in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ledger.fold import ANSWERING, Recorded, decision_on, events, fold, is_late, late_decisions
from paper.package import Form
from server.sittings.rules.bound import dealt_items
from server.sittings.rules.dealing import DealtItem
from server.sittings.rules.logged import deadline_at, times_of

NOTICES = frozenset({"warned", "extended", "paused", "resumed", "transferred", "forced"})


class Phase(StrEnum):
    """What the candidate's screen showed."""

    BEFORE = "before"
    ANSWERING = "answering"
    PAUSED = "paused"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Beside:
    """An event that stands beside the answers: on its way, late, or in conflict.

    ``came_ms`` is when the server had it; ``counted`` is the decision on late data, None for none.
    """

    seq: int
    kind: str
    item_id: str
    response: Mapping[str, Any] | None
    epoch: int
    client_seq: int
    client_ms: int
    came_ms: int
    counted: bool | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What staff said or did to the sitting."""

    seq: int
    kind: str
    at_ms: int
    text: str
    extend_s: int | None


@dataclass(frozen=True, slots=True)
class Connection:
    """Which device answers, where, and whether it is heard."""

    epoch: int
    machine: str
    seat_no: str
    offline_since_ms: int | None
    away_since_ms: int | None


@dataclass(frozen=True, slots=True)
class Frame:
    """The sitting at ``at_ms``; ``through_seq`` is the last record that had come.

    ``items`` are in the candidate's order and empty before the form was dealt. ``deadline_ms`` is
    None while the log does not hold the plan.
    """

    at_ms: int
    through_seq: int
    phase: Phase
    items: tuple[DealtItem, ...]
    current_item: str | None
    answers: Mapping[str, Any]
    marks: frozenset[str]
    on_its_way: tuple[Beside, ...]
    late: tuple[Beside, ...]
    conflicts: tuple[Beside, ...]
    notices: tuple[Notice, ...]
    connection: Connection
    deadline_ms: int | None
    left_ms: int | None
    extended_s: int
    submitted: str | None


def replay(records: Sequence[Recorded], form: Form, at_ms: int) -> Frame:
    """The frame at a moment of the server's clock; ``records`` are the whole stream in order."""
    times = times_of(records)
    known = [one for one, came in zip(records, times, strict=True) if came <= at_ms]
    folded = fold(known)
    way = _on_its_way(records, times, at_ms)
    deadline_ms = deadline_at(known, at_ms)
    phase, submitted = _phase(known, at_ms)
    return Frame(
        at_ms=at_ms,
        through_seq=known[-1].seq if known else 0,
        phase=phase,
        items=dealt_items(known, [form]),
        current_item=_current(records, known, at_ms),
        answers=folded.answers,
        marks=frozenset(folded.marks),
        on_its_way=way,
        late=_late(known, times),
        conflicts=_conflicts(known, times),
        notices=_notices(known),
        connection=_connection(known),
        deadline_ms=deadline_ms,
        left_ms=None if deadline_ms is None else _left(deadline_ms, at_ms, phase),
        extended_s=sum(one.body["extend_s"] for one in known if one.kind == "extended"),
        submitted=submitted,
    )


def _left(deadline_ms: int, at_ms: int, phase: Phase) -> int:
    return 0 if phase is Phase.OVER else max(0, deadline_ms - at_ms)


def _phase(known: Sequence[Recorded], at_ms: int) -> tuple[Phase, str | None]:
    phase, starts_at_ms = Phase.BEFORE, None
    for one in known:
        if one.kind == "submitted":
            return Phase.OVER, str(one.body.get("kind"))
        if one.kind == "started":
            phase, starts_at_ms = Phase.ANSWERING, one.body.get("plan", {}).get("starts_at_ms", 0)
        elif one.kind == "paused" and phase is Phase.ANSWERING:
            phase = Phase.PAUSED
        elif one.kind == "resumed" and phase is Phase.PAUSED:
            phase = Phase.ANSWERING
    early = starts_at_ms is not None and at_ms < starts_at_ms
    return (Phase.BEFORE if early else phase), None


def _on_its_way(
    records: Sequence[Recorded], times: Sequence[int], at_ms: int
) -> tuple[Beside, ...]:
    """Answers that the device's clock puts before the moment and that came after it."""
    return tuple(
        _beside(one, came)
        for one, came in zip(records, times, strict=True)
        if one.kind in ANSWERING and one.body["client_ms"] <= at_ms < came
    )


def _late(known: Sequence[Recorded], times: Sequence[int]) -> tuple[Beside, ...]:
    decisions = late_decisions(known)
    found = []
    for one, came in zip(known, times, strict=False):
        if is_late(one):
            decision = decision_on(one, decisions)
            found.append(_beside(one, came, None if decision is None else decision.counted))
    return tuple(found)


def _conflicts(known: Sequence[Recorded], times: Sequence[int]) -> tuple[Beside, ...]:
    return tuple(
        _beside(one, came)
        for one, came in zip(known, times, strict=False)
        if one.kind == "conflict"
    )


def _beside(one: Recorded, came_ms: int, counted: bool | None = None) -> Beside:
    body = one.body
    kind = body.get("given_kind", one.kind)
    return Beside(
        one.seq, kind, body.get("item_id", ""), body.get("response"), one.epoch,
        body["client_seq"], body["client_ms"], came_ms, counted,
    )  # fmt: skip


def _current(records: Sequence[Recorded], known: Sequence[Recorded], at_ms: int) -> str | None:
    """The item on the screen: the last one that the device opened or answered by then."""
    seen = {one.seq for one in known}
    turned = [
        one
        for one in events(records)
        if one.kind in ANSWERING | {"item_viewed"}
        and (one.seq in seen or one.body["client_ms"] <= at_ms)
    ]
    return str(turned[-1].body["item_id"]) if turned else None


def _notices(known: Sequence[Recorded]) -> tuple[Notice, ...]:
    return tuple(
        Notice(
            one.seq, one.kind, one.server_ms,
            str(one.body.get("text") or one.body.get("reason_text") or ""),
            one.body.get("extend_s"),
        )
        for one in known
        if one.kind in NOTICES
    )  # fmt: skip


def _connection(known: Sequence[Recorded]) -> Connection:
    epoch, machine, seat_no = 0, "", ""
    offline: int | None = None
    away: int | None = None
    for one in known:
        if one.kind == "device":
            epoch = one.epoch
        elif one.kind == "signed_in":
            machine, seat_no = one.body.get("machine", ""), one.body.get("seat_no", "")
        elif one.kind == "transferred":
            machine, seat_no = one.body.get("to_machine", ""), one.body.get("to_seat", "")
        elif one.kind == "disconnected":
            offline = one.body.get("since_ms", one.server_ms)
        elif one.kind == "reconnected":
            offline = None
        elif one.kind == "focus_lost":
            away = one.server_ms
        elif one.kind == "focus_back":
            away = None
        elif one.kind == "submitted":
            offline = away = None
    return Connection(epoch, machine, seat_no, offline, away)
