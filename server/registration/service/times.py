"""Exam times as they are printed: China Standard Time, which has no summer time since 1991."""

from datetime import date, datetime, timedelta, timezone

from kernel.clock import as_datetime

CHINA = timezone(timedelta(hours=8), "UTC+8")


def exam_time(instant_ms: int) -> datetime:
    """The instant on the wall of the room."""
    return as_datetime(instant_ms).astimezone(CHINA)


def exam_day(instant_ms: int) -> date:
    """The day of the instant in the room."""
    return exam_time(instant_ms).date()
