"""What a save costs a server whose database holds so many records already.

Rules kept here: the figure is saves per second of the server's CPU, which a busy machine does not
change as it does rates; a save that costs no more than at the smallest size has the ratio 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from server.rehearsal.bench.figure import Figure, latencies
from server.rehearsal.bench.saves import Way


@dataclass(frozen=True, slots=True)
class Grown:
    """``records`` before the first measured save."""

    records: int
    way: Way


def grown_figures(ways: Sequence[Grown]) -> list[Figure]:
    """Each size against the first."""
    first = ways[0]
    return [
        Figure(
            "grown", f"HTTP, {one.records:,} records", "saves per CPU-second",
            f"saves per CPU-second at {first.records:,} records",
            _per_cpu_s(first.way), _per_cpu_s(one.way),
            {**latencies(one.way.saved.each_ms), "saves_per_s": one.way.saved.per_s,
             **one.way.more},
        )
        for one in ways
    ]  # fmt: skip


def _per_cpu_s(way: Way) -> float:
    """0.0 where CPU time cannot be read."""
    cost_ms = float(way.more["cpu_ms_per_save"])
    return 1_000 / cost_ms if cost_ms else 0.0
