"""The moments of a sitting: one for each record, so that nothing is left out. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ledger.fold import Recorded, is_late
from server.sittings.rules.dealing import DealtItem
from server.sittings.rules.logged import times_of


class Group(StrEnum):
    """The lanes of the scrubber."""

    ANSWER = "answer"
    MARK = "mark"
    TURN = "turn"
    FOCUS = "focus"
    CONNECTION = "connection"
    STAFF = "staff"
    INCIDENT = "incident"
    LATE = "late"
    CONFLICT = "conflict"
    COURSE = "course"


_GROUPS = {
    "answer_set": Group.ANSWER, "answer_cleared": Group.ANSWER, "marked": Group.MARK,
    "unmarked": Group.MARK, "item_viewed": Group.TURN, "focus_lost": Group.FOCUS,
    "focus_back": Group.FOCUS, "fullscreen_left": Group.FOCUS, "disconnected": Group.CONNECTION,
    "reconnected": Group.CONNECTION, "device": Group.CONNECTION, "camera_lost": Group.CONNECTION,
    "camera_back": Group.CONNECTION, "recording_gap": Group.CONNECTION, "warned": Group.STAFF,
    "extended": Group.STAFF, "paused": Group.STAFF, "resumed": Group.STAFF,
    "transferred": Group.STAFF, "forced": Group.STAFF, "violation": Group.STAFF,
    "face_confirmed": Group.STAFF, "late_decided": Group.STAFF, "late_proposed": Group.STAFF,
    "incident_opened": Group.INCIDENT, "incident_decided": Group.INCIDENT,
    "help_raised": Group.INCIDENT, "conflict": Group.CONFLICT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """A record on the time line. ``number`` is the item's position, 0 for none."""

    seq: int
    at_ms: int
    client_ms: int | None
    kind: str
    group: Group
    number: int


def group_of(one: Recorded) -> Group:
    """The lane of a record; what has none of its own belongs to the course of the day."""
    return Group.LATE if is_late(one) else _GROUPS.get(one.kind, Group.COURSE)


def moments(records: Sequence[Recorded], dealt: Sequence[DealtItem]) -> list[Moment]:
    """One moment for every record, in order; times never run back."""
    numbers = {one.item.item_id: one.number for one in dealt}
    return [
        Moment(
            one.seq, at_ms, one.body.get("client_ms"), one.kind, group_of(one),
            numbers.get(one.body.get("item_id", ""), 0),
        )
        for one, at_ms in zip(records, times_of(records), strict=True)
    ]  # fmt: skip
