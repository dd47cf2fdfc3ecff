"""The demo's little world: files, keys and processes of one hub and two stations under one folder."""

from __future__ import annotations

import base64
import csv
import os
import subprocess
import sys
import threading
import tty
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from edge.cards import Card, sign_card
from edge.catalog.build import COLUMNS, build
from edge.seal import new_key, public_half
from edge.sign import new_key as sign_key
from edge.sign import public_half as sign_half

OR_STATION = "OR-03"
DEPOT_STATION = "DEPOT-01"
KID = "hub-demo"
CARDS = "DEMO"
"""The authority that signs control cards."""

_STATION = """\
[station]
id = "{station}"
organisation = {{ id = "{organisation}", role = "{role}" }}
place = "{station}"
home_task = "{task}"

[link]
host = "127.0.0.1"
port = {port}
bench = true

[catalogue]
file = "{catalogue}"

[seal]
kid = "{kid}"
public_key = "{public_key}"
site = "demo"

[[authority]]
name = "{cards}"
public_key = "{card_key}"
may = ["cards"]

[patterns]
badge = {{ prefix = "N", length = [4, 4] }}
wristband = {{ prefix = "ZY", length = [6, 10] }}
document = {{ prefix = "DN-", length = [3, 12] }}
"""
_CAMERA = """
[camera]
source = "folder"
folder = "{photos}"
period_s = {period_s}
"""
_SCANNER = """
[[scanner]]
kind = "serial"
device = "{device}"
framing = "cr"
no_read = "NR"
"""
_HUB = """\
[hub]
store = "{store}"
site = "demo"
keys = "{keys}"

[link]
host = "127.0.0.1"
port = {port}
bench = true

[page]
port = {page}
"""

PRODUCTS = (
    ("06901234567892", "Hip stem, cementless", "HS-12", "3", "yes", "sale_unit", "1", "06901234567892"),
    ("06901234500011", "Bone screw 4.5 mm", "BS-45", "3", "yes", "sale_unit", "1", "06901234500011"),
    ("06901234500028", "Intraocular lens +21", "IOL-21", "3", "yes", "sale_unit", "1", "06901234500028"),
    ("16901234500025", "Intraocular lens +21, case of 10", "IOL-21", "3", "yes", "case", "10", "06901234500028"),
    ("06901234500035", "Guide wire 0.035", "GW-35", "3", "no", "sale_unit", "1", "06901234500035"),
)
"""(DI, name, model, class, implant, level, contains, sale unit) of the demo's catalogue."""
RECALLED_DI, RECALLED_LOT = "06901234500035", "GW77"


