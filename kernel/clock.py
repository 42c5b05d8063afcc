"""Time: the server's time is the law, measured on the monotonic clock.

Rules kept here: the wall clock is read once at start and then only compared; ``now`` runs on the
monotonic clock; a jump of the wall clock over ``JUMP_MS`` is reported and never followed silently.
Where the time is kept in a file, a restart goes on from it: within one boot on the monotonic clock,
after another boot never before what was kept. Instants are integers: milliseconds since 1970 UTC.
"""

import json
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from kernel.files import replace_file

JUMP_MS = 1_000
KEEP_MS = 5_000
LAST_MS = 253_402_300_799_999
"""The end of the year 9999: no calendar here goes further, and no honest instant."""


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


def as_text(instant_ms: int) -> str:
    """``2026-11-27 02:38:55 UTC``. Whatever a forged file holds has a text: what is in no calendar
    is told in its milliseconds.
    """
    if not 0 <= instant_ms <= LAST_MS:
        return f"{instant_ms} ms (UTC)"
    return as_datetime(instant_ms).strftime("%Y-%m-%d %H:%M:%S UTC")


class Clock(Protocol):
    """Where services get the time. ``now_ms`` never goes backwards within one process."""

    def now_ms(self) -> int: ...

    def drift_ms(self) -> int:
        """Wall clock minus our time; beyond ±JUMP_MS it is an incident."""
        ...

    def keep(self) -> None:
        """Remember our time over a restart, where there is a place for it."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """Our time as it was written down: in which boot, at which monotonic instant (ms)."""

    boot: str
    monotonic_ms: int
    now_ms: int


def origin_of(kept: Kept | None, *, wall: int, monotonic_ms: int, boot: str) -> int:
    """What, added to the monotonic clock, is our time after a start."""
    if kept is None:
        return wall - monotonic_ms
    if boot and kept.boot == boot and monotonic_ms >= kept.monotonic_ms:
        return kept.now_ms - kept.monotonic_ms
    return max(wall, kept.now_ms) - monotonic_ms


class SystemClock:
    """The wall clock at start, carried on by the monotonic clock; ``file`` carries it over a
    restart. An unreadable file is as good as none.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._boot = boot_id()
        self._origin_ms = origin_of(
            _kept(file), wall=wall_ms(), monotonic_ms=_monotonic_ms(), boot=self._boot
        )
        self._kept_ms = 0

    def now_ms(self) -> int:
        return self._origin_ms + _monotonic_ms()

    def drift_ms(self) -> int:
        return wall_ms() - self.now_ms()

    def keep(self) -> None:
        """Write our time down, at most every ``KEEP_MS``. Raises OSError."""
        now = self.now_ms()
        if self._file is None or now - self._kept_ms < KEEP_MS:
            return
        kept = Kept(self._boot, _monotonic_ms(), self.now_ms())
        replace_file(self._file, json.dumps(asdict(kept)).encode())
        self._kept_ms = now


def _monotonic_ms() -> int:
    """Of the clock that also runs while the machine sleeps; it begins with the boot."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def _kept(file: Path | None) -> Kept | None:
    try:
        return None if file is None else Kept(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


class HandClock:
    """A clock moved by hand, for tests of time rules and for replays."""

    def __init__(self, instant_ms: int = 1_795_000_000_000) -> None:
        self.instant_ms = instant_ms

    def now_ms(self) -> int:
        return self.instant_ms

    def drift_ms(self) -> int:
        return 0

    def keep(self) -> None:
        """A clock moved by hand is nobody's memory."""

    def advance(self, *, ms: int = 0, seconds: int = 0, minutes: int = 0) -> None:
        self.instant_ms += ms + seconds * 1_000 + minutes * 60_000
