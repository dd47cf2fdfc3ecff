"""A small site of real processes: mosquitto, a hub, stations with a scanner on a pseudo-terminal."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import tty
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sqlalchemy.exc import OperationalError

from edge.hub.reconcile import Held, held
from edge.hub.store import Store, StoreError
from edge.seal import new_key, public_half

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
ROOT = Path(__file__).resolve().parents[2]
GS = b"\x1d"

STATION = """\
[station]
id = "{name}"
organisation = {{ id = "H1", role = "hospital" }}
place = "{name}"
home_task = "{task}"

[link]
host = "127.0.0.1"
port = {port}
{link}

[[scanner]]
kind = "serial"
device = "{device}"
no_read = "NR"

[seal]
kid = "k1"
public_key = "{public_key}"
site = "test"

[patterns]
badge = {{ prefix = "N", length = [4, 4] }}
wristband = {{ prefix = "ZY", length = [6, 10] }}
document = {{ prefix = "DN-", length = [3, 12] }}
"""
HUB = """\
[hub]
store = "{store}"
site = "test"
keys = "{keys}"

[link]
host = "127.0.0.1"
port = {port}
{link}

[page]
port = 0
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(done: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)


def udi(serial: str) -> bytes:
    return b"]d20106901234567892" + b"1729123110A1" + GS + b"21" + serial.encode()


class Broker:
    """A real mosquitto that can be stopped and started again on the same port."""

    def __init__(self, folder: Path, limits: str = "") -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n{limits}", encoding="ascii")
        self._process: subprocess.Popen[bytes] | None = None

    def link(self, name: str) -> str:
        """The rest of a `[link]` table: how this identity proves itself."""
        return f"bench = true  # {name} needs no certificate"

    def start(self) -> None:
        assert MOSQUITTO is not None
        self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        wait_for(self._listens, "mosquitto to listen")

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Terminal:
    """A pseudo-terminal under a lasting name, like a scanner under /dev/serial/by-id."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.near = -1
        self._far = -1
        self.plug()

    def plug(self) -> None:
        self.near, self._far = os.openpty()
        tty.setraw(self._far)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._far))

    def unplug(self) -> None:
        self.link.unlink()
        os.close(self.near)
        os.close(self._far)
        self.near = self._far = -1

    def send(self, payload: bytes) -> None:
        os.write(self.near, payload + b"\r")

    def close(self) -> None:
        if self.near >= 0:
            self.unplug()


@dataclass
class Running:
    """A station process with everything it said."""

    process: subprocess.Popen[bytes]
    signals: list[dict[str, Any]] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    lights: list[dict[str, Any]] = field(default_factory=list)
    """What the camera's lamp did."""
    others: list[dict[str, Any]] = field(default_factory=list)
    """The running task, items pending, what was spoken."""
    threads: list[threading.Thread] = field(default_factory=list)

    def shown(self) -> list[str]:
        """What scans and presses were answered with; WORKING stands only for the wait on a slow card."""
        answers = (entry["signal"] for entry in list(self.signals) if entry["t0_ns"] is not None)
        return [signal for signal in answers if signal != "WORKING"]

    def wait_shown(self, count: int, seconds: float = 60.0) -> None:
        wait_for(lambda: len(self.shown()) >= count or self.process.poll() is not None, f"{count} signals", seconds)

    def wait_log(self, text: str, seconds: float = 60.0) -> None:
        wait_for(lambda: any(text in line for line in self.logs), f"the log to say {text!r}", seconds)

    def wait_log_or_death(self, text: str) -> None:
        wait_for(lambda: self.process.poll() is not None or any(text in line for line in self.logs), text)

    def wait_death(self, after: str) -> None:
        wait_for(lambda: self.process.poll() is not None, f"death after {after}")

    def recorded(self) -> set[str]:
        """event_id of everything this process said is on the card."""
        return {m.group(1) for line in self.logs if (m := re.search(r"event_id=(\S+) seq=\d+", line))}

    def green(self) -> set[str]:
        """event_id of every scan that showed ACCEPTED; scans of one moment are answered in their order."""
        lit = Counter(entry["t0_ns"] for entry in self.signals if entry["signal"] == "ACCEPTED")
        found: set[str] = set()
        for line in self.logs:
            spoken = re.search(r"event_id=(\S+) t0_ns=(\d+) outcome=ACCEPTED", line)
            if spoken and lit[int(spoken.group(2))] > 0:
                lit[int(spoken.group(2))] -= 1
                found.add(spoken.group(1))
        return found

    def stop(self, number: int = signal.SIGTERM, seconds: float = 30.0) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(seconds)
        self.join()
        return code

    def join(self) -> None:
        for thread in self.threads:
            thread.join(5)
        for stream in (self.process.stdout, self.process.stderr, self.process.stdin):
            if stream is not None:
                stream.close()


