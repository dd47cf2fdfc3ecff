"""MA codes (IDcode): dotted, behind a web address, or as XML.

``MA.156.M0.<registrant>.<product>`` is the DI; PI fields follow in any order, each a letter and a value. The check
digits rest on two public programs that do not fit every real code, so that a wrong one is a warning, no error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from edge.udi.checks import is_digits, ma_digit
from edge.udi.dates import yymmdd, yyyymmdd
from edge.udi.findings import finding, in_order
from edge.udi.model import Finding, Issuer, Udi

_HEAD = r"(?i)MA\.[0-9A-Z]{3}\."
_IN_LINK = r"(?i)[=/](MA\.[0-9A-Z]{3}\.[^&?#]*)"
_MORE = r"(?:[?&][^=&?#\s]+=[^&?#\s]*)*(?:#\S*)?"
"""What may follow a code in a web address: further parameters, a fragment."""
_ESCAPE = "%([0-9A-Fa-f]{2})"
_XML = r"(?i)\s*(?:<\?xml[^>]*>\s*)?<UDI\b"
_XML_CODE = r"(?is)\s*(?:<\?xml[^<>]*>\s*)?<UDI(\s[^<>]*)?(?:/>|>(.*)</UDI>)\s*"
_XML_ISSUER = r"(?i)\sIAC\s*=\s*[\"']MA[\"']"
_XML_TAG = r"(?i)\s*<(DI|SN|MFG|LOT|EXP|VAL)>([^<>&]*)</\1>\s*|\s*<(?:DI|SN|MFG|LOT|EXP|VAL)/>\s*"
_XML_LETTERS = {"SN": "S", "MFG": "M", "LOT": "L", "EXP": "E", "VAL": "V"}
_VALUE = r"[!#-%(-;@-~]+"
"""Printable characters without those that only markup and web addresses have."""
_PRODUCT = r"[0-9][0-9A-Za-z]*[0-9]"
_PLACEHOLDER = r"(?i)[A-Z]?[0-9]+[A-Z]|(.)\1+"
_SHORTEST_PRODUCT = 3
_LONGEST = 1000
_DI_PARTS = 5
_COUNTRY_LENGTH = 3
_REGISTRANT_LENGTH = 6
_DATES = {"M": "manufactured", "P": "manufactured", "E": "expires", "V": "valid_until"}
_OTHERS = {"S", "L", "D", "C", "Y"}


def find(text: str) -> tuple[str, str, int] | None:
    """The MA code in a text: its form (``dotted``, ``link``, ``xml``), the code, its offset; None if there is none."""
    if len(text) > _LONGEST:
        return None
    if re.match(_HEAD, text):
        return "dotted", text, 0
    if re.match(_XML, text):
        whole = re.fullmatch(_XML_CODE, text)
        return ("xml", text, 0) if whole is None or re.match(_XML_ISSUER, whole.group(1) or "") else None
    return _in_link(text) if text[:4].lower() == "http" else None


def _in_link(text: str) -> tuple[str, str, int] | None:
    """The code in a web address; what follows it belongs to it unless it is plainly the address's own."""
    inside = re.search(_IN_LINK, text)
    if inside is None:
        return None
    code = inside.group(1).removesuffix("/") if re.fullmatch(_MORE, text[inside.end() :]) else text[inside.start(1) :]
    return "link", re.sub(_ESCAPE, lambda escape: chr(int(escape.group(1), 16)), code), inside.start(1)


def to_udi(payload: bytes, symbology: str | None, found: tuple[str, str, int], today: date) -> Udi:
    """Read a code that `find` found."""
    form, text, offset = found
    faults: list[Finding] = []
    elements = _tags(text, faults) if form == "xml" else _dotted(text, offset, faults)
    di = next((value for name, value in elements if name == "DI"), None)
    pairs = [(name, value) for name, value in elements if name != "DI"]
    days = _fields(pairs, faults, today)
    if form != "xml":
        _check_pi(text, pairs, faults)
    values = dict(reversed(pairs))
    made, expires = days.get("M") or days.get("P"), days.get("E") or days.get("V")
    identity = None if di is None else _identity(di, faults, offset)
    return Udi(
        payload=payload,
        symbology=symbology,
        issuer=Issuer.MA,
        form=form,
        di=identity,
        lot=values.get("L") or None,
        serial=values.get("S") or None,
        manufactured=made,
        expires=expires,
        elements=tuple(elements),
        findings=in_order(tuple(faults), made, expires),
    )


