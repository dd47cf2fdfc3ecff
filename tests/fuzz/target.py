"""What has to hold for any bytes: the body of the fuzz run, which the tests replay over its corpus."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from edge.udi.assemble import assemble
from edge.udi.build import build
from edge.udi.findings import GRADES
from edge.udi.model import NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.read import Read
from edge.udi.recover import alternatives
from edge.udi.report import is_complete, to_json, to_text

TODAY = date(2026, 11, 24)
CORPUS = Path(__file__).with_name("corpus.txt")
SYMBOLOGIES = (None, "]d2", "]C1", "]Q3", "]d1", "]C0", "]Q1", "]A0", "]E0", "]E4", "]I1", "]e0", "]zz")
LEAST_KEPT = 10
CUT = 0xFF
"""A byte that UTF-8 does not have: between the symbols of one package."""


def check(data: bytes) -> None:
    """One input: a first byte that chooses the symbology identifier, then the payloads of one or two symbols.

    Raises:
        AssertionError: a promise of `edge.udi` does not hold.
    """
    symbology = SYMBOLOGIES[data[0] % len(SYMBOLOGIES)] if data else None
    payloads = data[1:].split(bytes([CUT]), 1)
    for payload in payloads:
        check_one(payload, symbology)
    reads = [Read(payload, symbology, "scanner", place) for place, payload in enumerate(payloads)]
    presentation = assemble(reads, today=TODAY, joined_by_time=True)
    assert presentation.reads == tuple(reads)


def check_one(payload: bytes, symbology: str | None) -> None:
    """One symbol."""
    result = parse(payload, symbology, today=TODAY)
    assert result.payload == payload
    assert all(each.grade is GRADES[each.code] for each in result.findings)
    assert all(each.at is None or 0 <= each.at <= len(payload) for each in result.findings)
    others = alternatives(result, today=TODAY)
    assert to_json(result, "en", others)["complete"] <= result.valid
    assert to_text(result, "zh")
    if isinstance(result, NotUdi):
        assert not is_complete(result)
        return
    assert all(each.elements != result.elements for each in others)
    if result.valid:
        check_built(result)


def check_built(udi: Udi) -> None:
    """What is built of a valid UDI says the same and nothing that would have to be repaired."""
    again = parse(*build(udi), today=TODAY)
    assert isinstance(again, Udi), (udi, again)
    assert again.valid, (udi, again)
    assert (again.issuer, again.elements, again.trace_key) == (udi.issuer, udi.elements, udi.trace_key)
    assert (again.manufactured, again.expires, again.quantity) == (udi.manufactured, udi.expires, udi.quantity)


def corpus() -> list[bytes]:
    """The kept inputs, each a line of hexadecimal digits."""
    return [bytes.fromhex(line) for line in CORPUS.read_text(encoding="ascii").split()]
