"""What a code says: the result types of `edge.udi.parse`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_UNRESERVED = frozenset("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~")


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
    """医保医用耗材编码."""
    STAFF = "staff"
    PATIENT = "patient"
    LOCATION = "location"
    ASSET = "asset"
    """A returnable or individual asset (GRAI, GIAI): an instrument tray, a pump."""
    DOCUMENT = "document"
    DRUG = "drug"
    """药品追溯码."""
    PROVIDER = "provider"
    """HIBC Provider Applications: a code that a hospital made for itself."""
    HOUSE = "house"
    """A number for use within one company or region (GS1 prefix 02, 04, 20 to 29)."""
    LINK = "link"
    TEXT = "text"
    BINARY = "binary"
    EMPTY = "empty"


@dataclass(frozen=True)
class Finding:
    """One thing the parser noticed. Text, clause and advice are in `edge.udi.wording`."""

    code: str
    grade: Grade
    at: int | None = None
    """Byte offset in the payload."""
    value: str = ""
    """The offending text, for the message."""


@dataclass(frozen=True)
class Udi:
    """The readable parts of a UDI or of one half of it, with graded findings.

    `edge.udi.gs1` fills one in a single step, which slots would not allow.
    """

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
        return not self.findings or all(f.grade is not Grade.ERROR for f in self.findings)

    @property
    def has_pi(self) -> bool:
        """At least one production identifier is there."""
        parts = (self.lot, self.serial, self.manufactured, self.expires, self.donation)
        return any(part is not None for part in parts)

    @property
    def trace_key(self) -> str | None:
        """``<issuer>|<di>|S|<serial>``, else ``|L|<lot>``, else None; values percent-encoded.

        The serials of ISBT 128 count the products of one donation (ST-017, product divisions): its number, always of
        15 characters, stands before them.
        """
        if self.di is None or (self.serial is None and self.lot is None):
            return None
        level, value = ("L", self.lot or "") if self.serial is None else ("S", (self.donation or "") + self.serial)
        return f"{self.issuer}|{_encoded(self.di)}|{level}|{_encoded(value)}"


@dataclass(frozen=True)
class NotUdi:
    """A code that is something else, and what."""

    payload: bytes
    symbology: str | None
    kind: Kind
    value: str | None = None
    """The recognised content, for example the 18 digits of an SSCC; None for binary."""
    findings: tuple[Finding, ...] = ()
    issuer: Issuer | None = None
    """Whose key it is; None for texts, addresses and codes of no issuing agency."""
    form: str | None = None
    elements: tuple[tuple[str, str], ...] = ()
    """(identifier, value) pairs in label order."""

    @property
    def valid(self) -> bool:
        """No finding of grade error."""
        return all(f.grade is not Grade.ERROR for f in self.findings)


def _encoded(text: str) -> str:
    """Percent encoding of everything but unreserved characters (RFC 3986, 2.3)."""
    if _UNRESERVED.issuperset(text):
        return text
    return "".join(
        character if character in _UNRESERVED else "".join(f"%{byte:02X}" for byte in character.encode())
        for character in text
    )
