"""Lint of a blueprint (细目表).

Rules kept here: weights sum to 100 on level 1 and to their parent below it, else the blueprint is
refused; importance shares and the number of points are the field's advice, so they only warn.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from item_bank.drafts import BlueprintReading, PointDraft, ScopeDraft
from kernel.errors import RowError
from paper.items import Importance

X_AT_LEAST = Decimal("0.80")
Y_AT_MOST = Decimal("0.15")
Z_AT_MOST = Decimal("0.05")
POINTS_PER_WEIGHT = 2
POINTS_IN_ALL = 200
_HIGH, _MIDDLE = Decimal(20), Decimal(10)


def check_blueprint(blueprint: BlueprintReading) -> list[RowError]:
    """Faults that refuse it: a weight missing or sums that do not come out."""
    source = blueprint.source
    errors = [
        RowError(
            scope.row, f"{scope.level}级比重", "blueprint.weight_missing",
            {"scope": scope.code}, source,
        )
        for scope in blueprint.scopes
        if scope.level <= 2 and not scope.weight
    ]  # fmt: skip
    if errors or not blueprint.scopes:
        return errors
    first = [scope for scope in blueprint.scopes if scope.level == 1]
    errors.extend(_sum_differs(source, "1级比重", "*", Decimal(100), first))
    for parent in blueprint.scopes:
        below = [scope for scope in blueprint.scopes if scope.parent == parent.code]
        if below and parent.weight and all(scope.weight for scope in below):
            errors.extend(
                _sum_differs(
                    source, f"{parent.level + 1}级比重", parent.code, Decimal(parent.weight), below
                )
            )
    return errors


def _sum_differs(
    source: str, field: str, scope: str, due: Decimal, parts: Sequence[ScopeDraft]
) -> Iterable[RowError]:
    total = sum((Decimal(part.weight) for part in parts), Decimal(0))
    if total != due:
        row = parts[0].row if parts else 0
        params = {"scope": scope, "total": str(total), "due": str(due)}
        yield RowError(row, field, "blueprint.weight_sum", params, source)


def advise_blueprint(blueprint: BlueprintReading) -> list[RowError]:
    """Warnings: shares of X, Y and Z, and points against weight."""
    points = blueprint.points
    if not points:
        return []
    warnings = _shares(blueprint.source, points)
    if len(points) < POINTS_IN_ALL:
        params = {"points": len(points), "due": POINTS_IN_ALL}
        warnings.append(RowError(0, "鉴定点", "blueprint.few_points", params, blueprint.source))
    counted = Counter(point.area_code for point in points)
    for scope in blueprint.scopes:
        if scope.level == 2 and scope.weight:
            due = Decimal(scope.weight) * POINTS_PER_WEIGHT
            if counted[scope.code] < due:
                warnings.append(
                    RowError(
                        scope.row, "鉴定点", "blueprint.scope_points",
                        {"scope": scope.code, "points": counted[scope.code], "due": str(due)},
                        blueprint.source,
                    )
                )  # fmt: skip
    return warnings


def _shares(source: str, points: Sequence[PointDraft]) -> list[RowError]:
    counted = Counter(point.importance for point in points)
    limits = (
        (Importance.X, X_AT_LEAST, counted[Importance.X] < X_AT_LEAST * len(points), ">="),
        (Importance.Y, Y_AT_MOST, counted[Importance.Y] > Y_AT_MOST * len(points), "<="),
        (Importance.Z, Z_AT_MOST, counted[Importance.Z] > Z_AT_MOST * len(points), "<="),
    )
    return [
        RowError(
            0, "重要程度", "blueprint.importance_share",
            {
                "importance": importance.value, "share": f"{counted[importance] / len(points):.0%}",
                "due": f"{sign} {limit:.0%}",
            },
            source,
        )
        for importance, limit, off, sign in limits
        if off
    ]  # fmt: skip


def weight_band(weight: Decimal) -> str:
    """高 from 20, 中 from 10, else 低: what the public outline says of a scope's weight."""
    return "高" if weight >= _HIGH else "中" if weight >= _MIDDLE else "低"
