"""kernel.pacing: so many a minute from one place, so many over all."""

import pytest

from kernel.clock import HandClock
from kernel.errors import Refusal
from kernel.pacing import Pace, place_of


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_place_is_an_address_or_a_network_of_the_newer_kind(host: str, place: str) -> None:
    assert place_of(host) == place


def taken(pace: Pace, place: str, times: int) -> int:
    """How many of them were let through."""
    refused = 0
    for _ in range(times):
        try:
            pace.take(place)
        except Refusal:
            refused += 1
    return times - refused


def test_the_refusal_is_the_one_that_was_named() -> None:
    pace = Pace(HandClock(0), "portal.too_many", 1)
    pace.take("a")
    with pytest.raises(Refusal, match=r"portal\.too_many"):
        pace.take("a")


def test_one_place_is_held_back_and_others_are_not_until_all_are() -> None:
    clock = HandClock(0)
    pace = Pace(clock, "portal.too_many", 3, 20)
    assert taken(pace, "a", 5) == 3
    assert taken(pace, "b", 3) == 3
    assert [taken(pace, str(number), 2) for number in range(8)] == [2, 2, 2, 2, 2, 2, 0, 0]
    clock.advance(minutes=1)
    assert taken(pace, "a", 5) == 3


def test_without_a_limit_over_all_only_the_place_counts() -> None:
    pace = Pace(HandClock(0), "portal.too_many", 1)
    assert sum(taken(pace, str(number), 2) for number in range(100)) == 100
