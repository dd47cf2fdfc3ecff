"""What the contents of two codes say of each other, wherever they were seen: one package, two, or no telling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from edge.udi.build import build
from edge.udi.checks import mod43
from edge.udi.hibcc import LINK
from edge.udi.model import Finding, Grade, Issuer, Udi
from edge.udi.parse import parse

NAMES = ("lot", "serial", "donation")
"""What names one package or few."""
IN_COMMON = ("lot", "manufactured", "expires")
"""What a package has in common with the packages in it; serials and quantities differ from level to level."""
_PARTS = (*NAMES, "manufactured", "expires", "quantity")
_KEYS = frozenset({"01", "03", "DI", "MF", "+", "=/", "=)", "9N"})
"""Identifiers of device identifiers."""
_BOUND = frozenset({LINK, "=+", "C"})
"""Identifiers that hold one symbol together and say nothing of the package: HIBC link, ISBT header, MA check digit."""
_SETTLED = frozenset({"ai_required", "gtin_only"})
"""What was said of a half alone."""


def clash(one: Udi, other: Udi, names: Sequence[str] = _PARTS) -> str | None:
    """The first part that two codes give differently, with both values; None if they agree."""
    for name in names:
        mine, yours = getattr(one, name), getattr(other, name)
        if mine is not None and yours is not None and mine != yours:
            return f"{name} {' / '.join(sorted((str(mine), str(yours))))}"
    return None


def linked(one: Udi, other: Udi) -> bool:
    """False if two HIBC codes say that they are of two labels: a secondary repeats its primary's check character.

    The link tells apart in 42 of 43 cases what distance and time cannot.
    """
    mine, yours = _link(one), _link(other)
    return mine is None or yours is None or mine == yours


def _link(udi: Udi) -> str | None:
    if udi.issuer is not Issuer.HIBCC:
        return None
    return dict(udi.elements).get(LINK) if udi.di is None else mod43(f"+{udi.di}")


def adds(udi: Udi, known: Udi) -> bool:
    """Whether a code says something of the package, beside its DI, that `known` does not."""
    return not _said(udi) <= _said(known)


def overlap(one: Udi, other: Udi) -> bool:
    """Whether two codes repeat something of each other, beside the DI."""
    return not _said(one).isdisjoint(_said(other))


def _said(udi: Udi) -> frozenset[tuple[str, str]]:
    return frozenset(each for each in udi.elements if each[0] not in _BOUND and each[0] not in _KEYS)


def is_named(udi: Udi) -> bool:
    """Whether a code gives a lot, a serial or a donation."""
    return any(getattr(udi, name) is not None for name in NAMES)


def tells_most(udi: Udi) -> tuple[int, int]:
    """Order of complete codes of one package: by what names it, then by how much they say."""
    return sum(getattr(udi, name) is not None for name in NAMES), len(_said(udi))


def same_issue(one: Udi, other: Udi) -> bool:
    """Whether codes of two agencies name one package: the same lot, serial and donation, and no date against it."""
    named = [(getattr(one, name), getattr(other, name)) for name in NAMES]
    if any(mine != yours for mine, yours in named) or not any(mine for mine, _ in named):
        return False
    return clash(one, other, ("manufactured",)) is None and _same_end(one, other)


def _same_end(one: Udi, other: Udi) -> bool:
    """A code that gives no day agrees with every day of its month."""
    if one.expires is None or other.expires is None or (one.expires_day_given and other.expires_day_given):
        return one.expires is None or other.expires is None or one.expires == other.expires
    return (one.expires.year, one.expires.month) == (other.expires.year, other.expires.month)


def merge(anchor: Udi, parts: Sequence[Udi], today: date) -> tuple[Udi, str | None]:
    """One UDI of codes that do not clash; else why their union is none.

    The union is read anew, so that the issuer's rules hold for the whole.
    """
    whole = anchor
    if any(adds(each, anchor) for each in parts):
        joined = parse(*build(replace(anchor, elements=_union(anchor, parts))), today=today)
        if not isinstance(joined, Udi) or not joined.valid:
            return anchor, ", ".join(each.value or each.code for each in joined.findings if each.grade is Grade.ERROR)
        whole = replace(joined, payload=anchor.payload, symbology=anchor.symbology, form=anchor.form)
    return (replace(whole, findings=_carried(whole, [anchor, *parts])) if parts else anchor), None


def _union(anchor: Udi, parts: Sequence[Udi]) -> tuple[tuple[str, str], ...]:
    loose = _BOUND - {LINK} if anchor.di is None else _BOUND
    elements = [each for each in anchor.elements if each[0] not in loose]
    elements += [each for part in parts for each in part.elements if each[0] not in loose | _KEYS]
    return tuple(dict.fromkeys(elements))


def _carried(whole: Udi, parts: Sequence[Udi]) -> tuple[Finding, ...]:
    """The findings of the parts that the whole does not settle, and what is new in it."""
    settled = _SETTLED if whole.di is not None and whole.has_pi else frozenset()
    carried = tuple(dict.fromkeys(f for each in parts for f in each.findings if f.code not in settled))
    known = {each.code for each in carried}
    return (*carried, *(each for each in whole.findings if each.code not in known))
