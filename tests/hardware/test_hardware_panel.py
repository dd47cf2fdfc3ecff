import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from hardware.buttons import ButtonEvent
from hardware.panel import PanelButtons, PanelIndicator, PanelPins, PanelSenses
from hardware.profile import Surroundings
from hardware.signals import Signal, camera_light

PINS = PanelPins(ready=5, tick=17, cross=27, bar=22, wrench=23, buzzer=18)
WITH_LIGHT = replace(PINS, light=12)


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    made = MockFactory(pin_class=MockPWMPin)
    yield made
    made.reset()


def wait_for(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_accepted_lights_the_tick_and_chirps_then_rests(factory: MockFactory) -> None:
    panel = PanelIndicator(PINS, pin_factory=factory)
    panel.show(Signal.ACCEPTED)
    wait_for(lambda: factory.pin(17).state == 1)
    wait_for(lambda: factory.pin(17).state == 0)
    assert factory.pin(5).state == pytest.approx(0.3)
    assert any(state.state == pytest.approx(0.5) for state in factory.pin(18).states)
    panel.close()


def test_stop_stays_lit_until_cleared(factory: MockFactory) -> None:
    panel = PanelIndicator(PINS, pin_factory=factory)
    panel.show(Signal.STOP)
    wait_for(lambda: factory.pin(27).state == 1)
    panel.clear()
    wait_for(lambda: factory.pin(27).state == 0)
    panel.close()


def test_fault_puts_the_ready_lamp_out(factory: MockFactory) -> None:
    panel = PanelIndicator(PINS, pin_factory=factory)
    panel.show(Signal.READY)
    wait_for(lambda: factory.pin(5).state > 0)
    panel.show(Signal.FAULT)
    wait_for(lambda: factory.pin(5).state == 0)
    panel.close()


def test_show_returns_at_once(factory: MockFactory) -> None:
    panel = PanelIndicator(PINS, pin_factory=factory)
    began = time.perf_counter()
    for _ in range(1000):
        panel.show(Signal.REDO)
    assert time.perf_counter() - began < 1.0
    panel.close()


def test_a_press_reaches_the_callback(factory: MockFactory) -> None:
    buttons = PanelButtons({ButtonEvent.OK: 6}, pin_factory=factory)
    seen: list[ButtonEvent] = []
    buttons.on_event = seen.append
    factory.pin(6).drive_low()
    wait_for(lambda: buttons._buttons[ButtonEvent.OK][1]._down_ns is not None)
    factory.pin(6).drive_high()
    wait_for(lambda: seen == [ButtonEvent.OK])
    buttons.close()


def test_a_trouble_is_a_lamp_at_rest_that_no_scan_takes_away(factory: MockFactory) -> None:
    panel = PanelIndicator(PINS, pin_factory=factory)
    panel.show(Signal.READY)
    panel.set_trouble(True)
    wait_for(lambda: factory.pin(23).state == pytest.approx(0.5))
    panel.show(Signal.STOP)
    wait_for(lambda: factory.pin(27).state == 1)
    assert factory.pin(23).state == 0
    panel.show(Signal.ACCEPTED)
    wait_for(lambda: factory.pin(17).state == 1)
    assert factory.pin(23).state == 0
    wait_for(lambda: factory.pin(17).state == 0)
    assert factory.pin(23).state == pytest.approx(0.5)
    panel.set_trouble(False)
    wait_for(lambda: factory.pin(23).state == 0)
    assert factory.pin(5).state == pytest.approx(0.3)
    panel.close()


def test_the_camera_gets_as_much_light_as_the_hour_allows(factory: MockFactory) -> None:
    panel = PanelIndicator(WITH_LIGHT, pin_factory=factory)
    light = camera_light()
    lamp = factory.pin(12)
    assert lamp.state == pytest.approx(light.idle)
    panel.set_light(True)
    wait_for(lambda: lamp.state == pytest.approx(light.day))
    panel.set_profile("night")
    wait_for(lambda: lamp.state == pytest.approx(light.night))
    panel.set_light(False)
    wait_for(lambda: lamp.state == pytest.approx(light.idle))
    panel.set_profile("day")
    panel.show(Signal.STOP)
    wait_for(lambda: factory.pin(27).state == 1)
    assert lamp.state == pytest.approx(light.idle), "no signal touches it"
    panel.close()


def test_a_panel_without_a_light_takes_the_order(factory: MockFactory) -> None:
    panel = PanelIndicator(PINS, pin_factory=factory)
    panel.set_light(True)
    panel.show(Signal.STOP)
    wait_for(lambda: factory.pin(27).state == 1)
    panel.close()


def test_items_pending_and_a_trouble_are_both_seen_at_rest(factory: MockFactory) -> None:
    panel = PanelIndicator(PINS, pin_factory=factory)
    panel.show(Signal.READY)
    panel.set_pending(True)
    panel.set_trouble(True)
    wait_for(lambda: factory.pin(22).state == pytest.approx(0.15) and factory.pin(23).state == pytest.approx(0.5))
    panel.show(Signal.REDO)
    wait_for(lambda: factory.pin(27).state == pytest.approx(0.4))
    assert factory.pin(22).state == 0
    panel.clear()
    panel.set_pending(False)
    wait_for(lambda: factory.pin(23).state == pytest.approx(0.5) and factory.pin(22).state == 0)
    panel.close()


def test_a_panel_at_rest_becomes_dim_with_the_night(factory: MockFactory) -> None:
    panel = PanelIndicator(PINS, pin_factory=factory)
    panel.show(Signal.READY)
    panel.set_trouble(True)
    panel.set_profile("night")
    wait_for(lambda: factory.pin(5).state == pytest.approx(0.03) and factory.pin(23).state == pytest.approx(0.05))
    panel.close()


def test_the_lamp_of_the_running_task(factory: MockFactory) -> None:
    panel = PanelIndicator(replace(PINS, task_lamps={"USE": 24, "RECEIVE": 25}), pin_factory=factory)
    panel.show(Signal.READY)
    panel.set_task("USE")
    wait_for(lambda: factory.pin(24).state == pytest.approx(0.5))
    panel.set_profile("night")
    wait_for(lambda: factory.pin(24).state == pytest.approx(0.05))
    panel.show(Signal.FAULT)
    wait_for(lambda: factory.pin(24).state == 0)
    panel.clear()
    panel.set_task("RECEIVE")
    wait_for(lambda: factory.pin(25).state == pytest.approx(0.05))
    assert factory.pin(24).state == 0
    panel.set_task("CHECK")
    wait_for(lambda: factory.pin(25).state == 0)
    panel.close()


def test_a_stop_is_heard_in_silence_only_where_the_site_wants_it(factory: MockFactory) -> None:
    panel = PanelIndicator(PINS, pin_factory=factory)
    panel.set_profile("silent", stop_sounds=False)
    panel.show(Signal.STOP)
    wait_for(lambda: factory.pin(27).state == 1)
    panel.clear()
    wait_for(lambda: factory.pin(27).state == 0)
    assert all(state.state == 0 for state in factory.pin(18).states)
    panel.set_profile("silent")
    panel.show(Signal.STOP)
    wait_for(lambda: any(state.state == pytest.approx(0.5) for state in factory.pin(18).states))
    panel.close()


def test_the_panel_senses_the_dark_and_the_silent_switch(factory: MockFactory) -> None:
    senses = PanelSenses(4, 26, pin_factory=factory)
    assert senses.read() == Surroundings()
    factory.pin(4).drive_high()
    factory.pin(26).drive_low()
    assert senses.read() == Surroundings(dark=True, silent=True)
    senses.close()
    nothing = PanelSenses(None, None, pin_factory=factory)
    assert nothing.read() == Surroundings()
    nothing.close()
