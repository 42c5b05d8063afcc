"""The command line as a program of its own, on a data folder of the test's."""

import io
import json
import os
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.cli.main import main
from setup.places import ROOT
from tests.e2e.serving import environment, gongyuan

LIMIT_S = 55


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def body(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        found: dict[str, Any] = json.loads(self.out)
        return found


class Terminal:
    """Types commands; ``settings`` are more GONGYUAN_* variables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: dict[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        return {**environment(self.folder / "data"), **self.settings}

    def run(self, *words: str | Path) -> Outcome:
        """One command, in this process: each process of its own would load every part anew."""
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            for name in [one for one in os.environ if one.startswith("GONGYUAN_")]:
                patch.delenv(name)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            status = main([str(word) for word in words])
        return Outcome(status, out.getvalue(), err.getvalue())

    def run_apart(self, *words: str | Path) -> Outcome:
        """One command as a program of its own, in the checkout."""
        done = subprocess.run(
            gongyuan(*words),
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
        said, complained = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in complained, complained
        return Outcome(done.returncode, said, complained)

    def refused(self, *words: str | Path) -> str:
        """A command that is refused: exit code 1, no result, words in both languages."""
        outcome = self.run(*words)
        assert outcome.status == 1, outcome
        assert outcome.out == ""
        assert _has_chinese(outcome.err)
        assert outcome.err.count("✗") == 2
        return outcome.err


def _has_chinese(text: str) -> bool:
    return any("一" <= sign <= "鿿" for sign in text)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """In an empty data folder."""
    return Terminal(tmp_path)
