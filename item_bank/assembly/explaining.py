"""Why a plan cannot be met: the cells that are short, or the rules that stand against each other.

Rules kept here: first the plain supply (types, points, area scores, forms apart) is asked for the
least number of missing items; only when that is none are the other rules to blame, and then each is
loosened alone by as little as it takes.
"""

from collections import Counter, defaultdict
from decimal import ROUND_UP, Decimal

from ortools.sat.python import cp_model

from item_bank.assembly.model import ALL_RULES, PLAIN, Loosen, Model, tier_bounds
from item_bank.assembly.plan import CENTS, Loosening, Plan, Rule, Short, Shortage, Supply
from paper.items import ItemType

_ITEM_COST = 1_000
_LOOSENING = 1.0
"""Deterministic time for each rule that is tried alone."""


def explain(plan: Plan, supply: tuple[Supply, ...]) -> Short:
    """What is short and what would help."""
    missing = _missing(plan, supply, PLAIN)
    if missing is None:
        return Short((), _impossible_scores(plan, supply))
    shortages, proven = missing
    loosenings = tuple(_loosenings(plan, supply, PLAIN if shortages else ALL_RULES))
    if shortages or loosenings:
        return Short(shortages, loosenings, proven=proven)
    shortages, proven = _missing(plan, supply, ALL_RULES) or ((), False)
    return Short(shortages, (), with_all_rules=True, proven=proven)


def _overlap(plan: Plan) -> int:
    return plan.overlap_limit if plan.form_count > 1 else 0


def _missing(
    plan: Plan, supply: tuple[Supply, ...], rules: frozenset[Rule]
) -> tuple[tuple[Shortage, ...], bool] | None:
    """The fewest items that would have to be written, and whether that is proven; None when no
    items could help.
    """
    model = Model(plan, supply, rules=rules, overlap=_overlap(plan), phantoms=True)
    have = Counter((plan.points[one.point_code], one.type) for one in model.supply)
    items = sum(
        (_ITEM_COST if have[area, kind] else _ITEM_COST + 1) * ghost
        for (area, kind, _), ghost in model.phantoms.items()
    )
    model.cp.minimize(items + sum(model.new_points.values()))
    solver, solved = model.solve()
    if not solved:
        return None
    alone = not _overlap(plan)  # a written item could serve two forms, so fewer might do
    return _cells(model, solver), model.proven and alone


def _cells(model: Model, solver: cp_model.CpSolver) -> tuple[Shortage, ...]:
    """The phantoms by area and type, each on a point that its form leaves free."""
    plan = model.plan
    points: dict[tuple[str, ItemType], list[str]] = defaultdict(list)
    lacking = Counter((one.point_code, one.type) for one in model.supply)
    for form in model.forms:
        used = {
            one.point_code
            for one, row in zip(model.supply, model.chosen, strict=True)
            if solver.boolean_value(row[form])
        }
        for (area, kind, where), ghost in model.phantoms.items():
            if where != form:
                continue
            free = sorted(
                (point for point, at in plan.points.items() if at == area and point not in used),
                key=lambda point: (lacking[point, kind], point),
            )
            for at in range(solver.value(ghost)):
                point = free[at] if at < len(free) else ""
                used.add(point)
                lacking[point, kind] += 1
                points[area, kind].append(point)
    have = Counter((plan.points[one.point_code], one.type) for one in model.supply)
    return tuple(
        Shortage(area, kind, len(places), have[area, kind], tuple(sorted(places)))
        for (area, kind), places in sorted(points.items())
    )


def _loosenings(plan: Plan, supply: tuple[Supply, ...], rules: frozenset[Rule]) -> list[Loosening]:
    """Each rule that could do it alone, with the least change that does. Where the plain supply
    is short, only the plain supply's own rules can help.
    """
    found = []
    for loosen in _candidates(plan, supply):
        if loosen[0] not in rules:
            continue
        slack = _least_slack(plan, supply, loosen, phantoms=False)
        if slack is not None:
            found.append(_loosening(plan, loosen, *slack))
    return found


def _candidates(plan: Plan, supply: tuple[Supply, ...]) -> list[Loosen]:
    several = plan.form_count > 1
    whole: list[tuple[bool, Rule]] = [
        (True, Rule.AREA_SCORE),
        (several, Rule.DISJOINT),
        (any(one.enemy_group for one in supply), Rule.ENEMIES),
        (several, Rule.DIFFICULTY),
        (any(one.recent for one in supply), Rule.RECENT),
    ]
    tiers: list[Loosen] = []
    for share in plan.tier_policy.shares:
        tiers.extend([(Rule.TIER_LEAST, share.tier), (Rule.TIER_MOST, share.tier)])
    return [*((rule, None) for applies, rule in whole if applies), *tiers]


def _least_slack(
    plan: Plan, supply: tuple[Supply, ...], loosen: Loosen, *, phantoms: bool
) -> tuple[int, bool] | None:
    model = Model(plan, supply, overlap=_overlap(plan), phantoms=phantoms, loosen=loosen)
    model.cp.minimize(model.slack)
    solver, solved = model.solve(_LOOSENING)
    return (solver.value(model.slack), model.proven) if solved else None


def _impossible_scores(plan: Plan, supply: tuple[Supply, ...]) -> tuple[Loosening, ...]:
    """With any items in the world these scores cannot meet the weights; the least tolerance."""
    slack = _least_slack(plan, supply, (Rule.AREA_SCORE, None), phantoms=True)
    return () if slack is None else (_loosening(plan, (Rule.AREA_SCORE, None), *slack),)


def _loosening(plan: Plan, loosen: Loosen, slack: int, proven: bool) -> Loosening:
    rule, tier = loosen
    now, needed = "0", str(slack)
    share = next((one for one in plan.tier_policy.shares if one.tier is tier), None)
    if rule is Rule.AREA_SCORE:
        now, needed = plan.tolerance or "0", plain(Decimal(slack) / CENTS)
    elif rule is Rule.DISJOINT:
        now = str(plan.overlap_limit)
    elif rule is Rule.DIFFICULTY:
        mean = Decimal(slack) / plan.item_count
        now, needed = plan.difficulty_gap, plain(mean.quantize(Decimal("0.001"), ROUND_UP))
    elif share is not None:
        least, most = tier_bounds(plan, share)
        now = share.least if rule is Rule.TIER_LEAST else share.most
        count = least - slack if rule is Rule.TIER_LEAST else most + slack
        needed = f"{count}/{plan.item_count}"
    return Loosening(rule, now, needed, tier, proven)


def plain(number: Decimal) -> str:
    """``0.400`` → ``0.4``."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
