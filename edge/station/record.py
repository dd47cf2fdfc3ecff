"""What happened, as the body of an event (architecture section 10). Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from edge.catalog.product import Product
from edge.rules.verdict import Verdict
from edge.seal import Sealed
from edge.udi.model import Udi
from edge.udi.read import Read

MAX_READ_BYTES = 4096
"""A longer read is cut; its length and SHA-256 stand beside it."""
MAX_READS_BYTES = 6144
"""All reads of one event together, so that the event stays within `edge.wire.MAX_EVENT_BYTES`."""


@dataclass(frozen=True, slots=True)
class Booking:
    """Where a judged presentation stands in the running task."""

    count: int | None = None
    """Sale units moved; None where nothing was booked."""
    document: str | None = None
    line: int | None = None
    """Of the document."""
    owner: str | None = None
    """货主."""
    counterparty: str | None = None
    case: str | None = None
    house_code: str | None = None
    """That this UDI is being bound to; one that was merely read stands among the reads."""
    measurement: Mapping[str, Any] | None = None
    """``{quantity, value, unit}``: a count by hand, a temperature."""
    override: Mapping[str, Any] | None = None
    """``{reason}``: booked despite the verdict."""
    reason: str | None = None
    corrects: str | None = None
    """The event that this one takes the place of."""


def scan_body(
    reads: Sequence[Read],
    udi: Udi | None,
    product: Product | None,
    verdict: Verdict,
    booking: Booking,
    *,
    patient: Sealed | None,
    catalogue: str | None,
    rules: str,
) -> dict[str, Any]:
    """Body of a ``scan`` event, keys in wire order.

    Args:
        reads: the symbols of the presentation; context codes and patients are never among them. Of a house code what
            was printed is recorded, not the UDI in whose place it stands.
        udi: the joined UDI or its half; None when there was none.
        product: what the catalogue said.
        verdict: what was shown.
        booking: the place in the task.
        patient: of the case, sealed.
        catalogue: digest of the catalogue file; None without a catalogue.
        rules: digest of the region file.
    """
    return {
        "reads": _reads(reads),
        "udi": None if udi is None else _udi(udi),
        "product": {
            "level": None if product is None else product.level.value,
            "contains": None if product is None else product.contains,
            "catalogue": catalogue,
            "rules": rules,
        },
        "verdict": {
            "outcome": verdict.outcome.value,
            "reasons": [{"code": r.code, "audience": r.audience.value} for r in verdict.reasons],
        },
        "count": booking.count,
        "document": booking.document,
        "line": booking.line,
        "owner": booking.owner,
        "counterparty": booking.counterparty,
        "case": booking.case,
        "patient": None if patient is None else patient.to_json(),
        "house_code": booking.house_code or _house_code(reads),
        "measurement": booking.measurement,
        "override": booking.override,
        "reason": booking.reason,
        "corrects": booking.corrects,
    }


def picture_entry(name: str, t0_ns: int) -> dict[str, Any]:
    """The entry of ``reads`` for a package that shows no code: nothing was read, and this is what it looks like.

    Args:
        name: SHA-256 of the sealed picture.
        t0_ns: monotonic time of the gesture.
    """
    return _read(Read(b"", None, "camera", t0_ns, picture=name), b"")


def correction_body(corrects: str, why: str) -> dict[str, Any]:
    """Body of a ``correction`` event: the earlier event stays, this one takes it back."""
    return {"reason": why, "corrects": corrects}


def _house_code(reads: Sequence[Read]) -> str | None:
    return next((read.printed.payload.decode() for read in reads if read.printed is not None), None)


def _reads(reads: Sequence[Read]) -> list[dict[str, Any]]:
    left = MAX_READS_BYTES
    found = []
    for read in (each.printed or each for each in reads):
        kept = read.payload[: min(MAX_READ_BYTES, max(left, 0))]
        left -= len(kept)
        found.append(_read(read, kept))
    return found


def _read(read: Read, kept: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "bytes": base64.b64encode(kept).decode("ascii"),
        "symbology": read.symbology,
        "source": read.source,
        "t0_ns": read.t0_ns,
        "took_ms": round(read.took_ms, 1),
        "picture": read.picture,
    }
    if len(kept) < len(read.payload):
        entry["length"] = len(read.payload)
        entry["sha256"] = hashlib.sha256(read.payload).hexdigest()
    return entry


def _udi(udi: Udi) -> dict[str, Any]:
    return {
        "issuer": udi.issuer.value,
        "di": udi.di,
        "lot": udi.lot,
        "serial": udi.serial,
        "manufactured": _iso(udi.manufactured),
        "expires": _iso(udi.expires),
        "trace_key": udi.trace_key,
        "findings": [finding.code for finding in udi.findings],
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
