"""``gongyuan doctor``: looks at this machine and says how to mend what is wrong."""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from kernel.clock import JUMP_MS, SystemClock
from kernel.errors import Refusal
from kernel.printing import use_fonts
from kernel.settings import Settings
from kernel.words import LANGUAGES, say

FREE_BYTES = 5 * 1024**3
Check = Callable[[Settings], dict[str, str | int] | None]


def doctor_arguments(command: argparse.ArgumentParser) -> None:
    """``doctor [--json]``."""
    command.add_argument("--json", action="store_true", help="JSON lines")


def run_doctor(chosen: argparse.Namespace) -> int:
    """Exit 1 when something is wrong."""
    settings, wrong = Settings(), 0
    for name, check in CHECKS.items():
        fault = check(settings)
        wrong += fault is not None
        if chosen.json:
            line = {"check": name, "good": fault is None, **(fault or {})}
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
            continue
        for language in LANGUAGES:
            state = "doctor.good" if fault is None else f"doctor.{name}"
            words = say(state, {"check": name, **(fault or {})}, language)
            sys.stdout.write(f"{'✓' if fault is None else '✗'} {words}\n")
    return 1 if wrong else 0


def _disk(settings: Settings) -> dict[str, str | int] | None:
    place = settings.data_dir if settings.data_dir.exists() else Path()
    free = shutil.disk_usage(place).free
    return None if free >= FREE_BYTES else {"free_mib": free >> 20, "wanted_mib": FREE_BYTES >> 20}


def _writable(settings: Settings) -> dict[str, str | int] | None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.data_dir) as file:
            file.write(b"x")
    except OSError as fault:
        return {"path": str(settings.data_dir), "detail": str(fault)}
    return None


def _clock(settings: Settings) -> dict[str, str | int] | None:
    drift = SystemClock(settings.clock_path).drift_ms()
    return None if abs(drift) < JUMP_MS else {"drift_ms": drift}


def _font(settings: Settings) -> dict[str, str | int] | None:
    try:
        use_fonts(settings.pdf.font_path)
    except Refusal as refusal:
        return {"detail": str(refusal)}
    return None


def _models(settings: Settings) -> dict[str, str | int] | None:
    folder = settings.face.models_dir
    return None if list(folder.glob("*.onnx")) else {"path": str(folder)}


def _keyring(settings: Settings) -> dict[str, str | int] | None:
    path = settings.keyring_path
    if path.exists() and path.stat().st_mode & 0o077:
        return {"path": str(path)}
    return None


def _client(settings: Settings) -> dict[str, str | int] | None:
    built = all((settings.client_dir / p / "index.html").exists() for p in ("player", "console"))
    return None if built else {"path": str(settings.client_dir)}


CHECKS: dict[str, Check] = {
    "disk": _disk,
    "writable": _writable,
    "clock": _clock,
    "font": _font,
    "models": _models,
    "keyring": _keyring,
    "client": _client,
}
