"""One record of a UDID release, whatever form it came in (YY/T 1752-2020)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from edge.catalog.product import Pack, Storage
from edge.udi.recover import PiFlags

UNKNOWN = PiFlags()


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A product as its registrant declared it. Texts are stripped; an empty one is None or ``""`` as typed."""

    sale_unit: str
    """zxxsdycpbs: DI of the smallest sale unit."""
    status: Literal["added", "changed", "deleted"] = "added"
    """versionStauts (so spelt): 新增, 更新, 删除."""
    record_key: str | None = None
    """deviceRecordKey: the same in every version of the record."""
    system: str = ""
    """cpbsbmtxmc: the issuing agency's coding system, in the registrant's words."""
    published: date | None = None
    """cpbsfbrq."""
    use_unit: str | None = None
    """sydycpbs: DI of the unit of use."""
    use_units: int | None = None
    """zxxsdyzsydydsl: units of use in one sale unit."""
    registered: str | None = None
    """zcbacpbs: the DI in the registration, where it differs."""
    body: str | None = None
    """btcpbs: the DI marked on the device itself."""
    name: str = ""
    """cpmctymc."""
    brand: str = ""
    """spmc."""
    model: str = ""
    """ggxh."""
    catalogue_number: str | None = None
    """cphhhbh."""
    device_class: int | None = None
    """qxlb and the registration number: 1, 2 or 3."""
    category: str | None = None
    """flbm: such as 13-07-01."""
    nhsa_codes: tuple[str, ...] = ()
    """ybbm: as many as were given, whatever they look like."""
    registrant: str = ""
    """ylqxzcrbarmc."""
    credit_code: str | None = None
    """tyshxydm."""
    certificate: str | None = None
    """zczbhhzbapzbh."""
    single_use: bool | None = None
    """sfbjwycxsy."""
    sterile: bool | None = None
    """sfwwjbz."""
    pi: PiFlags = UNKNOWN
    """scbssfbhph, scbssfbhxlh, scbssfbhscrq, scbssfbhsxrq."""
    withdrawn: date | None = None
    """tsrq."""
    version: str | None = None
    """versionNumber."""
    version_date: date | None = None
    """versionTime."""
    packs: tuple[Pack, ...] = ()
    """packingList."""
    storage: tuple[Storage, ...] = ()
    """storageList."""
    implant: bool | None = None
    """Said by a site's own table only; UDID has no such field."""
    certificate_from: date | None = None
    """Said by a site's own table only, as is the end of the certificate."""
    certificate_to: date | None = None


class ReleaseError(ValueError):
    """A release, or one part of it, that cannot be read on: names the part, the place, and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One field of one record that could not be taken as it stands."""

    part: str
    record: int
    """Counted from 1 within the part; 0: the part as a whole."""
    field: str
    """The published name; ``packing.`` and ``storage.`` before those of the lists."""
    value: str
    """At most 80 characters of what was found."""
    expected: str
    skipped: bool = False
    """Whether the whole record was left out; otherwise the field alone is unknown."""

    def __str__(self) -> str:
        """One line for a log or a person."""
        what = "record left out" if self.skipped else "taken as unknown"
        return f"{self.part}: record {self.record}: {self.field} = {self.value!r}: expected {self.expected}; {what}"


@dataclass(slots=True)
class Tally:
    """Running counts of what was read."""

    records: int = 0
    """Those that the parts held."""
    skipped: int = 0
    """Those of them that could not be used."""
    problems: int = 0

    def count(self, *, faults: int, skipped: bool) -> None:
        """One record more, with so many faults."""
        self.records += 1
        self.skipped += skipped
        self.problems += faults
