"""server.results.rules.periods: working days, publicity, reviews."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.results.rules.periods import CHINA, Calendar, Phase, periods_of

PLAIN = Calendar()
OCTOBER = Calendar.of(
    [date(2026, 10, day) for day in range(1, 8)], [date(2026, 9, 27), date(2026, 10, 10)]
)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("calendar", "start", "days", "end"),
    [
        (PLAIN, "2026-11-23T09:00", 5, "2026-12-01T00:00"),  # Monday: Tuesday to next Monday
        (PLAIN, "2026-11-27T23:59", 1, "2026-12-01T00:00"),  # Friday: the weekend does not count
        (PLAIN, "2026-11-28T00:00", 1, "2026-12-01T00:00"),  # a Saturday
        (OCTOBER, "2026-09-30T10:00", 1, "2026-10-09T00:00"),  # the holiday week is skipped
        (OCTOBER, "2026-10-08T10:00", 2, "2026-10-11T00:00"),  # Saturday the 10th is worked
        (PLAIN, "2026-11-23T09:00", 0, "2026-11-23T09:00"),
    ],
)
def test_working_days_end_at_midnight_in_china(
    calendar: Calendar, start: str, days: int, end: str
) -> None:
    assert calendar.end_ms(at(start), days) == at(end)


def test_phases_follow_each_other() -> None:
    found = periods_of(PLAIN, at("2026-11-23T09:00"), publicity_days=5, review_apply_days=15)
    assert found.publicity_until_ms == at("2026-12-01T00:00")
    assert found.review_until_ms == at("2026-12-23T00:00")
    for moment, phase in (
        (found.published_at_ms, Phase.PUBLICITY),
        (found.publicity_until_ms - 1, Phase.PUBLICITY),
        (found.publicity_until_ms, Phase.REVIEW),
        (found.review_until_ms - 1, Phase.REVIEW),
        (found.review_until_ms, Phase.OVER),
    ):
        assert found.phase(moment) is phase


def test_a_calendar_without_working_days_ends_all_the_same() -> None:
    start = date(2026, 1, 1)
    endless = Calendar.of([start + timedelta(days=n) for n in range(3_000)], [])
    assert endless.end_ms(at("2026-01-01T00:00"), 1) > at("2026-01-01T00:00")


@given(
    start=st.integers(at("2020-01-01T00:00"), at("2040-01-01T00:00")),
    days=st.integers(1, 40),
    off=st.sets(st.integers(0, 60), max_size=15),
    worked=st.sets(st.integers(0, 60), max_size=15),
)
def test_exactly_so_many_working_days_lie_in_between(
    start: int, days: int, off: set[int], worked: set[int]
) -> None:
    first = datetime.fromtimestamp(start / 1_000, CHINA).date()
    calendar = Calendar.of(
        [first + timedelta(days=n) for n in off], [first + timedelta(days=n) for n in worked]
    )
    end = datetime.fromtimestamp(calendar.end_ms(start, days) / 1_000, CHINA)
    assert (end.hour, end.minute, end.second) == (0, 0, 0)
    between = [first + timedelta(days=n) for n in range(1, (end.date() - first).days)]
    assert sum(calendar.is_working(day) for day in between) == days
    assert calendar.is_working(between[-1])
