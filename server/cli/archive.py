"""``gongyuan archive export SESSION OUT`` and ``gongyuan verify PATH``."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from kernel.settings import Settings
from ledger.verify import verify
from server.app import build


def archive_arguments(command: argparse.ArgumentParser) -> None:
    """``archive export SESSION OUT``."""
    acts = command.add_subparsers(dest="act", required=True, metavar="ACT")
    export = acts.add_parser("export", help="write the archive of a session · 导出档案")
    export.add_argument("session", help="session id · 场次编号")
    export.add_argument("out", type=Path, help="file to write (.zip) · 输出文件")


def run_archive(chosen: argparse.Namespace) -> int:
    """Exit 1 when the session cannot be archived yet."""
    return asyncio.run(_export(chosen.session, chosen.out))


async def _export(session_id: str, out: Path) -> int:
    services = build(Settings())
    try:
        written = await services.archive.export_to(session_id, out)
    finally:
        await services.database.close()
    sys.stdout.write(json.dumps({"path": str(out), "sha256": written}) + "\n")
    return 0


def verify_arguments(command: argparse.ArgumentParser) -> None:
    """``verify PATH [--key-file FILE] [--json]``."""
    command.add_argument("path", type=Path, help="archive file or folder · 档案文件或目录")
    command.add_argument("--key-file", type=Path, help="opens the records too · 同时核验内容")
    command.add_argument("--json", action="store_true", help="one JSON line · 一行 JSON")


def run_verify(chosen: argparse.Namespace) -> int:
    """Exit 0 when everything holds, 1 with the first broken place."""
    console = Console(stderr=True)
    with Progress(console=console, disable=chosen.json or not console.is_terminal) as progress:
        task = progress.add_task("核验 verify", total=None)

        def step(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        report = verify(chosen.path, key_file=chosen.key_file, progress=step)
    if chosen.json:
        sys.stdout.write(report.to_json() + "\n")
    else:
        sys.stdout.write(report.words() + "\n")
    return 0 if report.good else 1
