"""The suites' benchmark does the real work of both."""

import pytest

from kernel.crypto.suite import SUITES
from ledger.bench_suites import bench_suites

pytest.importorskip("gmssl_pyx", reason="the optional extra `gm` is not installed")


def test_every_act_is_measured_in_both_suites() -> None:
    found = bench_suites(0.01)
    assert [one.what for one in found] == [
        "records sealed",
        "records opened",
        "acknowledgements signed",
        "signatures checked",
    ]
    assert all(list(one.by_suite) == list(SUITES) for one in found)
    assert all(rate > 0 for one in found for rate in one.by_suite.values())
