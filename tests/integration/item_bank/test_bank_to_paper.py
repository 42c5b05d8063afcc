"""From the sample files to a sealed package, on both databases."""

import dataclasses
from typing import Any

import msgspec
import pytest

from item_bank.assembly import Section, TierPolicy, TierShare
from item_bank.service import Ask, BankService
from item_bank.service.keys import views_of
from kernel.crypto import envelope, holders
from kernel.crypto.signing import server_signature_holds
from kernel.db import Database
from kernel.errors import Kind, Refusal, RowRefusal
from kernel.words import say_row
from paper.items import ItemType, Tier
from paper.package import (
    Content,
    Package,
    Scoring,
    form_hash,
    part_purpose,
    share_info,
    signed_bytes,
    unpack,
)
from tests.integration.item_bank.conftest import (
    AUTHOR,
    KEEPER,
    OCCUPATIONS,
    OFFICER,
    REVIEWER,
    SAMPLES,
    Holders,
    take_blueprint,
)

SECTIONS = (
    Section(ItemType.SINGLE, 24, "2"),
    Section(ItemType.MULTIPLE, 6, "4"),
    Section(ItemType.JUDGE, 9, "2"),
    Section(ItemType.SHORT, 1, "10"),
)


async def take_tiers(bank: BankService, folder: str) -> str:
    blueprint_id = await take_blueprint(bank, folder)
    for tier in Tier:
        report = await bank.importing.items(
            AUTHOR,
            blueprint_id=blueprint_id,
            tier=tier,
            source=f"{tier}.txt",
            data=(SAMPLES / folder / f"{tier}.txt").read_bytes(),
        )
        assert report.written, [say_row(row) for row in report.rows]
    return blueprint_id


def asked(blueprint_id: str, **change: Any) -> Ask:
    ask = Ask(blueprint_id, "理论知识 A/B 卷", SECTIONS, form_count=2, seed=7)
    return dataclasses.replace(ask, **change)


def opened(package: Package, part: str, who: list[str], directory: Holders) -> bytes:
    """The part, opened with these holders' shares alone."""
    manifest = package.manifest
    sealed = manifest.content_shares if part == "content" else manifest.scoring_shares
    pieces = [
        holders.open_sealed(
            directory.private(share.holder_id),
            bytes.fromhex(share.sealed),
            share_info(manifest.package_id, part, share.holder_id),
        )
        for share in sealed
        if share.holder_id in who
    ]
    body = package.content if part == "content" else package.scoring
    return envelope.unseal(holders.join(pieces), body, part_purpose(manifest.package_id, part))


@pytest.mark.parametrize("folder", OCCUPATIONS)
async def test_the_samples_give_120_live_items_and_two_parallel_forms(
    bank: BankService, folder: str
) -> None:
    blueprint_id = await take_tiers(bank, folder)
    page = await bank.reading.page(REVIEWER, blueprint_id=blueprint_id)
    assert page.total == 120
    made = await bank.assembling.assemble(KEEPER, asked(blueprint_id))
    detail = await bank.blueprints.detail(REVIEWER, blueprint_id)
    weights = {scope.code: scope.weight for scope in detail.reading.scopes if scope.level == 2}
    assert [form.form_code for form in made.forms] == ["A", "B"]
    assert made.shared == 0
    for form in made.forms:
        assert (form.items, form.full_score) == (40, "100")
        assert form.by_scope == weights
    again = await bank.assembling.assemble(KEEPER, asked(blueprint_id))
    assert again.forms == made.forms
    assert again.assembly_id != made.assembly_id


