"""Dates as labels write them, and the century of a two-digit year (GS1 General Specifications 7.12)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

_PAST, _FUTURE = 51, -50


def century(yy: int, today: date) -> int:
    """The full year of a two-digit one: within 49 years back and 50 ahead of `today`."""
    difference = yy - today.year % 100
    base = today.year - today.year % 100
    if difference >= _PAST:
        base -= 100
    elif difference <= _FUTURE:
        base += 100
    return base + yy


@lru_cache(maxsize=4096)
def yymmdd(text: str, today: date) -> tuple[date, bool] | None:
    """A date of six ASCII digits, and whether its day was given; day 00 means the last of the month.

    Returns:
        None for a date that does not exist.
    """
    return _given(century(int(text[:2]), today), int(text[2:4]), int(text[4:]))


def _given(year: int, month: int, day: int) -> tuple[date, bool] | None:
    if day:
        whole = calendar_day(year, month, day)
        return None if whole is None else (whole, True)
    last = last_of_month(year, month)
    return None if last is None else (last, False)


def calendar_day(year: int, month: int, day: int) -> date | None:
    """A day of the calendar; None where there is none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def last_of_month(year: int, month: int) -> date | None:
    """The last day of a month; None where there is no such month."""
    first = calendar_day(year + month // 12, month % 12 + 1, 1) if 1 <= month <= 12 else None  # noqa: PLR2004
    return None if first is None else first - timedelta(days=1)


def yyyymmdd(text: str) -> date | None:
    """A date of eight ASCII digits; None for a date that does not exist."""
    return calendar_day(int(text[:4]), int(text[4:6]), int(text[6:]))


def day_of_year(year: int, day: int) -> date | None:
    """Day 1 to 365 or 366 of a year; None for another number."""
    first = calendar_day(year, 1, 1)
    if first is None or day < 1:
        return None
    found = first + timedelta(days=day - 1)
    return found if found.year == year else None
