"""What is asked of an assembly, what there is, and what comes out. Values only.

Scores, weights and shares are decimals in text. Scores are counted in hundredths where integers are
needed (``cents``).
"""

from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor, gcd

import msgspec

from kernel.errors import Refusal
from paper.items import ItemType, Tier

FORM_LIMIT = 8
ITEM_LIMIT = 500
CENTS = 100


class Section(msgspec.Struct, frozen=True):
    """So many items of a type at so many marks each."""

    type: ItemType
    count: int
    each: str

    @property
    def cents(self) -> int:
        return int(Decimal(self.each) * CENTS)


class TierShare(msgspec.Struct, frozen=True):
    """Bounds of a tier's share of the items of every form, 0 to 1."""

    tier: Tier
    least: str = "0"
    most: str = "1"


class TierPolicy(msgspec.Struct, frozen=True):
    """``order`` prefers earlier tiers (others come last); ``shares`` are hard bounds."""

    order: tuple[Tier, ...] = ()
    shares: tuple[TierShare, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """The request. ``weights`` is area (scope of level 2) → weight, summing to 100; ``points`` is
    point → area. ``overlap_limit`` is the number of items two forms may share when they cannot be
    disjoint; ``difficulty_gap`` the largest difference of the forms' mean difficulty (1 to 5);
    ``tolerance`` the marks an area may be off; empty: none where the scores divide its
    weight, else 0.5.
    """

    sections: tuple[Section, ...]
    form_count: int
    seed: int
    weights: dict[str, str]
    points: dict[str, str]
    tier_policy: TierPolicy = TierPolicy()
    overlap_limit: int = 0
    difficulty_gap: str = "0.3"
    tolerance: str = ""

    @property
    def item_count(self) -> int:
        return sum(section.count for section in self.sections)

    @property
    def full_cents(self) -> int:
        return sum(section.count * section.cents for section in self.sections)

    def section(self, kind: ItemType) -> Section | None:
        return next((one for one in self.sections if one.type is kind), None)

    def target(self, area: str) -> Fraction:
        """The area's marks in cents: its weight's part of the full score."""
        return Fraction(self.weights[area]) * self.full_cents / 100

    def bounds(self, area: str) -> tuple[int, int]:
        """Least and most cents of the area."""
        due = self.target(area)
        step = gcd(*(section.cents for section in self.sections))
        slack = Fraction(self.tolerance or ("0" if due % step == 0 else "0.5")) * CENTS
        return ceil(due - slack), floor(due + slack)


class Supply(msgspec.Struct, frozen=True):
    """A live item that may be drawn. ``recent`` items are kept out unless that rule is loosened."""

    item_id: str
    type: ItemType
    point_code: str
    tier: Tier
    difficulty: int
    enemy_group: str = ""
    recent: bool = False


class Rule(StrEnum):
    """The rules that can be loosened, each alone."""

    AREA_SCORE = "area_score"
    DISJOINT = "disjoint"
    ENEMIES = "enemies"
    DIFFICULTY = "difficulty"
    TIER_LEAST = "tier_least"
    TIER_MOST = "tier_most"
    RECENT = "recent"


class Drawn(msgspec.Struct, frozen=True):
    """Item ids of each form, by section and then by point; ``shared`` is the most items that any
    two forms have in common.
    """

    forms: tuple[tuple[str, ...], ...]
    shared: int


class Shortage(msgspec.Struct, frozen=True):
    """``missing`` more items of the type are needed in the area, on these points (one entry for
    each item; empty text where the area itself has no free point and needs a new one). ``have`` is
    what the cell holds now.
    """

    area: str
    type: ItemType
    missing: int
    have: int
    points: tuple[str, ...]


class Loosening(msgspec.Struct, frozen=True):
    """The rule alone, moved from ``now`` to ``needed``, makes the plan possible; a smaller move
    would not do when ``proven``.
    """

    rule: Rule
    now: str
    needed: str
    tier: Tier | None = None
    proven: bool = True


class Short(msgspec.Struct, frozen=True):
    """Why it cannot be done. ``with_all_rules`` says that the shortages were counted with every
    rule in force (the plain supply would do). All empty: undecided within the solver's effort;
    not ``proven``: fewer might do, the effort ended first.
    """

    shortages: tuple[Shortage, ...]
    loosenings: tuple[Loosening, ...]
    with_all_rules: bool = False
    proven: bool = True


def check_plan(plan: Plan) -> None:
    """Raises ``assembly.plan_bad`` naming what is wrong."""
    kinds = [section.type for section in plan.sections]
    scores = [Decimal(section.each) for section in plan.sections]
    faults = {
        "sections": not kinds or len(set(kinds)) < len(kinds),
        "count": any(section.count < 1 for section in plan.sections)
        or plan.item_count > ITEM_LIMIT,
        "each": any(score <= 0 or score != round(score, 2) for score in scores),
        "form_count": not 1 <= plan.form_count <= FORM_LIMIT,
        "weights": not plan.weights or sum(map(Decimal, plan.weights.values())) != Decimal(100),
        "overlap_limit": plan.overlap_limit < 0,
        "difficulty_gap": Decimal(plan.difficulty_gap) < 0,
        "tolerance": Decimal(plan.tolerance or 0) < 0,
        "tier_policy": any(
            not 0 <= Decimal(one.least) <= Decimal(one.most) <= 1 for one in plan.tier_policy.shares
        ),
    }
    wrong = [name for name, bad in faults.items() if bad]
    if wrong:
        raise Refusal("assembly.plan_bad", field=wrong[0])
