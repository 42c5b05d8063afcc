"""The constraints of an assembly as a CP-SAT model.

Rules kept here: one worker, a written seed and a limit in deterministic time, so the answer never
depends on the machine's speed. Variables follow the lot's order of the supply.

A model may hold *phantoms*: items that do not exist, counted by area, type and form. Their least
number is what the bank is short of. It may loosen one rule by a slack that is minimised.
"""

from collections import defaultdict
from fractions import Fraction
from itertools import combinations
from math import ceil, floor

from ortools.sat.python import cp_model

from item_bank.assembly.plan import Plan, Rule, Supply, TierShare
from kernel.codec import encode
from kernel.lot import shuffled
from paper.items import ItemType, Tier

EFFORT = 3.0
"""Deterministic time per question to the solver (up to some 15 seconds of one slow core)."""

Loosen = tuple[Rule, Tier | None]
ALL_RULES = frozenset(Rule)
PLAIN = frozenset({Rule.AREA_SCORE, Rule.DISJOINT, Rule.RECENT})


class Model:
    """One question to the solver. ``rules`` are in force; ``loosen`` has slack instead."""

    def __init__(
        self,
        plan: Plan,
        supply: tuple[Supply, ...],
        *,
        rules: frozenset[Rule] = ALL_RULES,
        overlap: int = 0,
        phantoms: bool = False,
        loosen: Loosen | None = None,
    ) -> None:
        self.cp = cp_model.CpModel()
        self.plan = plan
        self.rules = rules
        self.loosen = loosen
        use_recent = Rule.RECENT not in rules or self.loose(Rule.RECENT)
        self.supply = tuple(
            one
            for one in _ordered(plan, supply)
            if plan.section(one.type)
            and plan.points.get(one.point_code) in plan.weights
            and (use_recent or not one.recent)
        )
        self.forms = range(plan.form_count)
        self.chosen = [[self.cp.new_bool_var("") for _ in self.forms] for _ in self.supply]
        self.phantoms: dict[tuple[str, ItemType, int], cp_model.IntVar] = {}
        self.new_points: dict[tuple[str, int], cp_model.IntVar] = {}
        self.slack = self.cp.new_int_var(0, 10**9 if loosen else 0, "slack")
        self.proven = False
        self.shared: list[cp_model.LinearExprT] = []
        if phantoms:
            self._allow_phantoms()
        self._types()
        self._points()
        self._areas()
        self._overlaps(overlap)
        if Rule.ENEMIES in rules:
            self._enemies()
        self._tiers()
        if Rule.DIFFICULTY in rules:
            self._difficulty()
        if self.loose(Rule.RECENT):
            recent = [
                take
                for one, row in zip(self.supply, self.chosen, strict=True)
                if one.recent
                for take in row
            ]
            self.cp.add(sum(recent) <= self.slack)

    def loose(self, rule: Rule, tier: Tier | None = None) -> bool:
        """Whether this rule is the one with slack."""
        return self.loosen == (rule, tier)

    def solve(self, effort: float = EFFORT) -> tuple[cp_model.CpSolver, bool | None]:
        """The solver, and True (solved), False (impossible) or None (undecided); ``proven`` says
        whether what was minimised is the least there is.
        """
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = self.plan.seed % (1 << 31)
        solver.parameters.max_deterministic_time = effort
        status = solver.solve(self.cp)
        self.proven = status == cp_model.OPTIMAL
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return solver, True
        return solver, False if status == cp_model.INFEASIBLE else None

    def _allow_phantoms(self) -> None:
        for form in self.forms:
            for area in self.plan.weights:
                self.new_points[area, form] = self.cp.new_int_var(0, self.plan.item_count, "")
                for section in self.plan.sections:
                    self.phantoms[area, section.type, form] = self.cp.new_int_var(
                        0, section.count, ""
                    )

    def _taken(self, form: int, **having: object) -> list[cp_model.IntVar]:
        return [
            row[form]
            for one, row in zip(self.supply, self.chosen, strict=True)
            if all(getattr(one, name) == value for name, value in having.items())
        ]

    def _ghosts(
        self, form: int, area: str | None = None, kind: ItemType | None = None
    ) -> list[cp_model.IntVar]:
        return [
            ghost
            for (at, of, where), ghost in self.phantoms.items()
            if where == form and area in (None, at) and kind in (None, of)
        ]

    def _types(self) -> None:
        for form in self.forms:
            for section in self.plan.sections:
                real = self._taken(form, type=section.type)
                ghosts = self._ghosts(form, kind=section.type)
                self.cp.add(sum(real) + sum(ghosts) == section.count)

    def _points(self) -> None:
        by_point: dict[str, list[int]] = defaultdict(list)
        for at, one in enumerate(self.supply):
            by_point[one.point_code].append(at)
        for form in self.forms:
            for places in by_point.values():
                if len(places) > 1:
                    self.cp.add_at_most_one(self.chosen[at][form] for at in places)
            for (area, where), fresh in self.new_points.items():
                if where == form:
                    room = sum(1 for at in self.plan.points.values() if at == area)
                    used = self._in_area(form, area)
                    ghosts = self._ghosts(form, area)
                    self.cp.add(sum(used) + sum(ghosts) <= room + fresh)

    def _in_area(self, form: int, area: str) -> list[cp_model.IntVar]:
        return [
            row[form]
            for one, row in zip(self.supply, self.chosen, strict=True)
            if self.plan.points[one.point_code] == area
        ]

    def _areas(self) -> None:
        if Rule.AREA_SCORE not in self.rules:
            return
        cents = {section.type: section.cents for section in self.plan.sections}
        for form in self.forms:
            for area in self.plan.weights:
                score = sum(
                    cents[one.type] * row[form]
                    for one, row in zip(self.supply, self.chosen, strict=True)
                    if self.plan.points[one.point_code] == area
                ) + sum(
                    cents[kind] * ghost
                    for (at, kind, where), ghost in self.phantoms.items()
                    if at == area and where == form
                )
                low, high = self.plan.bounds(area)
                if self.loose(Rule.AREA_SCORE):
                    due = self.plan.target(area)
                    scale = due.denominator
                    self.cp.add(scale * score - due.numerator <= scale * self.slack)
                    self.cp.add(due.numerator - scale * score <= scale * self.slack)
                else:
                    self.cp.add(score >= low)
                    self.cp.add(score <= high)

    def _overlaps(self, limit: int) -> None:
        loose = self.loose(Rule.DISJOINT)
        if not limit and not loose:
            for row in self.chosen:
                if len(row) > 1:
                    self.cp.add_at_most_one(row)
            return
        for left, right in combinations(self.forms, 2):
            both = []
            for row in self.chosen:
                twice = self.cp.new_bool_var("")
                self.cp.add(row[left] + row[right] <= 1 + twice)
                both.append(twice)
            self.cp.add(sum(both) <= (self.slack if loose else limit))
            self.shared.append(sum(both))

    def _enemies(self) -> None:
        groups: dict[str, list[int]] = defaultdict(list)
        for at, one in enumerate(self.supply):
            if one.enemy_group:
                groups[one.enemy_group].append(at)
        excess = []
        for form in self.forms:
            for places in groups.values():
                together = sum(self.chosen[at][form] for at in places)
                if self.loose(Rule.ENEMIES):
                    over = self.cp.new_int_var(0, len(places), "")
                    excess.append(over)
                    self.cp.add(together <= 1 + over)
                else:
                    self.cp.add(together <= 1)
        if self.loose(Rule.ENEMIES):
            self.cp.add(sum(excess) <= self.slack)

    def _tiers(self) -> None:
        for share in self.plan.tier_policy.shares:
            least, most = tier_bounds(self.plan, share)
            for form in self.forms:
                real = sum(self._taken(form, tier=share.tier))
                if Rule.TIER_LEAST in self.rules:
                    give = self.slack if self.loose(Rule.TIER_LEAST, share.tier) else 0
                    self.cp.add(real + sum(self._ghosts(form)) >= least - give)
                if Rule.TIER_MOST in self.rules:
                    give = self.slack if self.loose(Rule.TIER_MOST, share.tier) else 0
                    self.cp.add(real <= most + give)

    def _difficulty(self) -> None:
        sums = []
        for form in self.forms:
            real = sum(
                one.difficulty * row[form]
                for one, row in zip(self.supply, self.chosen, strict=True)
            )
            ghosts = sum(self._ghosts(form))
            free = self.cp.new_int_var(0, 5 * self.plan.item_count, "")
            self.cp.add(free >= ghosts)
            self.cp.add(free <= 5 * ghosts)
            sums.append(real + free)
        gap = floor(Fraction(self.plan.difficulty_gap) * self.plan.item_count)
        bound = self.slack if self.loose(Rule.DIFFICULTY) else gap
        for left, right in combinations(sums, 2):
            self.cp.add(left - right <= bound)
            self.cp.add(right - left <= bound)


def tier_bounds(plan: Plan, share: TierShare) -> tuple[int, int]:
    """Least and most items of the tier in one form."""
    return (
        ceil(Fraction(share.least) * plan.item_count),
        floor(Fraction(share.most) * plan.item_count),
    )


def _ordered(plan: Plan, supply: tuple[Supply, ...]) -> list[Supply]:
    seed = encode("assembly-seed", 1, [str(plan.seed)])
    return shuffled(seed, "assembly", sorted(supply, key=lambda one: one.item_id))
