"""The panel of this station: lamps and buttons on GPIO, or their simulators."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.station.config import PanelTable
from edge.station.desk import Pressed
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

    def connect(self, desk: Desk) -> None:
        """Let button presses reach the desk."""
        if self.buttons is not None:
            self.buttons.on_event = lambda event: desk.post(Pressed(event, time.monotonic_ns()))

    def close(self) -> None:
        """Lamps out."""
        self.indicator.close()
        if self.buttons is not None:
            self.buttons.close()


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
    )
    buttons = {
        ButtonEvent.OK: table.ok_button,
        ButtonEvent.NO_CODE: table.no_code_button,
        ButtonEvent.UNDO: table.undo_button,
    }
    return Panel(PanelIndicator(pins), PanelButtons({e: p for e, p in buttons.items() if p is not None}))
