from dataclasses import replace

from edge.udi.read import Read
from edge.vision.confirm import same
from edge.vision.pixels import Affine
from edge.vision.reads import Reads, around, centre, read_of
from edge.vision.regions import Region
from edge.vision.symbols import Symbol

SYMBOL = Symbol(b"X", "]d1", "DataMatrix", ((0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0)), 0.5)


def read(x: float = 0.0, payload: bytes = b"X", margin: float | None = 0.5) -> Read:
    symbol = replace(SYMBOL, payload=payload, margin=margin)
    return read_of(symbol, Affine(c=x), rung="native", t0_ns=1, took_ms=2.0)


def test_a_read_has_the_corners_of_the_frame() -> None:
    found = read_of(SYMBOL, Affine(a=0.5, c=10, e=0.5, f=7), rung="twice", t0_ns=3, took_ms=1.5)
    assert found.corners == ((10, 7), (20, 7), (20, 17), (10, 17))
    assert (found.rung, found.t0_ns, found.took_ms, found.margin, found.source) == ("twice", 3, 1.5, 0.5, "camera")


def test_the_same_content_at_the_same_place_is_one_read_with_the_better_margin() -> None:
    reads = Reads()
    assert reads.add(read())
    assert not reads.add(read(x=4, margin=0.9))
    assert not reads.add(read(x=2, margin=0.1))
    assert [each.margin for each in reads.all] == [0.9]


def test_the_same_content_elsewhere_and_other_content_there_are_other_reads() -> None:
    reads = Reads()
    assert [reads.add(each) for each in (read(), read(x=40), read(payload=b"Y"))] == [True, True, True]
    assert not same(read(), replace(read(), corners=None))


def test_reads_without_a_margin_are_one() -> None:
    reads = Reads()
    assert reads.add(read(margin=None))
    assert not reads.add(read(margin=None))


def test_what_touches_a_region_shares_some_of_its_box() -> None:
    reads = Reads()
    reads.add(read())
    reads.add(read(x=100))
    assert reads.touching(Region(10, 10, 50, 50, "matrix")) == (read().corners,)


def test_a_linear_read_that_was_not_clear_keeps_its_region_open_until_another_rung_agrees() -> None:
    reads, region = Reads(), Region(0, 0, 50, 50, "linear")
    doubtful = replace(read(margin=0.05), format="Code128")
    assert reads.add(doubtful)
    assert (reads.open(region), reads.counted, len(reads.all)) == (True, (), 1)
    assert reads.touching(region) == ()
    assert not reads.add(replace(doubtful, rung="twice"))
    assert not reads.open(region)
    assert [each.payload for each in reads.counted] == [b"X"]
    assert len(reads.looks) == 2


def test_corners_have_a_middle_and_a_box() -> None:
    corners = ((0, 0), (10, 0), (10, 20), (0, 20))
    assert centre(corners) == (5, 10)
    assert around(corners) == (0, 0, 10, 20)
