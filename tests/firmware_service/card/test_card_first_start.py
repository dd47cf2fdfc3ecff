"""The first start as it runs on a device: the archive from the card, a bare Python, commands that are recorded."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from firmware_service.card.archive import first_start_archive
from firmware_service.cli import main
from firmware_service.update import guard
from tests.support.boot_images import boot_files
from tests.support.site_folder import DOT1X_PASSWORD, make_release, make_site

COMMANDS = ("systemctl", "record-units", "dpkg-query", "apt-get")
SOURCES = """Types: deb
URIs: http://deb.debian.org/debian/
Suites: trixie
Components: main
"""


@dataclass(frozen=True, slots=True)
class Device:
    """A tree that stands for a Pi with its card."""

    folder: Path
    machine: tuple[str, ...] = ("--architecture", "aarch64", "--python", "cp313")

    @property
    def boot(self) -> Path:
        return self.folder / "boot"

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def command(self, name: str, script: str) -> None:
        file = self.folder / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.folder}/calls\n{script}\n', encoding="utf-8")
        file.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text("utf-8").splitlines() if file.exists() else []

    def start(self) -> subprocess.Popen[str]:
        # -S: nothing but the standard library, as on a fresh system
        program = [sys.executable, "-I", "-S", str(self.boot / "udi/first-start.pyz"), *self.machine]
        return subprocess.Popen(
            [*program, "--boot", str(self.boot), "--root", str(self.root)],
            env={"PATH": f"{self.folder}/bin:/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self) -> tuple[int, str]:
        process = self.start()
        said, _ = process.communicate(timeout=60)
        return process.returncode, said

    @property
    def report(self) -> str:
        return (self.boot / "STATION-REPORT.txt").read_text("utf-8-sig")


def prepared(folder: Path, *more: str, deps: bytes = b"wheels", edition: str = "2025-11-24") -> Device:
    device = Device(folder)
    for name, data in boot_files(edition).items():
        (device.boot / name).parent.mkdir(parents=True, exist_ok=True)
        (device.boot / name).write_bytes(data)
    site = make_site(folder / "site")
    (folder / "site/root.json").write_bytes(make_release(folder / "releases", deps=deps))
    (folder / "token").write_text("Zm9yLW9uZS1zdGF0aW9uLW9ubHk\n", encoding="ascii")
    arguments = ["card", "prepare", str(device.boot), "--site", str(site), "--bundle", str(folder / "releases")]
    done = CliRunner().invoke(main, [*arguments, "--token", str(folder / "token"), *more])
    assert done.exit_code == 0, done.output
    for name in COMMANDS:
        device.command(name, "echo -n installed" if name == "dpkg-query" else "exit 0")
    for name, text in {
        "etc/apt/sources.list.d/debian.sources": SOURCES,
        "proc/device-tree/serial-number": "100000001234abcd\0",
        "sys/class/net/eth0/address": "dc:a6:32:00:00:01\n",
        "sys/class/net/eth0/operstate": "down\n",
        "sys/class/net/lo/address": "00:00:00:00:00:00\n",
    }.items():
        (device.root / name).parent.mkdir(parents=True, exist_ok=True)
        (device.root / name).write_text(text, encoding="utf-8")
    return device


def test_from_the_card_to_a_slot_that_runs(tmp_path: Path) -> None:
    device = prepared(tmp_path, "--station", "OR-03", "--place", "手术室 3")
    code, said = device.run()
    assert code == 0, said
    slot = device.root / "opt/udi/current"
    assert slot.readlink() == Path("slots/1.0.0")
    for line in (slot / "hashes").read_text("utf-8").splitlines():
        sha256, kind, name = line.split(" ")
        assert kind == ("x" if name.startswith("bin/") else "f")
        assert hashlib.sha256((slot / name).read_bytes()).hexdigest() == sha256
    assert os.access(slot / "bin/udi-firmware", os.X_OK)
    state = json.loads((device.root / "var/lib/udi-firmware/slots.json").read_bytes())
    assert (state["committed"], state["phase"], state["trial"], state["floor"]) == ("1.0.0", "idle", None, 7)
    assert state.keys() >= guard.KEYS, "else the guard takes it for damaged"
    etc = device.root / "etc"
    assert 'place = "手术室 3"' in (etc / "udi-station/station.toml").read_text("utf-8")
    assert (device.root / "opt/udi/guard/guard.py").exists()
    assert "http://mirror.site/debian/" in (etc / "apt/sources.list.d/debian.sources").read_text("utf-8")
    assert "NTP=ntp.site 10.0.0.1" in (etc / "systemd/timesyncd.conf.d/50-udi-site.conf").read_text("utf-8")
    assert device.calls[-2:] == [
        f"record-units units install --root {device.root}",
        "systemctl --no-block reboot",
    ]
    assert not any(line.startswith(("pip", "apt-get")) for line in device.calls)


def test_the_report_says_what_a_technician_has_to_ask_for(tmp_path: Path) -> None:
    device = prepared(tmp_path)
    assert device.run()[0] == 0
    for expected in ("100000001234abcd", "dc:a6:32:00:00:01", "需要网络", "Needs network", "udi-firmware 1.0.0 well"):
        assert expected in device.report
    assert "00:00:00:00:00:00" not in device.report
    assert "Zm9yLW9uZS1zdGF0aW9uLW9ubHk" not in device.report


def test_afterwards_no_password_of_the_network_is_on_the_card(tmp_path: Path) -> None:
    device = prepared(tmp_path)
    assert DOT1X_PASSWORD in (device.boot / "network-config").read_text("utf-8").replace('\\"', '"').replace(
        "\\\\", "\\"
    )
    assert device.run()[0] == 0
    assert (device.boot / "network-config").read_bytes() == b"network: {config: disabled}\n"


def test_a_second_run_does_nothing(tmp_path: Path) -> None:
    device = prepared(tmp_path)
    assert device.run()[0] == 0
    (tmp_path / "calls").unlink()
    assert device.run() == (0, "")
    assert device.calls == []


def test_a_card_that_was_prepared_anew_brings_its_settings_and_leaves_the_release(tmp_path: Path) -> None:
    device = prepared(tmp_path, "--station", "OR-03")
    assert device.run()[0] == 0
    slots = device.root / "var/lib/udi-firmware/slots.json"
    updated = json.dumps({"schema": 1, "committed": "1.1.0", "floor": 8})
    slots.write_text(updated, encoding="ascii")
    again = ["card", "prepare", str(device.boot), "--site", str(tmp_path / "site/site.toml"), "--station", "OR-04"]
    done = CliRunner().invoke(main, [*again, "--bundle", str(tmp_path / "releases")])
    assert done.exit_code == 0, done.output
    assert device.run()[0] == 0
    assert 'id = "OR-04"' in (device.root / "etc/udi-station/station.toml").read_text("utf-8")
    assert slots.read_text("ascii") == updated


def test_new_settings_need_no_release_on_the_card(tmp_path: Path) -> None:
    device = prepared(tmp_path, "--station", "OR-03")
    assert device.run()[0] == 0
    again = ["card", "prepare", str(device.boot), "--site", str(tmp_path / "site/site.toml"), "--station", "OR-04"]
    assert CliRunner().invoke(main, again).exit_code == 0
    assert device.run()[0] == 0
    assert 'id = "OR-04"' in (device.root / "etc/udi-station/station.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (("--architecture", "armv7l", "--python", "cp313"), "this system is armv7l with cp313"),
        (("--architecture", "aarch64", "--python", "cp311"), "this system is aarch64 with cp311"),
        ((), "the release is for aarch64 with Python cp313, this system is "),
    ],
)
def test_a_release_for_another_machine_is_not_installed(tmp_path: Path, machine: tuple[str, ...], said: str) -> None:
    device = replace(prepared(tmp_path), machine=machine)
    assert device.run()[0] == 1
    assert said in device.report
    assert not (device.root / "opt/udi/current").exists()


def test_missing_packages_are_fetched_with_a_network_and_named_without(tmp_path: Path) -> None:
    device = prepared(tmp_path)
    device.command("dpkg-query", "exit 1")
    assert device.run()[0] == 0
    assert "packages are missing: python3" in device.report
    other = prepared(tmp_path / "other")
    (other.root / "sys/class/net/eth0/operstate").write_text("up\n", encoding="ascii")
    other.command("dpkg-query", "exit 1")
    assert other.run()[0] == 0
    assert "apt-get install -y --no-install-recommends python3" in other.calls


def _no_marker(device: Device) -> None:
    (device.boot / "udi/prepared.json").unlink()


def _damaged_layer(device: Device) -> None:
    layer = next((device.boot / "udi/layer").iterdir())
    layer.write_bytes(layer.read_bytes()[:-9] + b"xxxxxxxxx")


def _missing_settings(device: Device) -> None:
    (device.boot / "udi/site.toml").unlink()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_no_marker, "not prepared to its end"),
        (_damaged_layer, "the card is damaged (udi/layer/"),
        (_missing_settings, "udi/site.toml is missing"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_card_that_is_not_whole_installs_nothing_and_says_so_on_the_card(
    tmp_path: Path, damage: object, said: str
) -> None:
    device = prepared(tmp_path)
    assert callable(damage)
    damage(device)
    code, _ = device.run()
    assert code == 1
    assert said in device.report
    assert not (device.root / "opt/udi").exists()


@pytest.mark.parametrize("command", ["record-units", "systemctl", "dpkg-query"])
def test_a_power_cut_at_a_command_is_made_good_by_the_next_start(tmp_path: Path, command: str) -> None:
    device = prepared(tmp_path, "--station", "OR-03")
    device.command(command, "kill -9 $PPID")
    code, _ = device.run()
    assert code == -signal.SIGKILL
    device.command(command, "echo -n installed" if command == "dpkg-query" else "exit 0")
    assert device.run()[0] == 0
    assert (device.root / "opt/udi/current").readlink() == Path("slots/1.0.0")


def test_a_power_cut_while_unpacking_leaves_no_half_slot(tmp_path: Path) -> None:
    device = prepared(tmp_path, deps=os.urandom(30_000_000))
    part = device.root / "opt/udi/slots/1.0.0.part"
    process = device.start()
    until = time.monotonic() + 60
    while not part.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert part.exists()
    assert not (device.root / "opt/udi/current").exists()
    assert device.run()[0] == 0
    assert not part.exists()
    assert (device.root / "opt/udi/current/hashes").exists()


def test_the_archive_is_always_the_same() -> None:
    assert first_start_archive() == first_start_archive()


@pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="no Python of the operating system")
def test_the_systems_own_python_runs_it(tmp_path: Path) -> None:
    file = tmp_path / "first-start.pyz"
    file.write_bytes(first_start_archive())
    done = subprocess.run(["/usr/bin/python3", "-I", str(file), "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--boot" in done.stdout
