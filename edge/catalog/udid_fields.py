"""The fields of the UDID data set (YY/T 1752-2020) as published -> `DeviceRecord`; the one table for XML and JSON.

Everything is published as text. What cannot be read is a fault of its field: the record is kept with that field
unknown, except where unknown would be taken for good: without a DI, with an impossible date of withdrawal, or with a
status that may mean deletion, the record is left out. A package without a readable quantity is left out of its record.

The device class (from public samples and the order on registration of 2014, article 76):

- A registration number since October 2014 is ``x械注x`` (准, 进, 许), four digits for the year, then **the class**,
  two digits of the classification and a serial number: 国械注准20233131234 is class 3. Before, it was ``…械(准)字``,
  the year, ``第`` and the class: 国食药监械(准)字2013第3460001号. A filing (``械备``) is always class 1.
- Several numbers stand with commas between them; the highest class of them counts.
- ``qxlb`` (器械类别) says 器械 or 体外诊断试剂 in every sample seen, and 1 or 2 for them in the share API: it tells the
  class only where it names one (三类, Ⅲ类).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from edge.catalog.product import Pack, Storage
from edge.catalog.release import DeviceRecord
from edge.udi.recover import PiFlags

Status = Literal["added", "changed", "deleted"]

PACKING = ("bzcpbs", "cpbzjb", "bznhxyjcpbssl", "bznhxyjbzcpbs")
PI_FLAGS = ("scbssfbhph", "scbssfbhxlh", "scbssfbhscrq", "scbssfbhsxrq")
STORAGE = ("cchcztj", "zdz", "zgz", "jldw")

_FLAGS = {"": None, "是": True, "否": False, "1": True, "0": False}
_STATUS: Mapping[str, Status] = {"": "added", "新增": "added", "更新": "changed", "变更": "changed", "删除": "deleted"}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COUNT = re.compile(r"[0-9]{1,9}")
_NUMBER = re.compile(r"[-+]?[0-9]{1,9}(?:\.[0-9]{1,9})?")
_BETWEEN_CODES = re.compile(r"[;,、，；\s]+")
_REGISTERED = re.compile(r"械注[准进许][0-9]{4}([123])[0-9]{2}|械[(（][准进许][)）]字[0-9]{4}第([123])")
_FILED = "械备"
_DECIDING = ("versionStauts", "tsrq")
_NAMED_CLASS = re.compile(r"第?(?:(一|Ⅰ|I)|(二|Ⅱ|II)|(三|Ⅲ|III))类")


@dataclass(frozen=True, slots=True)
class Fault:
    """A field that could not be read."""

    field: str
    value: str
    expected: str


@dataclass(slots=True)
class Device:
    """One record as published: its texts, and those of its lists."""

    fields: dict[str, str] = field(default_factory=dict)
    packings: list[dict[str, str]] = field(default_factory=list)
    storages: list[dict[str, str]] = field(default_factory=list)


def device_record(device: Device, faults: list[Fault]) -> DeviceRecord | None:
    """Read one record.

    Args:
        device: as published; absent fields are empty ones.
        faults: gets what could not be read.

    Returns:
        None if the record cannot be used; the last fault says why.
    """
    fields = device.fields
    if "versionStatus" in fields:  # spelt right
        fields.setdefault("versionStauts", fields["versionStatus"])
    get = fields.get
    try:
        values = [convert(get(name, "")) for name, convert in _TABLE]
    except ValueError:
        values = [_read(name, convert, get(name, ""), faults) for name, convert in _TABLE]
    values[_PI] = [_pi_flags(*values[_PI])]
    if values[_CLASS] is None:
        values[_CLASS] = _named_class(get("qxlb", ""))
    packs = _packs(device.packings, faults) if device.packings else ()
    storage = _storage(device.storages, faults) if device.storages else ()
    values += (packs, storage)
    record = DeviceRecord(*values)
    return record if record.sale_unit and not faults else _usable(record, faults)


def _read(name: str, convert: Callable[[str], Any], text: str, faults: list[Fault]) -> Any:
    try:
        return convert(text)
    except ValueError as wrong:
        faults.append(Fault(name, text, str(wrong)))
        return None


def _usable(record: DeviceRecord, faults: list[Fault]) -> DeviceRecord | None:
    """The record, unless something is unknown that would be taken for good; the fault that decides comes last."""
    if not record.sale_unit:
        faults.append(Fault("zxxsdycpbs", "", "the DI of the smallest sale unit"))
        return None
    faults.sort(key=lambda fault: fault.field in _DECIDING)
    return None if faults[-1].field in _DECIDING else record


@lru_cache(maxsize=8_192)  # many records share a certificate
def registered_class(certificate: str) -> int | None:
    """The class (1, 2 or 3) that a registration or filing number tells; None if it is of no known form."""
    if found := _REGISTERED.findall(certificate):
        return max(int(new or old) for new, old in found)
    return 1 if _FILED in certificate else None


@lru_cache(maxsize=128)
def _named_class(text: str) -> int | None:
    named = _NAMED_CLASS.fullmatch(text.strip())
    return None if named is None else named.lastindex


def _optional(text: str) -> str | None:
    return text.strip() or None


@lru_cache(maxsize=32)
def _status(text: str) -> Status:
    try:
        return _STATUS[text.strip()]
    except KeyError:
        raise ValueError("新增, 更新 or 删除") from None


@lru_cache(maxsize=32)
def _flag(text: str) -> bool | None:
    try:
        return _FLAGS[text.strip()]
    except KeyError:
        raise ValueError("是 or 否, in JSON 1 or 0") from None


@lru_cache(maxsize=16_384)  # 40 years
def _day(text: str) -> date | None:
    text = text.strip()
    if not text:
        return None
    if not _DAY.fullmatch(text):
        raise ValueError("a date such as 2027-12-31")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("a date such as 2027-12-31 that the calendar has") from None


@lru_cache(maxsize=4_096)
def _count(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not _COUNT.fullmatch(text) or int(text) == 0:
        raise ValueError("a whole number above 0")
    return int(text)


def _number(text: str) -> float | None:
    text = text.strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError("a number such as 2 or -18.5")
    return float(text)


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code for code in _BETWEEN_CODES.split(text) if code) if text else ()


_pi_flags = lru_cache(maxsize=128)(PiFlags)  # there are 81


def _packs(packings: Sequence[Mapping[str, str]], faults: list[Fault]) -> tuple[Pack, ...]:
    found = []
    for packing in packings:
        di, level, quantity, of = (packing.get(name, "").strip() for name in PACKING)
        if not (di or quantity or of):
            continue
        try:
            contains = _count(quantity)
        except ValueError:
            contains = None
        if contains is None:
            faults.append(Fault("packing.bznhxyjcpbssl", quantity, "a whole number above 0; the package is left out"))
        elif not (di and of):
            name = "bznhxyjbzcpbs" if di else "bzcpbs"
            faults.append(Fault(f"packing.{name}", "", "a DI; the package is left out"))
        else:
            found.append(Pack(di, level, contains, of))
    return tuple(found)


def _storage(storages: Sequence[Mapping[str, str]], faults: list[Fault]) -> tuple[Storage, ...]:
    found = []
    for storage in storages:
        condition, low, high, unit = (storage.get(name, "").strip() for name in STORAGE)
        if condition or low or high:
            low_read, high_read = (_bound(name, text, faults) for name, text in (("zdz", low), ("zgz", high)))
            found.append(Storage(condition, low_read, high_read, unit or None))
    return tuple(found)


def _bound(name: str, text: str, faults: list[Fault]) -> float | None:
    try:
        return _number(text)
    except ValueError as wrong:
        faults.append(Fault(f"storage.{name}", text, str(wrong)))
        return None


# In the order of the fields of DeviceRecord, up to its lists; the four PI flags become one.
_TABLE: tuple[tuple[str, Callable[[str], Any]], ...] = (
    ("zxxsdycpbs", str.strip),
    ("versionStauts", _status),
    ("deviceRecordKey", _optional),
    ("cpbsbmtxmc", str.strip),
    ("cpbsfbrq", _day),
    ("sydycpbs", _optional),
    ("zxxsdyzsydydsl", _count),
    ("zcbacpbs", _optional),
    ("btcpbs", _optional),
    ("cpmctymc", str.strip),
    ("spmc", str.strip),
    ("ggxh", str.strip),
    ("cphhhbh", _optional),
    ("zczbhhzbapzbh", registered_class),
    ("flbm", _optional),
    ("ybbm", _codes),
    ("ylqxzcrbarmc", str.strip),
    ("tyshxydm", _optional),
    ("zczbhhzbapzbh", _optional),
    ("sfbjwycxsy", _flag),
    ("sfwwjbz", _flag),
    *((name, _flag) for name in PI_FLAGS),
    ("tsrq", _day),
    ("versionNumber", _optional),
    ("versionTime", _day),
)
_CLASS = _TABLE.index(("zczbhhzbapzbh", registered_class))
_PI = slice(_TABLE.index((PI_FLAGS[0], _flag)), _TABLE.index((PI_FLAGS[-1], _flag)) + 1)
