"""The tree's benchmark measures what it says, on both databases; no test depends on the figures."""

from ledger.bench_tree import bench_covered, bench_tree
from tests.conftest import FreshDatabase


async def test_growth_is_measured_on_one_tree_that_grows_further(
    fresh_database: FreshDatabase,
) -> None:
    found = [one async for one in bench_tree(fresh_database(None), (1_500, 300))]
    # Twenty rounds of a hundred after each figure are leaves as well.
    assert [one.leaves for one in found] == [1_000, 4_000]
    for one in found:
        assert 0 < one.limit_per_s < min(one.hashed_per_s, one.inserted_per_s)
        assert one.leaves_per_s > 0
        assert one.idle_ms > 0
        assert one.few_ms > 0


async def test_everything_committed_is_covered_and_every_wait_is_counted(
    fresh_database: FreshDatabase,
) -> None:
    found = await bench_covered(
        fresh_database(None), seconds=1.0, rate=200, period_s=0.1, streams=4
    )
    assert found.uncovered == 0
    assert len(found.waited_ms) == round(found.rate) > 0
    assert all(waited >= 0 for waited in found.waited_ms)
    assert max(found.waited_ms) > 0
