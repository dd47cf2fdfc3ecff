"""Check digits and check characters of every issuing agency. Each takes well-formed text: callers see to the form."""

from __future__ import annotations

CSET82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
"""GS1 AI encodable character set 82 in the order of its weights (General Specifications 7.11)."""
CSET39 = "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""GS1 AI encodable character set 39 (General Specifications 7.11)."""
HIBC_SET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
"""Code 39's characters in the order of their values (ANSI/HIBC 2.6, appendix B)."""

_PAIR_SET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PAIR_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)
_MOD37_SET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
# IDcode's own numbering leaves 43 and 44 out.
_MA_VALUES = {
    character: number
    for characters, first in (("0123456789", 0), ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 10), ("abcdefg", 36))
    for number, character in enumerate(characters, first)
} | {character: number for number, character in enumerate("hijklmnopqrstuvwxyz-.@$,*+%/#!^~", 45)}
_ZERO = ord("0")


def is_digits(text: str) -> bool:
    """ASCII digits only; full-width digits are none."""
    return text.isascii() and text.isdigit()


def mod10(digits: str) -> int:
    """The check digit that belongs behind these digits: weights 3, 1, 3 ... from the right (General Spec. 7.9.1)."""
    values = digits.encode()
    odd, even = values[-1::-2], values[-2::-2]
    return -(3 * sum(odd) + sum(even) - _ZERO * (3 * len(odd) + len(even))) % 10


def has_mod10(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    values = digits.encode()
    length = len(values)
    return (3 * sum(values[-2::-2]) + sum(values[::-2]) - _ZERO * (length + length // 2 * 2)) % 10 == 0


def check_pair(payload: str) -> str:
    """The two check characters behind a GMN or MUDI of at most 23 characters of set 82 (General Spec. 7.9.5)."""
    primes = reversed(_PAIR_PRIMES[: len(payload)])
    total = sum(CSET82.index(character) * prime for character, prime in zip(payload, primes, strict=True)) % 1021
    return _PAIR_SET[total >> 5] + _PAIR_SET[total & 31]


def mod43(text: str) -> str:
    """The HIBC check character behind `text`, which begins with ``+`` (ANSI/HIBC 2.6, appendix B)."""
    return HIBC_SET[sum(HIBC_SET.index(character) for character in text) % 43]


def mod37(text: str) -> int:
    """ISO/IEC 7064 mod 37-2 value (0..36) of a donation identification number's first 13 characters (ST-001)."""
    remainder = 0
    for character in text:
        remainder = (remainder + _MOD37_SET.index(character)) * 2 % 37
    return (38 - remainder) % 37


def mod97(text: str) -> str:
    """The two check digits behind a PPN without them: character codes times 2, 3, 4 ... (IFA coding system)."""
    return f"{sum(ord(character) * weight for weight, character in enumerate(text, 2)) % 97:02d}"


def ma_digit(text: str) -> int | None:
    """The check digit of a part of an MA code: its characters as numbers in a row, then as for bank cards.

    Two public programs agree on it and not every real code does, so a caller must not take it for proof.

    Returns:
        None where a character has no number.
    """
    numbers = [_MA_VALUES.get(character) for character in text]
    if None in numbers:
        return None
    digits = "".join(str(number) for number in numbers)
    singles = sum(int(digit) for digit in digits[-1::-2])
    doubles = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return -(singles + doubles) % 10


def iban_holds(text: str) -> bool:
    """Whether an IBAN's check digits hold (ISO 13616: ISO/IEC 7064 mod 97-10)."""
    turned = text[4:] + text[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1
