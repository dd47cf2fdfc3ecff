"""Check characters of a site's own codes, over the value behind a pattern's prefix. Each takes any text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edge.udi.checks import HIBC_SET, has_mod10, is_digits, mod43

_TEN = "X"
_PAIR = 2


def luhn(value: str) -> bool:
    """The last digit, as on bank cards: every second digit from the right counts twice (ISO/IEC 7812-1, annex B)."""
    if not is_digits(value):
        return False
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in value[-2::-2])
    return (sum(map(int, value[::-2])) + sum(doubled)) % 10 == 0


def mod11_2(value: str) -> bool:
    """The last character, a digit or X, as in a Chinese citizen number (ISO/IEC 7064 MOD 11-2, GB 11643)."""
    digits = value[:-1]
    if not is_digits(digits) or not (is_digits(value[-1]) or value[-1] == _TEN):
        return False
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    return (total + (10 if value[-1] == _TEN else int(value[-1]))) % 11 == 1


def gs1(value: str) -> bool:
    """The last digit, as of a GTIN: weights 3, 1, 3 ... from the right (GS1 General Specifications 7.9.1)."""
    return is_digits(value) and has_mod10(value)


def code39(value: str) -> bool:
    """The last character: the sum of the others by their places in Code 39's set (ISO/IEC 16388, annex A)."""
    return bool(value) and set(value) <= set(HIBC_SET) and mod43(value[:-1]) == value[-1]


def mod97_10(value: str) -> bool:
    """The last two digits (ISO/IEC 7064 MOD 97-10); letters count as 10 to 35, small ones like capitals."""
    if len(value) <= _PAIR or not (value.isascii() and value.isalnum() and is_digits(value[-_PAIR:])):
        return False
    return int("".join(str(int(character, 36)) for character in value)) % 97 == 1


def _none(_value: str) -> bool:
    return True


HOLDS: Mapping[str, Callable[[str], bool]] = {
    "none": _none,
    "mod10": luhn,
    "mod11": mod11_2,
    "gs1": gs1,
    "mod43": code39,
    "mod97": mod97_10,
}
"""By the name that a pattern gives in ``check``."""
