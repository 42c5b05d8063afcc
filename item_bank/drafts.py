"""What a file says before the bank has accepted it: drafts of items and of a blueprint.

Rules kept here: a draft keeps the place it came from, so every fault found later names source and
row; letters and order are the author's; nothing here has an id yet.
"""

import msgspec

from kernel.errors import RowError
from paper.items import Importance, ItemType

LETTERS = "ABCDEFGH"
"""The letters an option may carry; so an item has at most eight options."""
DEFAULT_DIFFICULTY = 3


class Draft(msgspec.Struct, frozen=True):
    """One item as written. ``key`` holds letters, or ``true``/``false`` for a judge item, and is
    empty for a short answer, which has ``model_answer``. ``score`` is a decimal in text or empty.
    """

    source: str
    row: int
    type: ItemType
    stem: str
    options: tuple[str, ...]
    key: tuple[str, ...]
    model_answer: str = ""
    score: str = ""
    difficulty: int = DEFAULT_DIFFICULTY
    point_code: str = ""
    importance: Importance | None = None
    explanation: str = ""
    origin: str = ""


class Reading(msgspec.Struct, frozen=True):
    """What a reader made of a file: good drafts and every faulty row."""

    drafts: tuple[Draft, ...]
    errors: tuple[RowError, ...]


class ScopeDraft(msgspec.Struct, frozen=True):
    """A scope (鉴定范围) of level 1 to 4. ``weight`` is a decimal in text or empty."""

    code: str
    parent: str
    level: int
    name: str
    weight: str
    row: int


class PointDraft(msgspec.Struct, frozen=True):
    """A point (鉴定点) under its deepest scope; ``area_code`` is its scope of level 2."""

    code: str
    name: str
    importance: Importance
    scope_code: str
    area_code: str
    row: int


class BlueprintReading(msgspec.Struct, frozen=True):
    """What a reader made of a blueprint (细目表)."""

    source: str
    scopes: tuple[ScopeDraft, ...]
    points: tuple[PointDraft, ...]
    errors: tuple[RowError, ...]
