"""What one code says. `parse` never raises: it gives a `Udi` with findings, or a `NotUdi` that names what it is."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from edge.udi import ahm, bracketed, digital_link, gs1, hibcc, iccbba, ifa, ma, repair
from edge.udi.ais import COMMON
from edge.udi.checks import has_mod10, is_digits
from edge.udi.companions import of_element_string, of_gtin, recognise
from edge.udi.findings import finding
from edge.udi.model import Finding, Issuer, Kind, NotUdi, Udi

MAX_BYTES = 65_536
Parsed = Udi | NotUdi

GS1_SYMBOLS = frozenset({"]C1", "]d2", "]d8", "]Q3", "]e0", "]e1", "]e2", "]J1"})
_GTIN_SYMBOLS = {"]E0": (12, 13), "]E4": (8,)}
_ITF_SYMBOLS = frozenset({"]I0", "]I1"})
_GTIN_LENGTHS = (8, 12, 13, 14)
_UPC_LENGTH = 12
"""Digits of UPC-A when a reader strips the zero with which EAN-13 writes it (ISO/IEC 15424, ``]E0``)."""
_COMPOSITE = "|]e0"
"""What some readers write between an EAN symbol and the two-dimensional component above it."""
_KEYS = frozenset({"00", "01", "02", "03", "253", "8003", "8006", "8017", "8018"})
_AIM_LENGTH = 3
_IDENTIFIER = "][A-Za-z][0-9A-Za-z]"


def parse(payload: bytes | str, symbology: str | None = None, *, today: date) -> Parsed:
    """Read one code.

    Args:
        payload: exact content; text may begin with its symbology identifier.
        symbology: identifier of ISO/IEC 15424 such as ``]d2``; None if unknown.
        today: for the century of two-digit years.
    """
    try:
        raw, text = (payload.encode(), payload) if isinstance(payload, str) else (payload, payload.decode())
    except UnicodeError:
        raw = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
        return NotUdi(raw, symbology, Kind.BINARY, findings=(finding("not_text"),))
    if len(raw) > MAX_BYTES:
        return NotUdi(raw, symbology, Kind.BINARY, findings=(finding("too_long", MAX_BYTES, str(len(raw))),))
    prefix = 0
    if symbology is None and text.startswith("]"):
        symbology, text = text[:_AIM_LENGTH], text[_AIM_LENGTH:]
        prefix = len(symbology)
    result = (_gs1_symbol if symbology in GS1_SYMBOLS else _other_symbol)(raw, symbology, text, today)
    if not result.findings or (not prefix and text.isascii()):
        return result
    return replace(result, findings=tuple(_moved(each, text, prefix) for each in result.findings))


def _moved(found: Finding, text: str, prefix: int) -> Finding:
    """Offsets count bytes of the payload, not characters behind the symbology identifier."""
    if found.at is None:
        return found
    return replace(found, at=prefix + len(text[: found.at].encode()))


def _gs1_symbol(raw: bytes, symbology: str | None, text: str, today: date) -> Parsed:
    udi = gs1.to_udi(raw, symbology, "element_string", text, today)
    if (udi.findings and not udi.valid) or repair.spelt_out(text):
        if bracketed.looks_bracketed(text):
            return _key(bracketed.to_udi(raw, symbology, text, today))
        if digital_link.looks_like_link(text):
            link = _key(digital_link.to_udi(raw, symbology, text, today))
            return replace(link, findings=(finding("link_in_gs1_symbol", 0, symbology or ""), *link.findings))
        udi = _repaired(udi, text, today)
    if udi.di is not None:
        return udi
    if udi.elements or not udi.valid:
        return of_element_string(udi)
    return _nothing(raw, None)


def _key(result: Parsed) -> Parsed:
    return of_element_string(result) if isinstance(result, Udi) else result


def _repaired(udi: Udi, text: str, today: date) -> Udi:
    """The reading of the first repair of an element string that reads without an error, else the one there is.

    ``<GS>`` could be content by its characters: it is taken for a separator even if the text reads as it stands.
    Full-width characters are read to show the parts; they stay an error.
    """
    if len(text) > repair.LONGEST:
        return udi
    better, changed, done = udi, text, list[repair.Repair]()
    for fix in (repair.frame, _identifier, repair.separator):
        fixed = fix(changed)
        if fixed is None:
            continue
        changed = fixed.text
        done.insert(0, fixed)
        better = gs1.to_udi(udi.payload, udi.symbology, udi.form, changed, today)
        for each in done:
            better = replace(better, findings=each.moved(better.findings))
        if better.valid:
            return better
    wide = None if udi.valid else repair.full_width(text)
    if wide is not None:
        better = gs1.to_udi(udi.payload, udi.symbology, udi.form, wide.text, today)
        return replace(better, findings=wide.moved(better.findings))
    return better if udi.valid else udi


def _identifier(text: str) -> repair.Repair | None:
    """A second symbology identifier, written into the data by the label's maker."""
    head = text[:_AIM_LENGTH]
    if head not in GS1_SYMBOLS:
        return None
    return repair.Repair(text[_AIM_LENGTH:], finding("identifier_in_data", 0, head), lambda place: place + _AIM_LENGTH)


