"""The Excel sheet of items with the twenty columns that are in use, and four of our own.

    试题GUID|题型(必填)|题干(必填)|答案|选项A…选项E|知识点一级…知识点六级|难度|一致性|分数|解析|出处
    and, where present: 重要程度|来源题库|命题人|审题人

Rules kept here: columns are found by name, in any order; knowledge cells carry code and name
(``A基本要求``, ``001名称``), and the codes from left to right make the point's code.
"""

import re
from collections.abc import Iterator, Sequence

from item_bank.drafts import LETTERS, Draft, Reading
from item_bank.exchange.cells import Row, sheet_rows
from item_bank.exchange.finishing import (
    ANSWER,
    DIFFICULTY,
    EXPLANATION,
    IMPORTANCE,
    OPTIONS,
    ORIGIN,
    POINT,
    SCORE,
    STEM,
    TYPE,
    RawItem,
    finish,
)
from item_bank.exchange.signs import fold, narrow
from kernel.errors import RowError

COLUMNS = (
    "试题GUID", "题型(必填)", "题干(必填)", "答案",
    "选项A", "选项B", "选项C", "选项D", "选项E",
    "知识点一级", "知识点二级", "知识点三级", "知识点四级", "知识点五级", "知识点六级",
    "难度", "一致性", "分数", "解析", "出处",
)  # fmt: skip
OWN_COLUMNS = ("重要程度", "来源题库", "命题人", "审题人")
KNOWLEDGE = COLUMNS[9:15]
_NAMES = {SCORE: "分数", POINT: "知识点", OPTIONS: "选项A"}
_WORDS = {
    TYPE: "题型", STEM: "题干", ANSWER: "答案", SCORE: "分数", DIFFICULTY: "难度",
    IMPORTANCE: "重要程度", EXPLANATION: "解析", ORIGIN: "出处",
}  # fmt: skip
_HEADER_WITHIN = 5
_FULL = re.compile(r"[A-Z]-[A-Z0-9-]*[A-Z0-9]|[A-Z]")
_DIGITS = re.compile(r"\d+")


def read_sheet(data: bytes, source: str) -> Reading:
    """Drafts and errors of the first sheet. Raises ``bank.file_broken``."""
    rows = sheet_rows(data, source)
    head = next(
        (at for at, row in enumerate(rows[:_HEADER_WITHIN]) if "题干" in _titles(row)), None
    )
    if head is None:
        return Reading((), (RowError(1, STEM, "bank.column_missing", {"column": STEM}, source),))
    titles = _titles(rows[head])
    absent = [
        RowError(rows[head].number, name, "bank.column_missing", {"column": name}, source)
        for name in (TYPE, ANSWER)
        if name not in titles
    ]
    if absent:
        return Reading((), tuple(absent))
    drafts: list[Draft] = []
    errors: list[RowError] = []
    for row in rows[head + 1 :]:
        if not any(row.cells):
            continue
        draft, faults = finish(_item(row, titles, source), source, _NAMES)
        errors.extend(faults)
        if draft is not None:
            drafts.append(draft)
    return Reading(tuple(drafts), tuple(errors))


def _titles(row: Row) -> dict[str, int]:
    bare = (re.sub(r"\(.*?\)|\s", "", fold(cell)) for cell in row.cells)
    return {title: place for place, title in reversed(list(enumerate(bare))) if title}


def _item(row: Row, titles: dict[str, int], source: str) -> RawItem:
    def cell(title: str) -> str:
        place = titles.get(title)
        return row.cells[place] if place is not None and place < len(row.cells) else ""

    raw = RawItem(row.number, {field: cell(title) for field, title in _WORDS.items()})
    options = [cell(f"选项{letter}") for letter in LETTERS]
    while options and not options[-1].strip():
        options.pop()
    raw.options = options
    raw.words[POINT] = "-".join(_codes(cell(title) for title in KNOWLEDGE))
    if not raw.words[POINT] and any(cell(title) for title in KNOWLEDGE):
        raw.faults.append(
            RowError(
                row.number, "知识点一级", "item.point_unreadable",
                {"text": cell(KNOWLEDGE[0])[:30]}, source,
            )
        )  # fmt: skip
    return raw


def _codes(cells: Iterator[str] | Sequence[str]) -> list[str]:
    """``A基本要求``, ``B基础知识``, ``A计算机``, ``001名称`` → A, B, A, 001. A whole code
    (``A-B-A``) takes the place of what stood before it; digits alone (1, 2, 1, 3) are one code.
    """
    codes: list[str] = []
    for text in map(narrow, cells):
        letters, digits = _FULL.match(text), _DIGITS.match(text)
        if letters and "-" in letters[0]:
            codes = letters[0].split("-")
        elif letters:
            codes.append(letters[0])
        elif digits:
            lettered = bool(codes) and codes[0].isalpha()
            codes.append(digits[0][:3] if lettered else digits[0])
    if codes and all(code.isdigit() for code in codes):
        return [codes[-1] if len(codes[-1]) >= 4 else "".join(codes)]
    return codes