class Site:
    """Everything under one folder; `close` ends whatever still runs."""

    def __init__(self, folder: Path, broker: Broker | None = None, store: str | None = None) -> None:
        self.folder = folder
        self.broker = Broker(folder) if broker is None else broker
        self.keys = folder / "keys"
        self.keys.mkdir()
        key = new_key()
        file = self.keys / "k1.key"
        file.touch(mode=0o600)
        file.write_text(base64.b64encode(key).decode("ascii"), encoding="ascii")
        self.public_key = base64.b64encode(public_half(key)).decode("ascii")
        self.hub_file = folder / "hub.toml"
        self.store = store or str(folder / "hub.sqlite3")
        self.hub_file.write_text(
            HUB.format(store=self.store, keys=self.keys, port=self.broker.port, link=self.broker.link("hub")),
            encoding="utf-8",
        )
        self._hub: subprocess.Popen[bytes] | None = None
        self._running: list[Running] = []
        self._terminals: list[Terminal] = []

    def start_hub(self) -> None:
        with (self.folder / "hub.log").open("ab") as log:
            self._hub = subprocess.Popen(
                [*command("edge.hub.cli"), "run", "--config", str(self.hub_file)], stdout=log, stderr=log, cwd=ROOT
            )
        wait_for(self._has_tables, "the hub's store")

    def _has_tables(self) -> bool:
        try:
            self.held()
        except (StoreError, OperationalError):
            return False
        return True

    def stop_hub(self, number: int = signal.SIGTERM) -> int | None:
        hub, self._hub = self._hub, None
        if hub is None:
            return None
        hub.send_signal(number)
        return hub.wait(30)

    def station_home(self, name: str) -> Path:
        return self.folder / name

    def prepare(self, name: str, task: str = "RECEIVE", extra: str = "") -> Terminal:
        home = self.station_home(name)
        home.mkdir(exist_ok=True)
        terminal = Terminal(home / "tty")
        self._terminals.append(terminal)
        (home / "station.toml").write_text(
            STATION.format(
                name=name,
                task=task,
                port=self.broker.port,
                device=terminal.link,
                public_key=self.public_key,
                link=self.broker.link(name),
            )
            + extra,
            encoding="utf-8",
        )
        return terminal

    def start_station(self, name: str, program: Sequence[str] | None = None, *, ready: bool = True) -> Running:
        home = self.station_home(name)
        where = ["--config", str(home / "station.toml"), "--state-dir", str(home), "--run-dir", str(home)]
        words = [*command("edge.cli"), "run", "--simulate", *where] if program is None else [*program, str(home)]
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
        )
        running = Running(process)
        for stream, take in ((process.stdout, _signal_into(running)), (process.stderr, running.logs.append)):
            assert stream is not None
            thread = threading.Thread(target=_pump, args=(stream, take), daemon=True)
            thread.start()
            running.threads.append(thread)
        self._running.append(running)
        if ready:
            running.wait_log("state=ready")
            running.wait_log("opened")
        return running

    def held(self) -> Held:
        store = Store.open_reader(self.store)
        try:
            with store.read() as connection:
                return held(connection)
        finally:
            store.close()

    def wait_delivered(self, events: set[str], seconds: float = 60.0) -> Held:
        wait_for(lambda: events <= self.held().events, "delivery to the hub", seconds)
        return self.wait_projected(seconds)

    def wait_projected(self, seconds: float = 60.0) -> Held:
        """What the hub holds once everything stored is projected."""
        wait_for(lambda: self.held().waiting == 0, "the projections", seconds)
        return self.held()

    def close(self) -> None:
        for running in self._running:
            if running.process.poll() is None:
                running.stop(signal.SIGKILL)
        self.stop_hub(signal.SIGKILL)
        self.broker.stop()
        for terminal in self._terminals:
            terminal.close()


def command(module: str) -> list[str]:
    return [sys.executable, "-c", f"from {module} import main; main()"]


def _pump(stream: IO[bytes], take: Callable[[str], None]) -> None:
    for raw in stream:
        take(raw.decode("utf-8", "replace").rstrip())


def _signal_into(running: Running) -> Callable[[str], None]:
    def take(line: str) -> None:
        if line.startswith("{"):
            entry = json.loads(line)
            (running.signals if "signal" in entry else running.lights if "light" in entry else running.others).append(
                entry
            )

    return take