def _other_symbol(raw: bytes, symbology: str | None, text: str, today: date) -> Parsed:
    """Plain symbols, linear retail codes, and readers that send no identifier."""
    swapped = repair.caps_lock(symbology, text)
    if swapped is not None:
        return _again(raw, None, swapped, today)
    if symbology is not None and not re.fullmatch(_IDENTIFIER, symbology):
        return NotUdi(raw, None, Kind.TEXT, raw.decode(), (finding("symbology_unknown", None, symbology),))
    if symbology in _GTIN_SYMBOLS or (symbology in _ITF_SYMBOLS and len(text) == _GTIN_LENGTHS[-1] and is_digits(text)):
        return _gtin(raw, symbology, text, today)
    if not text:
        return _nothing(raw, symbology)
    bare = _without_suffix(raw, symbology, text, today)
    if bare is not None:
        return bare
    return _by_form(raw, symbology, text, today) or _damaged(raw, symbology, text, today) or _text(raw, symbology, text)


def _text(raw: bytes, symbology: str | None, text: str) -> NotUdi:
    """A symbol may hold any text; a string that nobody says came from a symbol should be a code."""
    return NotUdi(raw, symbology, Kind.TEXT, text, (finding("plain_text" if symbology else "unrecognised"),))


def _nothing(raw: bytes, symbology: str | None) -> NotUdi:
    return NotUdi(raw, symbology, Kind.EMPTY, findings=() if symbology else (finding("empty_symbol"),))


def _without_suffix(raw: bytes, symbology: str | None, text: str, today: date) -> Parsed | None:
    """A code around which the reader wrote a line end or the like; HIBC and ISBT 128 have no such characters either."""
    done = repair.frame(text)
    if done is None:
        return None
    result = _again(raw, symbology, done, today)
    return None if isinstance(result, NotUdi) and result.kind is Kind.TEXT else result


def _again(raw: bytes, symbology: str | None, done: repair.Repair, today: date) -> Parsed:
    """The reading of a repaired text, with what was repaired."""
    result = parse(done.text, symbology, today=today)
    return replace(result, payload=raw, findings=done.moved(result.findings))


def _by_form(raw: bytes, symbology: str | None, text: str, today: date) -> Parsed | None:
    """What its own form says a text is; None if it says nothing."""
    first = text[0]
    found = ma.find(text) if first in "MmHh< \t\r\n" else None
    if found is not None:
        return _claim(ma.to_udi(raw, symbology, found, today))
    if digital_link.looks_like_link(text):
        return _key(digital_link.to_udi(raw, symbology, text, today))
    if first in "+*":
        return _hibc(raw, symbology, text, today)
    if first in "=&" and iccbba.is_code(text):
        return _claim(iccbba.to_udi(raw, symbology, text))
    if first == "[" and ifa.is_code(text):
        return _claim(ifa.to_udi(raw, symbology, text, today))
    if first == "M" and ahm.is_code(text):
        return ahm.to_udi(raw, symbology, text, today)
    if bracketed.looks_bracketed(text):
        return _key(bracketed.to_udi(raw, symbology, text, today))
    return _numbers(raw, symbology, text, today)


def _claim(udi: Udi) -> Parsed:
    """What begins like a code but holds no part of a UDI is a text with what was found.

    A faultless half may be empty, such as an HIBC secondary without a lot; a blood group of ISBT 128 is no half.
    """
    if udi.di is not None or udi.has_pi or udi.quantity is not None:
        return udi
    if udi.valid and udi.issuer is not Issuer.ICCBBA:
        return udi
    text = udi.payload.decode()
    return NotUdi(udi.payload, udi.symbology, Kind.TEXT, text, udi.findings, udi.issuer, udi.form, udi.elements)


def _hibc(raw: bytes, symbology: str | None, text: str, today: date) -> Parsed | None:
    starred = repair.asterisks(text)
    bare = text if starred is None else starred.text
    typed = _typed(raw, symbology, text, today)
    if not bare.startswith("+") or bare == "+":
        return typed
    result = hibcc.to_udi(raw, symbology, bare)
    if typed is not None:
        return _text(raw, symbology, text) if result.valid else typed  # two codes at once: nothing tells which it is
    if not result.valid:
        result = _hibc_repaired(raw, symbology, bare) or result
    if starred is not None:
        result = replace(result, findings=starred.moved(result.findings))
    return _claim(result) if isinstance(result, Udi) else result


