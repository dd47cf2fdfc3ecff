"""The station's configuration file: strict TOML into frozen dataclasses (architecture sections 8 and 10)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edge.catalog.authorities import AuthorityTable, wrong
from edge.rules.regions import known_regions
from edge.rules.verdict import TaskName
from edge.station.patterns import PatternsTable
from hardware.camera_settings import CameraSettings
from hardware.host.toml import ConfigError, Problem, load
from hardware.profile import Quiet

MOST_PORT = 65_535
MOST_PIN = 27
"""The highest BCM pin of the header."""
MOST_TASK_LAMPS = 6
_PIN_KEYS = (
    *("ready", "tick", "cross", "bar", "wrench", "ok_button", "no_code_button", "undo_button"),
    *("light", "light_sensor", "silent_switch"),
)
NAME = re.compile(r"[A-Z0-9][A-Z0-9-]{0,30}")
_NAME = {
    "check": lambda value: NAME.fullmatch(value) is not None,
    "expected": "1 to 31 capital letters, digits and hyphens, for example OR-03",
}
_PORT = {"check": lambda value: 1 <= value <= MOST_PORT, "expected": "a port from 1 to 65535"}
_CLOCK = {
    "check": lambda value: re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value) is not None,
    "expected": "a time of day such as 07:00",
}
_PIN = {"check": lambda value: 0 <= value <= MOST_PIN, "expected": "a BCM pin number from 0 to 27"}
_SHARE = {"check": lambda value: 0 <= value <= 1, "expected": "a share of full loudness from 0 to 1"}
_FILLED = {"check": bool, "expected": "a text that is not empty"}


@dataclass(frozen=True, slots=True)
class Organisation:
    """Whose station this is."""

    id: str = field(metadata=_FILLED)
    role: Literal["hospital", "pharmacy", "distributor", "third_party_logistics"]


@dataclass(frozen=True, slots=True)
class StationTable:
    """``[station]``."""

    id: str = field(metadata=_NAME)
    organisation: Organisation
    place: str = field(metadata=_FILLED)
    home_task: Literal[
        "CHECK", "RECEIVE", "USE", "ISSUE", "DISPENSE", "STORE", "PICK", "VERIFY", "SHIP", "COUNT", "TRAY"
    ]
    region: str | None = None
    mobile: bool = False
    """It goes from bed to bed: its place is the bed whose label was shown last, see `edge.station.whereabouts`."""

    def problems(self) -> Iterable[Problem]:
        """A region must be one of the shipped ones, and ``site`` is reserved on the broker."""
        known = known_regions()
        if self.region is not None and self.region not in known:
            yield _problem("region", self.region, f"one of {', '.join(known)}, or no region for the national dates")
        if self.id == "SITE":
            yield _problem("id", self.id, "a name other than SITE, which is reserved for the hub's topics")


@dataclass(frozen=True, slots=True)
class TlsTable:
    """``[link] tls``: the device's identity at the broker."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class LinkTable:
    """``[link]``: the broker of the site."""

    host: str = field(metadata=_FILLED)
    port: int = field(metadata=_PORT)
    tls: TlsTable | None = None
    bench: bool = False

    def problems(self) -> Iterable[Problem]:
        """Without TLS only on a bench."""
        if self.tls is None and not self.bench:
            yield _problem("tls", None, "ca, certificate and key files; only a bench (bench = true) goes without")


@dataclass(frozen=True, slots=True)
class ScannerTable:
    """``[[scanner]]``."""

    kind: Literal["serial", "hid"]
    device: str = field(metadata=_FILLED)
    framing: Literal["cr", "lf", "crlf", "stx_etx", "idle"] = "cr"
    no_read: str | None = None
    """The text the scanner sends when its trigger found no code."""
    baud: int = 115_200


@dataclass(frozen=True, slots=True)
class BuzzerTable:
    """``[panel] buzzer``."""

    pin: int = field(metadata=_PIN)
    kind: Literal["passive", "active"]


@dataclass(frozen=True, slots=True)
class ProfileTable:
    """``[panel] profile``: when the night profile begins and ends, local time, and what is heard."""

    day: str = field(default="07:00", metadata=_CLOCK)
    night: str = field(default="21:00", metadata=_CLOCK)
    silent: bool = False
    """Nothing sounds, by day either."""
    stop_sounds: tuple[Quiet, ...] = ("night",)
    """Where a STOP is heard although nothing else is: in the night, in silence, in both or in neither."""


@dataclass(frozen=True, slots=True)
class SpeakerTable:
    """``[panel] speaker``: says why, in words of at most two seconds."""

    device: str = field(default="default", metadata=_FILLED)
    """ALSA's name for it, see ``aplay -L``."""
    volume: float = field(default=1.0, metadata=_SHARE)
    night_volume: float = field(default=0.3, metadata=_SHARE)


