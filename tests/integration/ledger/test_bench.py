"""The benchmark measures what it says, on both databases; no test depends on the figures."""

from ledger.bench import bench_ledger
from tests.conftest import FreshDatabase


async def test_the_benchmark_prints_limit_ours_and_ratio(fresh_database: FreshDatabase) -> None:
    figures = await bench_ledger(fresh_database(None), saves=64, in_flight=16, sittings=16)
    assert figures.saves_per_s > 0
    assert figures.limit_rows_per_s > 0
    assert figures.p50_ms <= figures.p99_ms
    assert "ratio" in figures.words()
