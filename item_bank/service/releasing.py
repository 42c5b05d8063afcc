"""Items for the public: released by two people, for ever, and handed out as one signed bundle.

Rules kept here: the second person agrees to exactly the same items; an item that was in a paper
cannot be released (the database refuses it); the bundle holds released items alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from item_bank.drafts import BlueprintReading
from item_bank.rules.blueprint import weight_band
from item_bank.rules.items import scored
from item_bank.service.blueprints import READERS, areas, blueprint_of
from item_bank.service.keys import ItemKeys
from item_bank.service.sealing import PASS_SHARE, form_item
from item_bank.tables import LIVE, RELEASED, BlueprintRow, ItemRow, ReleasedItemRow, VersionRow
from kernel.access import Principal, Role, approve, request_approval
from kernel.clock import Clock
from kernel.codec import encode
from kernel.crypto.signing import Signer
from kernel.db import Database, WriteSession
from kernel.errors import Kind, Refusal
from paper.bundle import (
    FORMAT,
    Bundle,
    OutlinePoint,
    ReleasedPaper,
    SignedBundle,
    bundle_bytes,
    signed_bytes,
)
from paper.items import LEVEL_NAMES, ItemType
from paper.scoring import Key

_ACT = "item_bank.release"
_PAPER_ITEMS = 100
_PAPER_S = 3_600
_ORDER = (ItemType.SINGLE, ItemType.MULTIPLE, ItemType.JUDGE, ItemType.SHORT)


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """``waiting`` for the second person, with the approval's id, or ``released``."""

    state: str
    approval_id: str


class Releasing:
    """Release and bundle."""

    def __init__(self, database: Database, clock: Clock, keys: ItemKeys, signer: Signer) -> None:
        self._db = database
        self._clock = clock
        self._keys = keys
        self._signer = signer

    async def request(
        self, principal: Principal, item_ids: Sequence[str], reason: str
    ) -> ReleaseState:
        """The first person asks. Raises ``item.unknown``, ``release.not_live``,
        ``release.reason_missing``.
        """
        principal.need(Role.REVIEWER, Role.BANK_KEEPER)
        if not reason.strip():
            raise Refusal("release.reason_missing")
        async with self._db.write() as tx:
            await _need_live(tx, item_ids)
            approval_id = await request_approval(
                tx, self._clock, act=_ACT, content=_content(item_ids, reason), by=principal.subject
            )
        return ReleaseState("waiting", approval_id)

    async def confirm(
        self, principal: Principal, item_ids: Sequence[str], reason: str, approval_id: str
    ) -> ReleaseState:
        """A different person agrees; the items are public from now on.

        Raises ``approval.…``, ``release.not_live``, ``release.in_paper``.
        """
        principal.need(Role.REVIEWER, Role.BANK_KEEPER)
        try:
            async with self._db.write() as tx:
                first = await approve(
                    tx, self._clock, approval_id=approval_id, act=_ACT,
                    content=_content(item_ids, reason), by=principal.subject,
                )  # fmt: skip
                await _need_live(tx, item_ids)
                await tx.execute(
                    update(ItemRow).where(ItemRow.id.in_(item_ids)).values(state=RELEASED)
                )
                now_ms = self._clock.now_ms()
                await tx.execute(
                    insert(ReleasedItemRow),
                    [
                        {
                            "item_id": item_id, "item_state": RELEASED, "reason": reason,
                            "requested_by": first, "approved_by": principal.subject,
                            "released_at_ms": now_ms,
                        }
                        for item_id in item_ids
                    ],
                )  # fmt: skip
        except IntegrityError as used:
            raise Refusal("release.in_paper", Kind.CONFLICT) from used
        return ReleaseState("released", approval_id)

    async def bundle(self, principal: Principal) -> bytes:
        """The signed bundle of everything released (``paper.bundle.SignedBundle`` as JSON)."""
        principal.need(*READERS)
        papers: list[ReleasedPaper] = []
        async with self._db.write() as tx:
            now_ms = self._clock.now_ms()
            found = await tx.execute(
                select(ItemRow, VersionRow)
                .join(VersionRow, VersionRow.id == ItemRow.version_id)
                .join(ReleasedItemRow, ReleasedItemRow.item_id == ItemRow.id)
                .where(ItemRow.state == RELEASED)
                .order_by(ItemRow.blueprint_id, ItemRow.point_code, ItemRow.id)
            )
            by_blueprint: dict[str, list[tuple[ItemRow, VersionRow]]] = defaultdict(list)
            for item, version in found:
                by_blueprint[item.blueprint_id].append((item, version))
            for blueprint_id, items in by_blueprint.items():
                row, reading = await blueprint_of(tx, blueprint_id)
                keys = await self._keys.keys_of(
                    tx,
                    [version.id for _, version in items],
                    purpose="bundle",
                    subject=blueprint_id,
                    by=principal.subject,
                    now_ms=now_ms,
                )
                papers.extend(_papers(row, reading, items, keys))
        made = Bundle(FORMAT, now_ms, tuple(papers), self._signer.public.hex())
        stored = bundle_bytes(made)
        signature = self._signer.sign(signed_bytes(stored))
        return msgspec.json.encode(SignedBundle(stored.decode(), signature.hex()))


