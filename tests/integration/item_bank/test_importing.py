"""Importing through the service and over HTTP, on both databases."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from item_bank.api import router
from item_bank.commands import assemble, export_items, import_file, parse_sections
from item_bank.exchange import read_items
from item_bank.service import Ask, BankService
from kernel.access import Principal, Role, issue_token
from kernel.clock import HandClock
from kernel.db import Database
from kernel.errors import Refusal, RowRefusal
from kernel.web import install
from paper.items import Tier
from tests.integration.item_bank.conftest import (
    AUTHOR,
    KEEPER,
    OFFICER,
    REVIEWER,
    SAMPLES,
    take_blueprint,
)

FOLDER = "ai_trainer_3"
NATIONAL = (SAMPLES / FOLDER / "national.txt").read_bytes()
ONE_BAD = NATIONAL.replace("鉴定点: A-A-A-001".encode(), "鉴定点: A-A-A-999".encode(), 1)


async def take(bank: BankService, blueprint_id: str, data: bytes, **how: Any) -> tuple[int, int]:
    report = await bank.importing.items(
        AUTHOR, blueprint_id=blueprint_id, tier=Tier.NATIONAL, source="n.txt", data=data, **how
    )
    page = await bank.reading.page(AUTHOR, blueprint_id=blueprint_id)
    return report.rejected, page.total


async def test_one_bad_row_keeps_everything_out_unless_partial(bank: BankService) -> None:
    blueprint_id = await take_blueprint(bank, FOLDER)
    assert await take(bank, blueprint_id, ONE_BAD) == (1, 0)
    assert await take(bank, blueprint_id, NATIONAL, dry_run=True) == (0, 0)
    assert await take(bank, blueprint_id, ONE_BAD, partial=True) == (1, 47)


async def test_what_is_there_already_is_refused_item_by_item(bank: BankService) -> None:
    blueprint_id = await take_blueprint(bank, FOLDER)
    assert await take(bank, blueprint_id, NATIONAL) == (0, 48)
    assert await take(bank, blueprint_id, NATIONAL) == (48, 48)
    assert await take(bank, blueprint_id, NATIONAL, allow_similar=True) == (48, 48)


async def test_a_blueprint_with_wrong_sums_is_not_written(bank: BankService) -> None:
    data = (SAMPLES / FOLDER / "blueprint.csv").read_bytes().replace(b",28,", b",27,")
    with pytest.raises(RowRefusal, match="blueprint.refused"):
        await bank.blueprints.take(
            AUTHOR, source="b.csv", data=data, occupation_code="4", occupation_name="x", level=3
        )
    assert await bank.blueprints.all(AUTHOR) == []


async def test_keys_are_apart_from_stems_encrypted_and_their_viewing_is_logged(
    bank: BankService, database: Database
) -> None:
    blueprint_id = await take_blueprint(bank, FOLDER)
    await take(bank, blueprint_id, NATIONAL)
    page = await bank.reading.page(REVIEWER, blueprint_id=blueprint_id)
    view = next(one for one in page.items if one.version.stem.startswith("职业道德是从业者"))
    detail = await bank.reading.detail(REVIEWER, view.item.id)
    assert detail.letters == ("A",)
    assert detail.key.explanation.startswith("职业道德是一般道德")
    with pytest.raises(Refusal, match="access.role_missing"):
        await bank.reading.detail(OFFICER, view.item.id)
    async with database.read() as session:
        sealed = (await session.execute(text("SELECT sealed FROM item_bank_item_key"))).all()
        viewed = (
            await session.execute(text("SELECT subject, viewed_by FROM item_bank_view"))
        ).all()
    assert len(sealed) == 48
    assert not any("职业道德".encode() in bytes(row[0]) for row in sealed)
    assert [tuple(row) for row in viewed] == [(view.item.id, "reviewer")]


async def test_the_commands_write_reports_and_give_exit_codes(
    bank: BankService, tmp_path: Path
) -> None:
    blueprint_id = await take_blueprint(bank, FOLDER)
    bad, report = tmp_path / "bad.txt", tmp_path / "report.json"
    bad.write_bytes(ONE_BAD)
    status, _ = await import_file(
        bank, bad, blueprint_id=blueprint_id, tier=Tier.NATIONAL, report=report
    )
    (row,) = json.loads(report.read_bytes())["rows"]
    assert (status, row["source"], row["row"], row["code"]) == (
        1, "bad.txt", 1, "item.point_unknown",
    )  # fmt: skip
    assert "细目表" in row["message"]["zh"]
    status, _ = await import_file(
        bank, SAMPLES / FOLDER / "national.txt", blueprint_id=blueprint_id, tier=Tier.NATIONAL
    )
    assert status == 0
    out = tmp_path / "items.docx"
    assert (await export_items(bank, out, blueprint_id=blueprint_id, form="docx"))[0] == 0
    assert len(read_items("items.docx", out.read_bytes()).drafts) == 48
    ask = Ask(blueprint_id, "卷", parse_sections("single:24x2,judge:9x2"), 2, 1)
    status, body = await assemble(bank, ask, report=report)
    assert (status, body["code"]) == (1, "assembly.short")
    assert json.loads(report.read_bytes())["rows"]


@pytest.fixture
async def web(bank: BankService, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app, clock = FastAPI(), HandClock()
    install(app, database=database, clock=clock, body_limit_bytes=1 << 22)
    app.include_router(router(bank))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hall") as client:
        yield client


async def bearer(database: Database, who: Principal) -> dict[str, str]:
    async with database.write() as tx:
        token = await issue_token(
            tx, HandClock(), subject=who.subject, kind="staff", claims=dict(who.claims), valid_s=60
        )
    return {"authorization": f"Bearer {token}"}


async def test_the_whole_way_over_http(web: httpx.AsyncClient, database: Database) -> None:
    both = Principal("all", "staff", {"roles": [Role.BANK_KEEPER.value, Role.REVIEWER.value]})
    head, second = await bearer(database, both), await bearer(database, KEEPER)
    assert (await web.get("/api/bank/blueprints")).status_code == 401
    taken = await web.post(
        "/api/bank/blueprints",
        headers=head,
        data={"occupation_code": "4-04-05-05", "occupation_name": "人工智能训练师", "level": "3"},
        files={"file": ("b.csv", (SAMPLES / FOLDER / "blueprint.csv").read_bytes())},
    )
    assert taken.status_code == 200
    blueprint_id = taken.json()["blueprint_id"]
    assert taken.json()["warnings"]
    for tier in Tier:
        done = await web.post(
            f"/api/bank/items/import?blueprint_id={blueprint_id}&tier={tier}",
            headers=head,
            files={"file": ("n.txt", (SAMPLES / FOLDER / f"{tier}.txt").read_bytes())},
        )
        assert done.json()["written"], done.text
    tree = (await web.get(f"/api/bank/blueprints/{blueprint_id}", headers=head)).json()
    supply = [point["supply"] for scope in tree["scopes"] for point in scope["points"]]
    assert sum(sum(kinds.values()) for kinds in supply) == 120
    listed = await web.get(
        f"/api/bank/items?blueprint_id={blueprint_id}&type=multiple&tier=national", headers=head
    )
    assert listed.json()["total"] == 7
    assert "key" not in listed.json()["items"][0]
    item_id = listed.json()["items"][0]["item_id"]
    shown = await web.get(f"/api/bank/items/{item_id}", headers=head)
    assert len(shown.json()["key"]) >= 2
    ask = {
        "blueprint_id": blueprint_id, "title": "卷", "form_count": 2, "seed": 1,
        "sections": [
            {"type": "single", "count": 24, "each": "2"},
            {"type": "multiple", "count": 6, "each": "4"},
            {"type": "judge", "count": 9, "each": "2"},
            {"type": "short", "count": 1, "each": "10"},
        ],
    }  # fmt: skip
    short = await web.post("/api/bank/assemblies", headers=head, json=ask | {"form_count": 4})
    assert (short.status_code, short.json()["code"]) == (409, "assembly.short")
    made = await web.post("/api/bank/assemblies", headers=head, json=ask)
    assert made.json()["forms"][1]["full_score"] == "100"
    sealed = await web.post(
        f"/api/bank/assemblies/{made.json()['assembly_id']}/seal",
        headers=head,
        json={"holder_ids": ["holder_1", "holder_2"], "shares_needed": 2},
    )
    package_id = sealed.json()["package_id"]
    assert [one["package_id"] for one in (await web.get("/api/bank/packages", headers=head)).json()]
    file = await web.get(f"/api/bank/packages/{package_id}/file", headers=head)
    assert file.content[:2] == b"PK"
    free = await free_item(web, head, blueprint_id, database)
    first = await web.post(
        f"/api/bank/items/{free}/release", headers=head, json={"reason_text": "公开"}
    )
    done = await web.post(
        f"/api/bank/items/{free}/release",
        headers=second,
        json={"reason_text": "公开", "approval_id": first.json()["approval_id"]},
    )
    assert done.json()["state"] == "released"
    bundle = await web.get("/api/bank/released/bundle", headers=head)
    assert set(bundle.json()) == {"bundle", "signature"}


async def free_item(
    web: httpx.AsyncClient, head: dict[str, str], blueprint_id: str, database: Database
) -> str:
    """An item that is in no paper."""
    async with database.read() as session:
        used = set(await session.scalars(text("SELECT item_id FROM item_bank_assembly_item")))
    listed = await web.get(f"/api/bank/items?blueprint_id={blueprint_id}", headers=head)
    return next(str(one["item_id"]) for one in listed.json()["items"] if one["item_id"] not in used)
