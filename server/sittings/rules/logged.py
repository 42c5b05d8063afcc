"""What the log says of a sitting's time and of its late data: the same functions, fed from records.

Rules kept here: the plan stands in ``started``; extensions and pauses are the acts recorded before
the moment asked about; a record's time is the server's and never runs back; answers are named by
position and displayed letter, so whoever decides needs no stem.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from kernel.codec import canonical_json
from ledger.fold import (
    ANSWERING,
    LateDecision,
    Recorded,
    decision_on,
    events,
    fold,
    is_late,
    late_decisions,
)
from server.sittings.rules.dealing import LETTERS, DealtItem
from server.sittings.rules.timing import Accommodation, Pause, Plan, SubmitKind, deadline


@dataclass(frozen=True, slots=True)
class LateItem:
    """One item with late data, beside what counts without it. ``number`` is its position."""

    number: int
    item_id: str
    counted: str
    counted_client_ms: int | None
    counted_server_ms: int | None
    late: str
    late_client_ms: int
    late_server_ms: int


@dataclass(frozen=True, slots=True)
class LateData:
    """All late data of a sitting that give or clear an answer.

    ``offline_since_ms`` is the connection loss before they came, if one was seen; ``seqs`` name the
    records, ``through_seq`` is the last of them.
    """

    deadline_ms: int | None
    offline_since_ms: int | None
    seqs: tuple[int, ...]
    through_seq: int
    items: tuple[LateItem, ...]
    decision: LateDecision | None


@dataclass(frozen=True, slots=True)
class Content:
    """An event as one side of a conflict has it; ``words`` are displayed letters or the text."""

    kind: str
    words: str
    client_ms: int
    server_ms: int


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two contents under one client number: ``kept`` came first and counts, ``given`` came second.

    ``number`` is the position of the given item, ``kept_number`` of the kept one; 0 for none.
    """

    epoch: int
    client_seq: int
    kept_number: int
    kept: Content | None
    number: int
    given: Content


def times_of(records: Sequence[Recorded]) -> list[int]:
    """When each record came, by the server's clock; never before the record ahead of it."""
    return list(accumulate((one.server_ms for one in records), max))


def deadline_at(records: Iterable[Recorded], at_ms: int) -> int | None:
    """The end of the sitting as it stood after these records; None while the plan is not among
    them. A running pause moves it with ``at_ms``.
    """
    plan: Mapping[str, Any] | None = None
    extensions: list[int] = []
    pauses: list[Pause] = []
    since: int | None = None
    for one in records:
        if one.kind == "started":
            plan = one.body.get("plan")
        elif one.kind == "extended":
            extensions.append(one.body["extend_s"])
        elif one.kind == "paused":
            since = one.body.get("from_ms", one.server_ms)
        elif one.kind in ("resumed", "forced") and since is not None:
            pauses.append(Pause(since, max(since, one.body.get("to_ms", one.server_ms))))
            since = None
    if plan is None:
        return None
    if since is not None:
        pauses.append(Pause(since, max(since, at_ms)))
    return deadline(
        Plan(plan["starts_at_ms"], plan["duration_s"]),
        Accommodation(plan["extra_time_pct"]),
        extensions,
        pauses,
    )


def late_until_ms(records: Iterable[Recorded], late_data_s: int) -> int | None:
    """Until when late data may still come; None when none may."""
    for one in records:
        if one.kind == "submitted" and one.body.get("kind") == SubmitKind.DEADLINE.value:
            return int(one.body.get("deadline_ms", one.server_ms)) + late_data_s * 1_000
    return None


def shown(dealt: DealtItem | None, response: Mapping[str, Any] | None) -> str:
    """A response as the candidate saw it: letters of the displayed order, or the text; empty for
    none.
    """
    if response is None:
        return ""
    if dealt is None or "text" in response:
        return str(response.get("text", ""))
    chosen = response.get("options", ())
    letters = zip(LETTERS, dealt.options, strict=False)
    return " ".join(letter for letter, option in letters if option.id in chosen)


def late_data(records: Sequence[Recorded], dealt: Sequence[DealtItem]) -> LateData | None:
    """The late answers of a sitting beside those that counted; None when there are none."""
    by_id = {one.item.item_id: one for one in dealt}
    late = [one for one in records if is_late(one) and one.kind in ANSWERING]
    if not late:
        return None
    newest = _newest(late)
    counted = _newest(
        [one for one in records if one.kind in ANSWERING and not is_late(one)],
    )
    without = fold(records, count_late=False).answers
    items = [
        _item(by_id.get(item_id), item_id, one, counted.get(item_id), without.get(item_id))
        for item_id, one in newest.items()
    ]
    seqs = tuple(one.seq for one in late)
    decisions = late_decisions(records)
    whole = [decision_on(one, decisions) for one in late]
    return LateData(
        deadline_ms=deadline_at(records[: late[0].seq], late[0].server_ms),
        offline_since_ms=_offline_before(records, late[0]),
        seqs=seqs,
        through_seq=seqs[-1],
        items=tuple(sorted(items, key=lambda one: (one.number, one.item_id))),
        decision=None if None in whole else whole[-1],
    )


def contradictions(records: Sequence[Recorded], dealt: Sequence[DealtItem]) -> list[Contradiction]:
    """Every conflict on record with both contents, in the order they came; one that was sent again
    is the same.
    """
    by_id = {one.item.item_id: one for one in dealt}
    kept = {
        (one.epoch, one.body["client_seq"]): one
        for one in records
        if "client_seq" in one.body and one.kind != "conflict"
    }
    given: dict[tuple[int, bytes], Recorded] = {}
    for one in records:
        if one.kind == "conflict":
            given.setdefault((one.epoch, canonical_json(one.body)), one)
    found = []
    for one in given.values():
        first = kept.get((one.epoch, one.body["client_seq"]))
        found.append(
            Contradiction(
                one.epoch, one.body["client_seq"],
                0 if first is None else _number(by_id, first),
                None if first is None else _content(by_id, first),
                _number(by_id, one), _content(by_id, one),
            )
        )  # fmt: skip
    return found


def _number(by_id: Mapping[str, DealtItem], one: Recorded) -> int:
    dealt = by_id.get(one.body.get("item_id", ""))
    return 0 if dealt is None else dealt.number


def _content(by_id: Mapping[str, DealtItem], one: Recorded) -> Content:
    dealt = by_id.get(one.body.get("item_id", ""))
    kind = str(one.body.get("given_kind", one.kind))
    words = shown(dealt, one.body.get("response"))
    return Content(kind, words, one.body["client_ms"], one.server_ms)


def _newest(found: Iterable[Recorded]) -> dict[str, Recorded]:
    """The last event of each item by the device's own numbers."""
    return {one.body["item_id"]: one for one in events(found)}


def _item(
    dealt: DealtItem | None,
    item_id: str,
    late: Recorded,
    counted: Recorded | None,
    answer: Mapping[str, Any] | None,
) -> LateItem:
    return LateItem(
        number=0 if dealt is None else dealt.number,
        item_id=item_id,
        counted=shown(dealt, answer),
        counted_client_ms=None if counted is None else counted.body["client_ms"],
        counted_server_ms=None if counted is None else counted.server_ms,
        late=shown(dealt, late.body.get("response")),
        late_client_ms=late.body["client_ms"],
        late_server_ms=late.server_ms,
    )


def _offline_before(records: Iterable[Recorded], late: Recorded) -> int | None:
    lost = [one for one in records if one.kind == "disconnected" and one.seq < late.seq]
    return None if not lost else int(lost[-1].body.get("since_ms", lost[-1].server_ms))
