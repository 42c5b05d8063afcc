"""Released items: two people, for ever, and never together with live papers."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from item_bank.assembly import Section
from item_bank.service import Ask, BankService
from kernel.crypto.signing import server_signature_holds
from kernel.db import Database
from kernel.errors import Refusal
from paper.bundle import read_bundle
from paper.items import ItemType, Tier
from paper.scoring import ScoringRule
from tests.integration.item_bank.conftest import (
    AUTHOR,
    KEEPER,
    REVIEWER,
    SAMPLES,
    take_blueprint,
)

FOLDER = "network_security_4"


async def take(bank: BankService, blueprint_id: str, name: str) -> list[str]:
    report = await bank.importing.items(
        AUTHOR,
        blueprint_id=blueprint_id,
        tier=Tier.INSTITUTION,
        source=name,
        data=(SAMPLES / FOLDER / name).read_bytes(),
    )
    assert report.written
    return report.item_ids


async def release(bank: BankService, item_ids: list[str]) -> None:
    asked = await bank.releasing.request(REVIEWER, item_ids, "公开练习")
    assert asked.state == "waiting"
    done = await bank.releasing.confirm(KEEPER, item_ids, "公开练习", asked.approval_id)
    assert done.state == "released"


async def test_the_bundle_holds_the_released_items_with_keys_and_the_outline(
    bank: BankService,
) -> None:
    blueprint_id = await take_blueprint(bank, FOLDER)
    await take(bank, blueprint_id, "national.txt")
    await release(bank, await take(bank, blueprint_id, "released.txt"))
    bundle, message, signature = read_bundle(await bank.releasing.bundle(KEEPER))
    assert server_signature_holds(bank.signer_public, message, signature)
    (paper,) = bundle.papers
    assert (len(paper.items), len(paper.keys), len(paper.outline)) == (40, 40, 48)
    assert {point.weight_band for point in paper.outline} == {"高", "中", "低"}
    released = (SAMPLES / FOLDER / "released.txt").read_text(encoding="utf-8")
    assert all(item.stem.split("\n")[0] in released for item in paper.items)
    assert {key.rule for key in paper.keys.values()} == {ScoringRule.ALL_OR_NOTHING}
    assert all(key.explanation for key in paper.keys.values())


async def test_one_person_cannot_release(bank: BankService) -> None:
    blueprint_id = await take_blueprint(bank, FOLDER)
    item_ids = await take(bank, blueprint_id, "released.txt")
    asked = await bank.releasing.request(REVIEWER, item_ids[:1], "公开练习")
    with pytest.raises(Refusal, match="approval.same_person"):
        await bank.releasing.confirm(REVIEWER, item_ids[:1], "公开练习", asked.approval_id)
    with pytest.raises(Refusal, match="approval.differs"):
        await bank.releasing.confirm(KEEPER, item_ids[:2], "公开练习", asked.approval_id)
    page = await bank.reading.page(KEEPER, blueprint_id=blueprint_id)
    assert {view.item.state for view in page.items} == {"live"}


async def test_released_items_are_never_drawn_and_drawn_items_never_released(
    bank: BankService,
) -> None:
    blueprint_id = await take_blueprint(bank, FOLDER)
    item_ids = await take(bank, blueprint_id, "national.txt")
    await release(bank, item_ids[:24])
    ask = Ask(blueprint_id, "卷", (Section(ItemType.SINGLE, 5, "1"),), 1, 3, tolerance="100")
    await bank.assembling.assemble(KEEPER, ask)
    everything = Ask(blueprint_id, "卷", (Section(ItemType.SINGLE, 6, "1"),), 1, 3, tolerance="100")
    with pytest.raises(Refusal, match="assembly.short"):
        await bank.assembling.assemble(KEEPER, everything)
    singles = item_ids[24:29]
    asked = await bank.releasing.request(REVIEWER, singles, "公开")
    with pytest.raises(Refusal, match="release.in_paper"):
        await bank.releasing.confirm(KEEPER, singles, "公开", asked.approval_id)


ASSEMBLY_ITEM = text(
    "INSERT INTO item_bank_assembly_item "
    "(assembly_id, form_code, position, item_id, item_state, version_id, score) "
    "VALUES (:assembly, 'Z', 1, :item, :state, :version, '1')"
)


@pytest.mark.parametrize("state", ["live", "released"])
async def test_the_database_refuses_a_released_item_in_a_paper(
    bank: BankService, database: Database, state: str
) -> None:
    assembly, item, version, _ = await prepared(bank, database)
    with pytest.raises(IntegrityError):
        async with database.write() as tx:
            await tx.execute(
                ASSEMBLY_ITEM,
                {"assembly": assembly, "item": item, "state": state, "version": version},
            )


async def test_the_database_refuses_to_release_an_item_of_a_paper(
    bank: BankService, database: Database
) -> None:
    _, _, _, drawn = await prepared(bank, database)
    with pytest.raises(IntegrityError):
        async with database.write() as tx:
            await tx.execute(
                text("UPDATE item_bank_item SET state = 'released' WHERE id = :item"),
                {"item": drawn},
            )
    with pytest.raises(IntegrityError):
        async with database.write() as tx:
            await tx.execute(
                text(
                    "INSERT INTO item_bank_released_item (item_id, item_state, reason, "
                    "requested_by, approved_by, released_at_ms) "
                    "VALUES (:item, 'released', 'r', 'a', 'b', 1)"
                ),
                {"item": drawn},
            )


async def test_the_database_refuses_to_make_a_released_item_live_again(
    bank: BankService, database: Database
) -> None:
    _, item, _, _ = await prepared(bank, database)
    with pytest.raises(IntegrityError):
        async with database.write() as tx:
            await tx.execute(
                text("UPDATE item_bank_item SET state = 'live' WHERE id = :item"), {"item": item}
            )


async def prepared(bank: BankService, database: Database) -> tuple[str, str, str, str]:
    """Assembly, a released item with its version, and an item drawn into the assembly."""
    blueprint_id = await take_blueprint(bank, FOLDER)
    item_ids = await take(bank, blueprint_id, "national.txt")
    await release(bank, item_ids[:1])
    ask = Ask(blueprint_id, "卷", (Section(ItemType.JUDGE, 5, "1"),), 1, 3, tolerance="100")
    made = await bank.assembling.assemble(KEEPER, ask)
    async with database.read() as session:
        version = await session.scalar(
            text("SELECT version_id FROM item_bank_item WHERE id = :item"), {"item": item_ids[0]}
        )
        drawn = await session.scalar(
            text("SELECT item_id FROM item_bank_assembly_item WHERE assembly_id = :assembly"),
            {"assembly": made.assembly_id},
        )
    return made.assembly_id, item_ids[0], str(version), str(drawn)