def _dotted(text: str, offset: int, faults: list[Finding]) -> list[tuple[str, str]]:
    parts = text.split(".")
    elements = [("DI", ".".join(parts[:_DI_PARTS]))]
    at = offset + len(elements[0][1]) + 1
    for part in parts[_DI_PARTS:]:
        letter = part[:1].upper()
        if part[:1] != letter and not any(each.code == "ma_case" for each in faults):
            faults.append(finding("ma_case", at, part[:1]))
        if len(part) <= 1:
            faults.append(finding("ma_field_empty", at, part))
        elif not re.fullmatch(_VALUE, part):
            faults.append(finding("ma_field_charset", at, part))
        elements.append((letter, part[1:]))
        at += len(part) + 1
    return elements


def _tags(text: str, faults: list[Finding]) -> list[tuple[str, str]]:
    whole = re.fullmatch(_XML_CODE, text)
    inner = "" if whole is None else whole.group(2) or ""
    elements: list[tuple[str, str]] = []
    at, tags = 0, re.compile(_XML_TAG)
    while (tag := tags.match(inner, at)) and tag.end() > at:
        at = tag.end()
        if tag.group(2):
            name = tag.group(1).upper()
            elements.append((_XML_LETTERS.get(name, name), tag.group(2)))
    if whole is None or at < len(inner) or [name for name, _ in elements].count("DI") != 1:
        faults.append(finding("ma_xml", None, inner[at : at + 24] or text[:24]))
    for name, value in elements:
        if name != "DI" and ("." in value or not re.fullmatch(_VALUE, value)):
            faults.append(finding("ma_field_charset", None, name + value))
    return elements


def _identity(text: str, faults: list[Finding], offset: int) -> str | None:
    """The DI in its normal form: the issuer's letters in capitals, item codes as they are."""
    parts = text.split(".")
    if len(parts) != _DI_PARTS or parts[0].upper() != "MA":
        faults.append(finding("ma_product", offset, text[:40]))
        return None
    issuer, country, industry, registrant, product = parts
    if (issuer, industry) != (issuer.upper(), industry.upper()) and all(each.code != "ma_case" for each in faults):
        faults.append(finding("ma_case", offset, f"{issuer}…{industry}"))
    if len(country) != _COUNTRY_LENGTH or not is_digits(country) or industry.upper() != "M0":
        faults.append(finding("ma_prefix", offset, f"{country}.{industry}"))
    if len(registrant) != _REGISTRANT_LENGTH or not is_digits(registrant):
        faults.append(finding("ma_registrant", offset, registrant))
    di = f"MA.{country}.{industry.upper()}.{registrant}.{product}"
    if not re.fullmatch(_PRODUCT, product) or len(product) < _SHORTEST_PRODUCT:
        code = "ma_template" if product[:1].isalpha() and re.fullmatch(_PLACEHOLDER, product) else "ma_product"
        faults.append(finding(code, offset, product))
    elif ma_digit(di[:-1]) != int(di[-1]):
        faults.append(finding("ma_di_check", offset, product))
    return di


def _fields(pairs: Iterable[tuple[str, str]], faults: list[Finding], today: date) -> dict[str, date]:
    days: dict[str, date] = {}
    seen: set[str] = set()
    for letter, value in pairs:
        if letter in seen:
            faults.append(finding("ma_field_repeated", None, letter))
        seen.add(letter)
        if letter in _DATES and value:
            day = _day(value, today)
            if day is None:
                faults.append(finding("date_impossible", None, letter + value))
            else:
                days.setdefault(letter, day)
        elif value and letter not in _OTHERS:
            faults.append(finding("ma_field_unknown", None, letter + value))
    if "M" in seen and "P" in seen:
        faults.append(finding("ma_field_repeated", None, "M, P"))
    if "Y" in seen:
        faults.append(finding("ma_unconfirmed_field", None, "Y"))
    if "P" in seen:
        faults.append(finding("ma_old_letter"))
    if "E" in days and "V" in days and days["E"] != days["V"]:
        faults.append(finding("ma_valid_until", None, f"V {days['V']}, E {days['E']}"))
    return days


def _day(text: str, today: date) -> date | None:
    """Six or eight digits; a day 00 is none."""
    if not is_digits(text):
        return None
    if len(text) == 8:  # noqa: PLR2004 - YYYYMMDD
        return yyyymmdd(text)
    parsed = yymmdd(text, today) if len(text) == 6 else None  # noqa: PLR2004 - YYMMDD
    return parsed[0] if parsed is not None and parsed[1] else None


def _check_pi(text: str, pairs: list[tuple[str, str]], faults: list[Finding]) -> None:
    letters = [letter for letter, _ in pairs]
    if "C" not in letters:
        return
    if letters[-1] != "C":
        faults.append(finding("ma_check_not_last"))
        return
    body = text[: text.rindex(".")]
    fields = body[len(".".join(text.split(".")[:_DI_PARTS])) :]
    digit = pairs[-1][1]
    if not (is_digits(digit) and len(digit) == 1 and ma_digit(fields) == int(digit)):
        faults.append(finding("ma_pi_check", None, f"C{digit}"))
