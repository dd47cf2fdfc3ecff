"""Revocation at a real mosquitto with the shipped files: the live connection ends, and the others come back."""

from __future__ import annotations

import getpass
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.hub.cli import main as hub_main
from firmware_service.identity.broker import BrokerCheck
from firmware_service.identity.client import AuthorityClient
from firmware_service.identity.renew import Renewer
from hardware.host.link import Connected, Disconnected
from hardware.host.tls import Tls
from tests.support.devices import AuthorityProcess, Device
from tests.support.secure import Peer, answer, context, is_connack
from tests.support.site import MOSQUITTO, free_port, wait_for

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed: apt-get install mosquitto")

RESTARTER = """
import os, signal, subprocess, sys, time
from pathlib import Path
pid_file, conf, program = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
old = int(pid_file.read_text())
os.kill(old, signal.SIGTERM)
while Path(f"/proc/{old}/stat").exists() and Path(f"/proc/{old}/stat").read_text().rpartition(") ")[2][0] != "Z":
    time.sleep(0.01)
new = subprocess.Popen([program, "-c", conf], stderr=subprocess.DEVNULL, start_new_session=True)
pid_file.write_text(str(new.pid))
"""


class RestartedBroker:
    """A mosquitto that the authority's command restarts."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.pid = folder / "broker.pid"
        self.config = folder / "broker/mosquitto.conf"
        script = folder / "restart.py"
        script.write_text(RESTARTER, encoding="utf-8")
        self.restart = [sys.executable, str(script), str(self.pid), str(self.config), str(MOSQUITTO)]
        self._folder = folder

    def configure(self, authority: AuthorityProcess, stations: list[str]) -> None:
        own, state = self._folder / "broker-identity", self._folder / "state"
        state.mkdir()
        self.identity(authority)
        site, published = self._folder / "broker.toml", authority.state / "published"
        site.write_text(
            f'[broker]\nca = "{published}/ca.pem"\nrevoked = "{published}/revoked.pem"\n'
            f'certificate = "{own}/certificate.pem"\nkey = "{own}/key.pem"\nlisten = "127.0.0.1"\nport = {self.port}\n'
            f'state = "{state}"\n',
            encoding="utf-8",
        )
        words = ["broker-config", "--site", str(site), "--out", str(self.config.parent), *stations]
        done = CliRunner().invoke(hub_main, words)
        assert done.exit_code == 0, done.output
        with self.config.open("a", encoding="ascii") as config:
            config.write(f"user {getpass.getuser()}\n")

    def identity(self, authority: AuthorityProcess) -> None:
        words = ["--host", "localhost", "--host", "127.0.0.1", "--out", str(self._folder / "broker-identity")]
        authority.run("identity", "broker", *words)

    def start(self) -> None:
        process = subprocess.Popen([str(MOSQUITTO), "-c", str(self.config)], stderr=subprocess.DEVNULL)
        self.pid.write_text(str(process.pid), encoding="ascii")
        self._first = process

    def stop(self) -> None:
        os.kill(int(self.pid.read_text(encoding="ascii")), signal.SIGKILL)
        self._first.wait()

    def takes(self, tls: Tls) -> bool:
        return is_connack(answer(self.port, context(tls.ca, tls)))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RestartedBroker]:
    made = RestartedBroker(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def authority(tmp_path: Path, broker: RestartedBroker) -> Iterator[AuthorityProcess]:
    made = AuthorityProcess(tmp_path, broker.restart)
    made.start()
    yield made
    made.stop()


def test_a_revoked_station_is_thrown_out_and_stays_out_while_others_return(
    authority: AuthorityProcess, broker: RestartedBroker, tmp_path: Path
) -> None:
    devices = {name: Device(tmp_path / name, f"1000000000{name[-2:]}", name) for name in ("OR-01", "OR-02")}
    for name, device in devices.items():
        device.enrol(authority.site, authority.run("token", "new", "--station", name).output)
    broker.configure(authority, list(devices))
    broker.start()
    held = {name: device.holding.tls("station") for name, device in devices.items()}
    for tls in held.values():
        wait_for(lambda tls=tls: broker.takes(tls), "the broker to take both")  # type: ignore[misc]
    peers = {name: Peer(broker.port, tls, name) for name, tls in held.items()}
    for peer in peers.values():
        peer.until(Connected)

    authority.run("revoke", "OR-01", "--why", "stolen")
    for peer in peers.values():
        peer.until(Disconnected)
    peers["OR-02"].until(Connected, seconds=30)
    # In TLS 1.2 the broker's word comes within the handshake, and cannot be overtaken by the end of the connection.
    asked = context(held["OR-01"].ca, held["OR-01"], ssl.TLSVersion.TLSv1_2)
    assert answer(broker.port, asked) == "SSLV3_ALERT_CERTIFICATE_REVOKED"

    agent = devices["OR-01"].holding.tls("agent")
    station_file = devices["OR-02"].places.station_file
    station_file.write_text(f'[link]\nhost = "localhost"\nport = {broker.port}\n', encoding="utf-8")
    check = BrokerCheck(station_file, check_time=True)
    assert not check("agent", agent), "the agent of the revoked station is refused too"
    assert check("station", held["OR-02"]), "and looking throws nobody out:"
    peers["OR-02"].subscribe("udi/OR-02/ack")


def test_a_station_that_is_never_restarted_follows_the_authoritys_new_key(
    authority: AuthorityProcess, broker: RestartedBroker, tmp_path: Path
) -> None:
    device = Device(tmp_path / "OR-01", station="OR-01")
    device.enrol(authority.site, authority.run("token", "new").output)
    broker.configure(authority, ["OR-01"])
    broker.start()
    files = device.holding.station_tls
    tls = Tls(files / "ca.pem", files / "certificate.pem", files / "key.pem")
    wait_for(lambda: broker.takes(tls), "the broker to take it")
    station = Peer(broker.port, tls, "OR-01")
    station.until(Connected)
    link = f'[link]\nhost = "localhost"\nport = {broker.port}\n'
    device.places.station_file.write_text(link, encoding="utf-8")
    check = BrokerCheck(device.places.station_file, check_time=True)
    renewer = Renewer(device.holding, AuthorityClient(authority.site), check)

    for step in ("next", "switch"):
        authority.run("roll", step)
        station.until(Disconnected)
        station.until(Connected, seconds=30)
    assert renewer.tick(0) == "renewed"
    broker.identity(authority)
    authority.run("roll", "finish")
    station.until(Disconnected)
    station.until(Connected, seconds=30)
    renewer.next_s = 0
    assert renewer.tick(0) == "nothing due"
    assert (files / "ca.pem").read_bytes() == (authority.state / "published/ca.pem").read_bytes()
    assert (files / "ca.pem").read_bytes().count(b"BEGIN CERTIFICATE") == 1


def test_a_broker_that_cannot_be_told_is_said_aloud(tmp_path: Path) -> None:
    authority = AuthorityProcess(tmp_path, ["/bin/false"])
    authority.start()
    try:
        Device(tmp_path / "pi").enrol(authority.site, authority.run("token", "new").output)
        told = authority.run("revoke", "OR-03", good=False).output
        assert "the broker was not told; live connections may still stand" in told
        assert authority.run("list", "--json").output == ""
        assert json.loads((authority.state / "audit.jsonl").read_text("utf-8").splitlines()[-1])["act"] == "published"
    finally:
        authority.stop()
