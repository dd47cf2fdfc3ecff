"""What is joined and what is not, rule by rule; pairs of random labels in one frame are in `test_udi_joins`."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi.assemble import Packaging, assemble
from edge.udi.checks import mod43
from edge.udi.model import Issuer, Kind
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Corners, Read

TODAY = date(2026, 11, 24)
DI, RETAIL, CASE = b"0106901234567892", b"6901234567892", b"0116901234567899"
OTHER_DI, FAULTY = b"0106901234500011", b"0106901234567893"
LOT, SERIAL, BOTH = b"1729123110A1", b"21S1", b"1729123110A1\x1d21S1"


def checked(body: str) -> bytes:
    """An HIBC code with its check character."""
    return (body + mod43(body)).encode()


HIBC, HIBC_PI, HIBC_OTHERS_PI = checked("+A123BJC5D6E71"), checked("+$$3291231A1G"), checked("+$$3291231A1Y")
HIBC_WHOLE = checked("+A123BJC5D6E71/$$3291231A1")
MA_WHOLE = b"MA.156.M0.100350.01004YA10017.LA1.E291231"
NHSA = b"C0101010010101000001"
JOINING = {"joined_by_time", "half_apart", "higher_level", "other_agency", "symbols_disagree"}


def at(payload: bytes, x: int = 0, y: int = 0, kind: str = "]d2", width: int = 60) -> Read:
    """A symbol 60 pixels high, with its top left at x, y."""
    corners: Corners = ((x, y), (x + width, y), (x + width, y + 60), (x, y + 60))
    return Read(payload, kind, "camera", 1, corners=corners)


def line(payload: bytes, y: int = 0, x: int = 0, kind: str = "]C1") -> Read:
    """A linear symbol, 300 by 60 pixels."""
    return at(payload, x, y, kind, 300)


def turned(payload: bytes, x: int, corner: int, kind: str = "]d2") -> Read:
    """A square symbol turned by quarters: its own top left is another corner."""
    square = ((x, 0), (x + 60, 0), (x + 60, 60), (x, 60))
    a, b, c, d = (square[(place + corner) % 4] for place in range(4))
    return Read(payload, kind, "camera", 1, corners=(a, b, c, d))


def slanted(payload: bytes, x: int) -> Read:
    """A square symbol turned by 20 degrees."""
    return Read(payload, "]d2", "camera", 1, corners=((x, 0), (x + 56, 20), (x + 36, 76), (x - 20, 56)))


def nowhere(payload: bytes, kind: str = "]d2") -> Read:
    return Read(payload, kind, "camera", 1)


def scan(payload: bytes, kind: str = "]C1") -> Read:
    return Read(payload, kind, "scanner", 1)


def tree(dis: frozenset[str]) -> tuple[str, ...] | None:
    levels = ("06901234567892", "16901234567899")
    return levels if dis == set(levels) else None


def summary(found: Presentation) -> tuple[Shape, tuple[object, ...], set[str]]:
    udi = found.udi
    said = () if udi is None else (udi.di, udi.lot, udi.serial)
    return found.shape, said, {each.code for each in found.findings} & JOINING


D, FAULTY_D = "06901234567892", "06901234567893"
MA = "MA.156.M0.100350.01004YA10017"
Case = tuple[list[Read], Shape, tuple[object, ...], set[str]]

# name: (symbols of the frame, shape, (DI, lot, serial), findings of joining)
IN_A_FRAME: dict[str, Case] = {
    # Halves of one label
    "side by side": ([at(DI), at(LOT, 100)], Shape.COMPLETE, (D, "A1", None), set()),
    "PI half in front": ([at(LOT), at(DI, 100)], Shape.COMPLETE, (D, "A1", None), set()),
    "stacked": ([line(DI), line(LOT, 110)], Shape.COMPLETE, (D, "A1", None), set()),
    "stacked, of unlike lengths": ([line(DI), at(LOT, 0, 110, "]C1", 600)], Shape.COMPLETE, (D, "A1", None), set()),
    "retail symbol and PI half": ([line(RETAIL, kind="]E0"), line(LOT, 110)], Shape.COMPLETE, (D, "A1", None), set()),
    "three in a line": ([line(DI), line(LOT, 110), line(SERIAL, 220)], Shape.COMPLETE, (D, "A1", "S1"), set()),
    "HIBC halves with their link": (
        [line(HIBC, kind="]C0"), line(HIBC_PI, 110, kind="]C0")], Shape.COMPLETE, ("A123BJC5D6E71", "A1", None), set(),
    ),
    "ICCBBA halves": (
        [line(b"=/A9999XYZ100T0476", kind="]C0"), line(b"=,000025=>029365", 110, kind="]C0")],
        Shape.COMPLETE, ("A9999XYZ100T0476", None, "000025"), set(),
    ),
    "retail symbol far from the pair": (
        [line(DI), line(LOT, 110), line(RETAIL, 900, kind="]E0")], Shape.COMPLETE, (D, "A1", None), set(),
    ),
    "DI alone": ([at(DI)], Shape.DI_ONLY, (D, None, None), set()),
    "one GTIN, two carriers": ([line(DI), line(RETAIL, 110, kind="]E0")], Shape.DI_ONLY, (D, None, None), set()),
    "PI half alone": ([at(LOT)], Shape.PI_ONLY, (None, "A1", None), set()),
    # Halves that are left alone
    "far apart": ([at(DI), at(LOT, 1000)], Shape.DI_ONLY, (D, None, None), {"half_apart"}),
    "a long symbol reaches no further": ([line(DI), line(LOT, 160)], Shape.DI_ONLY, (D, None, None), {"half_apart"}),
    "PI half in front, as of the box above": (
        [line(LOT), line(DI, 110)], Shape.DI_ONLY, (D, None, None), {"half_apart"},
    ),
    "not in line": ([line(DI), line(LOT, 110, 200)], Shape.DI_ONLY, (D, None, None), {"half_apart"}),
    "turned by a quarter": ([at(DI), turned(LOT, 100, 1)], Shape.DI_ONLY, (D, None, None), {"half_apart"}),
    "aslant": ([at(DI), slanted(LOT, 80)], Shape.DI_ONLY, (D, None, None), {"half_apart"}),
    "upside down": ([at(DI), turned(LOT, 100, 2)], Shape.DI_ONLY, (D, None, None), {"half_apart"}),
    "nobody knows where": ([nowhere(DI), nowhere(LOT)], Shape.DI_ONLY, (D, None, None), {"half_apart"}),
    "two PI halves without a DI": ([line(LOT), line(SERIAL, 110)], Shape.PI_ONLY, (None, "A1", None), {"half_apart"}),
    "PI half of another agency": (
        [at(DI), at(HIBC_PI, 100, kind="]d1")], Shape.DI_ONLY, (D, None, None), {"half_apart"},
    ),
    # Complete symbols
    "a complete symbol, its halves beside it": (
        [at(DI + BOTH), line(DI, 100), line(LOT, 200)], Shape.COMPLETE, (D, "A1", "S1"), set(),
    ),
    "the same symbol twice": ([at(DI + LOT), at(DI + LOT, 100)], Shape.COMPLETE, (D, "A1", None), set()),
    "one symbol tells more": (
        [line(DI + LOT), at(DI + BOTH, 0, 100)], Shape.COMPLETE, (D, "A1", "S1"), set(),
    ),
    "MA symbols with check digits of their own": (
        [at(MA_WHOLE + b".C3", kind="]Q1"), at(MA.encode() + b".LA1.C5", 100, kind="]d1")],
        Shape.COMPLETE, (MA, "A1", None), set(),
    ),
    "complete with retail symbol": (
        [at(DI + LOT), at(RETAIL, 100, kind="]E0")], Shape.COMPLETE, (D, "A1", None), set(),
    ),
    "a complete symbol takes no serial": (
        [line(DI + LOT), line(SERIAL, 110)], Shape.COMPLETE, (D, "A1", None), {"half_apart"},
    ),
    "DI with expiry, lot in the other": (
        [line(DI + b"17291231"), line(b"10A1", 110)], Shape.COMPLETE, (D, "A1", None), set(),
    ),
    "contradiction on one label": (
        [at(DI + LOT), at(DI + b"1729123110B2", 100)], Shape.INVALID, (D, "A1", None), {"symbols_disagree"},
    ),
    "half contradicts the complete symbol": (
        [line(DI + LOT), line(b"10B2", 110)], Shape.INVALID, (D, "A1", None), {"symbols_disagree"},
    ),
    "contradiction, nobody knows where": (
        [nowhere(DI + LOT), nowhere(DI + b"10B2")], Shape.INVALID, (D, "A1", None), {"symbols_disagree"},
    ),
    "halves that exclude each other": (
        [line(b"03" + DI[2:]), line(b"23512345", 110)],
        Shape.INVALID, (D, None, None), {"symbols_disagree"},
    ),
    # Two packages
    "two products": ([at(DI + LOT), at(OTHER_DI + LOT, 100)], Shape.SEVERAL, (), set()),
    "two products, one with its DI only": ([at(DI + LOT), at(OTHER_DI, 100)], Shape.SEVERAL, (), set()),
    "two lots of a product, apart": ([at(DI + LOT), at(DI + b"10B2", 900)], Shape.SEVERAL, (), set()),
    "two split packages of a product": (
        [line(DI), line(SERIAL, 110), line(DI, 800), line(LOT, 910)], Shape.SEVERAL, (), set(),
    ),
    "the same without one of the PI halves": ([line(DI), line(DI, 800), line(LOT, 910)], Shape.SEVERAL, (), set()),
    "one PI half in two places": ([line(DI), line(LOT, 110), line(LOT, 910)], Shape.SEVERAL, (), set()),
    "one DI half read in two rows": (
        [line(DI), at(DI, 0, 20, "]C1", 300), line(LOT, 140)], Shape.COMPLETE, (D, "A1", None), set(),
    ),
    "a PI half of another lot, apart": ([at(DI + LOT), at(b"10B2", 900)], Shape.SEVERAL, (), set()),
    "lot half here, serial half elsewhere": (
        [line(DI), line(LOT, 110), line(SERIAL, 900)], Shape.SEVERAL, (), set(),
    ),
    "lot half below, serial half beside": (
        [at(DI), at(LOT, 0, 110), at(SERIAL, 110, 0)], Shape.SEVERAL, (), set(),
    ),
    "PI halves on two carriers": (
        [line(DI), line(LOT, 110), at(SERIAL, 0, 220)], Shape.SEVERAL, (), set(),
    ),
    "PI halves that repeat each other": (
        [line(DI), line(LOT, 110), line(b"1729123121S1", 220)], Shape.SEVERAL, (), set(),
    ),
    "two DI halves on two carriers": (
        [line(DI), line(LOT, 110), at(DI, 900)], Shape.SEVERAL, (), set(),
    ),
    "halves of one content around two DI halves": (
        [line(DI), line(LOT, 110), line(RETAIL, 900, kind="]E0"), at(LOT, 0, 1010)], Shape.SEVERAL, (), set(),
    ),
    "DI with expiry here, halves there": (
        [line(DI + b"17291231", 900), line(RETAIL, kind="]E0"), line(b"10A1", 110)], Shape.SEVERAL, (), set(),
    ),
    "complete symbols that tell different things": (
        [line(DI + b"10A1"), line(DI + b"21S1", 110)], Shape.SEVERAL, (), set(),
    ),
    "HIBC secondary of another primary": (
        [line(HIBC, kind="]C0"), line(HIBC_OTHERS_PI, 110, kind="]C0")], Shape.SEVERAL, (), set(),
    ),
    # Several agencies on one package
    "GS1 and HIBC, one lot": (
        [at(HIBC_WHOLE, kind="]d1"), at(DI + LOT, 100)], Shape.COMPLETE, (D, "A1", None), {"other_agency"},
    ),
    "GS1 and MA, one lot": (
        [at(DI + LOT), at(MA_WHOLE, 100, kind="]Q1")], Shape.COMPLETE, (D, "A1", None), {"other_agency"},
    ),
    "GS1 and MA, apart": ([at(DI + LOT), at(MA_WHOLE, 900, kind="]Q1")], Shape.SEVERAL, (), set()),
    "GS1 and MA, another lot": (
        [at(DI + b"10B2"), at(MA_WHOLE, 100, kind="]Q1")], Shape.SEVERAL, (), set(),
    ),
    "GS1 and MA, another expiry": (
        [at(DI + b"1728123110A1"), at(MA_WHOLE, 100, kind="]Q1")], Shape.SEVERAL, (), set(),
    ),
    "GS1 and MA, another day of making": (
        [at(DI + b"11250101" + LOT), at(MA_WHOLE + b".M250102", 100, kind="]Q1")], Shape.SEVERAL, (), set(),
    ),
    "GS1 and MA, only an expiry": (
        [at(DI + b"17291231"), at(MA.encode() + b".E291231", 100, kind="]Q1")], Shape.SEVERAL, (), set(),
    ),
    "GS1 DI half beside MA": ([at(DI), at(MA_WHOLE, 100, kind="]Q1")], Shape.SEVERAL, (), set()),
    "retail symbol beside MA": (
        [at(RETAIL, kind="]E0"), at(MA_WHOLE, 100, kind="]Q1")], Shape.COMPLETE, (MA, "A1", None), {"other_agency"},
    ),
    "retail symbol far from MA": ([at(RETAIL, kind="]E0"), at(MA_WHOLE, 900, kind="]Q1")], Shape.SEVERAL, (), set()),
    # Faults
    "faulty beside complete": ([at(DI + LOT), at(FAULTY, 100)], Shape.INVALID, (FAULTY_D, None, None), set()),
    "faulty far from complete": (
        [at(DI + LOT), at(FAULTY, 900)], Shape.INVALID, (FAULTY_D, None, None), set(),
    ),
    "faulty DI beside a PI half": (
        [at(FAULTY), at(LOT, 100)], Shape.INVALID, (FAULTY_D, None, None), set(),
    ),
    "faulty half of no agency in view": (
        [at(DI + LOT), at(b"+$$3299931A1GE", 100, kind="]d1")], Shape.COMPLETE, (D, "A1", None), set(),
    ),
    # Companions
    "beside a complete symbol": ([at(DI + LOT), line(NHSA, 100, kind="]C0")], Shape.COMPLETE, (D, "A1", None), set()),
    "no UDI": ([at(b"SHELF", kind="]d1"), line(NHSA, 100, kind="]C0")], Shape.OTHER, (), set()),
    "nothing": ([], Shape.NOTHING, (), set()),
}  # fmt: skip


@pytest.mark.parametrize(("reads", "shape", "said", "codes"), IN_A_FRAME.values(), ids=IN_A_FRAME.keys())
def test_in_a_frame(reads: list[Read], shape: Shape, said: tuple[object, ...], codes: set[str]) -> None:
    found = assemble(reads, today=TODAY)
    assert summary(found) == (shape, said, codes)
    assert found.reads == tuple(reads)


@pytest.mark.parametrize("name", [name for name, case in IN_A_FRAME.items() if case[1] is not Shape.INVALID])
def test_the_order_of_reading_is_nothing(name: str) -> None:
    reads, *expected = IN_A_FRAME[name]
    for shift in range(1, len(reads)):
        assert summary(assemble([*reads[shift:], *reads[:shift]], today=TODAY)) == tuple(expected)
    assert summary(assemble(reads[::-1], today=TODAY)) == tuple(expected)


# name: (symbols of the frame, shape, (DI, lot, serial), findings of joining); the catalogue knows unit and case
LEVELS: dict[str, Case] = {
    "unit and case, complete": (
        [at(CASE + LOT), at(DI + BOTH, 100)], Shape.COMPLETE, (D, "A1", "S1"), {"higher_level"},
    ),
    "their serials differ": (
        [at(CASE + LOT + b"\x1d21C9"), at(DI + BOTH, 100)], Shape.COMPLETE, (D, "A1", "S1"), {"higher_level"},
    ),
    "a unit of another lot": ([at(CASE + b"10B2"), at(DI + LOT, 100)], Shape.SEVERAL, (), set()),
    "PI half of the unit, case apart": (
        [line(CASE, 900), line(DI), line(LOT, 110)], Shape.COMPLETE, (D, "A1", None), {"higher_level"},
    ),
    "PI half between both": (
        [line(DI), line(LOT, 110), line(CASE, 205)],
        Shape.DI_ONLY, (D, None, None), {"higher_level", "half_apart"},
    ),
    "PI half of the case": (
        [line(DI, 900), line(CASE), line(LOT, 110)], Shape.DI_ONLY, (D, None, None), {"higher_level", "half_apart"},
    ),
    "unrelated": ([at(DI + LOT), at(OTHER_DI + LOT, 100)], Shape.SEVERAL, (), set()),
    "one DI needs no catalogue": ([at(CASE + LOT)], Shape.COMPLETE, ("16901234567899", "A1", None), set()),
}  # fmt: skip


@pytest.mark.parametrize(("reads", "shape", "said", "codes"), LEVELS.values(), ids=LEVELS.keys())
def test_packaging_levels(reads: list[Read], shape: Shape, said: tuple[object, ...], codes: set[str]) -> None:
    assert summary(assemble(reads, today=TODAY, packaging=tree)) == (shape, said, codes)
    assert summary(assemble(reads[::-1], today=TODAY, packaging=tree)) == (shape, said, codes)


@pytest.mark.parametrize("packaging", [lambda _dis: None, lambda _dis: ()], ids=["none", "empty"])
def test_a_catalogue_that_knows_nothing_makes_two_packages(packaging: Packaging) -> None:
    assert assemble([at(CASE + LOT), at(DI + LOT, 100)], today=TODAY, packaging=packaging).shape is Shape.SEVERAL


# name: (scans, shape, (DI, lot, serial), findings of joining)
BY_TIME: dict[str, Case] = {
    "halves": ([scan(DI), scan(LOT)], Shape.COMPLETE, (D, "A1", None), {"joined_by_time"}),
    "retail symbol, then PI half": (
        [scan(RETAIL, "]E0"), scan(LOT)], Shape.COMPLETE, (D, "A1", None), {"joined_by_time"},
    ),
    "one half again": ([scan(DI), scan(LOT), scan(LOT)], Shape.COMPLETE, (D, "A1", None), {"joined_by_time"}),
    "two PI halves": ([scan(DI), scan(LOT), scan(SERIAL)], Shape.SEVERAL, (), {"joined_by_time"}),
    "two DIs": ([scan(DI), scan(OTHER_DI), scan(LOT)], Shape.SEVERAL, (), {"joined_by_time"}),
    "lots that differ": (
        [scan(DI), scan(LOT), scan(b"10B2")], Shape.INVALID, (D, None, None), {"symbols_disagree", "joined_by_time"},
    ),
    "HIBC secondary of another primary": (
        [scan(HIBC, "]C0"), scan(HIBC_OTHERS_PI, "]C0")], Shape.SEVERAL, (), {"joined_by_time"},
    ),
    "halves of two agencies": (
        [scan(DI), scan(HIBC_PI, "]C0")], Shape.DI_ONLY, (D, None, None), {"half_apart", "joined_by_time"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("reads", "shape", "said", "codes"), BY_TIME.values(), ids=BY_TIME.keys())
def test_by_time(reads: list[Read], shape: Shape, said: tuple[object, ...], codes: set[str]) -> None:
    assert summary(assemble(reads, today=TODAY, joined_by_time=True)) == (shape, said, codes)


def test_levels_are_not_joined_by_time() -> None:
    reads = [scan(DI), scan(CASE), scan(LOT)]
    found = assemble(reads, today=TODAY, joined_by_time=True, packaging=tree)
    assert summary(found) == (Shape.DI_ONLY, (D, None, None), {"higher_level", "half_apart", "joined_by_time"})


def test_companions_are_kept_whatever_the_shape() -> None:
    found = assemble([at(DI + LOT), line(NHSA, 100, kind="]C0"), at(b"SHELF", 0, 300, "]d1")], today=TODAY)
    assert [(each.kind, each.value) for each in found.companions] == [
        (Kind.NHSA, NHSA.decode()),
        (Kind.TEXT, "SHELF"),
    ]
    assert [each.kind for each in assemble([line(NHSA, kind="]C0")], today=TODAY).companions] == [Kind.NHSA]


def test_the_whole_is_carried_by_the_complete_symbol() -> None:
    reads = [line(DI), line(LOT, 110), at(DI + LOT, 0, 220)]
    udi = assemble(reads, today=TODAY).udi
    assert udi is not None
    assert (udi.payload, udi.symbology, udi.issuer) == (DI + LOT, "]d2", Issuer.GS1)


def test_what_was_said_of_a_half_alone_is_settled_by_joining() -> None:
    alone = assemble([line(RETAIL, kind="]E0"), line(DI, 110)], today=TODAY)
    assert "gtin_only" in {each.code for each in alone.findings}
    joined = assemble([line(RETAIL, kind="]E0"), line(LOT, 110)], today=TODAY)
    assert joined.findings == ()


def test_a_warning_of_one_half_is_a_warning_of_the_whole() -> None:
    reads = [line(DI, kind="]C0"), line(LOT, 110)]
    assert [each.code for each in assemble(reads, today=TODAY).findings] == ["not_gs1_symbol"]


def test_another_agency_is_named() -> None:
    found = assemble([at(DI + LOT), at(MA_WHOLE, 100, kind="]Q1")], today=TODAY)
    assert [each.value for each in found.findings if each.code == "other_agency"] == [MA]


MONTHS = {"the month's days": (b"17290115", True), "another month": (b"17290228", False)}


@pytest.mark.parametrize(("until", "one_package"), MONTHS.values(), ids=MONTHS.keys())
def test_an_expiry_without_a_day_agrees_with_its_month(until: bytes, one_package: bool) -> None:
    reads = [at(DI + until + b"10A1"), at(checked("+A123BJC5D6E71/$$0129A1"), 100, kind="]d1")]
    assert assemble(reads, today=TODAY).shape is (Shape.COMPLETE if one_package else Shape.SEVERAL)


PAYLOADS = (DI, RETAIL, OTHER_DI, CASE, LOT, SERIAL, BOTH, DI + LOT, DI + BOTH, b"10B2", HIBC, HIBC_PI, HIBC_WHOLE)
SYMBOLS = st.builds(
    at,
    st.sampled_from((*PAYLOADS, MA_WHOLE, NHSA, FAULTY, b"")),
    st.integers(0, 9).map(lambda n: n * 40),
    st.integers(0, 9).map(lambda n: n * 40),
    st.sampled_from(("]d2", "]C1", "]d1", "]C0", "]E0")),
    st.sampled_from((60, 200)),
)


@given(st.lists(SYMBOLS, max_size=5), st.booleans(), st.randoms(use_true_random=False))
def test_any_frame_is_judged_the_same_in_any_order(reads: list[Read], known: bool, rng: object) -> None:
    packaging: Packaging = tree if known else lambda _dis: None
    found = assemble(reads, today=TODAY, packaging=packaging)
    again = list(reads)
    rng.shuffle(again)  # type: ignore[attr-defined]
    other = assemble(again, today=TODAY, packaging=packaging)
    assert found.shape is other.shape
    if found.shape is not Shape.INVALID:
        assert summary(found) == summary(other)
    if found.udi is not None and found.shape is Shape.COMPLETE:
        parts = {each for each in found.udi.elements if each[0] in ("01", "10", "21")}
        shown = b"".join(b"01" + r.payload.zfill(14) if r.symbology == "]E0" else r.payload + b"\x1d" for r in reads)
        assert all((identifier + value).encode() in shown for identifier, value in parts)
