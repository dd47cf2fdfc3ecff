"""From a card without a name to a station that the hub looks after: label, certificate, scan, commands, its file."""

from __future__ import annotations

import base64
import getpass
import json
import signal
import stat
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edge.hub.cli import main as hub_main
from firmware_service.card.room_label import RoomLabel, new_key, sign_label
from firmware_service.places import Places
from tests.support.devices import PROGRAM, AuthorityProcess
from tests.support.site import MOSQUITTO, ROOT, Broker, Site, Terminal, command, udi, wait_for

pytestmark = pytest.mark.journey

SITE = """\
[site]
name = "第一医院"
[authority]
url = "{url}"
pin = "{pin}"
label_key = "{label_key}"
[release]
root = "/etc/udi-station/root.json"
[station]
template = "/etc/udi-station/template.toml"
{signers}
"""
TEMPLATE = """\
[station]
id = "NEW"
organisation = {{ id = "H510104", role = "hospital" }}
place = "NEW"
home_task = "RECEIVE"

[link]
host = "localhost"
port = {port}
tls = {{ ca = "{tls}/ca.pem", certificate = "{tls}/certificate.pem", key = "{tls}/key.pem" }}

[[scanner]]
kind = "serial"
device = "{device}"
"""


class EnrolledBroker(Broker):
    """The shipped mosquitto, with certificates of the site's own authority."""

    def __init__(self, folder: Path, authority: AuthorityProcess, stations: Sequence[str]) -> None:
        super().__init__(folder)
        self._folder, self._authority = folder, authority
        self._config = folder / "broker/mosquitto.conf"
        own, published, state = self.identity("broker"), authority.state / "published", folder / "broker-state"
        state.mkdir()
        table = folder / "broker.toml"
        table.write_text(
            f'[broker]\nca = "{published}/ca.pem"\nrevoked = "{published}/revoked.pem"\nhubs = ["hub"]\n'
            f'certificate = "{own}/certificate.pem"\nkey = "{own}/key.pem"\nlisten = "127.0.0.1"\n'
            f'port = {self.port}\nstate = "{state}"\n',
            encoding="utf-8",
        )
        words = ["broker-config", "--site", str(table), "--out", str(self._config.parent), *stations]
        done = CliRunner().invoke(hub_main, words)
        assert done.exit_code == 0, done.output
        with self._config.open("a", encoding="ascii") as config:
            config.write(f"user {getpass.getuser()}\n")

    def identity(self, name: str) -> Path:
        out = self._folder / f"{name}-identity"
        hosts = ("--host", "localhost", "--host", "127.0.0.1")
        self._authority.run("identity", name, *hosts, "--out", str(out))
        return out

    def link(self, name: str) -> str:
        own = self.identity(name)
        ca = self._authority.state / "published/ca.pem"
        return f'tls = {{ ca = "{ca}", certificate = "{own}/certificate.pem", key = "{own}/key.pem" }}'


class Machine:
    """A tree that stands for a machine: its slot is this project, and systemd a script that starts and stops."""

    def __init__(self, root: Path) -> None:
        self.places = Places(root)
        self.terminal = Terminal(root.with_name("scanner"))
        for folder in (self.places.boot / "udi", self.places.station_file.parent, self.places.station_run):
            folder.mkdir(parents=True)
        for name, text in {
            "log": "",
            "proc/device-tree/serial-number": "10000000abcd0001\0",
            "proc/sys/kernel/random/boot_id": "b0\n",
            "run/systemd/timesync/synchronized": "",
        }.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="ascii")
        run = f"--run-dir {self.places.station_run}"
        tool = " ".join(f'"{word}"' for word in command("edge.cli"))
        self._script(
            "opt/udi/current/bin/udi-station",
            f'if [ "$1" = status ]; then exec {tool} "$@" {run}; fi\nexec {tool} "$@"',
        )
        self._systemctl = self._script("systemctl", f'echo "$@" >> {root}/asked')
        self._station: subprocess.Popen[bytes] | None = None
        self._agent: subprocess.Popen[bytes] | None = None
        self._asked = 0
        self._stopping = threading.Event()
        self._systemd = threading.Thread(target=self._be_systemd)

    def _script(self, name: str, body: str) -> Path:
        file = self.places.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return file

    def start(self) -> None:
        self._systemd.start()

    def stop(self) -> None:
        self._stopping.set()
        self._systemd.join()
        self.terminal.close()

    def log(self) -> str:
        return (self.places.root / "log").read_text(encoding="utf-8", errors="replace")

    def _be_systemd(self) -> None:
        """Keep the agent running, and start the station anew when that is asked for."""
        with (self.places.root / "log").open("ab") as log:
            while not self._stopping.wait(0.05):
                if self._agent is None or self._agent.poll() is not None:
                    words = [*PROGRAM, "agent", "--root", str(self.places.root), "--systemctl", str(self._systemctl)]
                    self._agent = subprocess.Popen(words, stderr=log, cwd=ROOT)
                if self._wanted():
                    self._end(self._station)
                    self._station = self._start_station(log)
            self._end(self._agent)
            self._end(self._station)

    def _wanted(self) -> bool:
        file = self.places.root / "asked"
        asked = file.read_text("utf-8").count("\nrestart udi-station") if file.exists() else 0
        before, self._asked = self._asked, asked
        return asked > before

    def _start_station(self, log: Any) -> subprocess.Popen[bytes]:
        state = str(self.places.root / "var/lib/udi-station")
        where = ["--config", str(self.places.station_file), "--state-dir", state]
        words = [*command("edge.cli"), "run", "--simulate", *where, "--run-dir", str(self.places.station_run)]
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT)

    def _end(self, process: subprocess.Popen[bytes] | None) -> None:
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[AuthorityProcess]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    made = AuthorityProcess(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def hub(tmp_path: Path, authority: AuthorityProcess) -> Iterator[Site]:
    site = Site(tmp_path, EnrolledBroker(tmp_path, authority, ["OR-03"]))
    try:
        site.broker.start()
        yield site
    finally:
        site.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path / "pi")
    yield made
    made.stop()


