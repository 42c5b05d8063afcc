"""The benchmark measures what it says, on both databases; no test depends on the figures."""

from ledger.bench import bench_growth, bench_ledger
from tests.conftest import FreshDatabase


async def test_the_benchmark_prints_limit_ours_and_ratio(fresh_database: FreshDatabase) -> None:
    figures = await bench_ledger(fresh_database(None), saves=64, in_flight=16, sittings=16)
    assert figures.saves_per_s > 0
    assert figures.limits.group_commit_per_s > 0
    assert figures.limits.bulk_per_s > 0
    assert 0 < figures.limits.protected_per_s < figures.limits.cryptography_per_s
    assert figures.beside_body_bytes > 0
    assert figures.p50_ms <= figures.p99_ms
    assert "ratio" in figures.words()


async def test_growth_is_measured_on_one_database_that_is_filled_further(
    fresh_database: FreshDatabase,
) -> None:
    found = [
        one
        async for one in bench_growth(
            fresh_database(None), (1_500, 300), saves=32, in_flight=8, sittings=8
        )
    ]
    assert 300 <= found[0].records < 1_500 <= found[1].records < 2_100
    assert all(one.saves_per_s > 0 for one in found)
