"""The answer part of the published layout: values by type, field and number.

Rules kept here: ``1-5) ABCDE`` gives one sign to each number and must have as many signs as
numbers; ``1) ABD`` gives all of it to one; texts go on over lines until the next number.
"""

import re
from collections.abc import Mapping

from item_bank.exchange.finishing import (
    ANSWER,
    DIFFICULTY,
    EXPLANATION,
    POINT,
    SCORE,
    RawItem,
)
from item_bank.exchange.signs import fold, read_type
from kernel.errors import RowError
from paper.items import ItemType

_HEADING = re.compile(r"^\s*[一二三四五六七八九十]+\s*[、.]\s*([\u4e00-\u9fff]{2,6}?题)[^:]*$")
_LABEL = re.compile(
    r"^\s*(?:([\u4e00-\u9fff]{2,6}?题))?\s*(参考答案|答案|鉴定点|难度|分值|解析)\s*:\s*"
)
_FIELDS = {
    "参考答案": ANSWER, "答案": ANSWER, "鉴定点": POINT, "难度": DIFFICULTY, "分值": SCORE,
    "解析": EXPLANATION,
}  # fmt: skip
_HEAD = re.compile(r"(?<![\w.\-])(\d+)(?:\s*[-~—–至]\s*(\d+))?\s*(?:[)、:]|\.(?!\d))")
_TICK = re.compile(r"^\s*\(\s*([√✓✔×✗✘对错])\s*\)\s*(\d+)\s*[.、](?!\d)")
_TICKS_ONLY = re.compile(r"^(?:\s*\(\s*[√✓✔×✗✘对错]\s*\)\s*)+$")


class Answers:
    """Read line by line, then given to the questions."""

    def __init__(self, source: str, errors: list[RowError]) -> None:
        self._source = source
        self._errors = errors
        self._type: ItemType | None = None
        self._field = ANSWER
        self._values: dict[tuple[ItemType, str, int], tuple[int, str]] = {}
        self._open: tuple[ItemType, str, int] | None = None
        self._in_order = 0

    def line(self, row: int, text: str) -> None:
        """Takes one line of the answer part."""
        folded = fold(text)
        label, heading = _LABEL.match(folded), _HEADING.match(folded)
        start = 0
        if label:
            if label[1]:
                self._turn(row, label[1])
            self._field, self._open, start = _FIELDS[label[2]], None, label.end()
        elif heading:
            self._turn(row, heading[1])
            self._field, self._open = ANSWER, None
            return
        if self._type is not None and text[start:].strip():
            self._read(row, text[start:], self._type)

    def give(self, questions: Mapping[tuple[ItemType, int], RawItem]) -> None:
        """Puts every value at its question; a value without a question is an error."""
        for (kind, name, number), (row, value) in self._values.items():
            raw = questions.get((kind, number))
            if raw is None:
                self._wrong(row, name, "item.answer_without_question", number=number)
                continue
            raw.words[name] = value
            raw.rows[name] = row

    def _turn(self, row: int, word: str) -> None:
        self._type, self._in_order = read_type(word), 0
        if self._type is None:
            self._wrong(row, "题型", "item.type_unknown", text=word[:20])

    def _read(self, row: int, text: str, kind: ItemType) -> None:
        folded = fold(text)
        tick = _TICK.match(folded)
        if kind is ItemType.JUDGE and self._field == ANSWER and tick:
            self._put(row, kind, int(tick[2]), tick[1])
        elif kind is ItemType.JUDGE and self._field == ANSWER and _TICKS_ONLY.match(folded):
            for sign in re.findall(r"[√✓✔×✗✘对错]", folded):
                self._in_order += 1
                self._put(row, kind, self._in_order, sign)
        elif self._field == EXPLANATION or (kind is ItemType.SHORT and self._field == ANSWER):
            self._text(row, text, kind)
        else:
            self._list(row, text, kind)

    def _text(self, row: int, text: str, kind: ItemType) -> None:
        head = _HEAD.match(fold(text).lstrip())
        if head and not head[2]:
            number = int(head[1])
            self._put(row, kind, number, text.lstrip()[head.end() :].strip())
            self._open = (kind, self._field, number)
        elif self._open is not None:
            at, value = self._values[self._open]
            self._values[self._open] = (at, f"{value}\n{text.strip()}")
        else:
            self._wrong(row, self._field, "item.answer_number_missing", text=text.strip()[:30])

    def _list(self, row: int, text: str, kind: ItemType) -> None:
        heads = list(_HEAD.finditer(fold(text)))
        if not heads or text[: heads[0].start()].strip():
            self._wrong(row, self._field, "item.answer_number_missing", text=text.strip()[:30])
        ends = [head.start() for head in heads[1:]] + [len(text)]
        for head, end in zip(heads, ends, strict=True):
            value = text[head.end() : end].strip()
            first, last = int(head[1]), int(head[2] or head[1])
            if not head[2]:
                self._put(row, kind, first, value)
                continue
            signs = _signs(value)
            if len(signs) != last - first + 1:
                self._wrong(
                    row, self._field, "item.range_length", first=first, last=last, found=len(signs)
                )
                continue
            for number, sign in enumerate(signs, first):
                self._put(row, kind, number, sign)

    def _put(self, row: int, kind: ItemType, number: int, value: str) -> None:
        place = (kind, self._field, number)
        if place in self._values:
            self._wrong(row, self._field, "item.answer_twice", number=number)
            return
        self._values[place] = (row, value)

    def _wrong(self, row: int, name: str, code: str, **params: str | int) -> None:
        self._errors.append(RowError(row, name, code, params, self._source))


def _signs(value: str) -> list[str]:
    """``ABCDE``, ``(√)(×)``, ``A B C`` → one sign each."""
    return list(re.sub(r"[\s()、,]", "", fold(value)))
