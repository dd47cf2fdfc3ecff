import pytest

from hardware.buttons import ButtonEvent, HoldTimer

S = 1_000_000_000
CASES = {
    "OK pressed": (ButtonEvent.OK, 0.2, [ButtonEvent.OK]),
    "OK held three seconds": (ButtonEvent.OK, 3.0, [ButtonEvent.EMERGENCY]),
    "NO CODE touched": (ButtonEvent.NO_CODE, 0.4, []),
    "NO CODE held one second": (ButtonEvent.NO_CODE, 1.0, [ButtonEvent.NO_CODE]),
    "NO CODE held long": (ButtonEvent.NO_CODE, 9.0, [ButtonEvent.NO_CODE]),
    "UNDO pressed": (ButtonEvent.UNDO, 0.2, [ButtonEvent.UNDO]),
}


@pytest.mark.parametrize(("button", "seconds", "events"), CASES.values(), ids=CASES.keys())
def test_presses_and_holds(button: ButtonEvent, seconds: float, events: list[ButtonEvent]) -> None:
    timer = HoldTimer(button)
    timer.pressed(0)
    looks = [timer.held(int(part * seconds * S / 10)) for part in range(11)]
    found = [event for event in [*looks, timer.released(int(seconds * S))] if event is not None]
    assert found == events


def test_a_release_without_a_press_is_nothing() -> None:
    assert HoldTimer(ButtonEvent.OK).released(S) is None
