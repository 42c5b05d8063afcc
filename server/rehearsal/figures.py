"""What a rehearsal measured: counts and latencies by step.

Rules kept here: a latency is whole client time of one request, in ms; a percentile of n values is
the value at rank ceil(p·n), so nothing is interpolated.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from time import perf_counter

from rich.table import Table


def percentile(values: list[float], share: float) -> float:
    """The value at rank ceil(share·n) of the sorted values; 0.0 of nothing."""
    if not values:
        return 0.0
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


class Figures:
    """Collects; shared by all simulated people of one rehearsal."""

    def __init__(self) -> None:
        self.latencies_ms: dict[str, list[float]] = defaultdict(list)
        self.refusals: dict[str, int] = defaultdict(int)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Counts and times one request; an error is not timed."""
        started = perf_counter()
        yield
        self.latencies_ms[step].append((perf_counter() - started) * 1_000)

    def refused(self, code: str) -> None:
        self.refusals[code] += 1

    def report(self) -> dict[str, dict[str, float]]:
        """Step → count, p50, p95, p99, max in ms."""
        return {
            step: {
                "count": len(values),
                "p50_ms": round(percentile(values, 0.50), 1),
                "p95_ms": round(percentile(values, 0.95), 1),
                "p99_ms": round(percentile(values, 0.99), 1),
                "max_ms": round(max(values), 1),
            }
            for step, values in sorted(self.latencies_ms.items())
        }

    def table(self) -> Table:
        """The report for a terminal."""
        table = Table("步骤 step", "次数 count", "p50 ms", "p95 ms", "p99 ms", "max ms")
        for step, row in self.report().items():
            table.add_row(step, *(f"{value:g}" for value in row.values()))
        return table
