"""The panel of this station: lamps and buttons on GPIO, or their simulators."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import time
from time import monotonic_ns
from typing import TYPE_CHECKING

from edge.station.config import PanelTable, ProfileTable
from edge.station.messages import Pressed
from hardware.buttons import ButtonEvent
from hardware.indicator import Indicator
from hardware.simulators import SimulatedIndicator

if TYPE_CHECKING:
    from edge.station.desk import Desk
    from hardware.panel import PanelButtons


@dataclass(slots=True)
class Panel:
    """Indicator and buttons with one life."""

    indicator: Indicator
    buttons: PanelButtons | None = None
    profile: ProfileTable = field(default_factory=ProfileTable)
    _night: bool | None = None

    def connect(self, desk: Desk) -> None:
        """Let button presses reach the desk."""
        if self.buttons is not None:
            self.buttons.on_event = lambda event: desk.post(Pressed(event, monotonic_ns()))

    def follow(self, local: time) -> None:
        """Day or night by the schedule of ``[panel] profile``, at this local time of day."""
        night = is_night(local, self.profile)
        if night is not self._night:
            self._night = night
            self.indicator.set_profile("night" if night else "day")

    def close(self) -> None:
        """Lamps out."""
        self.indicator.close()
        if self.buttons is not None:
            self.buttons.close()


def is_night(local: time, profile: ProfileTable) -> bool:
    """Whether the night profile holds; the night may pass midnight."""
    day, night = time.fromisoformat(profile.day), time.fromisoformat(profile.night)
    if day <= night:
        return not day <= local < night
    return night <= local < day


def build_panel(table: PanelTable | None, *, simulate: bool) -> Panel:
    """The panel as configured; without ``[panel]`` or with `simulate`, a simulated one on standard output."""
    if table is None or simulate:
        return Panel(SimulatedIndicator(sink=sys.stdout))
    from hardware.panel import PanelButtons, PanelIndicator, PanelPins  # noqa: PLC0415 - gpiozero only with pins

    pins = PanelPins(
        ready=table.ready,
        tick=table.tick,
        cross=table.cross,
        bar=table.bar,
        wrench=table.wrench,
        buzzer=None if table.buzzer is None else table.buzzer.pin,
        buzzer_kind="passive" if table.buzzer is None else table.buzzer.kind,
        light=table.light,
    )
    buttons = {
        ButtonEvent.OK: table.ok_button,
        ButtonEvent.NO_CODE: table.no_code_button,
        ButtonEvent.UNDO: table.undo_button,
    }
    wired = {event: pin for event, pin in buttons.items() if pin is not None}
    return Panel(PanelIndicator(pins), PanelButtons(wired), table.profile)
