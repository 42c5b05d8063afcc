"""kernel.lot: a permutation anyone can recompute."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from kernel.lot import permutation, shuffled


@given(st.binary(max_size=40), st.text(max_size=10), st.integers(min_value=0, max_value=200))
def test_every_position_is_drawn_exactly_once(seed: bytes, domain: str, size: int) -> None:
    order = permutation(seed, domain, size)
    assert sorted(order) == list(range(size))
    assert order == permutation(seed, domain, size)


def test_the_order_is_fixed_for_all_time_by_its_seed_and_domain() -> None:
    assert permutation(b"s", "d", 10) == [4, 8, 9, 6, 1, 7, 0, 3, 5, 2]
    assert permutation(b"s", "e", 10) != permutation(b"s", "d", 10)


def test_each_of_six_orders_of_three_comes_up_about_equally_often() -> None:
    drawn = Counter(tuple(permutation(n.to_bytes(4, "big"), "fair", 3)) for n in range(6000))
    assert len(drawn) == 6
    assert all(850 < count < 1150 for count in drawn.values())


def test_values_follow_the_permutation() -> None:
    assert shuffled(b"s", "d", "abcdefghij") == list("eijgbhadfc")
