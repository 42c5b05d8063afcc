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
    """CPU time of one process with those that it started, and its own memory."""

    def __init__(self, process_id: int) -> None:
        self._id = process_id
        self._folder = PROC / str(process_id)

    def cpu_ms(self) -> float:
        """User and system time since it began; of those that have ended and were waited for too."""
        return _family_ms(self._id)

    def rss_bytes(self) -> int:
        """Resident memory."""
        path = self._folder / "statm"
        if not path.exists():
            return 0
        return int(path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class DatabaseMeter:
    """CPU time of a PostgreSQL on this machine: the postmaster, its processes and those that have
    ended. ``backend_pid`` is any of its processes; 0 for SQLite, which works inside the server.
    """

    def __init__(self, backend_pid: int) -> None:
        self._postmaster = _field(backend_pid, _PARENT) if backend_pid else 0

    def cpu_ms(self) -> float:
        """0.0 when there is none, or when it runs elsewhere."""
        if not self._postmaster:
            return 0.0
        return _family_ms(self._postmaster)


# proc(5), fields of stat after the name: 4 ppid, 14 utime, 15 stime, 16 cutime, 17 cstime.
_PARENT, _USER, _SYSTEM, _GONE_USER, _GONE_SYSTEM = 1, 11, 12, 13, 14


def _family_ms(parent: int) -> float:
    ticks = sum(_field(parent, at) for at in (_USER, _SYSTEM, _GONE_USER, _GONE_SYSTEM))
    for path in PROC.glob("[0-9]*"):
        pid = int(path.name)
        if _field(pid, _PARENT) == parent:
            ticks += _field(pid, _USER) + _field(pid, _SYSTEM)
    return ticks * 1_000 / os.sysconf("SC_CLK_TCK")


def _field(pid: int, at: int) -> int:
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[at])
    except OSError:
        return 0


def _processor() -> str:
    path = PROC / "cpuinfo"
    lines = path.read_text().splitlines() if path.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
