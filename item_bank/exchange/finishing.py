"""From the words of one item to a draft, the same for every format.

Rules kept here: every field that cannot be read is an error of its own, so one pass over a file
shows all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from item_bank.drafts import DEFAULT_DIFFICULTY, Draft
from item_bank.exchange.signs import (
    read_difficulty,
    read_importance,
    read_letters,
    read_number,
    read_point,
    read_type,
    read_verdict,
)
from kernel.errors import RowError
from paper.items import ItemType

TYPE, STEM, OPTIONS, ANSWER = "题型", "题干", "选项", "答案"
SCORE, DIFFICULTY, POINT, IMPORTANCE = "分值", "难度", "鉴定点", "重要程度"
EXPLANATION, ORIGIN = "解析", "出处"
STEM_LIMIT = 4_000
_T = TypeVar("_T")
_VERDICT_OPTIONS = (("正确", "错误"), ("对", "错"), ("√", "×"))


@dataclass(slots=True)
class RawItem:
    """An item in the words of the file. ``words`` is field → text, ``rows`` field → row."""

    row: int
    words: dict[str, str] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    faults: list[RowError] = field(default_factory=list)

    def word(self, name: str) -> str:
        return self.words.get(name, "").strip()


def finish(
    raw: RawItem, source: str, names: Mapping[str, str] | None = None
) -> tuple[Draft | None, list[RowError]]:
    """The draft, or the errors that keep it from being one. ``names`` are the file's own names of
    the fields (``分数`` where we say ``分值``).
    """
    item = _Finisher(raw, source, names or {})
    return item.draft(), item.errors


class _Finisher:
    def __init__(self, raw: RawItem, source: str, names: Mapping[str, str]) -> None:
        self.errors = list(raw.faults)
        self._raw = raw
        self._source = source
        self._names = names

    def draft(self) -> Draft | None:
        raw = self._raw
        kind = read_type(raw.word(TYPE))
        if kind is None:
            self._wrong(TYPE, "item.type_unknown", text=raw.word(TYPE)[:20])
        self._stem()
        key = self._key(kind)
        score = self._optional(SCORE, "item.score_unreadable", read_number)
        difficulty = self._optional(DIFFICULTY, "item.difficulty_unreadable", read_difficulty)
        point = self._optional(POINT, "item.point_unreadable", read_point)
        importance = self._optional(IMPORTANCE, "item.importance_unreadable", read_importance)
        if self.errors or kind is None:
            return None
        options = tuple(option.strip() for option in raw.options)
        return Draft(
            source=self._source,
            row=raw.row,
            type=kind,
            stem=raw.word(STEM),
            options=() if kind is ItemType.JUDGE and options in _VERDICT_OPTIONS else options,
            key=key,
            model_answer=raw.word(ANSWER) if kind is ItemType.SHORT else "",
            score=score or "",
            difficulty=difficulty or DEFAULT_DIFFICULTY,
            point_code=point or "",
            importance=importance,
            explanation=raw.word(EXPLANATION),
            origin=raw.word(ORIGIN),
        )

    def _stem(self) -> None:
        stem = self._raw.word(STEM)
        if not stem:
            self._wrong(STEM, "item.stem_missing")
        elif len(stem) > STEM_LIMIT:
            self._wrong(STEM, "item.too_long", limit=STEM_LIMIT)

    def _key(self, kind: ItemType | None) -> tuple[str, ...]:
        answer = self._raw.word(ANSWER)
        if not answer:
            self._wrong(ANSWER, "item.answer_missing")
        if not answer or kind is None or kind is ItemType.SHORT:
            return ()
        key = read_verdict(answer) if kind is ItemType.JUDGE else read_letters(answer)
        if key is None:
            sign = "verdict" if kind is ItemType.JUDGE else "letters"
            self._wrong(ANSWER, f"item.{sign}_unreadable", text=answer[:30])
        return key or ()

    def _optional(self, name: str, code: str, read: Callable[[str], _T | None]) -> _T | None:
        text = self._raw.word(name)
        value = read(text) if text else None
        if text and value is None:
            self._wrong(name, code, text=text[:30])
        return value

    def _wrong(self, name: str, code: str, **params: str | int) -> None:
        row = self._raw.rows.get(name, self._raw.row)
        self.errors.append(RowError(row, self._names.get(name, name), code, params, self._source))
