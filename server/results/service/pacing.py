"""Asking in public is paced: per address, and over all, by the minute and in memory."""

from collections import Counter

from kernel.clock import Clock
from kernel.errors import Kind, Refusal


class Pace:
    """Counts what came in the running minute; refuses with ``code`` beyond the limits."""

    def __init__(self, clock: Clock, code: str, per_address: int, per_minute: int) -> None:
        self._clock = clock
        self._code = code
        self._per_address = per_address
        self._per_minute = per_minute
        self._minute = 0
        self._asked: Counter[str] = Counter()

    def take(self, address: str) -> None:
        """Raises the refusal; what is refused counts too."""
        minute = self._clock.now_ms() // 60_000
        if minute != self._minute:
            self._minute = minute
            self._asked.clear()
        self._asked[address] += 1
        over_all = self._asked.total() > self._per_minute
        if over_all or self._asked[address] > self._per_address:
            raise Refusal(self._code, Kind.TOO_MANY)
