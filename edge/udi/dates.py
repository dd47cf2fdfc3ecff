"""Six-digit dates and their century (GS1 General Specifications 7.12)."""

from __future__ import annotations

import calendar
from datetime import date

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


def yymmdd(text: str, today: date) -> tuple[date, bool] | None:
    """A date of six ASCII digits, and whether its day was given; day 00 means the last of the month.

    Returns:
        None for a date that does not exist.
    """
    year, month, day = century(int(text[:2]), today), int(text[2:4]), int(text[4:])
    try:
        if day == 0:
            return date(year, month, calendar.monthrange(year, month)[1]), False
        return date(year, month, day), True
    except (ValueError, calendar.IllegalMonthError):
        return None
