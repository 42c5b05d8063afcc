"""Looking at items, and taking them out as files.

Rules kept here: a list never holds keys; whoever opens a key or exports items leaves a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select

from item_bank.drafts import LETTERS, Draft
from item_bank.exchange import write_items
from item_bank.service.blueprints import READERS, blueprint_of, importances
from item_bank.service.keys import ItemKeys
from item_bank.tables import ItemRow, VersionRow
from kernel.access import Principal, Role
from kernel.clock import Clock
from kernel.db import Database
from kernel.errors import Kind, Refusal
from paper.items import LEVEL_NAMES, Importance, ItemType, Tier
from paper.scoring import Key

PAGE = 50
KEY_READERS = (Role.AUTHOR, Role.REVIEWER)


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item without its key."""

    item: ItemRow
    version: VersionRow


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One page (from 1) of the items that fit."""

    items: list[ItemView]
    total: int
    page: int
    page_size: int


@dataclass(frozen=True, slots=True)
class ItemDetail:
    """An item with its key. ``letters`` is the key in the author's letters, or true/false."""

    view: ItemView
    key: Key
    letters: tuple[str, ...]


class Reading:
    """Lists, details, exports."""

    def __init__(self, database: Database, clock: Clock, keys: ItemKeys) -> None:
        self._db = database
        self._clock = clock
        self._keys = keys

    async def page(
        self,
        principal: Principal,
        *,
        blueprint_id: str,
        tier: Tier | None = None,
        kind: ItemType | None = None,
        point_code: str = "",
        page: int = 1,
    ) -> ItemPage:
        """Items in the order of their points."""
        principal.need(*READERS)
        query = _filtered(blueprint_id, tier, kind, point_code)
        async with self._db.read() as session:
            total = await session.scalar(select(func.count()).select_from(query.subquery()))
            rows = await session.execute(
                query.order_by(ItemRow.point_code, ItemRow.id)
                .offset((max(page, 1) - 1) * PAGE)
                .limit(PAGE)
            )
            items = [ItemView(item, version) for item, version in rows]
        return ItemPage(items, total or 0, max(page, 1), PAGE)

    async def detail(self, principal: Principal, item_id: str) -> ItemDetail:
        """With the key; logged. Raises ``item.unknown``."""
        principal.need(*KEY_READERS)
        async with self._db.write() as tx:
            found = await tx.execute(
                select(ItemRow, VersionRow)
                .join(VersionRow, VersionRow.id == ItemRow.version_id)
                .where(ItemRow.id == item_id)
            )
            row = found.one_or_none()
            if row is None:
                raise Refusal("item.unknown", Kind.NOT_FOUND, id=item_id)
            view = ItemView(row[0], row[1])
            keys = await self._keys.keys_of(
                tx,
                [view.version.id],
                purpose="view",
                subject=item_id,
                by=principal.subject,
                now_ms=self._clock.now_ms(),
            )
        key = keys[view.version.id]
        return ItemDetail(view, key, letters_of(view.version, key))

    async def export(
        self, principal: Principal, *, blueprint_id: str, tier: Tier | None, form: str
    ) -> bytes:
        """The items, keys included, as a file (``item_bank.exchange.ITEM_FORMATS``); logged."""
        principal.need(Role.BANK_KEEPER)
        async with self._db.write() as tx:
            row, blueprint = await blueprint_of(tx, blueprint_id)
            found = await tx.execute(_filtered(blueprint_id, tier, None, "").order_by(ItemRow.id))
            views = [ItemView(item, version) for item, version in found]
            keys = await self._keys.keys_of(
                tx,
                [view.version.id for view in views],
                purpose=f"export {form}",
                subject=blueprint_id,
                by=principal.subject,
                now_ms=self._clock.now_ms(),
            )
        degrees = importances(blueprint)
        drafts = [
            _draft(at, view, keys[view.version.id], degrees[view.item.point_code])
            for at, view in enumerate(views, 1)
        ]
        return write_items(
            form, f"{row.occupation_name} {LEVEL_NAMES[row.level]}", drafts, blueprint
        )


def _filtered(
    blueprint_id: str, tier: Tier | None, kind: ItemType | None, point_code: str
) -> Select[ItemRow, VersionRow]:
    query = (
        select(ItemRow, VersionRow)
        .join(VersionRow, VersionRow.id == ItemRow.version_id)
        .where(ItemRow.blueprint_id == blueprint_id)
    )
    if tier is not None:
        query = query.where(ItemRow.tier == tier.value)
    if kind is not None:
        query = query.where(ItemRow.type == kind.value)
    if point_code:
        query = query.where(ItemRow.point_code == point_code)
    return query


def letters_of(version: VersionRow, key: Key) -> tuple[str, ...]:
    """The key in the author's letters; a judge item's stays ``true`` or ``false``."""
    by_id = dict(zip((one["id"] for one in version.options), LETTERS, strict=False))
    return tuple(sorted(by_id.get(option, option) for option in key.options))


def option_texts(options: Sequence[dict[str, str]]) -> tuple[str, ...]:
    """The words of the options in the author's order."""
    return tuple(one["text"] for one in options)


def _draft(row: int, view: ItemView, key: Key, importance: Importance) -> Draft:
    return Draft(
        source=view.item.id,
        row=row,
        type=ItemType(view.item.type),
        stem=view.version.stem,
        options=option_texts(view.version.options),
        key=letters_of(view.version, key),
        model_answer=key.model_answer,
        score=view.version.score,
        difficulty=view.item.difficulty,
        point_code=view.item.point_code,
        importance=importance,
        explanation=key.explanation,
        origin=view.version.origin,
    )
