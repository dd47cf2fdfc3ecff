"""GS1 Digital Link, uncompressed (URI Syntax 1.4): key and qualifiers in the path, the rest behind ``?``."""

from __future__ import annotations

import re
from datetime import date

from edge.udi.ais import Ai, every
from edge.udi.checks import is_digits
from edge.udi.findings import finding
from edge.udi.gs1 import GS, check, from_elements
from edge.udi.model import Finding, Kind, NotUdi, Udi

_ADDRESS = (
    r"(?:https?|HTTPS?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?(?P<query>[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*))?"
    r"(?:#[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)
_ESCAPE = "%([0-9A-Fa-f]{2})"
_PACKED = r"(?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9_-]{10,}"
_PACKED_HEADS = ("AQ", "AR", "AS", "AT", "AU", "AV", "AW", "AX", "AY", "AZ", "Aa", "Ab", "Ac", "Ad", "Ae", "Af")
"""A compressed link begins with its first identifier in binary-coded decimals: 01 makes these first letters."""
_GTIN_LENGTHS = (8, 12, 13)
Pair = tuple[str, str]


def looks_like_link(text: str) -> bool:
    """Whether text is a web address."""
    return text[:8].lower().startswith(("http://", "https://"))


def to_udi(payload: bytes, symbology: str | None, text: str, today: date) -> Udi | NotUdi:
    """Read a web address; one without a GS1 key is no UDI."""
    address = re.fullmatch(_ADDRESS, text)
    if address is None:
        return NotUdi(payload, symbology, Kind.LINK, text, (finding("link_malformed", 0, text[:60]),))
    path = (address["path"] or "").split("/")[1:]
    if path and not path[-1]:
        path.pop()
    place = _key(path)
    if place is None:
        return NotUdi(payload, symbology, Kind.LINK, text, (_without_key(path),))
    findings: list[Finding] = []
    pairs = _path_pairs([_decoded(piece) for piece in path[place:]], findings)
    pairs += _query_pairs(address["query"] or "", {code for code, _ in pairs}, findings)
    elements = [(every()[code], value, max(0, text.find(code))) for code, value in pairs]
    findings += check(elements, GS.join(value for _, value in pairs), today)
    return from_elements(payload, symbology, "digital_link", elements, today, tuple(findings))


def _key(path: list[str]) -> int | None:
    """Place of the rightmost primary key: what follows it comes in pairs, so the search goes back in pairs."""
    for place in range(len(path) - 2, -1, -2):
        ai = every().get(path[place])
        if ai is not None and ai.qualifiers is not None:
            return place
    return None


def _without_key(path: list[str]) -> Finding:
    if path and re.fullmatch(_PACKED, path[-1]) and path[-1].startswith(_PACKED_HEADS):
        return finding("link_compressed", None, path[-1][:40])
    return finding("link_no_key")


def _path_pairs(path: list[str], findings: list[Finding]) -> list[Pair]:
    key, value, *rest = path
    pairs = [(key, _padded(key, value))]
    qualifiers = list(zip(rest[::2], rest[1::2], strict=False))
    if not _in_order([code for code, _ in qualifiers], every()[key]):
        findings.append(finding("link_qualifier", None, "/".join(rest)[:60]))
    return pairs + [(code, value) for code, value in qualifiers if code in every()]


def _in_order(codes: list[str], key: Ai) -> bool:
    for chain in key.qualifiers or ():
        rest = iter(chain)
        if all(code in rest for code in codes):
            return True
    return False


def _query_pairs(query: str, there: set[str], findings: list[Finding]) -> list[Pair]:
    """Identifiers among the parameters; other names belong to the web server."""
    pairs: list[Pair] = []
    for parameter in re.split("[&;]", query):
        code, _, value = parameter.partition("=")
        if not is_digits(code):
            continue
        ai = every().get(code)
        if ai is None or not ai.attribute or code in there:
            findings.append(finding("link_attribute", None, parameter[:60]))
        else:
            pairs.append((code, _padded(code, _decoded(value))))
    return pairs


def _padded(code: str, value: str) -> str:
    return value.zfill(14) if code == "01" and len(value) in _GTIN_LENGTHS and is_digits(value) else value


def _decoded(text: str) -> str:
    return re.sub(_ESCAPE, lambda escape: chr(int(escape.group(1), 16)), text)
