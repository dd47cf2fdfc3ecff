"""Two-digit years and days of labels (General Specifications 7.12)."""

from calendar import monthrange
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi.dates import calendar_day, century, day_of_year, last_of_month, yymmdd, yyyymmdd

DAYS = st.dates(date(1950, 1, 1), date(2099, 12, 31))

# today, two digits: the year that is meant
WINDOW = {
    (2026, 76): 2076,
    (2026, 77): 1977,
    (2026, 26): 2026,
    (2026, 0): 2000,
    (2026, 99): 1999,
    (2000, 50): 2050,
    (2000, 51): 1951,
    (1999, 49): 2049,
    (1999, 50): 1950,
    (1999, 0): 2000,
    (2050, 0): 2100,
    (2050, 1): 2001,
    (2049, 99): 2099,
    (2049, 0): 2000,
    (2099, 49): 2149,
    (2099, 50): 2050,
}


@pytest.mark.parametrize(("given_", "expected"), WINDOW.items())
def test_window_edges(given_: tuple[int, int], expected: int) -> None:
    year, digits = given_
    assert century(digits, date(year, 7, 1)) == expected


def test_every_year_from_49_back_to_50_ahead_is_found_again() -> None:
    for year in range(1950, 2100):
        meant = range(year - 49, year + 51)
        assert [century(each % 100, date(year, 1, 1)) for each in meant] == list(meant)


@given(DAYS, st.data())
def test_a_day_within_the_window_is_read_as_itself(today: date, data: st.DataObject) -> None:
    day = data.draw(st.dates(date(today.year - 49, 1, 1), date(today.year + 50, 12, 31)))
    assert yymmdd(day.strftime("%y%m%d"), today) == (day, True)


@given(DAYS, st.integers(1, 12))
def test_day_00_is_the_last_of_the_month(today: date, month: int) -> None:
    found = yymmdd(f"{today:%y}{month:02d}00", today)
    assert found == (date(today.year, month, monthrange(today.year, month)[1]), False)


@given(DAYS, st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_a_day_that_is_read_is_what_is_written(today: date, year: int, month: int, day: int) -> None:
    found = yymmdd(f"{year:02d}{month:02d}{day:02d}", today)
    if found is None:
        assert not 1 <= month <= 12 or calendar_day(century(year, today), month, day or 1) is None
    else:
        assert (found[0].year % 100, found[0].month, found[0].day if found[1] else 0) == (year, month, day)


@given(DAYS)
def test_eight_digits_and_days_of_the_year(day: date) -> None:
    assert yyyymmdd(day.strftime("%Y%m%d")) == day
    assert day_of_year(day.year, int(day.strftime("%j"))) == day


IMPOSSIBLE = {
    "day 0": day_of_year(2026, 0),
    "day 366 of a common year": day_of_year(2026, 366),
    "day 367 of a leap year": day_of_year(2024, 367),
    "day -1": day_of_year(2026, -1),
    "day 0 of the first year": day_of_year(1, 0),
    "year 0": day_of_year(0, 1),
    "year 10000": day_of_year(10_000, 1),
    "month 0": last_of_month(2026, 0),
    "month 13": last_of_month(2026, 13),
    "29 February": yyyymmdd("20260229"),
    "29 February 1900": yyyymmdd("19000229"),
    "year 0000": yyyymmdd("00000101"),
}


@pytest.mark.parametrize("found", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_what_does_not_exist_is_none(found: date | None) -> None:
    assert found is None


LEAP = {
    "240229": date(2024, 2, 29),
    "000200": date(2000, 2, 29),
    "260200": date(2026, 2, 28),
    "761200": date(2076, 12, 31),
}


@pytest.mark.parametrize(("text", "expected"), LEAP.items())
def test_leap_years_by_the_full_year(text: str, expected: date) -> None:
    found = yymmdd(text, date(2026, 11, 24))
    assert found is not None
    assert found[0] == expected


def test_the_last_december_there_is_can_be_told() -> None:
    assert last_of_month(9998, 12) == date(9998, 12, 31)
