from datetime import date

import pytest

from edge.station.intake import GONE_NS, HALF_WAIT_NS, REPEAT_NS, Intake, Presented
from edge.udi.model import Udi
from edge.udi.presentation import Shape
from edge.udi.read import Corners, Read

TODAY = date(2026, 11, 24)
DI = b"0106901234567892"
PI = b"1727123110A1"
OTHER_DI = b"0106901234500011"
BOTH = DI + PI
S = 1_000_000_000


def scan(payload: bytes, at: int) -> Read:
    return Read(payload, "]C1", "scanner", at)


def seen(payload: bytes, at: int, x: int = 0) -> Read:
    corners: Corners = ((x, 0), (x + 90, 0), (x + 90, 90), (x, 90))
    return Read(payload, "]d2", "camera", at, corners=corners)


def shapes(presented: list[Presented]) -> list[tuple[Shape, bool]]:
    return [(p.presentation.shape, p.half_pending) for p in presented]


def test_a_complete_symbol_is_presented_at_once() -> None:
    assert shapes(Intake().scanned(scan(BOTH, S), TODAY)) == [(Shape.COMPLETE, False)]


@pytest.mark.parametrize(("gap", "count"), [(REPEAT_NS - 1, 1), (REPEAT_NS, 2)])
def test_one_trigger_or_two(gap: int, count: int) -> None:
    intake = Intake()
    found = intake.scanned(scan(BOTH, S), TODAY) + intake.scanned(scan(BOTH, S + gap), TODAY)
    assert len(found) == count


@pytest.mark.parametrize("halves", [(DI, PI), (PI, DI)], ids=["DI first", "PI first"])
def test_halves_of_a_scanner_join_in_any_order(halves: tuple[bytes, bytes]) -> None:
    intake = Intake()
    assert [p for _, p in shapes(intake.scanned(scan(halves[0], S), TODAY))] == [True]
    joined = intake.scanned(scan(halves[1], 3 * S), TODAY)
    assert shapes(joined) == [(Shape.COMPLETE, False)]
    udi = joined[0].presentation.udi
    assert udi is not None
    assert udi.trace_key == "GS1|06901234567892|L|A1"
    assert "joined_by_time" in [finding.code for finding in joined[0].presentation.findings]
    assert not intake.half_waits


def test_a_half_that_comes_too_late_does_not_join() -> None:
    intake = Intake()
    intake.scanned(scan(DI, S), TODAY)
    late = intake.scanned(scan(PI, S + HALF_WAIT_NS), TODAY)
    assert shapes(late) == [(Shape.DI_ONLY, False), (Shape.PI_ONLY, True)]


def test_another_di_between_supersedes_the_waiting_half() -> None:
    intake = Intake()
    intake.scanned(scan(DI, S), TODAY)
    assert shapes(intake.scanned(scan(OTHER_DI, 2 * S), TODAY)) == [(Shape.DI_ONLY, False), (Shape.DI_ONLY, True)]
    assert shapes(intake.scanned(scan(PI, 3 * S), TODAY)) == [(Shape.DI_ONLY, False), (Shape.PI_ONLY, True)]


D, OTHER_D, W = "06901234567892", "06901234500011", HALF_WAIT_NS // S
LOT, SERIAL, OTHER_PI = b"10A1", b"21S1", b"1728123110B2"
EAN, SHELF, FAULTY = b"6901234567892", b"SHELF 4-12", b"0106901234567893"
HIBC, HIBC_PI, HIBC_OTHER = b"+A123BJC5D6E71G", b"+$A1GL", b"+A123XYZ9991F"
HIBC_OTHERS_PI, HIBC_OTHERS_LOT = b"+$A1FK", b"+$B2FM"
KINDS = {
    EAN: "]E0",
    SHELF: "]C0",
    HIBC: "]C0",
    HIBC_PI: "]C0",
    HIBC_OTHER: "]C0",
    HIBC_OTHERS_PI: "]C0",
    HIBC_OTHERS_LOT: "]C0",
}

