"""``gongyuan draw verify FILE``: recomputes a published lot, without a server or a database."""

import argparse
import json
import sys
from pathlib import Path

from kernel.words import LANGUAGES, say
from server.seating.rules import verify_proof


def draw_arguments(command: argparse.ArgumentParser) -> None:
    """``draw verify FILE [--json]``."""
    acts = command.add_subparsers(dest="act", required=True, metavar="ACT")
    verify = acts.add_parser("verify", help="recompute a published lot · 复算抽签")
    verify.add_argument("file", type=Path, help="the published draw, as JSON · 抽签公示文件")
    verify.add_argument("--json", action="store_true", help="one JSON line instead of words")


def run_draw(chosen: argparse.Namespace) -> int:
    """Exit code 0 when every step recomputes, 1 with the faults, 2 when the file cannot be read."""
    try:
        data = json.loads(chosen.file.read_bytes())
    except (OSError, ValueError) as wrong:
        _say("draw.file_unreadable", detail=str(wrong)[:200])
        return 2
    faults = verify_proof(data) if isinstance(data, dict) else ["draw.proof_shape file"]
    if chosen.json:
        sys.stdout.write(json.dumps({"good": not faults, "faults": faults}) + "\n")
    elif not faults:
        _say("draw.proof_good", seats=len(data["placements"]), seed=data["seed"])
    for fault in [] if chosen.json else faults:
        code, _, at = fault.partition(" ")
        _say(code, at=at)
    return 1 if faults else 0


def _say(code: str, **params: str | int) -> None:
    good = code == "draw.proof_good"
    out = sys.stdout if good else sys.stderr
    for language in LANGUAGES:
        out.write(f"{'✓' if good else '✗'} {say(code, params, language)}\n")
