"""Sequencers that are killed before a given line of their code, as processes of their own.

``python -m tests.faults.sequencer_process URL FOLDER``: each line in is a number *N*; a child is
forked, takes the real lease, runs one round and ends itself with SIGKILL before the *N*-th line
that it executes in the sequencer, what it stores with and the file beside the database. A line out
says ``killed`` or ``done``. Rules kept here: nothing is patched; the parent has neither threads nor
an event loop, so a child is like a program freshly started.
"""

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from kernel.clock import HandClock
from kernel.crypto.keyring import FileKeyRing
from kernel.db import Database
from kernel.lease import lease_of
from ledger.book import Ledger
from ledger.tree import beside, growing, sequencer
from tests.integration.ledger.world import ORIGIN

WATCHED = frozenset(module.__file__ for module in (beside, growing, sequencer))
LEASE = "sequencer-faults"
_LEASE_POLL_S = 0.02


class Countdown:
    """Ends the process before a line."""

    def __init__(self, lines: int) -> None:
        self.left = lines

    def watch(self, frame: FrameType, event: str, _: Any) -> Any:
        code: CodeType = frame.f_code
        if code.co_filename not in WATCHED:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.watch


async def one_round(url: str, folder: Path) -> None:
    """From the lease to the signed checkpoint."""
    database = Database.open(url)
    ring = FileKeyRing(folder / "keys.json")
    lease = lease_of(database, LEASE, folder)
    made = Ledger(database, ring, HandClock(), ORIGIN).sequencer(folder / "checkpoint", lease)
    while not await lease.held():  # noqa: ASYNC110 - the killed one's goes with its connection
        await asyncio.sleep(_LEASE_POLL_S)
    await made.round()
    await made.leave()
    await database.close()


def live(url: str, folder: Path, lines: int) -> None:
    """A child's whole life."""
    countdown = Countdown(lines)
    threading.settrace(countdown.watch)
    sys.settrace(countdown.watch)
    asyncio.run(one_round(url, folder))


def main(url: str, folder: Path) -> None:
    """One child after another, until there is no more input."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                live(url, folder, int(line))
                code = 0
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        said = "killed" if killed else "done" if status == 0 else f"failed {status}"
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
