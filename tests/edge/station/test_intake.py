from datetime import date

import pytest

from edge.station.intake import GONE_NS, HALF_WAIT_NS, REPEAT_NS, Intake, Presented
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
    joined = intake.scanned(scan(PI, 3 * S), TODAY)
    udi = joined[0].presentation.udi
    assert udi is not None
    assert udi.di == "06901234500011"


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
