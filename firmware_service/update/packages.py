"""Versions of Debian packages: which are installed, and whether they lie in a range.

https://www.debian.org/doc/debian-policy/ch-controlfields.html#version
"""

from __future__ import annotations

import operator
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

_QUERY = ("dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Abbrev} ${Version}\n")
_TIMEOUT_S = 30.0
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
    ">>": operator.gt,
}
_RANGE = re.compile(r"(<<|>>|<=|>=|<|>|=)\s*((?:\d+:)?\d[A-Za-z0-9.+~-]*)", re.ASCII)


Part: TypeAlias = tuple[tuple[int, ...], int]
Order: TypeAlias = tuple[int, tuple[Part, ...], tuple[Part, ...]]


class RangeError(ValueError):
    """No range."""


def order(version: str) -> Order:
    """What versions compare by, as Debian orders them: ``~`` before the end, letters before other signs, numbers."""
    epoch, colon, rest = version.partition(":")
    whole = rest if colon else version
    upstream, dash, revision = whole.rpartition("-")
    upstream, revision = (upstream, revision) if dash else (whole, "")
    return int(epoch) if colon and epoch.isdigit() else 0, _parts(upstream), _parts(revision)


def _parts(text: str) -> tuple[Part, ...]:
    """Signs and the number after them, again and again; then the end."""
    first, *more = re.findall(r"(\D*)(\d*)", text)
    pairs = [first, *(pair for pair in more if pair != ("", ""))]
    return (*((_signs(signs), int(number or 0)) for signs, number in pairs), (_signs(""), 0))


def _signs(text: str) -> tuple[int, ...]:
    weights = (-1 if sign == "~" else ord(sign) if sign.isalpha() else ord(sign) + 256 for sign in text)
    return (*weights, 0)


def fits(version: str, wanted: str) -> bool:
    """Whether a version lies in a range such as ``>= 0.3.25, < 0.4``; ``*``: any.

    Raises:
        RangeError: it is no range.
    """
    if wanted.strip() == "*":
        return True
    bounds = [_bound(part.strip()) for part in wanted.split(",")]
    return all(_COMPARE[relation](order(version), order(limit)) for relation, limit in bounds)


def _bound(text: str) -> tuple[str, str]:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise RangeError(f"{text!r}: expected such as >= 0.3.25, or *")
    return match[1], match[2]


def installed(names: Iterable[str]) -> Mapping[str, str]:
    """Version of each of these packages that is installed; one that is not is left out.

    Raises:
        OSError: there is no dpkg, or it does not answer.
    """
    wanted = list(names)
    if not wanted:
        return {}
    command = [*_QUERY, "--", *wanted]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)  # noqa: S603 - signed
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"dpkg-query does not answer within {_TIMEOUT_S:.0f} s") from error
    rows = (line.split() for line in done.stdout.splitlines())
    return {row[0]: row[2] for row in rows if len(row) == 3 and row[1].startswith("ii")}  # noqa: PLR2004 - the format's