# name: (scans with their seconds, the complete UDIs that come out of them: DI, lot, serial)
SCANS: dict[str, tuple[list[tuple[bytes, float]], list[tuple[object, ...]]]] = {
    "DI, PI": ([(DI, 1), (PI, 5)], [(D, "A1", None)]),
    "PI, DI": ([(PI, 1), (DI, 5)], [(D, "A1", None)]),
    "just in time": ([(DI, 1), (PI, W + 0.9)], [(D, "A1", None)]),
    "too late": ([(DI, 1), (PI, W + 1)], []),
    "too late, DI again": ([(DI, 1), (PI, W + 1), (DI, W + 3)], [(D, "A1", None)]),
    "retail symbol, PI": ([(EAN, 1), (PI, 5)], [(D, "A1", None)]),
    "retail symbol and DI half of one GTIN, PI": ([(EAN, 1), (DI, 2), (PI, 5)], [(D, "A1", None)]),
    "one after the other": ([(DI, 1), (PI, 2), (OTHER_DI, 4), (OTHER_PI, 5)], [(D, "A1", None), (OTHER_D, "B2", None)]),
    "one after the other, PI first": (
        [(PI, 1), (DI, 2), (OTHER_PI, 4), (OTHER_DI, 5)], [(D, "A1", None), (OTHER_D, "B2", None)],
    ),
    "two of a product": ([(DI, 1), (PI, 2), (DI, 4), (OTHER_PI, 5)], [(D, "A1", None), (D, "B2", None)]),
    "two of a lot": ([(DI, 1), (PI, 2), (DI, 4), (PI, 5)], [(D, "A1", None), (D, "A1", None)]),
    "another DI between": ([(DI, 1), (OTHER_DI, 2), (PI, 3)], []),
    "another DI before, given up": ([(OTHER_DI, 1), (DI, W + 2), (PI, W + 4)], [(D, "A1", None)]),
    "DI, PI, foreign PI": ([(DI, 1), (PI, 2), (OTHER_PI, 3)], [(D, "A1", None)]),
    "foreign PI, PI, DI": ([(OTHER_PI, 1), (PI, 2), (DI, 3)], []),
    "PI, foreign PI, DI": ([(PI, 1), (OTHER_PI, 2), (DI, 3)], []),
    "late PI, then the next DI": ([(DI, 1), (PI, W + 2), (OTHER_DI, W + 4)], []),
    "complete, foreign PI": ([(BOTH, 1), (OTHER_PI, 2)], [(D, "A1", None)]),
    "complete, its own DI half, foreign PI": ([(BOTH, 1), (DI, 2), (OTHER_PI, 3)], [(D, "A1", None)]),
    "complete, its own PI half, foreign DI": ([(BOTH, 1), (PI, 2), (OTHER_DI, 3)], [(D, "A1", None)]),
    "complete, another package in halves": (
        [(BOTH, 1), (OTHER_DI, 2), (OTHER_PI, 3)], [(D, "A1", None), (OTHER_D, "B2", None)],
    ),
    "joined, its own PI half again, foreign DI": ([(DI, 1), (PI, 2), (PI, 3), (OTHER_DI, 4)], [(D, "A1", None)]),
    "joined, foreign DI, its own PI half again": ([(DI, 1), (PI, 2), (OTHER_DI, 3), (PI, 4)], [(D, "A1", None)]),
    "DI, complete, foreign PI": ([(OTHER_DI, 1), (BOTH, 2), (OTHER_PI, 3)], [(D, "A1", None)]),
    "DI, faulty code, PI": ([(DI, 1), (FAULTY, 2), (PI, 3)], []),
    "faulty DI, right DI, PI": ([(FAULTY, 1), (DI, 2), (PI, 3)], []),
    "DI, other code, PI": ([(DI, 1), (SHELF, 2), (PI, 3)], []),
    "DI, other code, PI, DI": ([(DI, 1), (SHELF, 2), (PI, 3), (DI, 4)], [(D, "A1", None)]),
    "three symbols: the first two": ([(DI, 1), (LOT, 2), (SERIAL, 3)], [(D, "A1", None)]),
    "three symbols, then the next DI": ([(DI, 1), (LOT, 2), (SERIAL, 3), (OTHER_DI, 4)], [(D, "A1", None)]),
    "three symbols, DI last": ([(LOT, 1), (SERIAL, 2), (DI, 3)], []),
    "three symbols, DI between": ([(LOT, 1), (DI, 2), (SERIAL, 3)], [(D, "A1", None)]),
    "HIBC, another agency's DI before": ([(DI, 1), (HIBC, 2), (HIBC_PI, 3)], [("A123BJC5D6E71", "A1", None)]),
    "HIBC, a DI before that the link excludes": (
        [(HIBC_OTHER, 1), (HIBC, 2), (HIBC_PI, 3)], [("A123BJC5D6E71", "A1", None)],
    ),
    "HIBC, a PI half before that the link excludes": (
        [(HIBC_OTHERS_LOT, 1), (HIBC, 2), (HIBC_PI, 3)], [("A123BJC5D6E71", "A1", None)],
    ),
    "HIBC, two products of one lot": (
        [(HIBC, 1), (HIBC_PI, 2), (HIBC_OTHER, 3), (HIBC_OTHERS_PI, 4)],
        [("A123BJC5D6E71", "A1", None), ("A123XYZ9991", "A1", None)],
    ),
    "HIBC secondary of another primary": ([(HIBC_OTHER, 1), (HIBC_PI, 2)], []),
    "halves of two agencies": ([(DI, 1), (HIBC_PI, 2)], []),
}  # fmt: skip


