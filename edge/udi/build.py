"""The inverse of splitting: elements to an element string."""

from __future__ import annotations

from collections.abc import Sequence

from edge.udi.ais import find
from edge.udi.gs1 import GS


def element_string(elements: Sequence[tuple[str, str]]) -> bytes:
    """Element string of (identifier, value) pairs, separators where the standard needs them (7.8.5)."""
    parts = []
    for number, (code, value) in enumerate(elements, start=1):
        ai = find(code)
        open_ended = ai is None or not ai.predefined
        parts.append(code + value + (GS if open_ended and number < len(elements) else ""))
    return "".join(parts).encode()
