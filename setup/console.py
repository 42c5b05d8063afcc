"""How set-up speaks: one line per step, and one bilingual message when a step cannot go on."""

import sys
from typing import NoReturn


class SetupFailed(Exception):
    """A step cannot go on; carries the message for the person in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def say(zh: str, en: str) -> None:
    """Print one line of progress."""
    sys.stdout.write(f"• {zh} · {en}\n")
    sys.stdout.flush()


def give_up(failure: SetupFailed) -> NoReturn:
    """Print the failure in both languages and leave with exit code 1."""
    sys.stderr.write(f"\n✗ {failure.zh}\n✗ {failure.en}\n")
    raise SystemExit(1)
