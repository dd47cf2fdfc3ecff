"""Rules for the content of GS1 element strings, by the names that `edge.udi.ais` uses (General Specifications 3).

Each rule takes a component whose length and characters are already right, and gives the code of a finding or None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache

from edge.udi.checks import check_pair, has_mod10, iban_holds, is_digits
from edge.udi.dates import yymmdd, yyyymmdd
from edge.udi.iso import alpha2, countries, currencies

Rule = Callable[[str, date], str | None]

_PERCENT = r"(?:[^%]|%[0-9A-Fa-f]{2})*"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="
_UNUSED_BITS = (0, None, 4, 2)
"""Of the last character, by the number of characters behind the last whole group of four; one is impossible."""
_GTIN_ZERO = ord("0") * 28 % 10
_PREFIX_DIGITS = 4
_RESTRICTED = frozenset({"02", "04", *(str(prefix) for prefix in range(20, 30))})
_RESTRICTED_8 = ("0000000", "0000002")
"""How a GTIN-8 for use within one company begins once it is written with 14 digits."""
_PAIR_LONGEST = 25


def _mod10(value: str, _today: date) -> str | None:
    return None if has_mod10(value) else "check_digit"


def restricted(gtin: str) -> bool:
    """Whether a GTIN of 14 digits is a number for use within one company or region (General Specifications 1.4)."""
    head = gtin[1:3]
    return head in _RESTRICTED or (head == "00" and gtin.startswith(_RESTRICTED_8))


@lru_cache(maxsize=8192)  # a site has some thousand products
def _gtin(value: str, _today: date) -> str | None:
    digits = value.encode()
    if (3 * sum(digits[::2]) + sum(digits[1::2])) % 10 != _GTIN_ZERO:
        return "check_digit"
    return "gtin_restricted" if restricted(value) else None


def _pair(value: str, _today: date) -> str | None:
    if len(value) <= 2 or len(value) > _PAIR_LONGEST:  # noqa: PLR2004 - the pair itself
        return "check_pair"
    return None if check_pair(value[:-2]) == value[-2:] else "check_pair"


def _prefix(value: str, _today: date) -> str | None:
    """A GS1 company prefix has at least four digits."""
    head = value[:_PREFIX_DIGITS]
    return None if len(head) == _PREFIX_DIGITS and is_digits(head) else "company_prefix"


@lru_cache(maxsize=4096)  # the days of a decade
def _day0(value: str, today: date) -> str | None:
    parsed = yymmdd(value, today)
    if parsed is None:
        return "date_impossible"
    return None if parsed[1] else "date_day_missing"


def _day(value: str, today: date) -> str | None:
    if value[4:] == "00":
        return "date_day_required"
    return None if yymmdd(value, today) is not None else "date_impossible"


def _full_day(value: str, _today: date) -> str | None:
    return None if yyyymmdd(value) is not None else "date_impossible"


def _below(*limits: int) -> Rule:
    def rule(value: str, _today: date) -> str | None:
        pairs = (int(value[place : place + 2]) for place in range(0, len(value), 2))
        return None if all(pair < limit for pair, limit in zip(pairs, limits, strict=False)) else "time_impossible"

    return rule


_HHMM = _below(24, 60)


def _hhmm_or_none(value: str, today: date) -> str | None:
    """Four nines say that there is no time."""
    return None if value == "9999" else _HHMM(value, today)


def _pieces(value: str, _today: date) -> str | None:
    return None if 0 < int(value[:2]) <= int(value[2:]) else "pieces_impossible"


def _among(values: Callable[[], frozenset[str]] | frozenset[str], code: str) -> Rule:
    def rule(value: str, _today: date) -> str | None:
        return None if value in (values() if callable(values) else values) else code

    return rule


def _at_most(limit: int) -> Rule:
    def rule(value: str, _today: date) -> str | None:
        return None if int(value) <= limit else "value_not_allowed"

    return rule


def _matching(pattern: str, code: str) -> Rule:
    def rule(value: str, _today: date) -> str | None:
        return None if re.fullmatch(pattern, value) else code

    return rule


def _percent(value: str, _today: date) -> str | None:
    return None if re.fullmatch(_PERCENT, value) else "percent_encoding"


def _base64(value: str, _today: date) -> str | None:
    """URL-safe base 64 (RFC 4648, 5). Where it is padded, padding fills a group of four and unused bits are zero."""
    bare = value.rstrip("=")
    unused = _UNUSED_BITS[len(bare) % 4]
    if unused is None or "=" in bare:
        return "base64"
    if value == bare:
        return None
    filled = len(value) == -(-len(bare) // 4) * 4
    return None if filled and _BASE64.index(bare[-1]) % (1 << unused) == 0 else "base64"


def _iban(value: str, _today: date) -> str | None:
    form = re.fullmatch(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{1,30}", value)
    return None if form and value[:2] in alpha2() and iban_holds(value) else "iban"


def _birth_place(value: str, _today: date) -> str | None:
    inside = value[1] == "/" and is_digits(value[0] + value[2]) and "0" < value[0] <= value[2]
    return None if inside else "value_not_allowed"


_MEDIA = frozenset(f"{number:02d}" for number in (*range(1, 11), *range(80, 100)))

RULES: Mapping[str, Rule] = {
    "mod10": _mod10,
    "gtin": _gtin,
    "pair": _pair,
    "prefix": _prefix,
    "day0": _day0,
    "day": _day,
    "full_day": _full_day,
    "hh": _below(24),
    "hhmm": _HHMM,
    "hhmm_or_none": _hhmm_or_none,
    "mm": _below(60),
    "ss": _below(60),
    "pieces": _pieces,
    "country": _among(countries, "country_unknown"),
    "country_or_999": _among(lambda: countries() | {"999"}, "country_unknown"),
    "country2": _among(alpha2, "country_unknown"),
    "currency": _among(currencies, "currency_unknown"),
    "nonzero": _matching("0*[1-9][0-9]*", "value_not_allowed"),
    "zero": _matching("0", "value_not_allowed"),
    "no_zero_first": _matching("[1-9][0-9]*", "value_not_allowed"),
    "yes_no": _matching("[01]", "value_not_allowed"),
    "winding": _matching("[019]", "value_not_allowed"),
    "sex": _matching("[0129]", "value_not_allowed"),
    "hyphen": _matching("-", "value_not_allowed"),
    "importer": _matching("[-0-9A-Z_a-z]", "value_not_allowed"),
    "media": _among(_MEDIA, "value_not_allowed"),
    "latitude": _at_most(1_800_000_000),
    "longitude": _at_most(3_600_000_000),
    "birth_place": _birth_place,
    "digits": _matching("[0-9]*", "value_not_allowed"),
    "has_letter": _matching(".*[^0-9].*", "non_digit_required"),
    "percent": _percent,
    "base64": _base64,
    "iban": _iban,
}
