"""Drawing the forms: disjoint if the supply allows, else with as few shared items as can be.

Rules kept here: preferred tiers first, then the lot; both by weights that cannot be traded.
"""

from itertools import combinations

from ortools.sat.python import cp_model

from item_bank.assembly.model import Model
from item_bank.assembly.plan import Drawn, Plan, Supply
from paper.items import Tier

_IMPROVING = 1.0
"""Deterministic time for preferring tiers and sharing less, once forms are known to exist."""


def draw(plan: Plan, supply: tuple[Supply, ...]) -> Drawn | None:
    """The forms, or None when no forms keep all rules (or none were found in time)."""
    for overlap in sorted({0, plan.overlap_limit if plan.form_count > 1 else 0}):
        model = Model(plan, supply, overlap=overlap)
        _hint(model)
        solver, solved = model.solve()
        if solved:
            return _drawn(model, _improved(model, solver))
    return None


def _hint(model: Model) -> None:
    """The items that the lot put first, dealt to the forms in turn: where the search begins."""
    left = {(form, one.type): one.count for form in model.forms for one in model.plan.sections}
    turn = 0
    for one, row in zip(model.supply, model.chosen, strict=True):
        form = turn % model.plan.form_count
        wanted = left[form, one.type] > 0
        left[form, one.type] -= wanted
        turn += wanted
        for place, take in zip(model.forms, row, strict=True):
            model.cp.add_hint(take, wanted and place == form)


def _improved(model: Model, first: cp_model.CpSolver) -> cp_model.CpSolver:
    """Less sharing first, then preferred tiers, from the forms at hand."""
    order = model.plan.tier_policy.order
    if not order and not model.shared:
        return first
    ranks = {tier: at for at, tier in enumerate(order)}
    most = len(ranks) * model.plan.item_count * model.plan.form_count + 1
    tiers: list[cp_model.LinearExprT] = [
        ranks.get(one.tier, len(ranks)) * take
        for one, row in zip(model.supply, model.chosen, strict=True)
        for take in row
    ]
    model.cp.clear_hints()  # type: ignore[no-untyped-call] # the library's own omission
    for row in model.chosen:
        for take in row:
            model.cp.add_hint(take, first.boolean_value(take))
    model.cp.minimize(cp_model.LinearExpr.sum(tiers) + most * cp_model.LinearExpr.sum(model.shared))
    solver, solved = model.solve(_IMPROVING)
    return solver if solved else first


def _drawn(model: Model, solver: cp_model.CpSolver) -> Drawn:
    order = [section.type for section in model.plan.sections]
    forms: list[tuple[str, ...]] = []
    for form in model.forms:
        taken: list[Supply] = [
            one
            for one, row in zip(model.supply, model.chosen, strict=True)
            if solver.boolean_value(row[form])
        ]
        taken.sort(key=lambda one: (order.index(one.type), one.point_code, one.item_id))
        forms.append(tuple(one.item_id for one in taken))
    shared = [len(set(left) & set(right)) for left, right in combinations(forms, 2)]
    return Drawn(tuple(forms), max(shared, default=0))


def tiers_of(supply: tuple[Supply, ...], item_ids: tuple[str, ...]) -> dict[Tier, int]:
    """How many items of each tier a form holds; for reports."""
    by_id = {one.item_id: one.tier for one in supply}
    counted = dict.fromkeys(Tier, 0)
    for item_id in item_ids:
        counted[by_id[item_id]] += 1
    return counted
