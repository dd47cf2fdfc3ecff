"""GS1 element strings: split, check, and read the parts of a UDI from them (General Specifications 3, 4 and 7)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from edge.udi.ais import COMMON, Ai, find
from edge.udi.checks import CSET39, CSET82, is_digits
from edge.udi.dates import yymmdd
from edge.udi.findings import finding, in_order
from edge.udi.model import Finding, Issuer, Udi

GS = "\x1d"
LONGEST = 7089
"""Characters that one symbol can hold at most: the digits of the largest QR Code (ISO/IEC 18004)."""
_MOST = 64
"""Elements that are looked at: far more than any label has, few enough for hostile input."""

_CLEAN = re.compile(r"[\x1d!\"%-?A-Z_a-z]*")
_CHARACTERS = {
    "n": frozenset("0123456789"),
    "x": frozenset(CSET82),
    "y": frozenset(CSET39),
    "z": frozenset("-0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"),
}
_HIDDEN = re.compile(r".(?:1[1357][0-9]{6}|01[0-9]{14})")
_HIDDEN_LEAST = 9
_TELLING = ("01", "11", "17")
_DATE_DIGITS = 6
_COUNT_DIGITS = 8
_TOO_LONG_SHOWN = 20
_SIGNATURE = "8030"
_SERIAL_AT = {"253": 13, "255": 13, "8003": 14}
"""Where the serial component of a key begins that may be without one."""


Element = tuple[Ai, str, int]
"""One application identifier, its value, and the offset of the identifier in the text."""


def split(text: str) -> tuple[list[Element], Finding | None]:
    """Cut an element string. What cannot be cut ends the list with a finding; everything before it is kept.

    Separators after elements of predefined length, doubled, leading and trailing ones are tolerated (7.8.6).
    """
    elements: list[Element] = []
    at, end = 0, len(text)
    if end > LONGEST:
        elements, fault = split(text[:LONGEST])
        return elements, fault or finding("ai_too_many", LONGEST, str(end))
    while at < end:
        ai = COMMON.get(text[at : at + 2])
        start = at + 2
        if ai is None:
            if text[at] == GS:
                at += 1
                continue
            ai = find(text, at)
            if ai is None:
                return elements, finding("ai_unknown", at, text[at : at + 4])
            start = at + len(ai.code)
        stop = start + ai.most if ai.predefined else text.find(GS, start)
        if stop < 0:
            stop = end
        elements.append((ai, text[start:stop], at))
        at = stop
    return elements, None


def check(elements: Sequence[Element], text: str | None, today: date) -> list[Finding]:
    """Content of each element, repeats and partners.

    Missing partners are a note: they may be on the other half of the label.

    Args:
        elements: in label order.
        text: the element string that `split` cut them from: one look at it saves one at each character of each
            element. None where they come from elsewhere, so that a separator inside a value is noticed too.
        today: for the century.
    """
    found: list[Finding] = []
    if len(elements) > _MOST:
        found.append(finding("ai_too_many", elements[_MOST][2], str(len(elements))))
        elements = elements[:_MOST]
    clean = text is not None and _CLEAN.fullmatch(text) is not None
    for ai, value, at in elements:
        length = len(value)
        if not clean or not ai.simple or not ai.least <= length <= ai.most or (ai.numeric and not value.isdigit()):
            found += _content((ai, value, at), today)
            if ai.code == _SIGNATURE:
                found += _unserialised(elements)
        elif ai.rules:
            for rule in ai.rules:
                code = rule(value, today)
                if code is not None:
                    found.append(finding(code, at, f"({ai.code}){value}"))
        elif length >= _HIDDEN_LEAST and not ai.numeric and _HIDDEN.search(value):
            found += _hidden((ai, value, at), today)
    said, repeated = _shape(tuple([ai.code for ai, _, _ in elements]))
    for code, place, value in said:
        found.append(finding(code, elements[place][2], value))
    return found + _repeats(elements) if repeated else found


def _content(element: Element, today: date) -> list[Finding]:
    """Cut the value into its components and look at each."""
    ai, value, at = element
    if len(value) < ai.least:
        return [finding("ai_too_short", at, f"({ai.code}){value}")]
    if len(value) > ai.most:
        shown = f"({ai.code}){value[: ai.most + _TOO_LONG_SHOWN]}"
        missing = [] if ai.numeric else [finding("separator_missing", at, shown)]
        return [finding("ai_too_long", at, shown), *missing]
    found: list[Finding] = []
    place = 0
    for part in ai.parts:
        piece = value[place : place + part.most]
        place += part.most
        if not piece and part.optional:
            break
        if len(piece) < part.least:
            return [*found, finding("component_incomplete", at, f"({ai.code}){value}")]
        if not _CHARACTERS[part.charset].issuperset(piece):
            return [*found, finding("ai_charset", at, f"({ai.code}){value}")]
        codes = [code for rule in part.rules if (code := rule(piece, today)) is not None]
        found += [finding(code, at, f"({ai.code}){value}") for code in codes]
    return found


def _unserialised(elements: Sequence[Element]) -> list[Finding]:
    """A digital signature signs one object, so that the key it goes with needs its serial component."""
    return [
        finding("component_incomplete", at, f"({ai.code}){value}")
        for ai, value, at in elements
        if len(value) == _SERIAL_AT.get(ai.code)
    ]


def _hidden(element: Element, today: date) -> list[Finding]:
    """A date or a GTIN inside a lot or serial may be an element whose separator was lost."""
    outer, text, start = element
    for place in range(1, len(text)):
        ai = COMMON.get(text[place : place + 2])
        if ai is None or ai.code not in _TELLING:
            continue
        value = text[place + 2 : place + 2 + ai.most]
        whole = len(value) == ai.most and is_digits(value) and (ai.code == "01" or place + 2 + ai.most == len(text))
        if whole and all(rule(value, today) is None for rule in ai.rules):
            return [finding("separator_doubtful", start + len(outer.code) + place, ai.code + value)]
    return []


def _repeats(elements: Sequence[Element]) -> list[Finding]:
    values: dict[str, str] = {}
    return [
        finding("ai_repeat_conflict", at, f"({ai.code})")
        for ai, value, at in elements
        if values.setdefault(ai.code, value) != value
    ]


@lru_cache(maxsize=1024)
def _shape(codes: tuple[str, ...]) -> tuple[tuple[tuple[str, int, str], ...], bool]:
    """What the identifiers alone say: labels have few shapes, so that each shape is judged once.

    Returns:
        Finding code, place of the element and text of each finding; and whether an identifier occurs twice.
    """
    found: list[tuple[str, int, str]] = []
    clashes: set[frozenset[str]] = set()
    for code in dict.fromkeys(codes):
        ai, place = find(code), codes.index(code)
        if ai is None:
            continue
        clash = next((other for other in codes if other != code and any(_fits(other, bar) for bar in ai.excludes)), "")
        pair = frozenset((code, clash))
        if clash and pair not in clashes:
            clashes.add(pair)
            found.append(("ai_excluded", place, f"({code}) + ({clash})"))
        if ai.requires and not any(all(_there(want, codes) for want in group) for group in ai.requires):
            found.append(("ai_required", place, f"({code})"))
    return tuple(found), len(set(codes)) < len(codes)


def _there(pattern: str, codes: tuple[str, ...]) -> bool:
    return any(_fits(code, pattern) for code in codes)


def _fits(code: str, pattern: str) -> bool:
    return len(code) == len(pattern) and code.startswith(pattern.rstrip("n"))


def to_udi(
    payload: bytes, symbology: str | None, form: str, text: str, today: date, extra: Sequence[Finding] = ()
) -> Udi:
    """Read an element string as a UDI or a half of one; faults are findings, readable parts are kept."""
    elements, fault = split(text)
    findings = check(elements, text, today)
    if fault is not None:
        findings.append(fault)
    return from_elements(payload, symbology, form, elements, today, (*extra, *findings) if findings else tuple(extra))


def from_elements(
    payload: bytes,
    symbology: str | None,
    form: str,
    elements: Sequence[Element],
    today: date,
    findings: tuple[Finding, ...],
) -> Udi:
    """The parts of a UDI in elements that are already split and checked.

    A day of expiry or production may also stand with its time, in 7003 and 8008.
    """
    pairs = tuple([(ai.code, value) for ai, value, _ in elements])
    get = dict(pairs).get
    until, made_on = get("17") or get("7003", "")[:6], get("11") or get("8008", "")[:6]
    expires = _day(until, today) if until else None
    made = _day(made_on, today) if made_on else None
    quantity = get("37") or get("30")
    # The generated initialiser of a frozen class sets each field by a call of its own: a fifth of the whole parse.
    udi = object.__new__(Udi)
    vars(udi).update(
        payload=payload,
        symbology=symbology,
        issuer=Issuer.GS1,
        form=form,
        di=get("01") or get("03") or get("8006", "")[:14] or None,
        lot=get("10") or None,
        serial=get("21") or None,
        manufactured=None if made is None else made[0],
        expires=None if expires is None else expires[0],
        expires_day_given=expires is None or expires[1],
        quantity=int(quantity) if quantity and len(quantity) <= _COUNT_DIGITS and is_digits(quantity) else None,
        donation=None,
        elements=pairs,
        findings=findings if expires is None or made is None else in_order(findings, made[0], expires[0]),
    )
    return udi


@lru_cache(maxsize=4096)
def _day(text: str, today: date) -> tuple[date, bool] | None:
    return yymmdd(text, today) if len(text) == _DATE_DIGITS and is_digits(text) else None