@pytest.mark.parametrize(("scans", "expected"), SCANS.values(), ids=SCANS.keys())
def test_what_is_joined_of_a_row_of_scans(scans: list[tuple[bytes, float]], expected: list[tuple[object, ...]]) -> None:
    intake, out = Intake(), []
    for payload, second in scans:
        at = int(second * S)
        out += intake.tick(at) + intake.scanned(Read(payload, KINDS.get(payload, "]C1"), "scanner", at), TODAY)
    out += intake.tick(100 * S)
    assert [(u.di, u.lot, u.serial) for u in complete(out)] == expected
    assert not intake.half_waits


def complete(presented: list[Presented]) -> list[Udi]:
    whole = [each.presentation.udi for each in presented if each.presentation.shape is Shape.COMPLETE]
    return [udi for udi in whole if udi is not None]


def test_every_half_is_told_once() -> None:
    intake = Intake()
    out = [each for n, code in enumerate((DI, OTHER_DI, PI)) for each in intake.scanned(scan(code, n * S + S), TODAY)]
    out += intake.tick(100 * S)
    told = [each.presentation for each in out if not each.half_pending]
    assert [each.shape for each in told] == [Shape.DI_ONLY, Shape.DI_ONLY, Shape.PI_ONLY]


def test_a_product_without_pi_leaves_nothing_open() -> None:
    intake = Intake(lambda di: di == D)
    out = [each for n, code in enumerate((DI, OTHER_DI, PI)) for each in intake.scanned(scan(code, n * S + S), TODAY)]
    assert [udi.di for udi in complete(out)] == [OTHER_D]


def test_a_half_under_the_camera_leaves_open_what_the_scanner_reads() -> None:
    intake = Intake()
    intake.seen([seen(OTHER_DI, S)], S, TODAY)
    out = intake.scanned(scan(DI, 2 * S), TODAY) + intake.scanned(scan(PI, 3 * S), TODAY)
    assert complete(out) == []


def test_a_complete_symbol_supersedes_a_waiting_half() -> None:
    intake = Intake()
    intake.scanned(scan(OTHER_DI, S), TODAY)
    assert shapes(intake.scanned(scan(BOTH, 2 * S), TODAY)) == [(Shape.DI_ONLY, False), (Shape.COMPLETE, False)]


