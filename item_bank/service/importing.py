"""Items in: read, check, compare, write.

Rules kept here: all or nothing unless ``partial``; a dry run writes nothing and reports the same;
an item that is already there (live or released, in any tier) is refused; one that is very like
another is refused unless a person allows it; option ids are random, so they carry neither letter
nor order.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from item_bank.drafts import LETTERS, Draft
from item_bank.exchange import read_items
from item_bank.rules.items import check_item, default_rule
from item_bank.rules.likeness import Alike, Text, find_alike, normalised
from item_bank.service.blueprints import WRITERS, blueprint_of, importances
from item_bank.service.keys import ItemKeys
from item_bank.tables import LIVE, ItemRow, KeyRow, VersionRow
from kernel.access import Principal
from kernel.clock import Clock
from kernel.crypto import chance, digest
from kernel.db import Database, ReadSession
from kernel.errors import Kind, Refusal, RowError
from kernel.ids import mint
from paper.items import Importance, ItemType, Tier
from paper.scoring import Key


@dataclass(frozen=True, slots=True)
class ImportReport:
    """``accepted`` rows are good, ``rejected`` are not; ``written`` says whether the good ones are
    in the bank now.
    """

    accepted: int
    rejected: int
    written: bool
    rows: list[RowError]
    item_ids: list[str]


class Importing:
    """One use case."""

    def __init__(self, database: Database, clock: Clock, keys: ItemKeys) -> None:
        self._db = database
        self._clock = clock
        self._keys = keys

    async def items(
        self,
        principal: Principal,
        *,
        blueprint_id: str,
        tier: Tier,
        source: str,
        data: bytes,
        dry_run: bool = False,
        partial: bool = False,
        allow_similar: bool = False,
        default_point: str = "",
    ) -> ImportReport:
        """Reads a file into the bank. ``default_point`` binds items that name no point.

        Raises ``blueprint.unknown``, ``bank.import_raced`` and the codes of unreadable files.
        """
        principal.need(*WRITERS)
        reading = await asyncio.to_thread(read_items, source, data)
        drafts = [
            one if one.point_code else msgspec.structs.replace(one, point_code=default_point)
            for one in reading.drafts
        ]
        async with self._db.read() as session:
            _, blueprint = await blueprint_of(session, blueprint_id)
            known = await _known(session, blueprint_id)
        checked = await asyncio.to_thread(
            _check, drafts, importances(blueprint), known, allow_similar=allow_similar
        )
        rows = sorted([*reading.errors, *checked.errors], key=lambda fault: fault.row)
        rejected = len({fault.row for fault in reading.errors}) + len(drafts) - len(checked.good)
        write = bool(checked.good) and not dry_run and (partial or not rows)
        item_ids: list[str] = []
        if write:
            item_ids = await self._write(principal, blueprint_id, tier, checked.good)
        return ImportReport(len(checked.good), rejected, write, rows, item_ids)

    async def _write(
        self, principal: Principal, blueprint_id: str, tier: Tier, drafts: Sequence[Draft]
    ) -> list[str]:
        written = [self._rows(principal, blueprint_id, tier, draft) for draft in drafts]
        try:
            async with self._db.write() as tx:
                for at, table in enumerate((ItemRow, VersionRow, KeyRow)):
                    await tx.execute(insert(table), [rows[at] for rows in written])
        except IntegrityError as taken:
            raise Refusal("bank.import_raced", Kind.CONFLICT) from taken
        return [item["id"] for item, _, _ in written]

    def _rows(
        self, principal: Principal, blueprint_id: str, tier: Tier, draft: Draft
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """The rows of item, version and key."""
        made = {"created_by": principal.subject, "created_at_ms": self._clock.now_ms()}
        options = [
            {"id": f"o{chance.token_bytes(6).hex()}", "text": text} for text in draft.options
        ]
        by_letter = dict(zip(LETTERS, (one["id"] for one in options), strict=False))
        item_id, version_id = mint("item"), mint("iv")
        key = Key(
            item_id=version_id,
            options=tuple(sorted(by_letter.get(letter, letter) for letter in draft.key)),
            rule=default_rule(draft.type),
            score=draft.score,
            model_answer=draft.model_answer,
            explanation=draft.explanation,
        )
        item = {
            "id": item_id, "blueprint_id": blueprint_id, "point_code": draft.point_code,
            "tier": tier.value, "type": draft.type.value, "state": LIVE,
            "difficulty": draft.difficulty, "enemy_group": "",
            "likeness": likeness_of(draft.stem, draft.options), "version_id": version_id, **made,
        }  # fmt: skip
        version = {
            "id": version_id, "item_id": item_id, "number": 1, "stem": draft.stem,
            "options": options, "score": draft.score, "origin": draft.origin, **made,
        }  # fmt: skip
        return item, version, {
            "version_id": version_id, "sealed": self._keys.seal(version_id, key),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Checked:
    good: list[Draft]
    errors: list[RowError]


def _check(
    drafts: Sequence[Draft],
    points: Mapping[str, Importance],
    known: Sequence[Text],
    *,
    allow_similar: bool,
) -> _Checked:
    """Every draft against itself, the blueprint, the bank and the rest of its file."""
    texts = [Text(str(at), one.stem, one.options) for at, one in enumerate(drafts)]
    alike = {int(one.name): one for one in find_alike(texts, known)}
    good: list[Draft] = []
    errors: list[RowError] = []
    seen: dict[bytes, str] = {likeness_of(text.stem, text.options): text.name for text in known}
    for at, draft in enumerate(drafts):
        faults = check_item(draft, points)
        mark = likeness_of(draft.stem, draft.options)
        if mark in seen:
            faults.append(_fault(draft, "item.duplicate", other=seen[mark]))
        elif at in alike and not allow_similar:
            faults.append(_similar(draft, alike[at], drafts))
        seen.setdefault(mark, _place(draft))
        errors.extend(faults)
        if not faults:
            good.append(draft)
    return _Checked(good, errors)


def _similar(draft: Draft, alike: Alike, drafts: Sequence[Draft]) -> RowError:
    other = _place(drafts[int(alike.like)]) if alike.like.isdigit() else alike.like
    return _fault(draft, "item.similar", other=other, similarity=f"{float(alike.similarity):.2f}")


def _place(draft: Draft) -> str:
    return f"{draft.source}:{draft.row}"


def _fault(draft: Draft, code: str, **params: str) -> RowError:
    return RowError(draft.row, "题干", code, params, draft.source)


def likeness_of(stem: str, options: Sequence[str]) -> bytes:
    """SHA-256 of the normalised words."""
    words = [normalised(stem), *sorted(normalised(option) for option in options)]
    return digest.sha256("\n".join(words).encode())


async def _known(session: ReadSession, blueprint_id: str) -> list[Text]:
    rows = await session.execute(
        select(ItemRow.id, ItemRow.type, VersionRow.stem, VersionRow.options)
        .join(VersionRow, VersionRow.id == ItemRow.version_id)
        .where(ItemRow.blueprint_id == blueprint_id)
        .order_by(ItemRow.id)
    )
    return [
        Text(item_id, stem, tuple(one["text"] for one in options) if kind != ItemType.JUDGE else ())
        for item_id, kind, stem, options in rows
    ]
