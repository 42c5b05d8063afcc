"""Items as a candidate may see them, and the words of the bank.

Rules kept here: a key never stands in an item; option ids are opaque, so neither order nor letter
of the bank reaches a candidate; display letters are made at the seat.
"""

from enum import StrEnum

import msgspec


class ItemType(StrEnum):
    """单选 · 多选 · 判断 · 简答. The trade's numeric codes (10, 20, 30, 50) are in
    ``TRADE_CODES``.
    """

    SINGLE = "single"
    MULTIPLE = "multiple"
    JUDGE = "judge"
    SHORT = "short"

    @property
    def is_objective(self) -> bool:
        return self is not ItemType.SHORT


TRADE_CODES = {
    ItemType.JUDGE: 10, ItemType.SINGLE: 20, ItemType.MULTIPLE: 30, ItemType.SHORT: 50,
}  # fmt: skip
TYPE_NAMES = {
    ItemType.SINGLE: "单选题", ItemType.MULTIPLE: "多选题", ItemType.JUDGE: "判断题",
    ItemType.SHORT: "简答题",
}  # fmt: skip


LEVEL_NAMES = {5: "五级", 4: "四级", 3: "三级", 2: "二级", 1: "一级"}
"""职业技能等级, short, as in titles of papers."""
LEVEL_TITLES = {
    5: "五级/初级工", 4: "四级/中级工", 3: "三级/高级工", 2: "二级/技师", 1: "一级/高级技师",
}  # fmt: skip
"""The same in full, as on tickets."""


class Tier(StrEnum):
    """国家 > 省级 > 机构."""

    NATIONAL = "national"
    PROVINCIAL = "provincial"
    INSTITUTION = "institution"


class Importance(StrEnum):
    """X 核心, Y 一般, Z 辅助."""

    X = "X"
    Y = "Y"
    Z = "Z"


JUDGE_TRUE = "true"
JUDGE_FALSE = "false"


class Option(msgspec.Struct, frozen=True):
    """One option. A judge item has the fixed ids ``true`` and ``false`` and is never shuffled."""

    id: str
    text: str


class FormItem(msgspec.Struct, frozen=True):
    """An item in a form. ``score`` is a decimal in text, e.g. ``"0.5"``; ``item_id`` names one
    version.
    """

    item_id: str
    type: ItemType
    stem: str
    options: tuple[Option, ...]
    score: str
    point_code: str
