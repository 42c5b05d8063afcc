"""公示 and 复核 as times: working days in, instants out.

Rules kept here: the periods are counted in working days of China's calendar, weekends off, with the
holidays and the make-up days (调休) that the installation names; reviews begin when the publicity
has ended and end for good; a period of no days is over at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum

CHINA = timezone(timedelta(hours=8))
_SATURDAY = 5
_LONGEST_DAYS = 366


class Phase(StrEnum):
    """Where a session's results stand; ``sealed``: archived before reviews were over."""

    UNPUBLISHED = "unpublished"
    PUBLICITY = "publicity"
    REVIEW = "review"
    OVER = "over"
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days differ from the week: ``holidays`` are free, ``workdays`` are worked."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    @classmethod
    def of(cls, holidays: Iterable[date], workdays: Iterable[date]) -> "Calendar":
        return cls(frozenset(holidays), frozenset(workdays))

    def is_working(self, day: date) -> bool:
        """Make-up days win over holidays, both over the week."""
        if day in self.workdays:
            return True
        return day.weekday() < _SATURDAY and day not in self.holidays

    def end_ms(self, from_ms: int, working_days: int) -> int:
        """The end (midnight) of the n-th working day after the day of ``from_ms``; for no days
        ``from_ms`` itself.
        """
        if working_days <= 0:
            return from_ms
        day = datetime.fromtimestamp(from_ms / 1_000, CHINA).date()
        left, looked = working_days, 0
        while left > 0 and looked < _LONGEST_DAYS * (1 + working_days):
            day += timedelta(days=1)
            looked += 1
            left -= self.is_working(day)
        after = datetime.combine(day + timedelta(days=1), time(), CHINA)
        return int(after.timestamp() * 1_000)


@dataclass(frozen=True, slots=True)
class Periods:
    """``publicity_until_ms`` is where reviews begin; ``review_until_ms`` where they end."""

    published_at_ms: int
    publicity_until_ms: int
    review_until_ms: int

    def phase(self, now_ms: int) -> Phase:
        """Never ``unpublished`` or ``sealed``."""
        if now_ms < self.publicity_until_ms:
            return Phase.PUBLICITY
        return Phase.REVIEW if now_ms < self.review_until_ms else Phase.OVER


def periods_of(
    calendar: Calendar, published_at_ms: int, *, publicity_days: int, review_apply_days: int
) -> Periods:
    """The periods of a list by its first publication; a correction does not begin them again."""
    publicity_until_ms = calendar.end_ms(published_at_ms, publicity_days)
    return Periods(
        published_at_ms, publicity_until_ms, calendar.end_ms(publicity_until_ms, review_apply_days)
    )
