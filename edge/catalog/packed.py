"""How a record stands in a catalogue file: what many products share once, the rest in few bytes, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from edge.catalog.product import Certificate, NhsaCode, Pack, Product, Storage
from edge.catalog.release import DeviceRecord
from edge.catalog.tree import LEVELS, Key, di_of
from edge.udi.recover import PiFlags

SHARED = (
    "name", "brand", "registrant", "credit_code", "certificate", "certificate_from", "certificate_to", "device_class",
    "category", "flags", "storage", "system",
)  # fmt: skip
OWN = (
    "shared", "sale", "model", "catalogue_number", "nhsa", "withdrawn", "version", "version_date", "status", "dis",
    "shape",
)  # fmt: skip
_EPOCH = date(1970, 1, 1).toordinal()
_DI_BYTES = 6
_MOST_NUMBER = 2**63 - 1
_MOST_DIGITS = 18
_NHSA_CODE = 20
_STATUSES: tuple[Literal["added", "changed", "deleted"], ...] = ("added", "changed", "deleted")
_STATUS = {status: number for number, status in enumerate(_STATUSES)}
_BITS = {None: 0, False: 1, True: 2}
_VERSION, _VERSION_DATE = OWN.index("version"), OWN.index("version_date")
_FLAGS = 7
IMPLANTS = ("12", "13")
"""Main classes of 医疗器械分类目录 whose devices stay in the body: active and passive implants."""

_Row = tuple[Any, ...]


def shared_row(record: DeviceRecord) -> _Row:
    """What products of one registration have in common, in the order of `SHARED`."""
    storage = [[each.condition, each.low, each.high, each.unit] for each in record.storage]
    return (
        record.name,
        record.brand,
        record.registrant,
        record.credit_code,
        record.certificate,
        _number(record.certificate_from),
        _number(record.certificate_to),
        record.device_class,
        record.category,
        _flags(record),
        json.dumps(storage, ensure_ascii=False, separators=(",", ":")) if storage else None,
        record.system,
    )


def own_row(record: DeviceRecord, keys: Sequence[Key]) -> _Row:
    """What only this product has, in the order of `OWN` but for the first and the last; `keys` are its DIs."""
    return (
        keys[0],
        record.model,
        record.catalogue_number,
        _nhsa(record.nhsa_codes),
        _number(record.withdrawn),
        _short(record.version),
        _number(record.version_date),
        _STATUS[record.status],
        _join(keys[1:]),
    )


def rank_of_row(row: _Row) -> int:
    """`rank_of` of what `own_row` made."""
    return rank_of(row[_VERSION_DATE - 1], row[_VERSION - 1])


def rank_of(version_date: int | None, version: int | str | None) -> int:
    """Of two records the one with the higher rank is the newer: by date of version, then its number."""
    number = version if isinstance(version, int) else 0
    return ((version_date or 0) << 24) + min(max(number, 0), 0xFFFFFF)


def record_from(own: Sequence[Any], shared: Sequence[Any], shape: str | None) -> DeviceRecord:
    """The record as it was, but for the order of deletions and additions upstream: record key and publication day."""
    told = dict(zip(OWN, own, strict=True))
    common = dict(zip(SHARED, shared, strict=True))
    use_units, units, packs = _packaging(told["sale"], told["dis"], shape)
    flags = _unflag(common["flags"])
    return DeviceRecord(
        sale_unit=di_of(told["sale"]),
        status=_STATUSES[told["status"]],
        system=common["system"],
        use_unit=units[0],
        body=units[1],
        registered=units[2],
        use_units=use_units,
        name=common["name"],
        brand=common["brand"],
        model=told["model"],
        catalogue_number=told["catalogue_number"],
        device_class=common["device_class"],
        category=common["category"],
        nhsa_codes=_codes(told["nhsa"]),
        registrant=common["registrant"],
        credit_code=common["credit_code"],
        certificate=common["certificate"],
        single_use=flags[0],
        sterile=flags[1],
        pi=PiFlags(*flags[3:]),
        withdrawn=_day(told["withdrawn"]),
        version=None if told["version"] is None else str(told["version"]),
        version_date=_day(told["version_date"]),
        packs=packs,
        storage=_storage(common["storage"]),
        implant=flags[2],
        certificate_from=_day(common["certificate_from"]),
        certificate_to=_day(common["certificate_to"]),
    )


def product_from(key: Key, level: int, contains: int, record: DeviceRecord) -> Product:
    """What is said of a scanned DI.

    ``implant`` is a conclusion: UDID has no such field, so a product of main class 12 or 13 counts as one unless a
    site's table says otherwise.
    """
    implant = record.implant if record.implant is not None else (record.category or "")[:2] in IMPLANTS
    dates = (record.certificate_from, record.certificate_to)
    return Product(
        di=di_of(key),
        sale_unit=record.sale_unit,
        level=LEVELS[level],
        contains=contains,
        name=record.name,
        model=record.model,
        registrant=record.registrant,
        catalogue_number=record.catalogue_number,
        device_class=record.device_class,
        implant=implant,
        single_use=record.single_use,
        pi=record.pi,
        certificate=None if record.certificate is None else Certificate(record.certificate, *dates),
        storage=record.storage,
        nhsa=tuple(NhsaCode(code, "udid") for code in record.nhsa_codes),
        withdrawn=record.withdrawn,
        version=record.version,
        category=record.category,
        credit_code=record.credit_code,
        sterile=record.sterile,
        packs=record.packs,
    )


def _join(keys: Sequence[Key]) -> bytes | str | None:
    if not keys:
        return None
    try:
        return b"".join([key.to_bytes(_DI_BYTES, "big") for key in keys])  # type: ignore[union-attr]
    except AttributeError:  # a text among them
        return json.dumps([di_of(key) for key in keys], ensure_ascii=False, separators=(",", ":"))


def _split(joined: bytes | str | None) -> list[str]:
    if joined is None:
        return []
    if isinstance(joined, str):
        return list(json.loads(joined))
    steps = range(0, len(joined), _DI_BYTES)
    return [di_of(int.from_bytes(joined[at : at + _DI_BYTES], "big")) for at in steps]


def _packaging(
    sale: Key, joined: bytes | str | None, shape: str | None
) -> tuple[int | None, list[str | None], tuple[Pack, ...]]:
    """Units of use, DIs of use unit, body and registration, and the packages."""
    if shape is None:
        return None, [None, None, None], ()
    use_units, roles, forms = json.loads(shape)
    dis = _split(joined)
    found = {0: None, 1: di_of(sale)}
    units = [found[role] if role in found else dis.pop(0) for role in roles]
    of = [*dis, *reversed(units), di_of(sale)]  # from the end: see `edge.catalog.form`
    packs = (
        Pack(di, level, contains, under if isinstance(under, str) else of[under] or "")
        for di, (level, contains, under) in zip(dis, forms, strict=True)
    )
    return use_units, units, tuple(packs)


def _number(day: date | None) -> int | None:
    return None if day is None else day.toordinal() - _EPOCH


def _day(number: int | None) -> date | None:
    return None if number is None else date.fromordinal(number + _EPOCH)


def _flags(record: DeviceRecord) -> int:
    """Two bits each: 0 unknown, 1 no, 2 yes; the first flag lowest."""
    pi = record.pi
    return (
        _BITS[record.single_use]
        | _BITS[record.sterile] << 2
        | _BITS[record.implant] << 4
        | _BITS[pi.lot] << 6
        | _BITS[pi.serial] << 8
        | _BITS[pi.manufactured] << 10
        | _BITS[pi.expires] << 12
    )


def _unflag(bits: int) -> list[bool | None]:
    return [(None, False, True)[bits >> 2 * at & 3] for at in range(_FLAGS)]


def _short(text: str | None) -> int | str | None:
    """A number that is written as numbers are, and any other text as it is."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        return text
    return int(text) if text == "0" or text[0] != "0" else text


def _nhsa(codes: tuple[str, ...]) -> int | str | None:
    if not codes:
        return None
    (code, *more) = codes
    if not more and len(code) == _NHSA_CODE and code[0] == "C" and code[1:].isascii() and code[1:].isdigit():
        number = int(code[1:])
        if number <= _MOST_NUMBER:
            return number
    return json.dumps(codes, ensure_ascii=False, separators=(",", ":"))


def _codes(stored: int | str | None) -> tuple[str, ...]:
    if stored is None:
        return ()
    return (f"C{stored:019d}",) if isinstance(stored, int) else tuple(json.loads(stored))


def _storage(stored: str | None) -> tuple[Storage, ...]:
    return () if stored is None else tuple(Storage(*each) for each in json.loads(stored))
