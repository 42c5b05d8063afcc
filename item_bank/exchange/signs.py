"""Signs as people type them: full or half width letters, digits and brackets, ticks and crosses.

Rules kept here: only signs are normalised, never the words of a stem; what cannot be read is None.
"""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

from item_bank.drafts import LETTERS
from paper.items import JUDGE_FALSE, JUDGE_TRUE, TRADE_CODES, Importance, ItemType

TYPE_WORDS = {
    "单选": ItemType.SINGLE, "单项选择": ItemType.SINGLE, "选择": ItemType.SINGLE,
    "多选": ItemType.MULTIPLE, "多项选择": ItemType.MULTIPLE, "不定项选择": ItemType.MULTIPLE,
    "判断": ItemType.JUDGE, "简答": ItemType.SHORT, "问答": ItemType.SHORT,
}  # fmt: skip
_CODES = {str(code): kind for kind, code in TRADE_CODES.items()}
_TRUE = {"√", "✓", "✔", "☑", "对", "正确", "是", "T", "TRUE", "A"}
_FALSE = {"×", "✗", "✘", "✕", "╳", "X", "错", "错误", "否", "F", "FALSE", "B"}
_IMPORTANCE = {
    "X": Importance.X, "Y": Importance.Y, "Z": Importance.Z,
    "核心": Importance.X, "核心要素": Importance.X, "一般": Importance.Y,
    "一般要素": Importance.Y, "辅助": Importance.Z, "辅助要素": Importance.Z,
}  # fmt: skip
_DASHES = str.maketrans(dict.fromkeys("－—–‐‑−﹣", "-"))
_POINT = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")


_FOLD = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    0x3000: 0x20, 0xA0: 0x20, 0x3010: 0x5B, 0x3011: 0x5D, 0x3014: 0x5B, 0x3015: 0x5D,
}  # fmt: skip


def fold(text: str) -> str:
    """Full width signs as half width ones, character by character: places stay the same."""
    return text.translate(_FOLD)


def narrow(text: str) -> str:
    """Half width, no blanks at the ends."""
    return unicodedata.normalize("NFKC", text).strip()


def _bare(text: str) -> str:
    return narrow(text).strip("()[]【】〔〕 .。;").upper()


def read_type(text: str) -> ItemType | None:
    """``单选``, ``单选题``, ``[单项选择题]``, or the trade's number (10, 20, 30, 50)."""
    word = _bare(text).removesuffix("题")
    return TYPE_WORDS.get(word) or _CODES.get(word.removesuffix(".0"))


def read_letters(text: str) -> tuple[str, ...] | None:
    """``ACD``, ``A、C、D``, ``ACD`` → sorted letters; None for other signs or one twice."""
    letters = re.sub(r"[\s,、;./]", "", _bare(text))
    if not letters or len(set(letters)) != len(letters) or not set(letters) <= set(LETTERS):
        return None
    return tuple(sorted(letters))


def read_verdict(text: str) -> tuple[str, ...] | None:
    """``√ 对 正确 A`` are true, ``× 错 错误 B`` are false."""
    word = _bare(text)
    if word in _TRUE:
        return (JUDGE_TRUE,)
    return (JUDGE_FALSE,) if word in _FALSE else None


def read_number(text: str) -> str | None:
    """A positive decimal with at most two places, up to 1000, in its shortest form."""
    try:
        number = Decimal(narrow(text).removesuffix("分").strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or not 0 < number <= 1000 or number != round(number, 2):
        return None
    return plain(number)


def plain(number: Decimal) -> str:
    """``2.50`` → ``2.5``, ``100`` → ``100``."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_difficulty(text: str) -> int | None:
    """1 (easy) to 5 (hard)."""
    word = narrow(text).removesuffix(".0")
    return int(word) if word in {"1", "2", "3", "4", "5"} else None


def read_importance(text: str) -> Importance | None:
    """X 核心, Y 一般, Z 辅助."""
    return _IMPORTANCE.get(_bare(text))


def read_point(text: str) -> str | None:
    """``A-B-C-012`` or a code of digits such as ``1213``; full width and long dashes allowed."""
    code = narrow(text).translate(_DASHES).replace(" ", "").upper()
    return code if _POINT.fullmatch(code) else None
