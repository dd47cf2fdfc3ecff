import numpy as np

from tests.bench.cases import Case
from tests.bench.contest import doubted, hold
from tests.bench.readers import OURS, Reader
from tests.support.frames import Luma

BLANK = np.zeros((4, 4), np.uint8)


def reader(name: str, *payloads: bytes, formats: frozenset[str] | None = None, engine: str = "") -> Reader:
    def read(_luma: Luma, _count: int) -> tuple[bytes, ...]:
        return payloads

    return Reader(name, read, formats, engine)


def case(format_: str = "QRCode", *, count: int = 1, published: bool = False) -> Case:
    return Case("a", "set", format_, count, b"right".__eq__, lambda: BLANK, published=published)


def test_reads_and_wrong_payloads_are_counted_apart() -> None:
    contest = hold([case(), case()], [reader(OURS, b"right", b"other"), reader("b")], seed=1)
    ours, other = contest.of("set")[OURS], contest.of("set")["b"]
    assert (ours.of, ours.read, ours.wrong, ours.rate) == (2, 2, 2, 1.0)
    assert (other.of, other.read, other.wrong, other.rate) == (2, 0, 0, 0.0)
    assert contest.wrong(OURS) == 2
    assert "other" in contest.faults[0]


def test_what_is_read_where_nothing_is_is_wrong() -> None:
    empty = Case("a", "set", "none", 0, lambda _: False, lambda: BLANK)
    tally = hold([empty], [reader(OURS, b"x")], seed=1).of("set")[OURS]
    assert (tally.of, tally.read, tally.wrong) == (0, 0, 1)


def test_a_reader_is_asked_for_what_it_knows() -> None:
    known = reader("b", b"right", formats=frozenset({"DataMatrix"}))
    contest = hold([case(), case("DataMatrix")], [known], seed=1)
    assert contest.of("set")["b"].of == 1


def test_a_published_truth_is_in_doubt_where_two_engines_agree_on_something_else() -> None:
    one, same, other = reader(OURS, b"x", engine="z"), reader("z", b"x"), reader("b", b"x")
    assert not doubted(case(published=True), BLANK, [one, same])
    assert doubted(case(published=True), BLANK, [same, other])
    assert not doubted(case(), BLANK, [same, other])
    contest = hold([case(published=True)], [one, same, other], seed=1)
    assert contest.tallies == {}
    assert "b and z agree" in contest.faults[0]
