"""What scanners do to test codes, each known by its cause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.selftest.reading import Expected, faults

CODE = Expected("GS1 DataMatrix", b"010200000000000810aB1c\x1d21X9z", "]d2")

CASES: list[tuple[str, bytes, str | None, list[str]]] = [
    ("exact", CODE.payload, "]d2", []),
    ("no identifier", CODE.payload, None, ["no_identifier"]),
    ("identifier of a plain DataMatrix", CODE.payload, "]d1", ["wrong_identifier"]),
    ("GS lost", b"010200000000000810aB1c21X9z", "]d2", ["gs_lost"]),
    ("GS as a visible sign", b"010200000000000810aB1c|21X9z", "]d2", ["gs_replaced"]),
    ("GS as words", b"010200000000000810aB1c<GS>21X9z", "]d2", ["gs_replaced"]),
    ("FNC1 sent as GS", b"\x1d" + CODE.payload, "]d2", ["fnc1_sent"]),
    ("upper case", CODE.payload.upper(), "]d2", ["case_changed"]),
    ("caps lock", CODE.payload.swapcase(), "]d2", ["case_changed"]),
    ("keyboard mode", b"010200000000000810ab1c21x9z", None, ["no_identifier", "gs_lost", "case_changed"]),
    ("prefix", b"S01:" + CODE.payload, "]d2", ["added"]),
    ("suffix", CODE.payload + b"\n", "]d2", ["added"]),
    ("first characters cut", CODE.payload[2:], "]d2", ["cut"]),
    ("another code", b"6901234567892", "]E0", ["wrong_identifier", "other"]),
    ("nothing", b"", "]d2", ["other"]),
]


@pytest.mark.parametrize(
    ("payload", "symbology", "codes"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_each_cause_by_its_name(payload: bytes, symbology: str | None, codes: list[str]) -> None:
    found = faults(CODE, payload, symbology)
    assert [fault.code for fault in found] == codes
    assert all(fault.zh and fault.en for fault in found)


@given(st.binary(max_size=60), st.sampled_from(["]d2", "]C1", None]))
def test_only_the_exact_read_is_without_fault(payload: bytes, symbology: str | None) -> None:
    exact = (payload, symbology) == (CODE.payload, "]d2")
    assert (faults(CODE, payload, symbology) == ()) is exact


@given(st.binary(min_size=1, max_size=4).filter(lambda put: b"\x1d" not in put))
def test_whatever_stands_for_gs_is_noticed(put: bytes) -> None:
    assert [fault.code for fault in faults(CODE, CODE.payload.replace(b"\x1d", put), "]d2")] == ["gs_replaced"]
