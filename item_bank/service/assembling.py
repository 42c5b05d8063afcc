"""Papers out of the bank: parallel forms by the blueprint's weights.

Rules kept here: the solver works outside every transaction; what it chose is written only if every
item is still live, which the database itself checks; a shortage writes nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from item_bank.assembly import (
    Drawn,
    Loosening,
    Plan,
    Section,
    Short,
    Shortage,
    Supply,
    TierPolicy,
    assemble,
)
from item_bank.drafts import BlueprintReading
from item_bank.service.blueprints import READERS, areas, blueprint_of
from item_bank.tables import (
    LIVE,
    AssemblyItemRow,
    AssemblyRow,
    ItemRow,
    PackageRow,
)
from kernel.access import Principal, Role
from kernel.clock import Clock
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal, RowError, RowRefusal
from kernel.ids import mint
from paper.items import TYPE_NAMES, ItemType, Tier

FORM_CODES = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for; see ``item_bank.assembly.Plan``. Items of the last ``recent_packages``
    sealed packages of the blueprint are kept out.
    """

    blueprint_id: str
    title: str
    sections: tuple[Section, ...]
    form_count: int
    seed: int
    tier_policy: TierPolicy = field(default_factory=TierPolicy)
    overlap_limit: int = 0
    difficulty_gap: str = "0.3"
    tolerance: str = ""
    recent_packages: int = 0


class FormReport(msgspec.Struct, frozen=True):
    """One form in figures. Scores and the mean difficulty are decimals in text."""

    form_code: str
    items: int
    full_score: str
    by_scope: dict[str, str]
    by_tier: dict[str, int]
    mean_difficulty: str


@dataclass(frozen=True, slots=True)
class AssemblyView:
    """An assembly that was written."""

    assembly_id: str
    title: str
    forms: list[FormReport]
    shared: int


