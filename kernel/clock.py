"""Time: the server's time is the law, measured on the monotonic clock.

Rules kept here: the wall clock is read once at start and then only compared; ``now`` runs on the
monotonic clock; a jump of the wall clock over ``JUMP_MS`` is reported and never followed silently.
Instants are integers: milliseconds since 1970 UTC.
"""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

JUMP_MS = 1_000


def wall_ms() -> int:
    """The machine's wall clock, ms since 1970 UTC. For ids and for comparison only."""
    return time.time_ns() // 1_000_000


def boot_id() -> str:
    """The kernel's boot id, which names the monotonic clock's origin; empty where there is none."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""


def as_datetime(instant_ms: int) -> datetime:
    """An aware UTC datetime."""
    return datetime.fromtimestamp(instant_ms / 1000, UTC)


class Clock(Protocol):
    """Where services get the time. ``now_ms`` never goes backwards within one process."""

    def now_ms(self) -> int: ...

    def drift_ms(self) -> int:
        """Wall clock minus our time; beyond ±JUMP_MS it is an incident."""
        ...


class SystemClock:
    """The wall clock at start, carried on by the monotonic clock."""

    def __init__(self) -> None:
        self._origin_ms = wall_ms() - time.monotonic_ns() // 1_000_000

    def now_ms(self) -> int:
        return self._origin_ms + time.monotonic_ns() // 1_000_000

    def drift_ms(self) -> int:
        return wall_ms() - self.now_ms()


class HandClock:
    """A clock moved by hand, for tests of time rules and for replays."""

    def __init__(self, instant_ms: int = 1_795_000_000_000) -> None:
        self.instant_ms = instant_ms

    def now_ms(self) -> int:
        return self.instant_ms

    def drift_ms(self) -> int:
        return 0

    def advance(self, *, ms: int = 0, seconds: int = 0, minutes: int = 0) -> None:
        self.instant_ms += ms + seconds * 1_000 + minutes * 60_000