def fleet(site: Site, *words: str) -> str:
    done = CliRunner().invoke(hub_main, ["fleet", *words, "--config", str(site.hub_file)])
    return done.output


def signer(site: Site, name: str, may: str) -> str:
    """A key pair; gives the table for the card."""
    out = str(site.folder / f"{name}.key")
    done = CliRunner().invoke(hub_main, ["fleet", "key", name, "--may", may, "--out", out])
    assert done.exit_code == 0, done.output
    return done.output


def said(site: Site, ident: str) -> tuple[str, str]:
    """How far a command has come, and what the machine said."""
    rows = json.loads(fleet(site, "commands", "--json"))
    return next((each["status"], each["said"]) for each in rows if each["ident"] == ident)


def done(site: Site, kind: str, *args: str) -> tuple[str, str]:
    """Ask for something, and wait until it is done or failed."""
    ident = fleet(site, "ask", kind, "OR-03", *args).split()[1]
    wait_for(lambda: said(site, ident)[0] not in ("init", "executing"), f"{kind} to end", 60)
    return said(site, ident)


def test_from_a_card_without_a_name_to_a_station_that_the_hub_looks_after(
    authority: AuthorityProcess, hub: Site, machine: Machine
) -> None:
    places = machine.places
    private, public = new_key()
    with hub.hub_file.open("a", encoding="utf-8") as file:
        signers = signer(hub, "it", "configuration") + signer(hub, "clock", "time")
        file.write(f'\n[time]\nsigner = "clock"\nkey = "{hub.folder}/clock.key"\n')
    hub.start_hub()
    tls = places.station_file.parent / "tls"
    template = TEMPLATE.format(port=hub.broker.port, tls=tls, device=machine.terminal.link)
    (places.station_file.parent / "template.toml").write_text(template, encoding="utf-8")
    label_key = base64.b64encode(public).decode("ascii")
    text = SITE.format(url=authority.site.url, pin=authority.pin, label_key=label_key, signers=signers)
    places.site_file.write_text(text, encoding="utf-8")
    places.token.write_bytes(authority.run("token", "new").output.encode())
    machine.start()

    label = places.station_run / "room-label"
    stranger, _ = new_key()
    label.write_text(sign_label(RoomLabel("第一医院", "OR-09", "走廊"), stranger), encoding="ascii")
    wait_for(lambda: "room_label=refused" in machine.log(), "another site's label to be refused")
    assert not places.station_file.exists()

    label.write_text(sign_label(RoomLabel("第一医院", "OR-03", "三号手术室"), private), encoding="ascii")
    wait_for((tls / "certificate.pem").exists, "the station's certificate", 60)
    assert 'place = "三号手术室"' in places.station_file.read_text(encoding="utf-8")
    wait_for(lambda: not places.token.exists(), "the token to be erased")
    report = places.boot / "STATION-REPORT.txt"
    wait_for(lambda: report.exists() and "已上线" in report.read_text("utf-8-sig"), "the report on the card")

    machine.terminal.send(udi("S1"))
    wait_for(lambda: hub.held().events, "a scan at the hub", 60)
    wait_for(lambda: "OR-03" in fleet(hub, "status"), "the machine at the hub", 60)

    assert done(hub, "restart") == ("successful", "restarted")
    assert done(hub, "log-level", "--arg", "level=debug")[0] == "successful"
    status, answer = done(hub, "diagnostics")
    assert status == "successful"
    assert "no secret, no patient" in answer
    [archive] = (hub.folder / "diagnostics/OR-03").iterdir()
    assert archive.read_bytes() == (places.boot / "udi/diagnostics.tar.gz").read_bytes()
    assert str(archive) in fleet(hub, "status")
    assert f"-> {archive}" in fleet(hub, "commands")

    wanted = hub.folder / "station.toml"
    wanted.write_text(template.replace('"NEW"', '"{station}"').replace("RECEIVE", "CHECK"), encoding="utf-8")
    told = fleet(hub, "configure", "OR-03", "--file", str(wanted), "--as", "it", "--key", str(hub.folder / "it.key"))
    rev = int(told.split()[-1])
    wait_for(lambda: f"configuration {rev} kept" in fleet(hub, "status"), "the configuration to be kept", 120)
    assert 'home_task = "CHECK"' in places.station_file.read_text(encoding="utf-8")
