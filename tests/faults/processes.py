"""Ledger processes: started, killed, started again, and gone when the test run ends."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from setup.places import ROOT
from tests.faults.judging import prepare
from tests.faults.lanes import Goal, Lane, writing

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
        tree: bool = False,
    ) -> None:
        self.address = address
        self._words = [
            *before, sys.executable, "-m", "tests.faults.ledger_process", url, str(folder), address,
            *(["tree"] if tree else []),
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


@asynccontextmanager
async def under_load(
    url: str,
    folder: Path,
    lanes: Sequence[Lane],
    events: int,
    limit_s: float,
    *,
    environment: dict[str, str] | None = None,
    before: tuple[str, ...] = (),
) -> AsyncIterator[Goal]:
    """A ledger of one process behind the lanes' address, written to by all of them while the block
    does its worst and on until the goal; then killed.
    """
    await prepare(url, folder, lanes)
    process = LedgerProcess(url, folder, lanes[0].address, environment=environment, before=before)
    process.start()
    try:
        async with writing(lanes, events, limit_s) as goal:
            yield goal
    finally:
        process.kill()


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
