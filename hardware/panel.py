"""Lamps, buzzer and buttons on GPIO: the one importer of gpiozero. One thread owns every output pin."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from gpiozero import PWMLED, Button, Buzzer, DigitalInputDevice, PWMOutputDevice

from hardware.buttons import ButtonEvent, HoldTimer
from hardware.host.worker import Worker
from hardware.profile import Surroundings
from hardware.signals import LAMPS, Pattern, Profile, Signal, camera_light, load_signals, resting, task_level
from hardware.timeline import Lit, Sounding, changes

POLL_S = 0.05
LIGHT_HZ = 2000
"""So many pulses fall into one short exposure that a dimmed light draws no bands across the frame."""
_AT_REST = tuple(load_signals(profile)[Signal.READY].steps[-1].levels for profile in get_args(Profile))


@dataclass(frozen=True, slots=True)
class PanelPins:
    """BCM pin numbers."""

    ready: int
    tick: int
    cross: int
    bar: int
    wrench: int
    buzzer: int | None = None
    buzzer_kind: Literal["passive", "active"] = "passive"
    light: int | None = None
    task_lamps: Mapping[str, int] = field(default_factory=dict)
    """Task to the lamp that says that it is running."""


@dataclass(frozen=True, slots=True)
class _Edge:
    """Something to do at a time."""

    at_ns: int
    act: Callable[[], None]


class PanelIndicator:
    """The supported panel: five windows and a piezo."""

    def __init__(self, pins: PanelPins, *, pin_factory: Any = None) -> None:
        """Claim the pins.

        Args:
            pins: where lamps and buzzer are.
            pin_factory: gpiozero's pin factory; None takes the one of ``GPIOZERO_PIN_FACTORY``.
        """
        self._lamps = {name: PWMLED(getattr(pins, name), pin_factory=pin_factory) for name in LAMPS}
        self._task_lamps = {task: PWMLED(pin, pin_factory=pin_factory) for task, pin in pins.task_lamps.items()}
        self._buzzer = _buzzer(pins, pin_factory)
        self._passive = pins.buzzer_kind == "passive"
        self._camera_light = _camera_light(pins, pin_factory)
        self._lit_for_camera = False
        self._profile: Profile = "day"
        self._table = load_signals("day")
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lit: Mapping[str, float] = {}
        self._task: str | None = None
        self._trouble = False
        self._pending = False
        self._edges: list[_Edge] = []
        self._worker = Worker("panel", self._step, on_stop=self._release)
        self._worker.start()

    def show(self, signal: Signal, *, t0_ns: int | None = None) -> None:  # noqa: ARG002 - only simulators measure
        """Queue a signal; the panel's thread shows it."""
        self._orders.put(lambda: self._begin(signal))

    def show_pattern(self, pattern: Pattern) -> None:
        """Queue what is no signal: a technician looks at lamps one by one."""
        self._orders.put(lambda: self._play(pattern))

    def clear(self) -> None:
        """Back to READY."""
        self.show(Signal.READY)

    def set_trouble(self, on: bool) -> None:
        """Queue it; the panel's thread lights the lamp, at once when at rest."""
        self._orders.put(lambda: self._rest(trouble=on))

    def set_pending(self, on: bool) -> None:
        """Queue it; as `set_trouble`."""
        self._orders.put(lambda: self._rest(pending=on))

    def set_task(self, task: str | None) -> None:
        """Queue it; a task without a lamp of its own leaves all of them out."""
        self._orders.put(lambda: self._run_task(task))

    def set_profile(self, profile: Profile, *, stop_sounds: bool = True) -> None:
        """Lamps and buzzer from the next signal on; the camera's light and the lamp of the task at once."""
        self._orders.put(lambda: self._change(profile, stop_sounds))

    def set_light(self, on: bool) -> None:
        """Queue it; the panel's thread sets the lamp, before any signal that is queued later."""
        self._orders.put(lambda: self._light_camera(on))

    def close(self) -> None:
        """All lamps out."""
        self._worker.stop()

    def _step(self) -> None:
        now_ns = time.monotonic_ns()
        wait = POLL_S if not self._edges else min(POLL_S, max(0.0, (self._edges[0].at_ns - now_ns) / 1e9))
        try:
            order = self._orders.get(timeout=wait) if wait > 0 else self._orders.get_nowait()
        except queue.Empty:
            order = None
        if order is not None:
            order()
        self._run_due(time.monotonic_ns())

    def _begin(self, signal: Signal) -> None:
        self._play(self._table[signal])

    def _play(self, pattern: Pattern) -> None:
        self._sound(0)
        self._edges = self._plan(pattern, time.monotonic_ns())

    def _rest(self, *, trouble: bool | None = None, pending: bool | None = None) -> None:
        self._trouble = self._trouble if trouble is None else trouble
        self._pending = self._pending if pending is None else pending
        self._light(self._lit)

    def _run_task(self, task: str | None) -> None:
        self._task = task
        self._light(self._lit)

    def _change(self, profile: Profile, stop_sounds: bool) -> None:
        self._profile, self._table = profile, load_signals(profile, stop_sounds=stop_sounds)
        self._light_camera(self._lit_for_camera)
        self._light(self._lit)

    def _light_camera(self, on: bool) -> None:
        self._lit_for_camera = on
        if self._camera_light is not None:
            self._camera_light.value = camera_light().level(self._profile, on=on)

    def _run_due(self, now_ns: int) -> None:
        while self._edges and self._edges[0].at_ns <= now_ns:
            self._edges.pop(0).act()

    def _plan(self, pattern: Pattern, start_ns: int) -> list[_Edge]:
        return [_Edge(start_ns + change.at_ms * 1_000_000, self._act(change)) for change in changes(pattern)]

    def _act(self, change: Lit | Sounding) -> Callable[[], None]:
        if isinstance(change, Lit):
            return lambda: self._light(change.levels)
        return lambda: self._sound(change.hz)

    def _light(self, levels: Mapping[str, float]) -> None:
        self._lit = levels
        at_rest = levels in _AT_REST
        shown = resting(self._table, trouble=self._trouble, pending=self._pending) if at_rest else levels
        for name, lamp in self._lamps.items():
            lamp.value = shown.get(name, 0.0)
        for task, lamp in self._task_lamps.items():
            trusted = "ready" in levels
            lamp.value = task_level(self._profile) if trusted and task == self._task else 0.0

    def _sound(self, hz: int) -> None:
        if self._buzzer is None:
            return
        if hz == 0:
            self._buzzer.off()
        elif self._passive:
            self._buzzer.frequency = hz
            self._buzzer.value = 0.5
        else:
            self._buzzer.on()

    def _release(self) -> None:
        for lamp in (*self._lamps.values(), *self._task_lamps.values()):
            lamp.close()
        for device in (self._buzzer, self._camera_light):
            if device is not None:
                device.close()


