"""``gongyuan archive export SESSION OUT [--early REASON]`` and ``gongyuan verify PATH``."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from kernel.errors import Refusal
from kernel.settings import Settings
from kernel.words import LANGUAGES, say_refusal
from ledger.verify import Report, verify
from server.app import build
from server.cli.arguments import number_from, public_key, witness_key

COVER_EVERY_S = 0.2


def archive_arguments(command: argparse.ArgumentParser) -> None:
    """``archive export SESSION OUT [--early REASON]``."""
    acts = command.add_subparsers(dest="act", required=True, metavar="ACT")
    export = acts.add_parser("export", help="write the archive of a session · 导出档案")
    export.add_argument("session", help="session id · 场次编号")
    export.add_argument("out", type=Path, help="file to write (.zip) · 输出文件")
    export.add_argument(
        "--early", default="", metavar="REASON",
        help="why before the time for reviews is over · 复核申请期未满即归档的理由",
    )  # fmt: skip


def run_archive(chosen: argparse.Namespace) -> int:
    """Exit 1 when the session cannot be archived yet."""
    return asyncio.run(_export(chosen.session, chosen.out, chosen.early))


async def _export(session_id: str, out: Path, early_reason: str) -> int:
    services, stop = build(Settings()), asyncio.Event()
    # Where no server runs, nobody else would cover the seal with a checkpoint.
    covering = asyncio.create_task(services.sequencer.run(stop, COVER_EVERY_S))
    try:
        written = await services.archive.export_to(session_id, out, early_reason=early_reason)
    finally:
        stop.set()
        await covering
        await services.database.close()
    sys.stdout.write(json.dumps({"path": str(out), "sha256": written}) + "\n")
    return 0


def verify_arguments(command: argparse.ArgumentParser) -> None:
    """``verify PATH [--key-file FILE] [--trust KEY] [--witness VKEY … --quorum N] [--json]``."""
    command.add_argument("path", type=Path, help="archive file or folder · 档案文件或目录")
    command.add_argument("--key-file", type=Path, help="opens the records too · 同时核验内容")
    command.add_argument(
        "--trust", type=public_key, help="the server's key as published, hex · 机构公布的公钥"
    )
    command.add_argument(
        "--witness", type=witness_key, action="append", default=[], metavar="VKEY",
        help="a witness's verifier key; may be repeated · 见证人公钥",
    )  # fmt: skip
    command.add_argument(
        "--quorum",
        type=number_from(1),
        help="how many must have cosigned (all) · 至少几个见证签名",
    )
    command.add_argument(
        "--workers", type=number_from(1), help="processes (default: cores) · 进程数"
    )
    command.add_argument("--json", action="store_true", help="JSON lines · 逐行 JSON")


def run_verify(chosen: argparse.Namespace) -> int:
    """Exit 0 when everything holds, 1 with the first broken place, 2 when there is nothing to
    verify or a key file is none.
    """
    try:
        report = _verified(chosen)
    except Refusal as refusal:
        for language in LANGUAGES:
            sys.stderr.write(f"✗ {say_refusal(refusal, language)}\n")
        return 2
    sys.stdout.write((report.to_json() if chosen.json else report.words()) + "\n")
    return 0 if report.good else 1


def _verified(chosen: argparse.Namespace) -> Report:
    console = Console(stderr=True)
    with Progress(console=console, disable=chosen.json or not console.is_terminal) as progress:
        task = progress.add_task("核验 verify", total=None)
        told = -1

        def step(done: int, total: int) -> None:
            nonlocal told
            progress.update(task, completed=done, total=total)
            percent = 100 * done // total if total else 100
            if chosen.json and percent > told:
                told = percent
                line = {"kind": "progress", "done_bytes": done, "total_bytes": total}
                print(json.dumps(line), flush=True)

        return verify(
            chosen.path,
            key_file=chosen.key_file,
            progress=step,
            trust=chosen.trust,
            witnesses=chosen.witness,
            quorum=chosen.quorum,
            workers=chosen.workers,
        )