def test_a_half_is_given_up_after_ten_seconds_once() -> None:
    intake = Intake()
    intake.scanned(scan(DI, S), TODAY)
    assert intake.tick(S + HALF_WAIT_NS - 1) == []
    assert shapes(intake.tick(S + HALF_WAIT_NS)) == [(Shape.DI_ONLY, False)]
    assert intake.tick(S + 2 * HALF_WAIT_NS) == []


def test_a_di_of_a_product_without_pi_does_not_wait() -> None:
    intake = Intake(lambda di: di == "06901234567892")
    assert shapes(intake.scanned(scan(DI, S), TODAY)) == [(Shape.DI_ONLY, False)]


def test_nothing_read_supersedes_a_half() -> None:
    intake = Intake()
    intake.scanned(scan(DI, S), TODAY)
    assert shapes(intake.nothing_read(2 * S)) == [(Shape.DI_ONLY, False), (Shape.NOTHING, False)]


def test_what_lies_under_the_camera_is_presented_once() -> None:
    intake = Intake()
    assert shapes(intake.seen([seen(BOTH, S)], S, TODAY)) == [(Shape.COMPLETE, False)]
    assert intake.seen([seen(BOTH, S + 1)], S + 1, TODAY) == []


def test_another_symbol_of_what_lies_there_is_no_new_package() -> None:
    intake = Intake()
    intake.seen([seen(BOTH, S)], S, TODAY)
    assert intake.seen([seen(BOTH, 2 * S), seen(DI, 2 * S, x=120)], 2 * S, TODAY) == []
    assert intake.seen([seen(DI, 3 * S, x=120), seen(PI, 3 * S, x=240)], 3 * S, TODAY) == []
    assert shapes(intake.seen([seen(DI + OTHER_PI, 4 * S)], 4 * S, TODAY)) == [(Shape.COMPLETE, False)]
    assert shapes(intake.seen([seen(BOTH, 5 * S)], 5 * S, TODAY)) == [(Shape.COMPLETE, False)]


def test_a_symbol_that_tells_more_of_what_lies_there_is_told() -> None:
    intake = Intake()
    intake.seen([seen(BOTH, S)], S, TODAY)
    more = [seen(BOTH, 2 * S), seen(BOTH + b"\x1d21S1", 2 * S, x=120)]
    assert [udi.serial for udi in complete(intake.seen(more, 2 * S, TODAY))] == ["S1"]


def test_a_second_package_beside_what_lies_there_is_told() -> None:
    intake = Intake()
    intake.seen([seen(BOTH, S)], S, TODAY)
    both = [seen(BOTH, 2 * S), seen(OTHER_DI + PI, 2 * S, x=500)]
    assert shapes(intake.seen(both, 2 * S, TODAY)) == [(Shape.SEVERAL, False)]


def test_one_missed_frame_is_no_removal() -> None:
    intake = Intake()
    intake.seen([seen(BOTH, S)], S, TODAY)
    intake.seen([], 2 * S, TODAY)
    assert intake.seen([seen(BOTH, S)], 2 * S + GONE_NS - 1, TODAY) == []


def test_removal_arms_again() -> None:
    intake = Intake()
    intake.seen([seen(BOTH, S)], S, TODAY)
    intake.seen([], 2 * S, TODAY)
    intake.tick(2 * S + GONE_NS)
    assert shapes(intake.seen([seen(BOTH, 3 * S)], 3 * S, TODAY)) == [(Shape.COMPLETE, False)]


def test_a_frame_that_shows_the_second_half_completes_the_first() -> None:
    intake = Intake()
    assert shapes(intake.seen([seen(DI, S)], S, TODAY)) == [(Shape.DI_ONLY, True)]
    both = [seen(DI, 2 * S), seen(PI, 2 * S, x=120)]
    assert shapes(intake.seen(both, 2 * S, TODAY)) == [(Shape.COMPLETE, False)]
    assert intake.tick(60 * S) == []


def test_halves_of_camera_and_scanner_never_join() -> None:
    intake = Intake()
    intake.seen([seen(DI, S)], S, TODAY)
    assert shapes(intake.scanned(scan(PI, 2 * S), TODAY)) == [(Shape.DI_ONLY, False), (Shape.PI_ONLY, True)]