def _camera_light(pins: PanelPins, pin_factory: Any) -> Any:
    if pins.light is None:
        return None
    idle = camera_light().idle
    return PWMOutputDevice(pins.light, initial_value=idle, frequency=LIGHT_HZ, pin_factory=pin_factory)


def _buzzer(pins: PanelPins, pin_factory: Any) -> Any:
    if pins.buzzer is None:
        return None
    if pins.buzzer_kind == "active":
        return Buzzer(pins.buzzer, pin_factory=pin_factory)
    return PWMOutputDevice(pins.buzzer, frequency=2000, pin_factory=pin_factory)


class PanelButtons:
    """The buttons of the panel, polled by one thread so that hold times are exact and tests can hold time."""

    def __init__(self, pins: Mapping[ButtonEvent, int], *, pin_factory: Any = None) -> None:
        """Claim the pins; `on_event` is called for every press that means something."""
        self.on_event: Callable[[ButtonEvent], None] = lambda _event: None
        self._buttons = {event: (Button(pin, pin_factory=pin_factory), HoldTimer(event)) for event, pin in pins.items()}
        self._worker = Worker("buttons", self._step, on_stop=self._release)
        self._worker.start()

    def close(self) -> None:
        """Let the pins go."""
        self._worker.stop()

    def _step(self) -> None:
        now_ns = time.monotonic_ns()
        for button, timer in self._buttons.values():
            if button.is_pressed:
                timer.pressed(now_ns)
                event = timer.held(now_ns)
            else:
                event = timer.released(now_ns)
            if event is not None:
                self.on_event(event)
        self._worker.stopping.wait(0.02)

    def _release(self) -> None:
        for button, _ in self._buttons.values():
            button.close()


class PanelSenses:
    """Light sensor and silent switch of the panel, each where a pin was given."""

    def __init__(self, light_sensor: int | None, silent_switch: int | None, *, pin_factory: Any = None) -> None:
        """Claim the pins.

        Args:
            light_sensor: BCM pin; high in the dark, as comparator boards give it. A loose wire is daylight.
            silent_switch: BCM pin of a switch to ground; closed is silent.
            pin_factory: gpiozero's pin factory; None takes the one of ``GPIOZERO_PIN_FACTORY``.
        """
        self._dark = _input(light_sensor, pin_factory, pull_up=False)
        self._silent = _input(silent_switch, pin_factory, pull_up=True)

    def read(self) -> Surroundings:
        """The present."""
        return Surroundings(
            dark=self._dark is not None and self._dark.is_active,
            silent=self._silent is not None and self._silent.is_active,
        )

    def close(self) -> None:
        """Let the pins go."""
        for device in (self._dark, self._silent):
            if device is not None:
                device.close()


def _input(pin: int | None, pin_factory: Any, *, pull_up: bool) -> Any:
    return None if pin is None else DigitalInputDevice(pin, pull_up=pull_up, pin_factory=pin_factory)
