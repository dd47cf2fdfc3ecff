"""GS1 element strings: split, check, and read the parts of a UDI from them (General Specifications 3, 4 and 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from edge.udi.ais import CSET82, Ai, find
from edge.udi.checks import has_mod10, is_digits
from edge.udi.dates import yymmdd
from edge.udi.findings import finding
from edge.udi.model import Finding, Issuer, Udi

GS = "\x1d"


@dataclass(frozen=True, slots=True)
class Element:
    """One application identifier with its value."""

    ai: Ai
    value: str
    at: int
    """Offset of the identifier in the text."""


def split(text: str) -> tuple[list[Element], list[Finding]]:
    """Cut an element string. What cannot be cut ends the list with a finding; everything before it is kept.

    Separators after elements of predefined length, doubled and trailing ones are tolerated.
    """
    elements: list[Element] = []
    at = 0
    while at < len(text):
        if text[at] == GS:
            at += 1
            continue
        ai = find(text[at:])
        if ai is None:
            return elements, [finding("ai_unknown", at, text[at : at + 4])]
        start = at + len(ai.code)
        end = start + ai.most if ai.predefined else _separator(text, start)
        elements.append(Element(ai, text[start:end], at))
        at = end
    return elements, []


def _separator(text: str, start: int) -> int:
    end = text.find(GS, start)
    return len(text) if end < 0 else end


def looks_like_gs1(text: str) -> bool:
    """Whether plain text can be meant as an element string: it begins with a key or a PI that splits to the end."""
    if not text[:2].isascii() or not text[:2].isdigit():
        return False
    elements, faults = split(text)
    if faults or not elements:
        return False
    first = elements[0]
    if first.ai.code in ("01", "02", "00", "03"):
        return len(first.value) == first.ai.most and is_digits(first.value)
    dated = first.ai.code in ("11", "17") and is_digits(first.value) and len(first.value) == first.ai.most
    return dated and len(elements) > 1


def check(elements: Sequence[Element], today: date) -> list[Finding]:
    """Content of each element, repeats and excluded partners.

    Missing partners are a note: they may be on the other half of the label.
    """
    found = [fault for element in elements for fault in _content(element, today)]
    return found + _repeats(elements) + _partners(elements)


def _content(element: Element, today: date) -> list[Finding]:
    ai, value = element.ai, element.value
    if len(value) < ai.least:
        return [finding("ai_too_short", element.at, ai.code)]
    if len(value) > ai.most:
        return [finding("ai_too_long", element.at, ai.code)]
    if not _charset(ai, value):
        return [finding("ai_charset", element.at, f"({ai.code}){value}")]
    match ai.content:
        case "mod10" if not has_mod10(value):
            return [finding("check_digit", element.at, f"({ai.code}){value}")]
        case "date":
            return _date_findings(element, today)
        case "pieces":
            return _piece_findings(element)
    return []


def _charset(ai: Ai, value: str) -> bool:
    return is_digits(value) if ai.charset == "N" else CSET82.issuperset(value)


def _date_findings(element: Element, today: date) -> list[Finding]:
    shown = f"({element.ai.code}){element.value}"
    parsed = yymmdd(element.value, today)
    if parsed is None:
        return [finding("date_impossible", element.at, shown)]
    return [] if parsed[1] else [finding("date_day_missing", element.at, shown)]


def _piece_findings(element: Element) -> list[Finding]:
    value = element.value
    found = [] if has_mod10(value[:14]) else [finding("check_digit", element.at, f"({element.ai.code}){value}")]
    piece, total = int(value[14:16]), int(value[16:])
    if not 0 < piece <= total:
        found.append(finding("pieces_impossible", element.at, value[14:]))
    return found


def _repeats(elements: Sequence[Element]) -> list[Finding]:
    values: dict[str, str] = {}
    return [
        finding("ai_repeat_conflict", element.at, element.ai.code)
        for element in elements
        if values.setdefault(element.ai.code, element.value) != element.value
    ]


def _partners(elements: Sequence[Element]) -> list[Finding]:
    there = {element.ai.code for element in elements}
    found = []
    for element in elements:
        clash = there.intersection(element.ai.excludes)
        if clash and element.ai.code < min(clash):
            found.append(finding("ai_excluded", element.at, f"({element.ai.code}) + ({min(clash)})"))
        if element.ai.requires and not there.intersection(element.ai.requires):
            found.append(finding("ai_required", element.at, f"({element.ai.code})"))
    return found


def to_udi(
    payload: bytes,
    symbology: str | None,
    form: str,
    text: str,
    today: date,
    extra: Sequence[Finding] = (),
) -> Udi:
    """Read an element string as a UDI or a half of one; faults are findings, readable parts are kept."""
    elements, faults = split(text)
    return from_elements(payload, symbology, form, elements, today, [*extra, *faults])


def from_elements(
    payload: bytes,
    symbology: str | None,
    form: str,
    elements: Sequence[Element],
    today: date,
    extra: Sequence[Finding] = (),
) -> Udi:
    """Read elements that are already split."""
    values: dict[str, str] = {}
    for element in elements:
        values.setdefault(element.ai.code, element.value)
    expires = _day(values, "17", today)
    made = _day(values, "11", today)
    quantity = values.get("37") or values.get("30")
    udi = Udi(
        payload=payload,
        symbology=symbology,
        issuer=Issuer.GS1,
        form=form,
        di=_key(values),
        lot=values.get("10") or None,
        serial=values.get("21") or None,
        manufactured=None if made is None else made[0],
        expires=None if expires is None else expires[0],
        expires_day_given=expires is None or expires[1],
        quantity=int(quantity) if quantity is not None and is_digits(quantity) else None,
        elements=tuple((element.ai.code, element.value) for element in elements),
    )
    return replace(udi, findings=(*extra, *check(elements, today)))


def _key(values: dict[str, str]) -> str | None:
    for code in ("01", "03"):
        if code in values:
            return values[code] or None
    return values["8006"][:14] if "8006" in values else None


def _day(values: dict[str, str], code: str, today: date) -> tuple[date, bool] | None:
    text = values.get(code, "")
    return yymmdd(text, today) if len(text) == 6 and is_digits(text) else None  # noqa: PLR2004 - YYMMDD
