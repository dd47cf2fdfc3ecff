"""What a code says: the result types of `edge.udi.parse` and `edge.udi.assemble`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from urllib.parse import quote

from edge.udi.read import Read


class Grade(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """This is not the UDI it claims to be."""
    WARNING = "warning"
    """A fault of the label; the parts can still be read."""
    NOTE = "note"
    """Worth knowing."""


class Issuer(StrEnum):
    """Issuing agency (发码机构)."""

    GS1 = "GS1"
    MA = "MA"
    AHM = "AHM"
    HIBCC = "HIBCC"
    ICCBBA = "ICCBBA"
    IFA = "IFA"


class Kind(StrEnum):
    """What a code is when it is no UDI."""

    SSCC = "sscc"
    NHSA = "nhsa"
    STAFF = "staff"
    PATIENT = "patient"
    LOCATION = "location"
    HOUSE = "house"
    LINK = "link"
    TEXT = "text"
    BINARY = "binary"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the parser noticed. Text, clause and advice are in `edge.udi.findings`."""

    code: str
    grade: Grade
    at: int | None = None
    """Byte offset in the payload."""
    value: str = ""
    """The offending text, for the message."""


@dataclass(frozen=True, slots=True)
class Udi:
    """The readable parts of a UDI or of one half of it, with graded findings."""

    payload: bytes
    symbology: str | None
    issuer: Issuer
    form: str
    """``element_string``, ``bracketed``, ``digital_link``, ``gtin`` ..."""
    di: str | None = None
    """Device identifier in its normal form (GTIN as 14 digits)."""
    lot: str | None = None
    serial: str | None = None
    manufactured: date | None = None
    expires: date | None = None
    """Last day of use; a day of 00 means the month's last day."""
    expires_day_given: bool = True
    quantity: int | None = None
    donation: str | None = None
    elements: tuple[tuple[str, str], ...] = ()
    """(identifier, value) pairs in label order."""
    findings: tuple[Finding, ...] = ()

    @property
    def valid(self) -> bool:
        """No finding of grade error."""
        return all(f.grade is not Grade.ERROR for f in self.findings)

    @property
    def has_pi(self) -> bool:
        """At least one production identifier is there."""
        parts = (self.lot, self.serial, self.manufactured, self.expires, self.donation)
        return any(part is not None for part in parts)

    @property
    def trace_key(self) -> str | None:
        """``<issuer>|<di>|S|<serial>``, else ``|L|<lot>``, else None; values percent-encoded."""
        if self.di is None or (self.serial is None and self.lot is None):
            return None
        level, value = ("S", self.serial) if self.serial is not None else ("L", self.lot)
        return f"{self.issuer}|{quote(self.di, safe='')}|{level}|{quote(value or '', safe='')}"


@dataclass(frozen=True, slots=True)
class NotUdi:
    """A code that is something else, and what."""

    payload: bytes
    symbology: str | None
    kind: Kind
    value: str | None = None
    """The recognised content, for example the 18 digits of an SSCC; None for binary."""
    findings: tuple[Finding, ...] = ()


class Shape(StrEnum):
    """What a presentation as a whole turned out to be (architecture section 5)."""

    COMPLETE = "complete"
    """A DI with production identifiers."""
    DI_ONLY = "di_only"
    PI_ONLY = "pi_only"
    SEVERAL = "several"
    """Unrelated DIs: two packages in view."""
    INVALID = "invalid"
    """It claims to be a UDI and is not (wrong check digit, impossible date ...)."""
    OTHER = "other"
    """Codes, but no UDI among them."""
    NOTHING = "nothing"
    """No symbol: a no-read message or the NO CODE gesture."""


@dataclass(frozen=True, slots=True)
class Presentation:
    """Everything one package showed, joined."""

    shape: Shape
    reads: tuple[Read, ...] = ()
    udi: Udi | None = None
    """The joined UDI, or the single half; the first faulty one when INVALID."""
    companions: tuple[NotUdi, ...] = ()
    findings: tuple[Finding, ...] = field(default=())
    """All findings of the parts plus those of joining (`joined_by_time`, `symbols_disagree` ...)."""
