"""Blueprints in, and what the bank holds for each of their points.

Rules kept here: a blueprint with one fault is not written; warnings never stop it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from item_bank.drafts import BlueprintReading, PointDraft, ScopeDraft
from item_bank.exchange import read_blueprint
from item_bank.rules.blueprint import advise_blueprint, check_blueprint
from item_bank.tables import LIVE, BlueprintRow, ItemRow, PointRow, ScopeRow
from kernel.access import Principal, Role
from kernel.clock import Clock
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal, RowError, RowRefusal
from kernel.ids import mint
from paper.items import Importance

READERS = (Role.AUTHOR, Role.REVIEWER, Role.BANK_KEEPER, Role.OFFICER)
WRITERS = (Role.AUTHOR, Role.BANK_KEEPER)


@dataclass(frozen=True, slots=True)
class BlueprintView:
    """A blueprint in a list; ``items`` counts live items."""

    row: BlueprintRow
    points: int
    items: int


@dataclass(frozen=True, slots=True)
class BlueprintDetail:
    """The tree with supply: point code → item type → live items."""

    row: BlueprintRow
    reading: BlueprintReading
    supply: Mapping[str, Mapping[str, int]]


class Blueprints:
    """Take, list, show."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def take(
        self,
        principal: Principal,
        *,
        source: str,
        data: bytes,
        occupation_code: str,
        occupation_name: str,
        level: int,
    ) -> tuple[str, int, list[RowError]]:
        """Blueprint id, number of points, warnings. Raises ``blueprint.refused`` with rows."""
        principal.need(*WRITERS)
        if not 1 <= level <= 5:
            raise Refusal("blueprint.level", found=level)
        reading = await asyncio.to_thread(read_blueprint, source, data)
        errors = [*reading.errors, *check_blueprint(reading)]
        if errors:
            raise RowRefusal("blueprint.refused", errors)
        row = BlueprintRow(
            id=mint("blueprint"),
            occupation_code=occupation_code,
            occupation_name=occupation_name,
            level=level,
            created_by=principal.subject,
            created_at_ms=self._clock.now_ms(),
        )
        async with self._db.write() as tx:
            tx.add(row)
            await tx.flush()
            tx.add_all(_scope_row(row.id, at, one) for at, one in enumerate(reading.scopes))
            await tx.flush()
            tx.add_all(_point_row(row.id, at, one) for at, one in enumerate(reading.points))
        return row.id, len(reading.points), advise_blueprint(reading)

    async def all(self, principal: Principal) -> list[BlueprintView]:
        """Newest last."""
        principal.need(*READERS)
        async with self._db.read() as session:
            rows = await session.execute(select(BlueprintRow).order_by(BlueprintRow.id))
            points = await session.execute(
                select(PointRow.blueprint_id, func.count()).group_by(PointRow.blueprint_id)
            )
            items = await session.execute(
                select(ItemRow.blueprint_id, func.count())
                .where(ItemRow.state == LIVE)
                .group_by(ItemRow.blueprint_id)
            )
            of_points = dict(points.all())
            of_items = dict(items.all())
            return [
                BlueprintView(row, of_points.get(row.id, 0), of_items.get(row.id, 0))
                for row in rows.scalars()
            ]

    async def detail(self, principal: Principal, blueprint_id: str) -> BlueprintDetail:
        """Raises ``blueprint.unknown``."""
        principal.need(*READERS)
        async with self._db.read() as session:
            row, reading = await blueprint_of(session, blueprint_id)
            counted = await session.execute(
                select(ItemRow.point_code, ItemRow.type, func.count())
                .where(ItemRow.blueprint_id == blueprint_id, ItemRow.state == LIVE)
                .group_by(ItemRow.point_code, ItemRow.type)
            )
            supply: dict[str, dict[str, int]] = {}
            for point, kind, count in counted:
                supply.setdefault(point, {})[kind] = count
        return BlueprintDetail(row, reading, supply)


def _scope_row(blueprint_id: str, position: int, scope: ScopeDraft) -> ScopeRow:
    return ScopeRow(
        blueprint_id=blueprint_id,
        code=scope.code,
        parent=scope.parent,
        level=scope.level,
        name=scope.name,
        weight=scope.weight,
        position=position,
    )


def _point_row(blueprint_id: str, position: int, point: PointDraft) -> PointRow:
    return PointRow(
        blueprint_id=blueprint_id,
        code=point.code,
        name=point.name,
        importance=point.importance.value,
        scope_code=point.scope_code,
        area_code=point.area_code,
        position=position,
    )


async def blueprint_of(
    session: ReadSession, blueprint_id: str
) -> tuple[BlueprintRow, BlueprintReading]:
    """The blueprint as it was read. Raises ``blueprint.unknown``."""
    row = await session.get(BlueprintRow, blueprint_id)
    if row is None:
        raise Refusal("blueprint.unknown", Kind.NOT_FOUND, id=blueprint_id)
    scopes = await session.execute(
        select(ScopeRow).where(ScopeRow.blueprint_id == blueprint_id).order_by(ScopeRow.position)
    )
    points = await session.execute(
        select(PointRow).where(PointRow.blueprint_id == blueprint_id).order_by(PointRow.position)
    )
    reading = BlueprintReading(
        source=row.occupation_name,
        scopes=tuple(
            ScopeDraft(one.code, one.parent, one.level, one.name, one.weight, one.position)
            for one in scopes.scalars()
        ),
        points=tuple(
            PointDraft(
                one.code, one.name, Importance(one.importance), one.scope_code, one.area_code,
                one.position,
            )
            for one in points.scalars()
        ),
        errors=(),
    )  # fmt: skip
    return row, reading


def importances(reading: BlueprintReading) -> dict[str, Importance]:
    """Point code → importance."""
    return {point.code: point.importance for point in reading.points}


def areas(reading: BlueprintReading) -> Sequence[ScopeDraft]:
    """The scopes of level 2, which papers are weighed by."""
    return [scope for scope in reading.scopes if scope.level == 2]