def _content(item_ids: Sequence[str], reason: str) -> bytes:
    return encode("item-release", 1, [reason, sorted(item_ids)])


async def _need_live(tx: WriteSession, item_ids: Sequence[str]) -> None:
    found = await tx.execute(select(ItemRow.id, ItemRow.state).where(ItemRow.id.in_(item_ids)))
    states = dict(found.all())
    for item_id in item_ids:
        if item_id not in states:
            raise Refusal("item.unknown", Kind.NOT_FOUND, id=item_id)
        if states[item_id] != LIVE:
            raise Refusal("release.not_live", Kind.CONFLICT, id=item_id)


def _papers(
    row: BlueprintRow,
    reading: BlueprintReading,
    items: Sequence[tuple[ItemRow, VersionRow]],
    keys: Mapping[str, Key],
) -> list[ReleasedPaper]:
    """Practice papers of at most 100 items, every type dealt to all of them in turn."""
    count = -(-len(items) // _PAPER_ITEMS)
    dealt = sorted(items, key=lambda one: _ORDER.index(ItemType(one[0].type)))
    outline = _outline(reading)
    return [
        _paper(row, number, count, dealt[number::count], keys, outline) for number in range(count)
    ]


def _paper(
    row: BlueprintRow,
    number: int,
    count: int,
    items: Sequence[tuple[ItemRow, VersionRow]],
    keys: Mapping[str, Key],
    outline: tuple[OutlinePoint, ...],
) -> ReleasedPaper:
    scores = {version.id: version.score or "1" for _, version in items}
    full = sum(map(Decimal, scores.values()), Decimal(0))
    title = f"{row.occupation_name}{LEVEL_NAMES[row.level]} 公开练习卷"
    return ReleasedPaper(
        paper_id=f"{row.id}_{number + 1}",
        title=title if count == 1 else f"{title}({number + 1})",
        occupation_code=row.occupation_code,
        occupation_name=row.occupation_name,
        level=row.level,
        duration_s=_PAPER_S,
        pass_score=f"{full * PASS_SHARE:f}",
        items=tuple(form_item(item, version, scores[version.id]) for item, version in items),
        keys={version.id: scored(keys[version.id], scores[version.id]) for _, version in items},
        outline=outline,
    )


def _outline(reading: BlueprintReading) -> tuple[OutlinePoint, ...]:
    by_code = {area.code: area for area in areas(reading)}
    return tuple(
        OutlinePoint(
            code=point.code,
            name=point.name,
            scope_code=point.area_code,
            scope_name=by_code[point.area_code].name,
            weight_band=weight_band(Decimal(by_code[point.area_code].weight)),
        )
        for point in reading.points
    )
