"""Check digits (GS1 General Specifications 7.9)."""

from __future__ import annotations


def is_digits(text: str) -> bool:
    """ASCII digits only; full-width digits are none."""
    return text.isascii() and text.isdigit()


def mod10(digits: str) -> int:
    """The check digit that belongs behind these digits: weights 3, 1, 3 ... from the right."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return -total % 10


def has_mod10(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    return len(digits) > 1 and mod10(digits[:-1]) == int(digits[-1])
