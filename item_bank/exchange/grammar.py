"""The marked layout, in Word (常规格式) and in plain text.

    [单选] 1. 题干……(   )
    A. …  B. …  C. …  D. …
    答案: A   分值: 0.5   难度: 3   鉴定点: A-B-C-012   重要程度: X
    解析: …

Rules kept here: a marker begins an item; text before the first marker is a title; a label that
comes twice means that a marker is missing, and is an error, not a guess.
"""

import re
from collections.abc import Iterable, Sequence

from item_bank.drafts import LETTERS, Draft, Reading
from item_bank.exchange.finishing import (
    ANSWER,
    DIFFICULTY,
    EXPLANATION,
    IMPORTANCE,
    ORIGIN,
    POINT,
    SCORE,
    STEM,
    TYPE,
    RawItem,
    finish,
)
from item_bank.exchange.signs import fold, read_type
from kernel.errors import RowError
from paper.items import ItemType

Line = tuple[int, str]
"""Row (line of a text, paragraph of a Word file, from 1) and its text."""

MARKER = re.compile(r"^\s*\[\s*([^\]]{1,8}?)\s*\]\s*")
NUMBER = re.compile(r"^\s*(?:\(\s*\d+\s*\)|\d+\s*(?:[、:)]|\.(?!\d)))\s*")
_LABELS = {
    "参考答案": ANSWER, "答案": ANSWER, "分值": SCORE, "分数": SCORE, "难度": DIFFICULTY,
    "鉴定点": POINT, "重要程度": IMPORTANCE, "解析": EXPLANATION, "出处": ORIGIN,
}  # fmt: skip
_WORD = "|".join(_LABELS)
_FIRST = re.compile(rf"^\s*({_WORD})\s*:")
_NEXT = re.compile(rf"(?:^|\s+)({_WORD})\s*:")
_NEXT_FAR = re.compile(rf"(?:^|\t+|\s{{2,}})({_WORD})\s*:")
_OPTION = re.compile(r"^\s*(?:\(\s*([A-Ha-h])\s*\)|([A-Ha-h])\s*[.、:)])\s*")
_OPTION_INSIDE = re.compile(r"\s+(?:\(\s*([A-H])\s*\)|([A-H])\s*[.、:)])\s*")


def is_marked(lines: Iterable[Line]) -> bool:
    """True when some line carries the marker of a known type."""
    found = (MARKER.match(fold(text)) for _, text in lines)
    return any(mark and read_type(mark[1]) for mark in found)


def read_marked(lines: Sequence[Line], source: str) -> Reading:
    """Drafts and errors of the whole file."""
    drafts: list[Draft] = []
    errors: list[RowError] = []
    for block in _blocks(lines):
        draft, faults = finish(_item(block, source), source)
        errors.extend(faults)
        if draft is not None:
            drafts.append(draft)
    return Reading(tuple(drafts), tuple(errors))


def without_number(text: str) -> str:
    """The text after ``1.``, ``1、`` or ``(1)``."""
    found = NUMBER.match(fold(text))
    return text[found.end() :] if found else text.strip()


def _blocks(lines: Sequence[Line]) -> list[list[Line]]:
    blocks: list[list[Line]] = []
    for row, text in lines:
        if MARKER.match(fold(text)):
            blocks.append([(row, text)])
        elif blocks and text.strip():
            blocks[-1].append((row, text))
    return blocks


def _item(block: Sequence[Line], source: str) -> RawItem:
    row, first = block[0]
    marker = MARKER.match(fold(first))
    assert marker is not None  # noqa: S101 - blocks begin with one
    raw = RawItem(row, {TYPE: marker[1], STEM: without_number(first[marker.end() :])})
    kind = read_type(marker[1])
    last = STEM
    for at, text in block[1:]:
        if _FIRST.match(fold(text)):
            last = _fields(raw, at, text, kind, source)
        elif last == EXPLANATION or (last == ANSWER and kind is ItemType.SHORT):
            raw.words[last] += "\n" + text.strip()
        elif kind in (ItemType.SINGLE, ItemType.MULTIPLE, ItemType.JUDGE) and _OPTION.match(
            fold(text)
        ):
            if last not in (STEM, "选项"):
                raw.faults.append(RowError(at, "选项", "item.marker_missing", {}, source))
                break  # the rest is another item
            last = "选项"
            read_options(raw, at, text, source)
        elif last == STEM:
            raw.words[STEM] += "\n" + text.strip()
        elif last == "选项":
            raw.options[-1] += "\n" + text.strip()
        elif NUMBER.match(fold(text)):
            raw.faults.append(RowError(at, TYPE, "item.marker_missing", {}, source))
            break  # the rest is another item
        else:
            shown = {"text": text.strip()[:30]}
            raw.faults.append(RowError(at, last, "item.line_unknown", shown, source))
    return raw


def _fields(raw: RawItem, row: int, text: str, kind: ItemType | None, source: str) -> str:
    """Reads ``答案: …   分值: …`` into the item; returns the last field of the line."""
    pattern = _NEXT_FAR if kind is ItemType.SHORT else _NEXT
    at, name, folded = 0, "", fold(text)
    while found := pattern.search(folded, at) if at else _FIRST.match(folded):
        name = _LABELS[found[1]]
        start = found.end()
        following = None if name == EXPLANATION else pattern.search(folded, start)
        value = text[start : following.start() if following else len(text)].strip()
        if name in raw.words:
            raw.faults.append(RowError(row, name, "item.marker_missing", {}, source))
        raw.words[name] = value
        raw.rows[name] = row
        if following is None:
            break
        at = following.start()
    return name


def read_options(raw: RawItem, row: int, text: str, source: str) -> None:
    """Reads one or several options of a line; letters must go on from those before."""
    rest = text
    while found := _OPTION.match(fold(rest)):
        letter = (found[1] or found[2]).upper()
        expected = LETTERS[len(raw.options)] if len(raw.options) < len(LETTERS) else ""
        if letter != expected:
            raw.faults.append(
                RowError(
                    row, "选项", "item.option_order", {"found": letter, "due": expected}, source
                )
            )
            return
        raw.rows.setdefault("选项", row)
        rest = rest[found.end() :]
        cut = _next_option(rest, len(raw.options) + 1)
        raw.options.append(rest[:cut].strip())
        rest = rest[cut:].lstrip()


def _next_option(text: str, position: int) -> int:
    """Where the option with the next letter begins; the end when there is none."""
    if position < len(LETTERS):
        for found in _OPTION_INSIDE.finditer(fold(text)):
            if (found[1] or found[2]) == LETTERS[position]:
                return found.start()
    return len(text)
