"""``gongyuan practice``: hands over to the public program, which is a process of its own."""

import argparse
import os
import sys

from kernel.settings import Settings
from migrations.run import PRACTICE, upgrade


def practice_url(settings: Settings) -> str:
    """The public program's own database."""
    return f"sqlite+aiosqlite:///{settings.data_dir / 'practice' / 'practice.db'}"


def practice_arguments(command: argparse.ArgumentParser) -> None:
    """``practice serve …`` or ``practice take-in FILE --signer HEX``."""
    command.add_argument(
        "words", nargs=argparse.REMAINDER, help="serve | take-in FILE --signer HEX"
    )


def run_practice(chosen: argparse.Namespace) -> int:
    """Bring its schema up to date and become it."""
    upgrade(practice_url(Settings()), PRACTICE)
    words = chosen.words or ["serve"]
    os.execv(sys.executable, [sys.executable, "-m", "practice", *words])  # noqa: S606
