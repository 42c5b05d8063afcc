"""kernel.clock: monotonic time that a moved wall clock cannot bend."""

import pytest

from kernel import clock


def test_the_clock_never_goes_back_and_starts_at_the_wall() -> None:
    system = clock.SystemClock()
    first = system.now_ms()
    assert abs(first - clock.wall_ms()) < clock.JUMP_MS
    assert system.now_ms() >= first


def test_a_moved_wall_clock_shows_as_drift_and_not_as_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = clock.SystemClock()
    before = system.now_ms()
    real = clock.wall_ms
    monkeypatch.setattr(clock, "wall_ms", lambda: real() + 3_600_000)
    assert system.drift_ms() >= 3_599_000
    assert system.now_ms() - before < 60_000


def test_a_hand_clock_moves_only_by_hand() -> None:
    hand = clock.HandClock(1_000)
    hand.advance(ms=5, seconds=2, minutes=1)
    assert hand.now_ms() == 63_005
    assert hand.drift_ms() == 0
    assert clock.as_datetime(0).year == 1970