@dataclass(frozen=True, slots=True)
class PanelTable:
    """``[panel]``: BCM pin numbers of lamps, buzzer and buttons."""

    ready: int = field(metadata=_PIN)
    tick: int = field(metadata=_PIN)
    cross: int = field(metadata=_PIN)
    bar: int = field(metadata=_PIN)
    wrench: int = field(metadata=_PIN)
    buzzer: BuzzerTable | None = None
    ok_button: int | None = field(default=None, metadata=_PIN)
    no_code_button: int | None = field(default=None, metadata=_PIN)
    undo_button: int | None = field(default=None, metadata=_PIN)
    light: int | None = field(default=None, metadata=_PIN)
    """The lamp that the camera sees by."""
    light_sensor: int | None = field(default=None, metadata=_PIN)
    """High in the dark; covered for some seconds means night."""
    silent_switch: int | None = field(default=None, metadata=_PIN)
    """To ground; closed means silent."""
    task_lamps: Mapping[str, int] = field(default_factory=dict)
    """Task to the lamp that is lit while it runs."""
    speaker: SpeakerTable | None = None
    profile: ProfileTable = ProfileTable()

    def problems(self) -> Iterable[Problem]:
        """No pin serves two things, and a lamp stands for a task that exists."""
        seen: dict[int, str] = {}
        for name, pin in self._pins():
            if not 0 <= pin <= MOST_PIN:
                yield _problem(name, pin, str(_PIN["expected"]))
            if pin in seen:
                yield _problem(name, pin, f"a pin of its own; {seen[pin]} already uses {pin}")
            seen[pin] = name
        known = [task.value for task in TaskName]
        for task, pin in self.task_lamps.items():
            if task not in known:
                yield _problem(f"task_lamps.{task}", pin, f"a lamp for one of {', '.join(known)}")
        if len(self.task_lamps) > MOST_TASK_LAMPS:
            yield _problem("task_lamps", len(self.task_lamps), f"at most {MOST_TASK_LAMPS} lamps")

    def _pins(self) -> Iterable[tuple[str, int]]:
        for name in _PIN_KEYS:
            pin = getattr(self, name)
            if pin is not None:
                yield name, pin
        if self.buzzer is not None:
            yield "buzzer.pin", self.buzzer.pin
        for task, pin in self.task_lamps.items():
            yield f"task_lamps.{task}", pin


_NO_PATTERNS = PatternsTable()


def _is_key(value: str) -> bool:
    from edge.seal import is_usable  # noqa: PLC0415 - 30 ms, and most commands on a station have no [seal] to check

    try:
        return is_usable(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class SealTable:
    """``[seal]``: the hub's public key, to which patients are sealed."""

    kid: str = field(metadata=_FILLED)
    public_key: str = field(
        metadata={"check": _is_key, "expected": "an X25519 public key, as `udi-hub keys public` prints it"}
    )
    site: str = field(default="site", metadata=_FILLED)


@dataclass(frozen=True, slots=True)
class CatalogueTable:
    """``[catalogue]``: what this station knows of products."""

    file: Path | None = None
    """One file, see ``udi-station catalog import``; nobody replaces it but a person."""
    folder: Path | None = None
    """A folder that is updated while in use, by the hub or from a stick. At most one of both."""
    tables: Path | None = None
    """The site's own tables, see ``udi-station catalog tables build``."""

    def problems(self) -> Iterable[Problem]:
        """An empty table is a forgotten one, and a product stands in one place."""
        if self.file is not None and self.folder is not None:
            yield _problem("folder", str(self.folder), "either a folder or a file")
        if self.file is None and self.folder is None and self.tables is None:
            yield _problem("folder", None, "a folder or a file of products, or the site's tables, or both")


_RESPONSIBLE = ("PICK", "VERIFY", "SHIP", "ISSUE", "DISPENSE", "TRAY")
"""Home tasks at which nothing is booked before somebody has signed on."""


@dataclass(frozen=True, slots=True)
class StationConfig:
    """The whole file."""

    station: StationTable
    link: LinkTable
    scanner: tuple[ScannerTable, ...] = ()
    camera: CameraSettings | None = None
    panel: PanelTable | None = None
    patterns: PatternsTable = _NO_PATTERNS
    seal: SealTable | None = None
    catalogue: CatalogueTable | None = None
    authority: tuple[AuthorityTable, ...] = ()

    def problems(self) -> Iterable[Problem]:
        """What only the whole can tell."""
        if not self.scanner and self.camera is None:
            yield _problem("scanner", None, "at least one [[scanner]] or a [camera]: otherwise nothing can be read")
        if self.patterns.knows("wristband") and self.seal is None:
            yield _problem(
                "seal", None, "the hub's public key, because wristbands are configured and are never stored open"
            )
        if self.station.home_task == "USE" and not (self.patterns.knows("badge") and self.patterns.knows("wristband")):
            yield _problem("patterns", None, "badge and wristband: a USE station has to know who and for whom")
        signs_on = self.patterns.knows("badge") or any("cards" in each.may for each in self.authority)
        if self.station.home_task in _RESPONSIBLE and not signs_on:
            expected = "badge, or an [[authority]] that may sign cards: somebody signs on before goods leave"
            yield _problem("patterns", None, expected)
        if self.panel is not None and self.panel.light is not None and self.camera is None:
            yield _problem("panel.light", self.panel.light, "a [camera] that sees by it, or no light")
        if self.station.mobile and self.patterns.bed is None:
            yield _problem("patterns.bed", None, "the form of a bed label: the place of a mobile station comes from it")
        yield from wrong(self.authority)
        able = any("catalogue" in each.may for each in self.authority)
        if self.catalogue is not None and self.catalogue.folder is not None and not able and not self.link.bench:
            expected = (
                "an [[authority]] that may sign a catalogue; only a bench (bench = true) takes an unsigned folder"
            )
            yield _problem("authority", None, expected)


def read_config(path: Path) -> StationConfig:
    """Read and check a station's file.

    Raises:
        ConfigError: with every problem found, each naming its dotted key.
    """
    return load(path, StationConfig)


def findings(path: Path) -> list[dict[str, Any]]:
    """What ``check-config --json`` prints: ``{key, value, expected, message}`` each; empty when valid."""
    try:
        read_config(path)
    except ConfigError as error:
        return [
            {"key": p.key, "value": _plain(p.value), "expected": p.expected, "message": p.message}
            for p in error.problems
        ]
    return []


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _problem(key: str, value: object, expected: str) -> Problem:
    return Problem(key, value, expected, f"{key} = {value!r}: expected {expected}")
