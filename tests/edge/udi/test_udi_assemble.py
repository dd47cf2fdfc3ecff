from datetime import date

from edge.udi.assemble import assemble
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read

TODAY = date(2026, 11, 24)
DI, PI = b"0106901234567892", b"1729123110A1"


def read(payload: bytes, x: int = 0, symbology: str = "]d2") -> Read:
    return Read(payload, symbology, "camera", 1, corners=((x, 0), (x + 60, 0), (x + 60, 60), (x, 60)))


def join(*reads: Read) -> Presentation:
    return assemble(reads, today=TODAY)


def test_near_halves_join_in_any_order() -> None:
    for pair in ((read(DI), read(PI, 100)), (read(PI, 100), read(DI))):
        found = join(*pair)
        assert found.shape is Shape.COMPLETE
        assert found.udi is not None
        assert found.udi.trace_key == "GS1|06901234567892|L|A1"


def test_halves_far_apart_do_not_join() -> None:
    found = join(read(DI), read(PI, 1000))
    assert found.shape is Shape.DI_ONLY
    assert found.udi is not None
    assert found.udi.lot is None


def test_two_products_are_two_packages() -> None:
    assert join(read(DI + PI), read(b"0106901234500011" + PI, 100)).shape is Shape.SEVERAL


def test_the_same_symbol_twice_is_one_package() -> None:
    assert join(read(DI + PI), read(DI + PI, 100)).shape is Shape.COMPLETE


def test_symbols_that_disagree_are_no_udi() -> None:
    found = join(read(DI + PI), read(DI + b"1729123110B2", 100))
    assert found.shape is Shape.INVALID
    assert "symbols_disagree" in [finding.code for finding in found.findings]


def test_companions_are_kept_beside_the_udi() -> None:
    found = join(read(DI + PI), read(b"C0101010010101000001", 100, "]d1"))
    assert found.shape is Shape.COMPLETE
    assert [companion.value for companion in found.companions] == ["C0101010010101000001"]


def test_a_faulty_symbol_makes_the_whole_invalid() -> None:
    assert join(read(DI + PI), read(b"0106901234567893", 100)).shape is Shape.INVALID


def test_other_codes_alone_and_nothing_at_all() -> None:
    assert join(read(b"SHELF", symbology="]d1")).shape is Shape.OTHER
    assert join().shape is Shape.NOTHING
