"""Codes on a package that are no UDI. 106141412345678908 is GS1's example of a shipping unit; the rest is made here."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi.companions import recognise
from edge.udi.model import Issuer, Kind, NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.report import is_complete
from tests.support.gs1 import DI, GS

TODAY = date(2026, 11, 24)
SSCC = "106141412345678908"
GLN = "6901234567892"
GSRN = "690123456789000015"

# name: (text as a reader sends it, what it is, its content)
NAMED: dict[str, tuple[str, Kind, str | None]] = {
    "shipping unit": (f"]C100{SSCC}", Kind.SSCC, SSCC),
    "shipping unit without identifier": (f"00{SSCC}", Kind.SSCC, SSCC),
    "shipping unit, printed": (f"(00){SSCC}", Kind.SSCC, SSCC),
    "shipping unit in a link": (f"https://example.cn/00/{SSCC}", Kind.SSCC, SSCC),
    "shipping unit with its content": (f"]C100{SSCC}02{DI}3712", Kind.SSCC, SSCC),
    "content whose unit is on another symbol": (f"]C102{DI}3712", Kind.SSCC, None),
    "staff": (f"]C18017{GSRN}", Kind.STAFF, GSRN),
    "staff with an instance": (f"]d28017{GSRN}{GS}801912", Kind.STAFF, GSRN),
    "patient": (f"]d28018{GSRN}", Kind.PATIENT, GSRN),
    "patient with an instance": (f"]d28018{GSRN}{GS}80191", Kind.PATIENT, GSRN),
    "patient with a name": (f"]d28018{GSRN}{GS}7253WANG{GS}7254YI", Kind.PATIENT, GSRN),
    "patient, printed": (f"(8018){GSRN}(8019)7", Kind.PATIENT, GSRN),
    "patient in a link": (f"https://example.cn/8018/{GSRN}/8019/7", Kind.PATIENT, GSRN),
    "place": (f"]C1414{GLN}", Kind.LOCATION, GLN),
    "place without identifier": (f"414{GLN}", Kind.LOCATION, GLN),
    "shelf": (f"]C1414{GLN}254A-1", Kind.LOCATION, GLN),
    "shelf in a link": (f"https://example.cn/414/{GLN}/254/A-1", Kind.LOCATION, GLN),
    **{f"place by {code}": (f"]C1{code}{GLN}", Kind.LOCATION, GLN) for code in range(410, 418)},
    "consignment": ("]C14016901A", Kind.DOCUMENT, "6901A"),
    "content alone": (f"]C102{DI}", Kind.SSCC, None),
    "count alone": ("]C13712", Kind.SSCC, None),
    "who gets the bill": (f"]C1411{GLN}", Kind.LOCATION, GLN),
    "tray": (f"]d280030{GLN}X1", Kind.ASSET, f"0{GLN}X1"),
    "pump": ("]d280046901234PUMP7", Kind.ASSET, "6901234PUMP7"),
    "document": (f"]d2253{GLN}A1", Kind.DOCUMENT, f"{GLN}A1"),
    "coupon": (f"]d2255{GLN}1", Kind.DOCUMENT, f"{GLN}1"),
    "order": ("]C1400PO-7", Kind.DOCUMENT, "PO-7"),
    "shipment": ("]C140269012345678900002", Kind.DOCUMENT, "69012345678900002"),
    "house number": ("]C199ABC", Kind.HOUSE, "ABC"),
    "house numbers": (f"]d290A{GS}91B", Kind.HOUSE, "A"),
    "number of a shop": ("]E02012345678903", Kind.HOUSE, "2012345678903"),
    "eight digits of a shop": ("]E427066027", Kind.HOUSE, "27066027"),
    "eight digits of a shop with 0": ("]E402345673", Kind.HOUSE, "02345673"),
    "医保 code": ("C0101010010101000001", Kind.NHSA, "C0101010010101000001"),
    "医保 code with serial": ("C01010100101010000010000001", Kind.NHSA, "C01010100101010000010000001"),
    "医保 code in a QR Code": ("]Q1C0101010010101000001", Kind.NHSA, "C0101010010101000001"),
    "drug": ("81234567890123456789", Kind.DRUG, "81234567890123456789"),
    "drug in Code 128": ("]C081234567890123456789", Kind.DRUG, "81234567890123456789"),
}


@pytest.mark.parametrize(("text", "kind", "value"), NAMED.values(), ids=NAMED.keys())
def test_what_was_shown_instead(text: str, kind: Kind, value: str | None) -> None:
    result = parse(text, today=TODAY)
    assert isinstance(result, NotUdi)
    assert (result.kind, result.valid, is_complete(result)) == (kind, True, False)
    assert value is None or result.value == value


UDIS = {
    "a device with a place": f"]d201{DI}{'414' + GLN}",
    "a device for a patient": f"]d201{DI}21S{GS}8018{GSRN}",
    "a device in a shipping unit": f"]d200{SSCC}01{DI}",
    "a device with a house number": f"]d201{DI}99A",
    "a lot alone": "]d210A",
    "nothing that can be read": "]d2ZZ",
    "a number of a shop with a wrong digit": "]E02012345678904",
}


@pytest.mark.parametrize("text", UDIS.values(), ids=UDIS.keys())
def test_a_device_identifier_or_a_lot_comes_first(text: str) -> None:
    assert isinstance(parse(text, today=TODAY), Udi)


FAULTY = {
    "shipping unit": (f"]C100{SSCC[:-1]}9", Kind.SSCC),
    "patient": (f"]C18018{GSRN[:-1]}6", Kind.PATIENT),
    "place": (f"]C1414{GLN[:-1]}3", Kind.LOCATION),
    "tray": ("]d2800306901234567893", Kind.ASSET),
}


@pytest.mark.parametrize(("text", "kind"), FAULTY.values(), ids=FAULTY.keys())
def test_a_wrong_key_is_named_with_its_fault(text: str, kind: Kind) -> None:
    result = parse(text, today=TODAY)
    assert isinstance(result, NotUdi)
    assert (result.kind, result.issuer) == (kind, Issuer.GS1)
    assert "check_digit" in {found.code for found in result.findings}


NEAR = {
    "one digit less": "C010101001010100000",
    "one digit more": "C01010100101010000011",
    "lower case": "c0101010010101000001",
    "full-width digit": "C01010100101010０0001",
    "letter inside": "C0101010010101A00001",
    "26 characters": "C0101010010101000001000001",
    "drug code of 19 digits": "8123456789012345678",
    "drug code with 80": "80234567890123456789",
    "drug code in full width": "8123456789012345678９",
    "line end": "C0101010010101000001\n",
    "empty": "",
}


@pytest.mark.parametrize("text", NEAR.values(), ids=NEAR.keys())
def test_what_only_looks_like_it_is_not_recognised(text: str) -> None:
    assert recognise(text.encode(), None, text) is None


# name: (what a retail reader sends, DI, findings)
GTINS = {
    "EAN-13": (f"]E0{GLN}", DI, {"gtin_only"}),
    "EAN-13 without identifier": (GLN, DI, {"gtin_only", "gs1_unconfirmed"}),
    "EAN-8": ("]E496385074", "00000096385074", {"gtin_only"}),
    "EAN-8 without identifier": ("96385074", "00000096385074", {"gtin_only", "gs1_unconfirmed"}),
    "UPC-A": ("]E00123601057072", "00123601057072", {"gtin_only"}),
    "UPC-A without identifier": ("123601057072", "00123601057072", {"gtin_only", "gs1_unconfirmed"}),
    "ITF-14": (f"]I1{DI}", DI, {"gtin_only"}),
    "GTIN-14 without identifier": (DI, DI, {"gtin_only", "gs1_unconfirmed"}),
    "check digit": (f"]E0{GLN[:-1]}3", f"0{GLN[:-1]}3", {"gtin_only", "check_digit"}),
}


@pytest.mark.parametrize(("text", "di", "findings"), GTINS.values(), ids=GTINS.keys())
def test_a_bare_gtin_is_a_device_identifier(text: str, di: str, findings: set[str]) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert (udi.di, udi.has_pi, udi.trace_key) == (di, False, None)
    assert {found.code for found in udi.findings} == findings


@given(st.text("0123456789C", max_size=30))
def test_form_alone_tells(text: str) -> None:
    found = recognise(text.encode(), None, text)
    if found is not None:
        assert len(text) in (20, 27)
        assert found.kind in (Kind.NHSA, Kind.DRUG)
