"""kernel.clock: monotonic time that a moved wall clock cannot bend."""

from pathlib import Path

import pytest

from kernel import clock
from kernel.clock import Kept, origin_of


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


HOUR = 3_600_000
KEPT = Kept(boot="b1", monotonic_ms=50_000, now_ms=1_000_000)


@pytest.mark.parametrize(
    ("kept", "wall", "monotonic", "boot", "now"),
    [
        (None, 7_000_000, 60_000, "b1", 7_000_000),  # the first start takes the wall clock
        (KEPT, 1_010_000, 60_000, "b1", 1_010_000),  # a restart goes on
        (KEPT, 1_010_000 + HOUR, 60_000, "b1", 1_010_000),  # whatever the wall clock says
        (KEPT, 1_010_000 - HOUR, 60_000, "b1", 1_010_000),
        (KEPT, 2_000_000, 900, "b2", 2_000_000),  # another boot takes the wall clock
        (KEPT, 400_000, 900, "b2", 1_000_000),  # but never goes back
        (KEPT, 2_000_000, 60_000, "", 2_000_000),  # a kernel without a boot id is another boot
        (KEPT, 2_000_000, 900, "b1", 2_000_000),  # a monotonic clock that began anew too
    ],
)
def test_a_start_goes_on_from_the_time_that_was_kept(
    kept: Kept | None, wall: int, monotonic: int, boot: str, now: int
) -> None:
    assert origin_of(kept, wall=wall, monotonic_ms=monotonic, boot=boot) + monotonic == now


def test_a_restart_with_a_wrong_wall_clock_moves_no_deadline_and_shows_the_drift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = clock.SystemClock(tmp_path / "deep" / "clock")
    before.keep()
    real = clock.wall_ms
    monkeypatch.setattr(clock, "wall_ms", lambda: real() + HOUR)
    after = clock.SystemClock(tmp_path / "deep" / "clock")
    assert abs(after.now_ms() - before.now_ms()) < 1_000
    assert after.drift_ms() > HOUR - 1_000


def test_the_time_is_kept_seldom_and_an_unreadable_file_is_none(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("{")
    system = clock.SystemClock(file)
    assert abs(system.now_ms() - clock.wall_ms()) < clock.JUMP_MS
    system.keep()
    written = file.read_text()
    system.keep()
    assert file.read_text() == written


@pytest.mark.parametrize(
    ("instant_ms", "text"),
    [
        (0, "1970-01-01 00:00:00 UTC"),
        (1_795_000_000_999, "2026-11-18 11:06:40 UTC"),
        (clock.LAST_MS, "9999-12-31 23:59:59 UTC"),
        (clock.LAST_MS + 1, "253402300800000 ms (UTC)"),
        ((1 << 64) - 1, "18446744073709551615 ms (UTC)"),
        (-1, "-1 ms (UTC)"),
    ],
)
def test_every_instant_has_a_text(instant_ms: int, text: str) -> None:
    assert clock.as_text(instant_ms) == text
