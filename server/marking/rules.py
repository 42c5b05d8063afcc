"""Marking as arithmetic: a folded sitting and a scoring key in, marks out.

Rules kept here: decimal arithmetic; only what the ledger holds is marked, and nothing while late
data stand undecided or may still come; a text answer waits for a
person; a mark by hand lies between 0 and the full mark in steps of 0.5; marks are named by one hash
over every item of every sitting, so a changed mark is a changed hash.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from hashlib import sha256

from kernel.codec import Field, encode
from kernel.errors import Kind, Refusal
from kernel.lot import shuffled
from paper.package import Form
from paper.responses import Response
from paper.scoring import Key, score_item

STEP = Decimal("0.5")
LEASE_S = 900
NOTE_LIMIT = 500
_MARK_DIGITS = 8


@dataclass(frozen=True, slots=True)
class ItemMark:
    """``mark`` is None while a person still has to mark the answer."""

    item_id: str
    full: Decimal
    mark: Decimal | None
    answered: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """The marks of one sitting, in the form's order."""

    sitting_id: str
    form_code: str
    marks: tuple[ItemMark, ...]

    @property
    def waiting(self) -> tuple[str, ...]:
        """Items that a person still has to mark."""
        return tuple(mark.item_id for mark in self.marks if mark.mark is None)


@dataclass(frozen=True, slots=True)
class Change:
    """A sitting whose objective sum differs between two runs; None where it had no sheet."""

    sitting_id: str
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """A text answer that a person marks."""

    sitting_id: str
    item_id: str


def mark_form(
    form: Form, keys: Mapping[str, Key], responses: Mapping[str, Response]
) -> list[ItemMark]:
    """A mark for every item of the form, answered or not. Raises ``marking.key_missing``."""
    marks = []
    for item in form.items:
        key = keys.get(item.item_id)
        if key is None:
            raise Refusal("marking.key_missing", item=item.item_id)
        response = responses.get(item.item_id)
        marks.append(
            ItemMark(
                item_id=item.item_id,
                full=Decimal(item.score),
                mark=score_item(key, response),
                answered=response is not None,
            )
        )
    return marks


def mark_by_hand(text: str, full: Decimal) -> Decimal:
    """The mark a marker typed. Raises ``marking.mark_bad`` outside 0..full or off the step."""
    try:
        mark = Decimal(text) if len(text) <= _MARK_DIGITS else Decimal(-1)
    except InvalidOperation:
        mark = Decimal(-1)
    if not mark.is_finite() or not 0 <= mark <= full or mark % STEP:
        raise Refusal("marking.mark_bad", mark=text[:20], full=str(full), step=str(STEP))
    return mark


def with_hand_marks(sheet: Sheet, by_item: Mapping[str, Decimal]) -> Sheet:
    """The sheet with the marks that people gave; a machine's mark is never replaced."""
    marks = tuple(
        ItemMark(one.item_id, one.full, by_item.get(one.item_id), one.answered)
        if one.mark is None
        else one
        for one in sheet.marks
    )
    return Sheet(sheet.sitting_id, sheet.form_code, marks)


def totals_hash(session_id: str, key_sha256: str, sheets: Iterable[Sheet]) -> bytes:
    """SHA-256 over every mark, sittings by id; what waits for a person counts as none."""
    lines: list[Field] = [
        [
            sheet.sitting_id,
            sheet.form_code,
            [[one.item_id, None if one.mark is None else plain(one.mark)] for one in sheet.marks],
        ]
        for sheet in sorted(sheets, key=lambda one: one.sitting_id)
    ]
    return sha256(encode("marking-totals", 1, [session_id, key_sha256, lines])).digest()


def plain(number: Decimal) -> str:
    """One text for one number: no exponent, no trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def machine_sum(sheet: Sheet) -> Decimal:
    """What the machine alone gave."""
    return sum((one.mark for one in sheet.marks if one.mark is not None), Decimal(0))


def changes(before: Iterable[Sheet], after: Iterable[Sheet]) -> list[Change]:
    """The difference of two runs, by sitting id."""
    old = {sheet.sitting_id: sheet for sheet in before}
    new = {sheet.sitting_id: sheet for sheet in after}
    return [
        Change(
            sitting_id,
            machine_sum(old[sitting_id]) if sitting_id in old else None,
            machine_sum(new[sitting_id]) if sitting_id in new else None,
        )
        for sitting_id in sorted(old.keys() | new.keys())
        if old.get(sitting_id) != new.get(sitting_id)
    ]


def late_bytes(sitting_id: str, hashes: Sequence[bytes], *, counted: bool) -> bytes:
    """What two people agree to: whether exactly these late records of the sitting count."""
    return encode("late-decision", 1, [sitting_id, int(counted), list(hashes)])


def check_late(late: Mapping[str, tuple[int, int | None]], now_ms: int) -> None:
    """Marking waits until late data can neither come nor be undecided.

    ``late`` is sitting id → (undecided records, until when more may come). Raises
    ``marking.late_open``, ``marking.late_undecided``.
    """
    until_ms = max((until for _, until in late.values() if until is not None), default=now_ms)
    if now_ms < until_ms:
        raise Refusal("marking.late_open", Kind.CONFLICT, wait_s=-(-(until_ms - now_ms) // 1_000))
    undecided = sorted(sitting for sitting, (count, _) in late.items() if count)
    if undecided:
        raise Refusal(
            "marking.late_undecided", Kind.CONFLICT, count=len(undecided), sitting=undecided[0]
        )


def queue_order(seed: bytes, answers: Sequence[TextAnswer]) -> list[TextAnswer]:
    """Item by item, and within an item in an order that says nothing of seat, name or time."""
    by_item: dict[str, list[TextAnswer]] = {}
    for answer in sorted(answers, key=lambda one: (one.item_id, one.sitting_id)):
        by_item.setdefault(answer.item_id, []).append(answer)
    return [
        answer
        for item_id in sorted(by_item)
        for answer in shuffled(seed, f"marking/{item_id}", by_item[item_id])
    ]


def lease_until_ms(now_ms: int) -> int:
    """Until when a task that was handed out now belongs to its marker alone."""
    return now_ms + LEASE_S * 1_000
