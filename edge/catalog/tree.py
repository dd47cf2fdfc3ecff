"""Which DIs a record has, and how many sale units one piece of each stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from edge.catalog.product import Level, Pack
from edge.catalog.release import DeviceRecord

LEVELS = (Level.SALE_UNIT, Level.USE_UNIT, Level.BODY, Level.SALE_UNIT, Level.INNER_PACK, Level.CASE)
"""By the number that stands in a file; the second sale unit is the DI of the registration (注册产品标识)."""
SALE, USE, BODY, REGISTERED, INNER, CASE = range(6)
MOST_UNITS = 1_000_000_000
_GTIN_LENGTHS = (14, 13, 12, 8)
_WORDS = {Level.INNER_PACK.value: INNER, Level.CASE.value: CASE}

Key = int | str
"""A DI as it is stored and compared: a GTIN of any length as a number, anything else as it is."""


def key_of(di: str) -> Key:
    """The stored form of a DI; GTINs of 8, 12, 13 and 14 digits meet in one number."""
    if len(di) in _GTIN_LENGTHS and di.isdigit() and di.isascii():
        return int(di)
    return di


def di_of(key: Key) -> str:
    """A DI as it is said: a GTIN with 14 digits."""
    return f"{key:014d}" if isinstance(key, int) else key


class Claim(NamedTuple):
    """A record's word that one of its levels has this DI."""

    key: Key
    level: int
    """An index of `LEVELS`."""
    contains: int
    """Sale units in one piece."""


def claims(record: DeviceRecord, report: Callable[[str, str], None]) -> list[Claim]:
    """Every DI of a record, each once; the sale unit comes first.

    A package that holds other packages' content is an inner pack (中包), one that nothing else holds is a case, unless
    the registrant's word is one of ours. One whose content cannot be counted is kept with 1.

    Args:
        record: from a release.
        report: told the field and what is wrong with it.
    """
    found = {(sale := key_of(record.sale_unit)): Claim(sale, SALE, 1)}
    for di, level in ((record.use_unit, USE), (record.body, BODY), (record.registered, REGISTERED)):
        if di:
            found.setdefault(key_of(di), Claim(key_of(di), level, 1))
    if record.packs:
        _add_packs(record, found, report)
    return list(found.values())


def _add_packs(record: DeviceRecord, found: dict[Key, Claim], report: Callable[[str, str], None]) -> None:
    base = {claim.key for claim in found.values() if claim.level in (SALE, REGISTERED)}
    below = {key_of(pack.di): pack for pack in reversed(record.packs)}
    inner = {key_of(pack.of) for pack in record.packs}
    for key, pack in sorted(below.items(), key=lambda each: record.packs.index(each[1])):
        if key in found:
            report("bzcpbs", f"{pack.di} is a package and {LEVELS[found[key].level].value} of the same record")
            continue
        units, problem = _units(key, below, base)
        if problem:
            report("bznhxyjbzcpbs", problem)
        found[key] = Claim(key, _WORDS.get(pack.level, INNER if key in inner else CASE), units)
    if len(below) < len(record.packs):
        report("bzcpbs", f"{_twice(record.packs)} is declared as a package more than once; the first counts")


def _units(key: Key, below: Mapping[Key, Pack], base: set[Key]) -> tuple[int, str]:
    """Multiply from a package down to the sale unit."""
    units, seen, at = 1, set[Key](), key
    while at not in base:
        pack = below.get(at)
        if pack is None:
            return 1, f"package {di_of(key)} holds {di_of(at)!r}, which is no level of this record"
        if at in seen:
            return 1, f"package {di_of(key)} holds itself by way of {pack.of!r}"
        if pack.contains < 1:
            return 1, f"package {pack.di} holds {pack.contains} of {pack.of!r}, expected at least 1"
        seen.add(at)
        units, at = units * pack.contains, key_of(pack.of)
    if units > MOST_UNITS:
        return 1, f"package {di_of(key)} holds {units} sale units, expected at most {MOST_UNITS}"
    return units, ""


def _twice(packs: Sequence[Pack]) -> str:
    keys = [key_of(pack.di) for pack in packs]
    return next(pack.di for pack in packs if keys.count(key_of(pack.di)) > 1)
