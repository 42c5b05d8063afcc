"""``gongyuan bank``: blueprints and items in, items out, forms assembled.

Rules kept here: whoever runs this may read the database and the key ring; every result is one JSON
object on standard output, and in the report file when one is named.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from kernel.settings import Settings
from migrations.run import upgrade
from paper.items import Tier
from server.app import Ask, BankService, bank_commands, build

Outcome = tuple[int, dict[str, Any]]
TIERS = [tier.value for tier in Tier]


def bank_arguments(command: argparse.ArgumentParser) -> None:
    """``bank blueprint|import|assemble|export``."""
    acts = command.add_subparsers(dest="act", required=True, metavar="ACT")
    blueprint = acts.add_parser("blueprint", help="take a blueprint · 导入细目表")
    blueprint.add_argument("file", type=Path)
    blueprint.add_argument("--occupation", required=True, help="code, e.g. 4-04-05-05")
    blueprint.add_argument("--name", required=True, help="name of the occupation")
    blueprint.add_argument("--level", type=int, required=True, choices=range(1, 6))
    items = acts.add_parser("import", help="import items (docx, xlsx, txt) · 导入试题")
    items.add_argument("file", type=Path)
    items.add_argument("--blueprint", required=True, help="blueprint id")
    items.add_argument("--tier", required=True, choices=TIERS)
    items.add_argument("--dry-run", action="store_true", help="check only · 只检查")
    items.add_argument("--partial", action="store_true", help="take the good rows")
    forms = acts.add_parser("assemble", help="draw parallel forms · 组卷")
    forms.add_argument("--blueprint", required=True, help="blueprint id")
    forms.add_argument("--title", required=True)
    forms.add_argument("--sections", required=True, help="single:24x2,multiple:6x4,…")
    forms.add_argument("--forms", type=int, default=2)
    forms.add_argument("--seed", type=int, required=True)
    out = acts.add_parser("export", help="write items to a file · 导出试题")
    out.add_argument("out", type=Path)
    out.add_argument("--blueprint", required=True, help="blueprint id")
    out.add_argument("--format", required=True, choices=("docx", "docx-official", "xlsx", "txt"))
    out.add_argument("--tier", choices=TIERS)
    for act in (blueprint, items, forms):
        act.add_argument("--report", type=Path, help="write the JSON report here")


def run_bank(chosen: argparse.Namespace) -> int:
    """Exit 1 when a row or the assembly is refused."""
    status, body = asyncio.run(_with_bank(ACTS[chosen.act], chosen))
    sys.stdout.write(json.dumps(body, ensure_ascii=False) + "\n")
    return status


async def _with_bank(
    act: Callable[[BankService, argparse.Namespace], Awaitable[Outcome]],
    chosen: argparse.Namespace,
) -> Outcome:
    settings = Settings()
    await asyncio.to_thread(upgrade, settings.database)
    services = build(settings)
    try:
        return await act(services.bank, chosen)
    finally:
        await services.database.close()


async def _blueprint(bank: BankService, chosen: argparse.Namespace) -> Outcome:
    return await bank_commands.import_blueprint(
        bank,
        chosen.file,
        occupation_code=chosen.occupation,
        occupation_name=chosen.name,
        level=chosen.level,
        report=chosen.report,
    )


async def _import(bank: BankService, chosen: argparse.Namespace) -> Outcome:
    return await bank_commands.import_file(
        bank,
        chosen.file,
        blueprint_id=chosen.blueprint,
        tier=Tier(chosen.tier),
        dry_run=chosen.dry_run,
        partial=chosen.partial,
        report=chosen.report,
    )


async def _assemble(bank: BankService, chosen: argparse.Namespace) -> Outcome:
    ask = Ask(
        blueprint_id=chosen.blueprint,
        title=chosen.title,
        sections=bank_commands.parse_sections(chosen.sections),
        form_count=chosen.forms,
        seed=chosen.seed,
    )
    return await bank_commands.assemble(bank, ask, report=chosen.report)


async def _export(bank: BankService, chosen: argparse.Namespace) -> Outcome:
    return await bank_commands.export_items(
        bank,
        chosen.out,
        blueprint_id=chosen.blueprint,
        form=chosen.format,
        tier=Tier(chosen.tier) if chosen.tier else None,
    )


ACTS = {"blueprint": _blueprint, "import": _import, "assemble": _assemble, "export": _export}
