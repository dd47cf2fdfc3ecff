"""The parts of a station one by one, for the self-test: each command says what happens as JSON, a line each.

The station itself must not run meanwhile: pins and scanners have one owner. A command ends with a line, or the end, of
its standard input.
"""

from __future__ import annotations

import base64
import select
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from edge.station.bench.codes import CODES
from edge.station.config import StationConfig
from edge.station.inputs import open_scanner
from edge.station.panel import Panel, build_panel
from hardware.buttons import ButtonEvent
from hardware.host.local import ask
from hardware.scanner import Scanner, ScannerRead, message
from hardware.signals import LAMPS, Pattern, Step, Tone

READ_S = 0.1
ASK_S = 0.5
TASK = "task:"
BUZZER = Pattern(
    (Step(0, {"ready": 1.0}),),
    (Tone(0, 300, 2000), Tone(450, 300, 2600), Tone(900, 300, 3200)),
    "蜂鸣器",
    "buzzer",
)
Say = Callable[[Mapping[str, Any]], None]


class BenchError(Exception):
    """It cannot be done; the text says what to do."""


class Lamps(Protocol):
    """What this needs of an indicator, real or simulated."""

    def show_pattern(self, pattern: Pattern) -> None:
        """Show it."""

    def set_task(self, task: str | None) -> None:
        """Light the lamp of this task."""

    def set_light(self, on: bool) -> None:
        """Light what the camera sees by."""


def demand_free(run_dir: Path) -> None:
    """A station that runs owns the pins.

    Raises:
        BenchError: one answers.
    """
    if ask(run_dir / "station.sock", {"ask": "status"}, within_s=ASK_S) is not None:
        raise BenchError("the station runs and owns lamps and scanners: sudo systemctl stop udi-station, then again")


def facts(config: StationConfig) -> dict[str, Any]:
    """What this station has that can be tested, as its file says."""
    panel = config.panel
    return {
        "station": config.station.id,
        "lamps": lamps(config),
        "buzzer": None if panel is None or panel.buzzer is None else panel.buzzer.kind,
        "buttons": [] if panel is None else _buttons(config),
        "camera": config.camera is not None,
        "scanners": [{"name": table.device, "no_read": table.no_read} for table in config.scanner],
    }


def lamps(config: StationConfig) -> list[str]:
    """Names for `light_one`."""
    if config.panel is None:
        return []
    light = [] if config.panel.light is None else ["light"]
    return [*LAMPS, *light, *(f"{TASK}{task}" for task in config.panel.task_lamps)]


def _buttons(config: StationConfig) -> list[str]:
    panel = config.panel
    assert panel is not None  # noqa: S101 - asked by `facts`
    wired = {"ok": panel.ok_button, "no_code": panel.no_code_button, "undo": panel.undo_button}
    return [name for name, pin in wired.items() if pin is not None]


def light_one(config: StationConfig, name: str, *, simulate: bool) -> Panel:
    """Light this one alone; a task lamp is lit beside the ready lamp.

    Raises:
        BenchError: the panel has none of this name.
    """
    known = lamps(config)
    if name not in known:
        raise BenchError(f"{name!r} is no lamp of this panel: expected one of {', '.join(known) or 'none, no [panel]'}")
    panel = build_panel(config.panel, simulate=simulate)
    indicator = _lamps(panel)
    if name == "light":
        indicator.set_light(True)
    elif name.startswith(TASK):
        indicator.set_task(name.removeprefix(TASK))
        indicator.show_pattern(_only("ready"))
    else:
        indicator.show_pattern(_only(name))
    return panel


def sound(config: StationConfig, *, simulate: bool) -> Panel:
    """Let the buzzer sound low, middle, high.

    Raises:
        BenchError: there is none.
    """
    if config.panel is None or config.panel.buzzer is None:
        raise BenchError("no buzzer: expected [panel] buzzer in the station's file")
    panel = build_panel(config.panel, simulate=simulate)
    _lamps(panel).show_pattern(BUZZER)
    return panel


def _only(lamp: str) -> Pattern:
    return Pattern((Step(0, {lamp: 1.0}),), (), lamp, lamp)


def _lamps(panel: Panel) -> Lamps:
    indicator: Any = panel.indicator  # both indicators have it; the station itself has no use for it
    return indicator  # type: ignore[no-any-return]


def hear_buttons(panel: Panel, say: Say) -> None:
    """Say each press: it also answers for a technician who cannot reach the keyboard."""
    if panel.buttons is not None:
        panel.buttons.on_event = lambda event: say({"button": _plain(event)})


def press_all(config: StationConfig, say: Say) -> None:
    """What simulated buttons do: each is pressed once."""
    for name in facts(config)["buttons"]:
        say({"button": name})


def _plain(event: ButtonEvent) -> str:
    """A technician holds OK as long as he likes."""
    return ButtonEvent.OK.value if event is ButtonEvent.EMERGENCY else event.value


def scan(config: StationConfig, say: Say, ended: Callable[[], bool]) -> None:
    """Say what every scanner reads, byte for byte, and when one comes or goes, until `ended`."""
    scanners = [open_scanner(table) for table in config.scanner]
    there: dict[str, bool] = {}
    try:
        while not ended():
            for scanner in scanners:
                for line in _news(scanner, there):
                    say(line)
    finally:
        for scanner in scanners:
            scanner.close()


def _news(scanner: Scanner, there: dict[str, bool]) -> Iterator[dict[str, Any]]:
    reads = scanner.read(READ_S)
    if there.get(scanner.name) != scanner.connected:
        there[scanner.name] = scanner.connected
        yield {"scanner": scanner.name, "connected": scanner.connected}
    for read in reads:
        yield {"scanner": scanner.name, **_read(read)}


def _read(read: ScannerRead) -> dict[str, Any]:
    data = base64.b64encode(read.payload).decode("ascii")
    return {"bytes": data, "symbology": read.symbology, "problem": read.problem}


def scan_all(config: StationConfig, say: Say) -> None:
    """What simulated scanners do: one after the other reads every test code as it should, and then nothing."""
    for table in config.scanner:
        say({"scanner": table.device, "connected": True})
    for table in config.scanner:
        for code in CODES:
            say({"scanner": table.device, **_read(message(code.symbology.encode() + code.payload, 0, None))})
        if table.no_read is not None:
            no_read = table.no_read.encode()
            say({"scanner": table.device, **_read(message(no_read, 0, no_read))})


def input_ended(within_s: float = 0.0) -> bool:
    """Whether a line, or the end, of standard input has come."""
    return bool(select.select([sys.stdin], [], [], within_s)[0])
