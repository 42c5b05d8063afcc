"""Sealing an assembly into a package that only key holders can open.

Rules kept here: content and scoring have a random key each; both keys are split, every share is
sealed to one holder, and the keys are then forgotten: nobody at the bank can open the package
again. An assembly is sealed once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from item_bank.ports import HolderDirectory
from item_bank.rules.items import scored
from item_bank.service.blueprints import READERS
from item_bank.service.keys import ItemKeys
from item_bank.tables import (
    AssemblyItemRow,
    AssemblyRow,
    BlueprintRow,
    ItemRow,
    PackageRow,
    VersionRow,
)
from kernel.access import Principal, Role
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.codec import canonical_json
from kernel.crypto import chance, digest, envelope, holders
from kernel.crypto.signing import Signer
from kernel.db import Database
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from paper.items import JUDGE_FALSE, JUDGE_TRUE, FormItem, ItemType, Option
from paper.package import (
    FORMAT,
    Content,
    Form,
    FormSummary,
    Manifest,
    Package,
    Scoring,
    SealedShare,
    form_hash,
    manifest_bytes,
    pack,
    part_purpose,
    share_info,
    signed_bytes,
)
from paper.scoring import Key

PASS_SHARE = Decimal("0.6")
JUDGE_OPTIONS = (Option(JUDGE_TRUE, "正确"), Option(JUDGE_FALSE, "错误"))


@dataclass(frozen=True, slots=True)
class PackageView:
    """A package in a list; ``sha256`` is of the file, in hex."""

    package_id: str
    assembly_id: str
    occupation_code: str
    occupation_name: str
    level: int
    title: str
    forms: list[str]
    sha256: str
    size_bytes: int
    sealed_by: str
    sealed_at_ms: int


class Sealing:
    """Seal, list, hand over."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keys: ItemKeys,
        signer: Signer,
        blobs: BlobStore,
        directory: HolderDirectory,
    ) -> None:
        self._db = database
        self._clock = clock
        self._keys = keys
        self._signer = signer
        self._blobs = blobs
        self._directory = directory

    async def seal(
        self,
        principal: Principal,
        assembly_id: str,
        *,
        holder_ids: Sequence[str],
        shares_needed: int,
    ) -> PackageView:
        """Raises ``assembly.unknown``, ``package.already_sealed``, ``package.holders``."""
        principal.need(Role.BANK_KEEPER)
        if len(set(holder_ids)) != len(holder_ids) or not 2 <= shares_needed <= len(holder_ids):
            raise Refusal("package.holders", found=len(set(holder_ids)), needed=shares_needed)
        publics = await self._directory.public_keys(holder_ids)
        if len({publics[one] for one in holder_ids}) != len(holder_ids):
            raise Refusal("package.holders", found=len(set(publics.values())), needed=shares_needed)
        package_id = mint("package")
        assembly, blueprint, content, scoring = await self._material(principal, assembly_id)
        now_ms = self._clock.now_ms()
        data = await asyncio.to_thread(
            _sealed, package_id, blueprint, content, scoring, now_ms, self._signer,
            {one: publics[one] for one in holder_ids}, shares_needed,
        )  # fmt: skip
        row = PackageRow(
            id=package_id,
            assembly_id=assembly_id,
            blueprint_id=blueprint.id,
            title=assembly.title,
            forms=[form.form_code for form in content.forms],
            blob=f"packages/{package_id}.zip",
            sha256=digest.sha256(data).hex(),
            size_bytes=len(data),
            sealed_by=principal.subject,
            sealed_at_ms=now_ms,
        )
        await self._blobs.put(row.blob, data)
        try:
            async with self._db.write() as tx:
                tx.add(row)
        except IntegrityError as taken:
            await self._blobs.delete(row.blob)
            raise Refusal("package.already_sealed", Kind.CONFLICT, id=assembly_id) from taken
        return _view(row, blueprint)

    async def all(self, principal: Principal) -> list[PackageView]:
        """Oldest first."""
        principal.need(*READERS)
        async with self._db.read() as session:
            rows = await session.execute(
                select(PackageRow, BlueprintRow)
                .join(BlueprintRow, BlueprintRow.id == PackageRow.blueprint_id)
                .order_by(PackageRow.id)
            )
            return [_view(row, blueprint) for row, blueprint in rows]

    async def package_file(self, principal: Principal, package_id: str) -> bytes:
        """The file as it was sealed. Raises ``package.unknown``."""
        principal.need(Role.BANK_KEEPER, Role.OFFICER)
        async with self._db.read() as session:
            row = await session.get(PackageRow, package_id)
        if row is None:
            raise Refusal("package.unknown", Kind.NOT_FOUND, id=package_id)
        return await self._blobs.get(row.blob)

    async def _material(
        self, principal: Principal, assembly_id: str
    ) -> tuple[AssemblyRow, BlueprintRow, Content, Scoring]:
        async with self._db.write() as tx:
            assembly = await tx.get(AssemblyRow, assembly_id)
            if assembly is None:
                raise Refusal("assembly.unknown", Kind.NOT_FOUND, id=assembly_id)
            taken = await tx.scalar(
                select(PackageRow.id).where(PackageRow.assembly_id == assembly_id)
            )
            if taken is not None:
                raise Refusal("package.already_sealed", Kind.CONFLICT, id=assembly_id)
            blueprint = await tx.get_one(BlueprintRow, assembly.blueprint_id)
            found = await tx.execute(
                select(AssemblyItemRow, ItemRow, VersionRow)
                .join(ItemRow, ItemRow.id == AssemblyItemRow.item_id)
                .join(VersionRow, VersionRow.id == AssemblyItemRow.version_id)
                .where(AssemblyItemRow.assembly_id == assembly_id)
                .order_by(AssemblyItemRow.form_code, AssemblyItemRow.position)
            )
            places = list(found)
            keys = await self._keys.keys_of(
                tx,
                sorted({version.id for _, _, version in places}),
                purpose="seal",
                subject=assembly_id,
                by=principal.subject,
                now_ms=self._clock.now_ms(),
            )
        forms: dict[str, list[FormItem]] = defaultdict(list)
        scoring: dict[str, Key] = {}
        for place, item, version in places:
            forms[place.form_code].append(form_item(item, version, place.score))
            scoring[version.id] = scored(keys[version.id], place.score)
        content = Content(
            assembly.title, tuple(Form(code, tuple(items)) for code, items in forms.items())
        )
        return assembly, blueprint, content, Scoring(scoring)


