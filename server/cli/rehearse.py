"""``gongyuan rehearse``: a whole session with simulated candidates against a running server."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

import httpx
import msgspec
from rich.console import Console

from kernel.clock import SystemClock
from kernel.crypto import chance
from kernel.errors import Kind, Refusal
from server.rehearsal.api import Refused
from server.rehearsal.cast import DEMO, Cast
from server.rehearsal.faces import load_faces
from server.rehearsal.run import Rehearsal, wish_from

LIMITS = httpx.Limits(max_connections=200, max_keepalive_connections=200)


def rehearse_arguments(command: argparse.ArgumentParser) -> None:
    """``rehearse --url U --candidates N [--minutes M] [--faces DIR] [--report R.json]``."""
    command.add_argument("--url", default="http://127.0.0.1:8000", help="the server · 服务器地址")
    command.add_argument("--candidates", type=int, default=30, help="how many · 人数")
    command.add_argument("--minutes", type=float, default=1.0, help="answering time · 作答分钟数")
    command.add_argument("--faces", type=Path, help="folder with id/ and capture/ · 人脸图片目录")
    command.add_argument("--cast", type=Path, help="accounts as JSON (default: demo) · 工作人员")
    command.add_argument("--package", help="sealed package id (default: newest) · 试卷包")
    command.add_argument("--report", type=Path, help="write the figures here · 报告文件")


def run_rehearse(chosen: argparse.Namespace) -> int:
    """Exit 1 when one acknowledged answer is missing."""
    try:
        report = asyncio.run(_rehearse(chosen))
    except Refused as refused:
        raise Refusal("rehearsal.refused", code=refused.code, detail=str(refused)) from refused
    except httpx.TransportError as lost:
        raise Refusal("rehearsal.unreachable", Kind.UNAVAILABLE, url=chosen.url) from lost
    if chosen.report:
        chosen.report.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    summary = {key: value for key, value in report.items() if key != "steps"}
    sys.stdout.write(json.dumps(summary, ensure_ascii=False) + "\n")
    return 1 if report["acknowledged_but_missing"] else 0


async def _rehearse(chosen: argparse.Namespace) -> "dict[str, object]":
    cast = msgspec.json.decode(chosen.cast.read_bytes(), type=Cast) if chosen.cast else DEMO
    faces = load_faces(chosen.faces)
    async with httpx.AsyncClient(base_url=chosen.url, timeout=30, limits=LIMITS) as http:
        rehearsal = Rehearsal(http, cast, faces, SystemClock())
        await rehearsal.day.gather()
        wish = await wish_from(
            rehearsal.day,
            candidates=chosen.candidates,
            minutes=chosen.minutes,
            package_id=chosen.package,
            seed=chance.token_bytes(16),
        )
        report = await rehearsal.run(wish)
    Console(stderr=True).print(rehearsal.figures.table())
    return report
