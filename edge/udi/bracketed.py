"""GS1 text with brackets, as printed below a symbol (General Specifications 4.14): ``(01)…(17)…``.

It is for people: a lot may itself contain a bracket. A bracketed number begins an element only if it is a known
identifier; every other bracket is content, with a warning if a digit stands inside it.
"""

from __future__ import annotations

import re
from datetime import date

from edge.udi.ais import every
from edge.udi.findings import finding
from edge.udi.gs1 import LONGEST, Element, check, from_elements
from edge.udi.model import Finding, Kind, NotUdi, Udi

_MARK = r"\(([0-9]{2,4})\)"
_HEAD = r"\((?:[0-9)]|$)"
_DOUBTFUL = r"\([0-9]|[0-9]\)"
"""Perhaps an identifier that was damaged, or one that is not known here."""
_BLANKS = " \x1d"
"""What may stand between the elements: blanks of the printed form, separators if the symbol has both."""
_SHOWN = 24


def looks_bracketed(text: str) -> bool:
    """Whether text begins with a bracket and a digit, or with brackets that hold nothing."""
    return re.match(_HEAD, text) is not None


def to_udi(payload: bytes, symbology: str | None, text: str, today: date) -> Udi | NotUdi:
    """Read text for which `looks_bracketed` holds."""
    elements = _split(text) if len(text) <= LONGEST else []
    if not elements or elements[0][2] != 0:
        return NotUdi(payload, symbology, Kind.TEXT, text, (finding("brackets_broken", 0, text[:_SHOWN]),))
    found = [finding("bracketed_text" if symbology is None else "brackets_in_symbol", 0), *_doubts(elements)]
    found += check(elements, None, today)
    return from_elements(payload, symbology, "bracketed", elements, today, tuple(found))


def _split(text: str) -> list[Element]:
    known = every()
    marks = [mark for mark in re.finditer(_MARK, text) if mark.group(1) in known]
    ends = [*(mark.start() for mark in marks), len(text)][1:]
    return [
        (known[mark.group(1)], text[mark.end() : end].strip(_BLANKS), mark.start())
        for mark, end in zip(marks, ends, strict=True)
    ]


def _doubts(elements: list[Element]) -> list[Finding]:
    return [
        finding("brackets_ambiguous", at, f"({ai.code}){value[:_SHOWN]}")
        for ai, value, at in elements
        if re.search(_DOUBTFUL, value)
    ]
