"""The machine that a figure was measured on, and what one process of it uses.

Rules kept here: read from Linux's /proc; where there is none the values are 0 or empty and nothing
is guessed.
"""

import os
import platform
import sqlite3
from pathlib import Path
from typing import Any

PROC = Path("/proc")


def machine() -> dict[str, Any]:
    """Cores, processor, versions and the load of the last minute, before anything runs."""
    return {
        "kind": "machine",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0,
        "processor": _processor(),
        "system": platform.system() + " " + platform.release(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_1min": round(os.getloadavg()[0], 1),
    }


class Meter:
    """CPU time and memory of one process, without its children."""

    def __init__(self, process_id: int) -> None:
        self._folder = PROC / str(process_id)

    def cpu_ms(self) -> float:
        """User and system time since it began."""
        path = self._folder / "stat"
        if not path.exists():
            return 0.0
        # proc(5): the name in parentheses may hold blanks; utime and stime are fields 14 and 15.
        after_name = path.read_text().rpartition(")")[2].split()
        ticks = int(after_name[11]) + int(after_name[12])
        return ticks * 1_000 / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self) -> int:
        """Resident memory."""
        path = self._folder / "statm"
        if not path.exists():
            return 0
        return int(path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _processor() -> str:
    path = PROC / "cpuinfo"
    lines = path.read_text().splitlines() if path.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
