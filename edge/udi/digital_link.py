"""GS1 Digital Link, uncompressed (URI Syntax 1.4): key and qualifiers in the path, the rest behind ``?``."""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Sequence
from datetime import date

from edge.udi.ais import Ai, every
from edge.udi.checks import has_mod10, is_digits
from edge.udi.findings import finding
from edge.udi.gs1 import LONGEST, Element, check, from_elements
from edge.udi.model import Finding, Kind, NotUdi, Udi

_ADDRESS = (
    r"(?:https?|HTTPS?)://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?(?P<query>[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*))?"
    r"(?:#[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)
_ESCAPE = "%([0-9A-Fa-f]{2})"
_SEMICOLON = "(?:^|;)[0-9]+="
_PACKED = "[A-Za-z0-9_-]{6,}"
_PACKED_GTIN = frozenset(
    [0x01, *(tens + ones for tens in range(0, 0x40, 16) for ones in range(10, 16)), *range(0xA0, 0xAA)]
)
"""First bytes of a compressed link whose first identifier is 01: the identifier, or a code for a usual sequence."""
_GTIN_BITS = 47
_PLAIN = {ord("-"): "+", ord("_"): "/"}
"""From the alphabet of web addresses to the usual one of base 64."""
_GTIN_LENGTHS = (8, 12, 13)
_SHOWN = 60
_Piece = tuple[str, int]
"""Part of the path and its offset in the text."""


def looks_like_link(text: str) -> bool:
    """Whether text is a web address."""
    return text[:8].lower().startswith(("http://", "https://"))


def to_udi(payload: bytes, symbology: str | None, text: str, today: date) -> Udi | NotUdi:
    """Read a web address; one without a GS1 key is no UDI."""
    address = re.fullmatch(_ADDRESS, text) if len(text) <= LONGEST else None
    if address is None:
        return NotUdi(payload, symbology, Kind.LINK, text, (finding("link_malformed", 0, text[:_SHOWN]),))
    found: list[Finding] = []
    path = _pieces(address["path"] or "", address.start("path"), found)
    place = _key(path)
    if place is None:
        return NotUdi(payload, symbology, Kind.LINK, text, (_without_key([piece for piece, _ in path]),))
    elements = _of_path(path[place:], found)
    elements += _of_query(address["query"] or "", address.start("query"), [ai for ai, _, _ in elements], found)
    found += check(elements, None, today)
    return from_elements(payload, symbology, "digital_link", elements, today, tuple(found))


def _pieces(path: str, start: int, found: list[Finding]) -> list[_Piece]:
    """The parts between the slashes. A slash at the end is one too many, though what is before it can be read."""
    pieces = [(piece.group(1), start + piece.start(1)) for piece in re.finditer("/([^/]*)", path)]
    if pieces and not pieces[-1][0]:
        found.append(finding("link_malformed", pieces.pop()[1] - 1, "/"))
    return pieces


def _key(path: Sequence[_Piece]) -> int | None:
    """Place of the rightmost primary key: what follows it comes in pairs, so the search goes back in pairs."""
    for place in range(len(path) - 2, -1, -2):
        if _is_key(path[place][0]):
            return place
    return None


def _is_key(code: str) -> bool:
    ai = every().get(code)
    return ai is not None and ai.qualifiers is not None


def _without_key(path: Sequence[str]) -> Finding:
    """Compressed as a whole, or behind its key; else an address of another kind."""
    last = path[-1] if path else ""
    behind_key = len(path) > 2 and _is_key(path[-3]) and is_digits(path[-2])  # noqa: PLR2004 - key, value and the rest
    if re.fullmatch(_PACKED, last) and (behind_key or _holds_gtin(last)):
        return finding("link_compressed", None, last[:40])
    return finding("link_no_key")


def _holds_gtin(packed: str) -> bool:
    """Whether base 64 text begins with a GTIN as GS1 Digital Link Compression writes it: eight bits, then 47."""
    if len(packed) * 6 < 8 + _GTIN_BITS:
        return False
    data = a2b_base64(packed[:12].ljust(12, "A").translate(_PLAIN))
    gtin = f"{int.from_bytes(data[1:8], 'big') >> 56 - _GTIN_BITS:014d}"
    return data[0] in _PACKED_GTIN and len(gtin) == 14 and has_mod10(gtin)  # noqa: PLR2004 - digits of a GTIN


def _of_path(path: Sequence[_Piece], found: list[Finding]) -> list[Element]:
    """The key and its qualifiers."""
    pairs = [(every().get(code), code, value, at) for (code, at), (value, _) in zip(path[::2], path[1::2], strict=True)]
    if not _in_order([code for _, code, _, _ in pairs[1:]], every()[path[0][0]]):
        found.append(finding("link_qualifier", path[2][1], "/".join(piece for piece, _ in path[2:])[:_SHOWN]))
    return [(ai, _padded(code, _decoded(value)), at) for ai, code, value, at in pairs if ai is not None]


def _in_order(codes: Sequence[str], key: Ai) -> bool:
    for chain in key.qualifiers or ():
        rest = iter(chain)
        if all(code in rest for code in codes):
            return True
    return False


def _of_query(query: str, start: int, path: Sequence[Ai], found: list[Finding]) -> list[Element]:
    """Identifiers among the parameters; other names and names without a value belong to the web server."""
    elements: list[Element] = []
    there = {ai.code for ai in path}
    for parameter in re.finditer("[^&]+", query):
        text, at = parameter.group(), start + parameter.start()
        code, given, value = text.partition("=")
        if ";" in text and re.search(_SEMICOLON, text):
            # Some take it for another separator, some for content.
            found.append(finding("link_attribute", at, text[:_SHOWN]))
        elif given and is_digits(code):
            ai = every().get(code)
            if ai is None or code in there or not ai.attribute or _belongs_in_path(code, path):
                found.append(finding("link_attribute", at, text[:_SHOWN]))
            if ai is not None and code not in there:
                # A blank may be written as a plus sign behind the question mark.
                elements.append((ai, _padded(code, _decoded(value.replace("+", " "))), at))
                there.add(code)
    return elements


def _belongs_in_path(code: str, path: Sequence[Ai]) -> bool:
    """Whether an identifier could have been a qualifier of the key beside those that are."""
    used = {ai.code for ai in path[1:]}
    return any(code in chain and used.issubset(chain) for chain in path[0].qualifiers or ())


def _padded(code: str, value: str) -> str:
    return value.zfill(14) if code == "01" and len(value) in _GTIN_LENGTHS and is_digits(value) else value


def _decoded(text: str) -> str:
    return re.sub(_ESCAPE, lambda escape: chr(int(escape.group(1), 16)), text) if "%" in text else text