def form_item(item: ItemRow, version: VersionRow, score: str) -> FormItem:
    """The item as a candidate may see it, under the id of its version."""
    kind = ItemType(item.type)
    options = tuple(Option(one["id"], one["text"]) for one in version.options)
    return FormItem(
        item_id=version.id,
        type=kind,
        stem=version.stem,
        options=JUDGE_OPTIONS if kind is ItemType.JUDGE else options,
        score=score,
        point_code=item.point_code,
    )


def _sealed(
    package_id: str,
    blueprint: BlueprintRow,
    content: Content,
    scoring: Scoring,
    now_ms: int,
    signer: Signer,
    publics: Mapping[str, bytes],
    needed: int,
) -> bytes:
    parts: dict[str, bytes] = {}
    shares: dict[str, tuple[SealedShare, ...]] = {}
    for part, body in (("content", content), ("scoring", scoring)):
        key = chance.token_bytes(32)
        plain = canonical_json(msgspec.to_builtins(body))
        parts[part] = envelope.seal(key, plain, part_purpose(package_id, part))
        pieces = holders.split(key, needed, len(publics))
        shares[part] = tuple(
            SealedShare(
                one, holders.seal_to(public, piece, share_info(package_id, part, one)).hex()
            )
            for (one, public), piece in zip(publics.items(), pieces, strict=True)
        )
    summaries = tuple(_summary(form) for form in content.forms)
    full = max(Decimal(one.full_score) for one in summaries)
    manifest = Manifest(
        format=FORMAT,
        package_id=package_id,
        occupation_code=blueprint.occupation_code,
        occupation_name=blueprint.occupation_name,
        level=blueprint.level,
        title=content.title,
        pass_score=str((full * PASS_SHARE).normalize().__format__("f")),
        sealed_at_ms=now_ms,
        forms=summaries,
        content_sha256=digest.sha256(parts["content"]).hex(),
        scoring_sha256=digest.sha256(parts["scoring"]).hex(),
        shares_needed=needed,
        content_shares=shares["content"],
        scoring_shares=shares["scoring"],
        signer_public=signer.public.hex(),
    )
    stored = manifest_bytes(manifest)
    signature = signer.sign(signed_bytes(stored))
    return pack(Package(manifest, stored, signature, parts["content"], parts["scoring"]))


def _summary(form: Form) -> FormSummary:
    full = sum((Decimal(item.score) for item in form.items), Decimal(0))
    return FormSummary(form.form_code, len(form.items), str(full), form_hash(form).hex())


def _view(row: PackageRow, blueprint: BlueprintRow) -> PackageView:
    return PackageView(
        package_id=row.id,
        assembly_id=row.assembly_id,
        occupation_code=blueprint.occupation_code,
        occupation_name=blueprint.occupation_name,
        level=blueprint.level,
        title=row.title,
        forms=list(row.forms),
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        sealed_by=row.sealed_by,
        sealed_at_ms=row.sealed_at_ms,
    )
