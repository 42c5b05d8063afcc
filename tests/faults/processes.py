"""Ledger processes: started, killed, started again, and gone when the test run ends."""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

from setup.places import ROOT

STOP_S = 30
PR_SET_PDEATHSIG = 1


class LedgerProcess:
    """One `tests.faults.ledger_process`, many lives."""

    def __init__(
        self,
        url: str,
        folder: Path,
        address: str,
        *,
        environment: dict[str, str] | None = None,
        before: tuple[str, ...] = (),
    ) -> None:
        self.address = address
        self._words = [
            *before, sys.executable, "-m", "tests.faults.ledger_process", url, str(folder), address,
        ]  # fmt: skip
        self._environment = {**os.environ, **(environment or {})}
        self._log = folder.parent / f"{folder.name}-{Path(address).name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it wrote in all its lives."""
        return self._log.read_text(errors="replace")[-4_000:]

    def start(self) -> None:
        assert self._process is None
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._words,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - it only asks for a signal
            )

    def kill(self) -> None:
        """kill -9; safe to call twice."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(STOP_S)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
