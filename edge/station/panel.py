"""The panel of this station: lamps, buzzer, speaker and buttons on GPIO, or their simulators."""

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
from hardware.profile import Darkness, Manner, Senses, manner
from hardware.simulators import SimulatedIndicator, SimulatedSenses, SimulatedSpeaker
from hardware.speaker import Speaker, Speaks

if TYPE_CHECKING:
    from edge.station.desk import Desk
    from hardware.panel import PanelButtons, PanelIndicator, PanelSenses


@dataclass(slots=True)
class Panel:
    """Indicator, speaker, senses and buttons with one life."""

    indicator: Indicator
    buttons: PanelButtons | None = None
    profile: ProfileTable = field(default_factory=ProfileTable)
    senses: Senses = field(default_factory=SimulatedSenses)
    speaker: Speaks | None = None
    _darkness: Darkness = field(default_factory=Darkness)
    _manner: Manner | None = None

    def connect(self, desk: Desk) -> None:
        """Let button presses reach the desk."""
        if self.buttons is not None:
            self.buttons.on_event = lambda event: desk.post(Pressed(event, monotonic_ns()))

    def follow(self, local: time, now_ns: int) -> None:
        """Look at the hour and the room: day, night or silent from now on.

        Args:
            local: local time of day, for the schedule of ``[panel] profile``.
            now_ns: monotonic nanoseconds, for the light sensor.
        """
        room = self.senses.read()
        night = is_night(local, self.profile) | self._darkness.look(dark=room.dark, now_ns=now_ns)
        silent = self.profile.silent or room.silent
        found = manner(night=night, silent=silent, stop_sounds=self.profile.stop_sounds)
        if found == self._manner:
            return
        self._manner = found
        self.indicator.set_profile(found.profile, stop_sounds=found.stop_sounds)
        if self.speaker is not None:
            self.speaker.set_profile("silent" if silent else found.profile)

    def say(self, phrases: tuple[str, ...]) -> None:
        """Say phrases one after the other instead of what is being said; nothing on a panel without a speaker."""
        if self.speaker is not None:
            self.speaker.say(phrases)

    def close(self) -> None:
        """Lamps out."""
        self.indicator.close()
        self.senses.close()
        if self.buttons is not None:
            self.buttons.close()
        if self.speaker is not None:
            self.speaker.close()


def is_night(local: time, profile: ProfileTable) -> bool:
    """Whether the night profile holds; the night may pass midnight."""
    day, night = time.fromisoformat(profile.day), time.fromisoformat(profile.night)
    if day <= night:
        return not day <= local < night
    return night <= local < day


def build_panel(table: PanelTable | None, *, simulate: bool) -> Panel:
    """The panel as configured; without ``[panel]`` or with `simulate`, a simulated one on standard output."""
    if table is None or simulate:
        return Panel(SimulatedIndicator(sink=sys.stdout), speaker=SimulatedSpeaker(sink=sys.stdout))
    indicator, buttons, senses = _on_pins(table)
    return Panel(indicator, buttons, table.profile, senses, _speaker(table))


def _on_pins(table: PanelTable) -> tuple[PanelIndicator, PanelButtons, PanelSenses]:
    from hardware.panel import PanelButtons, PanelIndicator, PanelPins, PanelSenses  # noqa: PLC0415 - gpiozero only with pins

    pins = PanelPins(
        ready=table.ready,
        tick=table.tick,
        cross=table.cross,
        bar=table.bar,
        wrench=table.wrench,
        buzzer=None if table.buzzer is None else table.buzzer.pin,
        buzzer_kind="passive" if table.buzzer is None else table.buzzer.kind,
        light=table.light,
        task_lamps=table.task_lamps,
    )
    buttons = {
        ButtonEvent.OK: table.ok_button,
        ButtonEvent.NO_CODE: table.no_code_button,
        ButtonEvent.UNDO: table.undo_button,
    }
    wired = {event: pin for event, pin in buttons.items() if pin is not None}
    return PanelIndicator(pins), PanelButtons(wired), PanelSenses(table.light_sensor, table.silent_switch)


def _speaker(table: PanelTable) -> Speaker | None:
    if table.speaker is None:
        return None
    return Speaker(table.speaker.device, volume=table.speaker.volume, night_volume=table.speaker.night_volume)
