"""One line of a benchmark: the limit, what we reached, the ratio, all of one run.

Rules kept here: a rate is per second and more is better on both sides; latencies are whole client
time in ms; a figure without its limit is not shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from server.rehearsal.figures import percentile

LATENCIES = ("p50_ms", "p95_ms", "p99_ms")


@dataclass(frozen=True, slots=True)
class Figure:
    """``limit`` and ``ours`` are rates in ``unit``; ``more`` holds what else was measured."""

    bench: str
    what: str
    unit: str
    limit_of: str
    limit: float
    ours: float
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Ours over the limit; 0.0 when the limit could not be measured."""
        return self.ours / self.limit if self.limit else 0.0

    def line(self) -> dict[str, Any]:
        """One JSON line."""
        return {
            "kind": "bench",
            "bench": self.bench,
            "what": self.what,
            "unit": self.unit,
            "limit_of": self.limit_of,
            "limit": round(self.limit, 1),
            "ours": round(self.ours, 1),
            "ratio": round(self.ratio, 4),
            **{name: _rounded(value) for name, value in self.more.items()},
        }


def latencies(values_ms: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 in ms."""
    shares = (0.50, 0.95, 0.99)
    values = list(values_ms)
    return {name: percentile(values, share) for name, share in zip(LATENCIES, shares, strict=True)}


def table(figures: Sequence[Figure]) -> Table:
    """For a terminal; ``notes`` has the rest."""
    made = Table()
    for title in ("项目 what", "极限 limit", "实测 ours", "比 ratio", "p50 / p95 / p99 ms"):
        made.add_column(title, overflow="fold")
    for one in figures:
        line = one.line()
        made.add_row(
            f"{one.bench}: {one.what}",
            f"{one.limit:,.0f} {one.limit_of}",
            f"{one.ours:,.1f} {one.unit}",
            f"{one.ratio:.1%}",
            " / ".join(f"{line[name]:g}" for name in LATENCIES if name in line),
        )
    return made


def notes(figures: Sequence[Figure]) -> list[str]:
    """What else was measured, a line for each figure that has more."""
    told = []
    for one in figures:
        line = one.line()
        rest = [f"{key} {line[key]}" for key in one.more if key not in LATENCIES]
        if rest:
            told.append(f"{one.bench} {one.what}: " + " · ".join(rest))
    return told


def _rounded(value: object) -> object:
    return round(value, 2) if isinstance(value, float) else value
