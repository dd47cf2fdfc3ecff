"""What one code says. `parse` never raises: it gives a `Udi` with findings, or a `NotUdi` that names what it is."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import parse_qsl, unquote, urlsplit

from edge.udi.ais import find
from edge.udi.checks import has_mod10, is_digits
from edge.udi.findings import finding
from edge.udi.gs1 import GS, Element, from_elements, looks_like_gs1, to_udi
from edge.udi.model import Finding, Kind, NotUdi, Udi

MAX_BYTES = 65_536
_GS1_SYMBOLS = frozenset({"]C1", "]d2", "]d8", "]Q3", "]e0", "]e1", "]e2", "]J1"})
_GTIN_SYMBOLS = frozenset({"]E0", "]E4", "]I0", "]I1", "]X0"})
_GTIN_LENGTHS = (8, 12, 13, 14)
_BRACKET = re.compile(r"\((\d{2,4})\)")
_NHSA = re.compile(r"C[0-9]{19}(?:[0-9]{7})?")
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_KEY_KINDS = (("00", Kind.SSCC), ("8017", Kind.STAFF), ("8018", Kind.PATIENT), ("414", Kind.LOCATION))
_LINK_KEYS = ("01", "8006")


def parse(payload: bytes | str, symbology: str | None = None, *, today: date) -> Udi | NotUdi:
    """Read one code.

    Args:
        payload: exact content; text may begin with its symbology identifier.
        symbology: identifier of ISO/IEC 15424 such as ``]d2``; None if unknown.
        today: for the century of two-digit years.
    """
    raw = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
    if len(raw) > MAX_BYTES:
        return NotUdi(raw, symbology, Kind.BINARY, findings=(finding("too_long", MAX_BYTES, str(len(raw))),))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return NotUdi(raw, symbology, Kind.BINARY)
    if symbology is None and _AIM.match(text):
        symbology, text = text[:3], text[3:]
    if not text:
        return NotUdi(raw, symbology, Kind.EMPTY)
    return _text(raw, symbology, text, today)


def _text(raw: bytes, symbology: str | None, text: str, today: date) -> Udi | NotUdi:
    if _NHSA.fullmatch(text):
        return NotUdi(raw, symbology, Kind.NHSA, text)
    if text[:8].lower().startswith(("http://", "https://")):
        return _link(raw, symbology, text, today)
    if _BRACKET.match(text):
        return _bracketed(raw, symbology, text, today)
    if is_digits(text) and (symbology in _GTIN_SYMBOLS or _bare_gtin(symbology, text)):
        return _gtin(raw, symbology, text, today)
    if symbology in _GS1_SYMBOLS:
        return _other_key(to_udi(raw, symbology, "element_string", text, today))
    if text.startswith(GS) or looks_like_gs1(text):
        extra = [] if symbology is None else [finding("not_gs1_symbol", 0, symbology)]
        return _other_key(to_udi(raw, symbology, "element_string", text, today, extra))
    return NotUdi(raw, symbology, Kind.TEXT, text)


def _bare_gtin(symbology: str | None, text: str) -> bool:
    return symbology is None and len(text) in _GTIN_LENGTHS and has_mod10(text)


def _gtin(raw: bytes, symbology: str | None, text: str, today: date) -> Udi | NotUdi:
    if len(text) not in _GTIN_LENGTHS:
        return NotUdi(raw, symbology, Kind.TEXT, text)
    ai = find("01")
    assert ai is not None  # noqa: S101 - in the table
    return from_elements(raw, symbology, "gtin", [Element(ai, text.zfill(14), 0)], today)


def _bracketed(raw: bytes, symbology: str | None, text: str, today: date) -> Udi | NotUdi:
    """Human readable text. Every bracketed number that is an identifier begins an element."""
    extra = [finding("bracketed_text", 0) if symbology is None else finding("brackets_in_symbol", 0)]
    marks = [(m, find(m.group(1))) for m in _BRACKET.finditer(text)]
    starts = [(m, ai) for m, ai in marks if ai is not None and ai.code == m.group(1)]
    if not starts or starts[0][0].start() != 0:
        return to_udi(raw, symbology, "bracketed", text[1:], today, [*extra, finding("ai_unknown", 0, text[:6])])
    ends = [m.start() for m, _ in starts[1:]] + [len(text)]
    elements = [
        Element(ai, text[m.end() : end].strip(" "), m.start()) for (m, ai), end in zip(starts, ends, strict=True)
    ]
    return _other_key(from_elements(raw, symbology, "bracketed", elements, today, extra))


def _link(raw: bytes, symbology: str | None, text: str, today: date) -> Udi | NotUdi:
    """GS1 Digital Link, uncompressed: the rightmost primary key of the path, its qualifiers, then the query."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return NotUdi(raw, symbology, Kind.LINK, text)
    path = [unquote(piece) for piece in parts.path.split("/") if piece]
    keys = [n for n, piece in enumerate(path[:-1]) if piece in _LINK_KEYS]
    if not keys:
        return NotUdi(raw, symbology, Kind.LINK, text)
    pairs = list(zip(path[keys[-1] :: 2], path[keys[-1] + 1 :: 2], strict=False))
    pairs += [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if is_digits(name)]
    elements, faults = _pairs(pairs)
    return from_elements(raw, symbology, "digital_link", elements, today, faults)


def _pairs(pairs: list[tuple[str, str]]) -> tuple[list[Element], list[Finding]]:
    elements, faults = [], []
    for code, value in pairs:
        ai = find(code)
        if ai is None or ai.code != code:
            faults.append(finding("ai_unknown", 0, code))
            continue
        elements.append(Element(ai, value.zfill(14) if code == "01" and is_digits(value) else value, 0))
    return elements, faults


def _other_key(udi: Udi) -> Udi | NotUdi:
    """An element string whose key is no product: a shipping unit, a person, a place."""
    values = dict(udi.elements)
    for code, kind in _KEY_KINDS:
        if code in values and udi.di is None and "02" not in values:
            return NotUdi(udi.payload, udi.symbology, kind, values[code], udi.findings)
    return udi