async def test_a_sealed_package_opens_with_any_two_holders_and_with_no_one_alone(
    bank: BankService, directory: Holders, database: Database
) -> None:
    blueprint_id = await take_tiers(bank, "ai_trainer_3")
    made = await bank.assembling.assemble(KEEPER, asked(blueprint_id))
    sealed = await bank.sealing.seal(
        KEEPER, made.assembly_id, holder_ids=list(directory.keys), shares_needed=2
    )
    package = unpack(await bank.sealing.package_file(OFFICER, sealed.package_id))
    manifest = package.manifest
    assert bytes.fromhex(manifest.signer_public) == bank.signer_public
    assert server_signature_holds(
        bank.signer_public, signed_bytes(package.manifest_bytes), package.signature
    )
    assert (manifest.pass_score, manifest.shares_needed) == ("60", 2)
    content = msgspec.json.decode(
        opened(package, "content", ["holder_1", "holder_3"], directory), type=Content
    )
    scoring = msgspec.json.decode(
        opened(package, "scoring", ["holder_2", "holder_3"], directory), type=Scoring
    )
    assert [form_hash(form).hex() for form in content.forms] == [
        summary.form_hash for summary in manifest.forms
    ]
    ids = [item.item_id for form in content.forms for item in form.items]
    assert len(set(ids)) == 80
    assert set(scoring.keys) == set(ids)
    for form in content.forms:
        for item in form.items:
            options = {option.id for option in item.options}
            assert set(scoring.keys[item.item_id].options) <= options
            assert scoring.keys[item.item_id].score == item.score
    with pytest.raises(ValueError, match="open"):
        opened(package, "content", ["holder_1"], directory)
    with pytest.raises(Refusal, match="package.already_sealed"):
        await bank.sealing.seal(
            KEEPER, made.assembly_id, holder_ids=list(directory.keys), shares_needed=2
        )
    async with database.read() as session:
        views = await views_of(session, made.assembly_id)
    assert [(view.purpose, view.items, view.viewed_by) for view in views] == [
        ("seal", 80, "keeper")
    ]


@pytest.mark.parametrize(
    ("who", "needed"),
    [(["holder_1"], 2), (["holder_1", "holder_1"], 2), (["holder_1", "holder_2"], 1)],
)
async def test_one_person_alone_can_never_hold_a_package(
    bank: BankService, who: list[str], needed: int
) -> None:
    with pytest.raises(Refusal, match="package.holders"):
        await bank.sealing.seal(KEEPER, "assembly_x", holder_ids=who, shares_needed=needed)


async def test_a_shortage_names_cells_and_writes_nothing(bank: BankService) -> None:
    blueprint_id = await take_tiers(bank, "network_security_4")
    more = (*SECTIONS[:3], Section(ItemType.SHORT, 4, "2.5"))
    with pytest.raises(RowRefusal, match="assembly.short") as refused:
        await bank.assembling.assemble(KEEPER, asked(blueprint_id, sections=more, form_count=1))
    assert refused.value.kind is Kind.CONFLICT
    cells = [row for row in refused.value.rows if row.code == "assembly.cell_short"]
    assert sum(int(row.params["missing"] or 0) for row in cells) >= 1
    assert all("缺" in say_row(row) and "short of" in say_row(row, "en") for row in cells)
    assert await bank.assembling.all(KEEPER, blueprint_id) == []


async def test_items_of_the_last_package_are_kept_out(bank: BankService) -> None:
    blueprint_id = await take_tiers(bank, "ai_trainer_3")
    one = asked(blueprint_id, form_count=1)
    first = await bank.assembling.assemble(KEEPER, one)
    await bank.sealing.seal(
        KEEPER, first.assembly_id, holder_ids=["holder_1", "holder_2"], shares_needed=2
    )
    second = await bank.assembling.assemble(
        KEEPER, asked(blueprint_id, form_count=1, recent_packages=1)
    )
    assert second.forms != first.forms
    with pytest.raises(RowRefusal, match="assembly.short") as refused:
        await bank.assembling.assemble(KEEPER, asked(blueprint_id, form_count=3, recent_packages=1))
    assert "assembly.loosen_recent" in {row.code for row in refused.value.rows}


async def test_a_tier_policy_is_kept(bank: BankService) -> None:
    blueprint_id = await take_tiers(bank, "ai_trainer_3")
    policy = TierPolicy(
        (Tier.NATIONAL,), (TierShare(Tier.NATIONAL, "0.4"), TierShare(Tier.INSTITUTION, "0", "0.2"))
    )
    made = await bank.assembling.assemble(KEEPER, asked(blueprint_id, tier_policy=policy))
    for form in made.forms:
        assert form.by_tier["national"] >= 16
        assert form.by_tier.get("institution", 0) <= 8
