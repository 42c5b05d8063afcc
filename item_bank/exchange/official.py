"""The layout of the published question banks (国标格式): sections of questions, answers at the end.

    一、判断题(每题0.5分)            理论知识试卷答案
    (   ) 1. 题干                    判断题参考答案: 1-5) √×√√×   (or a line (√) 1. … for each)
    二、单选题                       单选题参考答案: 1-5) ABCDE 6) A
    1. 题干(   )                     多选题参考答案: 1) ABD 2) AC
    (A)… (B)… (C)… (D)…              单选题鉴定点: 1) A-A-A-001 2) …

Rules kept here: answers find their questions by type and number; an answer without a question and a
question without an answer are both errors. The answer part may carry 鉴定点, 难度, 分值 and 解析 in
the same way, which binds the file to a blueprint.
"""

import re
from collections.abc import Iterable, Sequence

from item_bank.drafts import Draft, Reading
from item_bank.exchange.answers import Answers
from item_bank.exchange.finishing import ANSWER, SCORE, STEM, TYPE, RawItem, finish
from item_bank.exchange.grammar import Line, read_options
from item_bank.exchange.signs import fold, read_type
from kernel.errors import RowError
from paper.items import TYPE_NAMES, ItemType

HEADING = re.compile(r"^\s*[一二三四五六七八九十]+\s*[、.]\s*([\u4e00-\u9fff]{2,6}?题)(.*)$")
ANSWERS_BEGIN = re.compile(r"^\s*(?:理论知识)?(?:试卷|试题)?(?:参考)?答案\s*:?\s*$")
_EACH = re.compile(r"每(?:小)?题\s*(\d+(?:\.\d+)?)\s*分")
_NOTE = re.compile(r"^\s*\((?:第|每|共|将|请|选择|判断)")
_JUDGE = re.compile(r"^\s*\(\s*([√✓✔×✗✘对错]?)\s*\)\s*(\d+)\s*[.、](?!\d)\s*")
_QUESTION = re.compile(r"^\s*(?:(\d+)\s*(?:[、)]|\.(?!\d))|\(\s*(\d+)\s*\))\s*")
_OPTION = re.compile(r"^\s*(?:\(\s*[A-Ha-h]\s*\)|[A-Ha-h]\s*[.、:)])")


def is_official(lines: Iterable[Line]) -> bool:
    """True when some line is the heading of a section of a known type."""
    found = (HEADING.match(fold(text)) for _, text in lines)
    return any(head and read_type(head[1]) for head in found)


def read_official(lines: Sequence[Line], source: str) -> Reading:
    """Drafts and errors of the whole file."""
    begin = next(
        (at for at, (_, text) in enumerate(lines) if ANSWERS_BEGIN.match(fold(text))), len(lines)
    )
    errors: list[RowError] = []
    questions = _Questions(source, errors)
    for row, text in lines[:begin]:
        if text.strip():
            questions.line(row, text)
    answers = Answers(source, errors)
    for row, text in lines[begin + 1 :]:
        if text.strip():
            answers.line(row, text)
    drafts: list[Draft] = []
    answers.give(questions.found)
    for raw in questions.found.values():
        draft, faults = finish(raw, source)
        errors.extend(faults)
        if draft is not None:
            drafts.append(draft)
    if begin == len(lines) and any(fault.code == "item.answer_missing" for fault in errors):
        errors = [fault for fault in errors if fault.code != "item.answer_missing"]
        errors.append(RowError(lines[-1][0], ANSWER, "item.answers_part_missing", {}, source))
    return Reading(tuple(drafts), tuple(errors))


class _Questions:
    """The part before the answers, read line by line."""

    def __init__(self, source: str, errors: list[RowError]) -> None:
        self.found: dict[tuple[ItemType, int], RawItem] = {}
        self._source = source
        self._errors = errors
        self._type: ItemType | None = None
        self._each = ""
        self._item: RawItem | None = None

    def line(self, row: int, text: str) -> None:
        folded = fold(text)
        heading = HEADING.match(folded)
        if heading:
            self._section(row, heading[1], heading[2])
        elif self._type is None:
            return  # the title and the notes before the first section, or an unknown section
        elif self._item is None and _NOTE.match(folded):
            self._note(folded)
        elif judged := _JUDGE.match(folded) if self._type is ItemType.JUDGE else None:
            self._begin(row, int(judged[2]), text[judged.end() :])
            if judged[1] and self._item is not None:
                self._item.words[ANSWER] = judged[1]
        elif self._choice and self._item is not None and _OPTION.match(folded):
            read_options(self._item, row, text, self._source)
        elif asked := _QUESTION.match(folded):
            self._begin(row, int(asked[1] or asked[2]), text[asked.end() :])
        elif self._item is None:
            self._note(folded)
        elif self._item.options:
            self._item.options[-1] += "\n" + text.strip()
        else:
            self._item.words[STEM] += "\n" + text.strip()

    @property
    def _choice(self) -> bool:
        return self._type in (ItemType.SINGLE, ItemType.MULTIPLE)

    def _section(self, row: int, word: str, note: str) -> None:
        self._type, self._item, self._each = read_type(word), None, ""
        if self._type is None:
            self._errors.append(
                RowError(row, TYPE, "item.type_unknown", {"text": word[:20]}, self._source)
            )
        self._note(note)

    def _note(self, text: str) -> None:
        each = _EACH.search(text)
        if each:
            self._each = each[1]

    def _begin(self, row: int, number: int, stem: str) -> None:
        kind = self._type
        assert kind is not None  # noqa: S101 - line() returns before
        words = {TYPE: TYPE_NAMES[kind], STEM: stem.strip(), SCORE: self._each}
        self._item = RawItem(row, words)
        if (kind, number) in self.found:
            self._errors.append(
                RowError(row, "题号", "item.number_twice", {"number": number}, self._source)
            )
            return
        self.found[kind, number] = self._item
