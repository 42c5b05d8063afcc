"""Asking in public is paced: per place, and over all, by the minute and in memory.

Rules kept here: what is refused counts too; a place is what one enemy holds at the least, so the
addresses of one IPv6 network (/64) are one.
"""

from collections import Counter
from ipaddress import IPv6Address, ip_address, ip_network

from kernel.clock import Clock
from kernel.errors import Kind, Refusal


def place_of(host: str) -> str:
    """Where a request comes from, as it is counted."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, 64), strict=False))


class Pace:
    """Counts what came in the running minute; refuses with ``code`` beyond the limits."""

    def __init__(
        self, clock: Clock, code: str, per_place: int, per_minute: int | None = None
    ) -> None:
        self._clock = clock
        self._code = code
        self._per_place = per_place
        self._per_minute = per_minute
        self._minute = 0
        self._asked: Counter[str] = Counter()

    def take(self, place: str) -> None:
        """Raises the refusal."""
        minute = self._clock.now_ms() // 60_000
        if minute != self._minute:
            self._minute = minute
            self._asked.clear()
        self._asked[place] += 1
        over_all = self._per_minute is not None and self._asked.total() > self._per_minute
        if over_all or self._asked[place] > self._per_place:
            raise Refusal(self._code, Kind.TOO_MANY)
