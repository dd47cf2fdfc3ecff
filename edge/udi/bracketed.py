"""GS1 text with brackets, as printed below a symbol (General Specifications 4.14): ``(01)…(17)…``.

It is for people: a lot may itself contain a bracket. A bracketed number begins an element only if it is a known
identifier; every other bracket is content, and a warning if it holds a number.
"""

from __future__ import annotations

import re
from datetime import date

from edge.udi.ais import every
from edge.udi.findings import finding
from edge.udi.gs1 import LONGEST, Element, check, from_elements
from edge.udi.model import Finding, Kind, NotUdi, Udi

_MARK = r"\(([0-9]+)\)"
_HEAD = r"\((?:[0-9)]|$)"
_BLANKS = " \x1d"
"""What may stand between the elements: blanks of the printed form, separators if the symbol has both."""
_SHOWN = 24


def looks_bracketed(text: str) -> bool:
    """Whether text begins with a bracket and a digit, or with brackets that hold nothing."""
    return re.match(_HEAD, text) is not None


def to_udi(payload: bytes, symbology: str | None, text: str, today: date) -> Udi | NotUdi:
    """Read text for which `looks_bracketed` holds."""
    elements, others = _split(text) if len(text) <= LONGEST else ([], [])
    if not elements or elements[0][2] != 0:
        return NotUdi(payload, symbology, Kind.TEXT, text, (finding("brackets_broken", 0, text[:24]),))
    found = [finding("bracketed_text" if symbology is None else "brackets_in_symbol", 0), *others]
    found += check(elements, None, today)
    return from_elements(payload, symbology, "bracketed", elements, today, tuple(found))


def _split(text: str) -> tuple[list[Element], list[Finding]]:
    """The elements, and a warning for every number in brackets that is no identifier."""
    known = every()
    starts, others = [], []
    for mark in re.finditer(_MARK, text):
        if mark.group(1) in known:
            starts.append(mark)
        else:
            others.append(finding("brackets_ambiguous", mark.start(), mark.group()[:_SHOWN]))
    ends = [*(mark.start() for mark in starts), len(text)][1:]
    elements = [
        (known[mark.group(1)], text[mark.end() : end].strip(_BLANKS), mark.start())
        for mark, end in zip(starts, ends, strict=True)
    ]
    return elements, others
