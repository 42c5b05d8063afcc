"""``gongyuan bank …``: plain functions behind the command line.

Rules kept here: each opens nothing itself (the service comes in), writes its JSON report where it
is asked to, and returns the exit code: 0 good, 1 something was refused.
"""

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from item_bank.assembly import Section
from item_bank.exchange.signs import read_number
from item_bank.service import Ask, BankService
from kernel.access import Principal, Role
from kernel.errors import Refusal
from kernel.web import error_body, row_body
from paper.items import ItemType, Tier

OPERATOR = Principal(
    "command-line", "staff", {"roles": [Role.AUTHOR.value, Role.BANK_KEEPER.value]}
)
"""Who acts on the command line: whoever may read the bank's database and key ring."""


async def import_file(
    service: BankService,
    path: Path,
    *,
    blueprint_id: str,
    tier: Tier,
    dry_run: bool = False,
    partial: bool = False,
    allow_similar: bool = False,
    default_point: str = "",
    report: Path | None = None,
) -> tuple[int, dict[str, Any]]:
    """Imports one file. Exit code 1 when any row is bad."""
    try:
        done = await service.importing.items(
            OPERATOR,
            blueprint_id=blueprint_id,
            tier=tier,
            source=path.name,
            data=await asyncio.to_thread(path.read_bytes),
            dry_run=dry_run,
            partial=partial,
            allow_similar=allow_similar,
            default_point=default_point,
        )
    except Refusal as refusal:
        return _refused(refusal, report)
    body = {
        "file": path.name, "accepted": done.accepted, "rejected": done.rejected,
        "written": done.written, "rows": [row_body(one).model_dump() for one in done.rows],
    }  # fmt: skip
    _write(report, body)
    return (1 if done.rejected or done.rows else 0), body


async def import_blueprint(
    service: BankService,
    path: Path,
    *,
    occupation_code: str,
    occupation_name: str,
    level: int,
    report: Path | None = None,
) -> tuple[int, dict[str, Any]]:
    """Takes a blueprint (细目表)."""
    try:
        blueprint_id, points, warnings = await service.blueprints.take(
            OPERATOR,
            source=path.name,
            data=await asyncio.to_thread(path.read_bytes),
            occupation_code=occupation_code,
            occupation_name=occupation_name,
            level=level,
        )
    except Refusal as refusal:
        return _refused(refusal, report)
    body = {
        "blueprint_id": blueprint_id, "points": points,
        "warnings": [row_body(one).model_dump() for one in warnings],
    }  # fmt: skip
    _write(report, body)
    return 0, body


async def assemble(
    service: BankService, ask: Ask, *, report: Path | None = None
) -> tuple[int, dict[str, Any]]:
    """Draws the forms, or reports exactly what is short (exit code 1)."""
    try:
        made = await service.assembling.assemble(OPERATOR, ask)
    except Refusal as refusal:
        return _refused(refusal, report)
    body = {
        "assembly_id": made.assembly_id, "title": made.title, "seed": ask.seed,
        "shared": made.shared, "forms": msgspec.to_builtins(made.forms),
    }  # fmt: skip
    _write(report, body)
    return 0, body


async def export_items(
    service: BankService, out: Path, *, blueprint_id: str, form: str, tier: Tier | None = None
) -> tuple[int, dict[str, Any]]:
    """Writes items with their keys to a file; the export is logged in the bank."""
    try:
        data = await service.reading.export(
            OPERATOR, blueprint_id=blueprint_id, tier=tier, form=form
        )
    except Refusal as refusal:
        return _refused(refusal, None)
    await asyncio.to_thread(out.write_bytes, data)
    return 0, {"file": str(out), "size_bytes": len(data)}


def parse_sections(text: str) -> tuple[Section, ...]:
    """``single:24x2,multiple:6x4``. Raises ``assembly.plan_bad``."""
    sections = []
    for piece in text.split(","):
        kind, _, rest = piece.strip().partition(":")
        count, _, each = rest.partition("x")
        score = read_number(each)
        if kind not in set(ItemType) or not count.isdigit() or score is None:
            raise Refusal("assembly.plan_bad", field=f"sections: {piece[:30]}")
        sections.append(Section(ItemType(kind), int(count), score))
    return tuple(sections)


def _refused(refusal: Refusal, report: Path | None) -> tuple[int, dict[str, Any]]:
    body = error_body(refusal).model_dump()
    _write(report, body)
    return 1, body


def _write(report: Path | None, body: dict[str, Any]) -> None:
    if report is not None:
        report.write_bytes(msgspec.json.format(msgspec.json.encode(body), indent=2))