class Assembling:
    """One use case and its list."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def assemble(self, principal: Principal, ask: Ask) -> AssemblyView:
        """Raises ``assembly.short`` with a row for each cell and each rule that would help,
        ``assembly.undecided``, ``assembly.plan_bad``, ``assembly.item_changed``.
        """
        principal.need(Role.BANK_KEEPER)
        async with self._db.read() as session:
            _, blueprint = await blueprint_of(session, ask.blueprint_id)
            items = await _live_items(session, ask.blueprint_id)
            recent = await _recent(session, ask.blueprint_id, ask.recent_packages)
        plan = _plan(ask, blueprint)
        supply = tuple(_supply(row, recent) for row in items.values())
        outcome = await asyncio.to_thread(assemble, plan, supply)
        if isinstance(outcome, Short):
            raise short_refusal(outcome, ask.title)
        forms = _reports(plan, outcome, items)
        assembly_id = mint("assembly")
        await self._write(principal, ask, plan, outcome, items, forms, assembly_id)
        return AssemblyView(assembly_id, ask.title, forms, outcome.shared)

    async def all(self, principal: Principal, blueprint_id: str) -> list[AssemblyRow]:
        """Assemblies of a blueprint, oldest first."""
        principal.need(*READERS)
        async with self._db.read() as session:
            rows = await session.execute(
                select(AssemblyRow)
                .where(AssemblyRow.blueprint_id == blueprint_id)
                .order_by(AssemblyRow.id)
            )
            return list(rows.scalars())

    async def _write(
        self,
        principal: Principal,
        ask: Ask,
        plan: Plan,
        drawn: Drawn,
        items: Mapping[str, ItemRow],
        forms: Sequence[FormReport],
        assembly_id: str,
    ) -> None:
        scores = {section.type.value: section.each for section in plan.sections}
        places = [
            {
                "assembly_id": assembly_id, "form_code": FORM_CODES[form], "position": position,
                "item_id": item_id, "item_state": LIVE, "version_id": items[item_id].version_id,
                "score": scores[items[item_id].type],
            }
            for form, item_ids in enumerate(drawn.forms)
            for position, item_id in enumerate(item_ids, 1)
        ]  # fmt: skip
        request: dict[str, Any] = msgspec.to_builtins(plan)
        try:
            async with self._db.write() as tx:
                tx.add(
                    AssemblyRow(
                        id=assembly_id,
                        blueprint_id=ask.blueprint_id,
                        title=ask.title,
                        request=request,
                        summary=msgspec.to_builtins(forms),
                        created_by=principal.subject,
                        created_at_ms=self._clock.now_ms(),
                    )
                )
                await tx.flush()
                await tx.execute(insert(AssemblyItemRow), places)
        except IntegrityError as changed:
            raise Refusal("assembly.item_changed", Kind.CONFLICT) from changed


def _plan(ask: Ask, blueprint: BlueprintReading) -> Plan:
    return Plan(
        sections=ask.sections,
        form_count=ask.form_count,
        seed=ask.seed,
        weights={scope.code: scope.weight for scope in areas(blueprint)},
        points={point.code: point.area_code for point in blueprint.points},
        tier_policy=ask.tier_policy,
        overlap_limit=ask.overlap_limit,
        difficulty_gap=ask.difficulty_gap,
        tolerance=ask.tolerance,
    )


async def _live_items(session: ReadSession, blueprint_id: str) -> dict[str, ItemRow]:
    rows = await session.execute(
        select(ItemRow)
        .where(ItemRow.blueprint_id == blueprint_id, ItemRow.state == LIVE)
        .order_by(ItemRow.id)
    )
    return {row.id: row for row in rows.scalars()}


async def _recent(session: ReadSession, blueprint_id: str, packages: int) -> set[str]:
    if packages <= 0:
        return set()
    last = (
        select(PackageRow.assembly_id)
        .where(PackageRow.blueprint_id == blueprint_id)
        .order_by(PackageRow.sealed_at_ms.desc(), PackageRow.id.desc())
        .limit(packages)
    )
    rows = await session.execute(
        select(AssemblyItemRow.item_id).where(AssemblyItemRow.assembly_id.in_(last))
    )
    return set(rows.scalars())


def _supply(row: ItemRow, recent: set[str]) -> Supply:
    return Supply(
        item_id=row.id,
        type=ItemType(row.type),
        point_code=row.point_code,
        tier=Tier(row.tier),
        difficulty=row.difficulty,
        enemy_group=row.enemy_group,
        recent=row.id in recent,
    )


def _reports(plan: Plan, drawn: Drawn, items: Mapping[str, ItemRow]) -> list[FormReport]:
    each = {section.type.value: Decimal(section.each) for section in plan.sections}
    reports = []
    for form, item_ids in enumerate(drawn.forms):
        rows = [items[item_id] for item_id in item_ids]
        by_scope: dict[str, Decimal] = defaultdict(Decimal)
        by_tier: dict[str, int] = defaultdict(int)
        for row in rows:
            by_scope[plan.points[row.point_code]] += each[row.type]
            by_tier[row.tier] += 1
        mean = Decimal(sum(row.difficulty for row in rows)) / len(rows)
        reports.append(
            FormReport(
                form_code=FORM_CODES[form],
                items=len(rows),
                full_score=str(sum(by_scope.values(), Decimal(0))),
                by_scope={area: str(by_scope[area]) for area in plan.weights},
                by_tier=dict(sorted(by_tier.items())),
                mean_difficulty=str(mean.quantize(Decimal("0.001"))),
            )
        )
    return reports


def short_refusal(short: Short, title: str) -> Refusal:
    """``assembly.short`` (409) with every cell and every rule that alone would do."""
    rows = [_cell(at, one, title, proven=short.proven) for at, one in enumerate(short.shortages, 1)]
    start = len(rows) + 1
    rows += [_rule(at, one, title) for at, one in enumerate(short.loosenings, start)]
    if not rows:
        return Refusal("assembly.undecided", Kind.UNAVAILABLE)
    refusal = RowRefusal("assembly.short", rows)
    refusal.kind = Kind.CONFLICT
    return refusal


def _cell(row: int, shortage: Shortage, title: str, *, proven: bool) -> RowError:
    name = TYPE_NAMES[shortage.type]
    params = {
        "scope": shortage.area, "type": shortage.type.value, "type_name": name,
        "missing": shortage.missing, "have": shortage.have, "sign": "" if proven else "≤ ",
        "points": ", ".join(point or "(+)" for point in shortage.points),
    }  # fmt: skip
    return RowError(row, f"{shortage.area} {name}", "assembly.cell_short", params, title)


def _rule(row: int, loosening: Loosening, title: str) -> RowError:
    params = {
        "now": loosening.now, "needed": loosening.needed,
        "tier": loosening.tier.value if loosening.tier else "",
        "sign": "=" if loosening.proven else "<=",
    }  # fmt: skip
    return RowError(row, loosening.rule.value, f"assembly.loosen_{loosening.rule}", params, title)
