"""GS1 text with brackets, as printed below a symbol (General Specifications 4.14): ``(01)…(17)…``.

It is for people: a lot may itself contain a bracket. A bracketed number begins an element only if it is a known
identifier; every other bracket is content.
"""

from __future__ import annotations

import re
from datetime import date

from edge.udi.ais import every
from edge.udi.findings import finding
from edge.udi.gs1 import check, from_elements
from edge.udi.model import Finding, Kind, NotUdi, Udi

_MARK = r"\(([0-9]{2,4})\)"
_HEAD = r"\([0-9]"


def looks_bracketed(text: str) -> bool:
    """Whether text begins with a bracket and a digit."""
    return re.match(_HEAD, text) is not None


def to_udi(payload: bytes, symbology: str | None, text: str, today: date) -> Udi | NotUdi:
    """Read text for which `looks_bracketed` holds."""
    marks = list(re.finditer(_MARK, text))
    starts = [mark for mark in marks if mark.group(1) in every()]
    if not starts or starts[0].start() != 0:
        return NotUdi(payload, symbology, Kind.TEXT, text, (finding("brackets_broken", 0, text[:24]),))
    findings: list[Finding] = [
        finding("bracketed_text", 0) if symbology is None else finding("brackets_in_symbol", 0),
        *(finding("brackets_ambiguous", mark.start(), mark.group()) for mark in marks if mark not in starts),
    ]
    ends = [mark.start() for mark in starts[1:]] + [len(text)]
    elements = [
        (every()[mark.group(1)], text[mark.end() : end].strip(" "), mark.start())
        for mark, end in zip(starts, ends, strict=True)
    ]
    findings += check(elements, text, today)
    return from_elements(payload, symbology, "bracketed", elements, today, tuple(findings))