@dataclass(slots=True)
class World:
    """Paths and ports of the demo, and its running processes."""

    folder: Path
    broker_port: int
    page_port: int
    period_s: float
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    scanner_fd: int = -1
    _card_key: bytes = field(default_factory=sign_key, repr=False)

    @property
    def photos(self) -> Path:
        """The folder that the operating room's camera looks at."""
        return self.folder / "photos"

    @property
    def store(self) -> Path:
        """The hub's SQLite file."""
        return self.folder / "hub.sqlite3"

    @property
    def hub_file(self) -> Path:
        """The hub's configuration."""
        return self.folder / "hub.toml"

    def station_dir(self, station: str) -> Path:
        """State, sockets and logs of one station."""
        return self.folder / station

    def card(self, card: Card) -> str:
        """The text of a control card of this site."""
        return sign_card(card, self._card_key, CARDS)

    def write_files(self) -> None:
        """Keys, catalogue and the three configuration files."""
        keys = self.folder / "keys"
        for folder in (self.photos, keys, self.station_dir(OR_STATION), self.station_dir(DEPOT_STATION)):
            folder.mkdir(parents=True, exist_ok=True)
        public_key = _make_key(keys / f"{KID}.key")
        catalogue = self.folder / "catalogue.sqlite3"
        _write_catalogue(self.folder, catalogue)
        self.scanner_fd, device = _open_terminal(self.folder / "ttyUDI0")
        card_key = base64.b64encode(sign_half(self._card_key)).decode("ascii")
        shared = {"port": self.broker_port, "catalogue": catalogue, "kid": KID, "public_key": public_key}
        shared |= {"card_key": card_key, "cards": CARDS}
        hospital = {"station": OR_STATION, "organisation": "H510104", "role": "hospital", "task": "USE"}
        depot = {"station": DEPOT_STATION, "organisation": "D510001", "role": "distributor", "task": "RECEIVE"}
        self.config(OR_STATION).write_text(
            _STATION.format(**shared, **hospital) + _CAMERA.format(photos=self.photos, period_s=self.period_s),
            encoding="utf-8",
        )
        self.config(DEPOT_STATION).write_text(
            _STATION.format(**shared, **depot) + _SCANNER.format(device=device), encoding="utf-8"
        )
        self.hub_file.write_text(
            _HUB.format(store=self.store, keys=keys, port=self.broker_port, page=self.page_port), encoding="utf-8"
        )

    def config(self, station: str) -> Path:
        """A station's configuration file."""
        return self.station_dir(station) / "station.toml"

    def start_hub(self) -> None:
        """Start ``udi-hub run``."""
        self._start("hub", ["udi-hub", "run", "--config", str(self.hub_file)])

    def start_station(self, station: str, on_line: Callable[[str, str], None]) -> None:
        """Start ``udi-station run --simulate``; every line of its output goes to ``on_line(station, line)``."""
        home = self.station_dir(station)
        command = ["udi-station", "run", "--simulate", "--config", str(self.config(station))]
        process = self._start(
            station, [*command, "--state-dir", str(home), "--run-dir", str(home)], output=subprocess.PIPE
        )
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                threading.Thread(target=_pump, args=(stream, station, on_line), daemon=True).start()

    def start_camera(self, station: str) -> None:
        """Start ``udi-station camera run`` for a station."""
        home = self.station_dir(station)
        socket = str(home / "camera.sock")
        command = ["udi-station", "camera", "run", "--config", str(self.config(station)), "--socket", socket]
        self._start(f"{station} camera", command)

    def scan(self, payload: bytes) -> None:
        """Send a code through the pseudo-terminal, as a serial scanner does."""
        os.write(self.scanner_fd, payload + b"\r")

    def stop_stations(self) -> None:
        """End everything but the hub."""
        for name in [name for name in self.processes if name != "hub"]:
            _end(self.processes.pop(name))

    def stop(self) -> None:
        """End every process that still runs."""
        for process in reversed(self.processes.values()):
            _end(process)

    def _start(self, name: str, command: Sequence[str], output: int | None = None) -> subprocess.Popen[bytes]:
        program = Path(sys.executable).parent / command[0]
        log = (self.folder / f"{name.replace(' ', '-')}.log").open("wb")
        with log:
            process = subprocess.Popen(  # noqa: S603 - our own commands beside this interpreter
                [str(program), *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log if output is None else output,
                stderr=log if output is None else output,
            )
        self.processes[name] = process
        return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _pump(stream: IO[bytes], station: str, on_line: Callable[[str, str], None]) -> None:
    for raw in stream:
        on_line(station, raw.decode("utf-8", "replace").rstrip())


def _make_key(file: Path) -> str:
    key = new_key()
    file.touch(mode=0o600)
    file.write_text(base64.b64encode(key).decode("ascii"), encoding="ascii")
    return base64.b64encode(public_half(key)).decode("ascii")


def _write_catalogue(folder: Path, out: Path) -> None:
    products, recalls = folder / "products.csv", folder / "recalls.csv"
    with products.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for di, name, model, device_class, implant, level, contains, sale_unit in PRODUCTS:
            writer.writerow(
                {
                    "di": di,
                    "sale_unit": sale_unit,
                    "level": level,
                    "contains": contains,
                    "name": name,
                    "model": model,
                    "registrant": "Example Medical",
                    "device_class": device_class,
                    "implant": implant,
                    "pi_lot": "yes",
                    "nhsa_codes": "C0101010010101000001",
                }
            )
    recalls.write_text(
        f"order,kind,di,lots,serials\nRC-2026-7,recall,{RECALLED_DI},{RECALLED_LOT},\n", encoding="utf-8"
    )
    build(products, out, recalls=recalls)


def _open_terminal(link: Path) -> tuple[int, Path]:
    """A pseudo-terminal: the near end as a file descriptor, the far end under a lasting name."""
    near, far = os.openpty()
    tty.setraw(far)
    link.symlink_to(os.ttyname(far))
    return near, link