def _hibc_repaired(raw: bytes, symbology: str | None, text: str) -> Parsed | None:
    for done in (repair.lower_case(text), repair.unfolded(symbology, text)):
        if done is None:
            continue
        result = hibcc.to_udi(raw, symbology, done.text)
        if result.valid:
            return replace(result, findings=done.moved(result.findings))
    return None


def _typed(raw: bytes, symbology: str | None, text: str, today: date) -> Parsed | None:
    """What a reader typed under another keyboard layout, if every layout that gives a UDI gives the same one."""
    if symbology is not None or len(text) > repair.LONGEST:
        return None
    found: dict[tuple[tuple[str, str], ...], Parsed] = {}
    for done in repair.layouts(text):
        result = _if_valid(_again(raw, None, done, today))
        if result is not None:
            found.setdefault(result.elements, result)
    return next(iter(found.values())) if len(found) == 1 else None


def _if_valid(result: Parsed) -> Parsed | None:
    return result if isinstance(result, Udi) and result.valid else None


def _numbers(raw: bytes, symbology: str | None, text: str, today: date) -> Parsed | None:
    known = recognise(raw, symbology, text)
    if known is not None:
        return known
    if symbology is None and len(text) in _GTIN_LENGTHS and is_digits(text) and has_mod10(text):
        return _gtin(raw, symbology, text, today)
    return _unmarked(raw, symbology, text, today)


def _gtin(raw: bytes, symbology: str | None, text: str, today: date) -> Parsed:
    linear, composite, more = text.partition(_COMPOSITE)
    lengths = _GTIN_SYMBOLS.get(symbology or "", _GTIN_LENGTHS)
    if not is_digits(linear) or len(linear) not in lengths:
        return NotUdi(raw, symbology, Kind.TEXT, text, (finding("gtin_length", 0, text[:24]),))
    if composite:
        return gs1.to_udi(raw, symbology, "composite", f"01{linear.zfill(14)}{more}", today)
    element = (COMMON["01"], linear.zfill(14), 0)
    found = gs1.check([element], element[1], today)
    if symbology is None or len(linear) == _UPC_LENGTH:
        found.append(finding("gs1_unconfirmed"))
    return of_gtin(gs1.from_elements(raw, symbology, "gtin", [element], today, tuple(found)))


def _unmarked(raw: bytes, symbology: str | None, text: str, today: date) -> Parsed | None:
    """An element string that no symbology identifier announces."""
    if not (is_digits(text[:2]) or text.startswith(gs1.GS)):
        return None
    udi = gs1.to_udi(raw, symbology, "element_string", text, today)
    if not udi.valid or repair.spelt_out(text):
        udi = _repaired(udi, text, today)
    if not udi.elements or (symbology is not None and not _evident(udi, text)):
        return None
    if symbology is not None:
        udi = replace(udi, findings=(finding("not_gs1_symbol", 0, symbology), *udi.findings))
    elif not _evident(udi, text):
        udi = replace(udi, findings=(*udi.findings, finding("gs1_unconfirmed")))
    return of_element_string(udi)


def _evident(udi: Udi, text: str) -> bool:
    """Whether an element string shows by itself that it is one.

    A separator in front, a key whose check digit holds, or a date with something valid behind it.
    """
    if text.startswith(gs1.GS):
        return True
    faults = {each.code for each in udi.findings}
    code, value = udi.elements[0]
    if code in _KEYS:
        held = "check_digit" not in faults and udi.valid
        return held or (len(value) >= 14 and is_digits(value[:14]) and _plausible(udi))  # noqa: PLR2004 - a whole key
    return code in ("11", "17") and udi.valid and len(udi.elements) > 1


def _plausible(udi: Udi) -> bool:
    """A faulty key is still one if no reader identified it otherwise, or if dates or names follow it."""
    return udi.symbology is None or len(udi.elements) > 1


def _damaged(raw: bytes, symbology: str | None, text: str, today: date) -> Parsed | None:
    """A code that a reader or a keyboard changed on its way."""
    if len(text) > repair.LONGEST:
        return None
    typed = _typed(raw, symbology, text, today)
    if typed is not None:
        return typed
    for done in (repair.unfolded(symbology, text), repair.separator(text)):
        better = None if done is None else _if_valid(_again(raw, symbology, done, today))
        if better is not None:
            return better
    done = repair.full_width(text)
    result = None if done is None else _again(raw, symbology, done, today)
    return None if isinstance(result, NotUdi) and result.kind is Kind.TEXT else result
