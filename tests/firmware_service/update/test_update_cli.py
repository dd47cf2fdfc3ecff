"""The commands at a machine with a stick: signed releases, real layers, a tree that stands for the machine."""

from __future__ import annotations

import base64
import os
import platform
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from firmware_service.cli import main
from firmware_service.places import Places
from firmware_service.release.manifest import Layer, Patch, Runs
from firmware_service.update.guard import Guard
from tests.support.releases import Maker
from tests.support.updates import SYSTEMCTL, Releases

SITE = f"""\
[site]
name = "site"
[authority]
url = "https://udi.site:8443"
pin = "{"0" * 64}"
label_key = "{base64.b64encode(bytes(32)).decode("ascii")}"
[release]
root = "/etc/udi-station/root.json"
[station]
template = "/etc/udi-station/template.toml"
"""
HERE = Runs(platform.machine(), f"cp{sys.version_info.major}{sys.version_info.minor}", ("trixie",))  # type: ignore[arg-type]


class Machine:
    """A machine, and the site that brings it releases by stick."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "pi"
        self.places = Places(self.root)
        self.maker = Maker(folder / "maker")
        self.releases = Releases(folder / "releases")
        self._copies = 0
        for name, text in {
            "etc/udi-station/site.toml": SITE,
            "etc/os-release": "VERSION_CODENAME=trixie\n",
            "proc/sys/kernel/random/boot_id": "boot-0\n",
            "systemctl": SYSTEMCTL.format(root=self.root),
            "units": "",
        }.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, encoding="utf-8")
        (self.root / "systemctl").chmod(0o755)
        self.places.run.mkdir(parents=True)
        (self.root / "etc/udi-station/root.json").write_bytes(self.maker.init(datetime.now(UTC)))

    def issue(self, version: str, runs: Runs = HERE) -> Path:
        """A stick with this release, the newest."""
        made = self.releases.add(version, runs=runs)
        blobs = self.folder / "built" / version
        for layer in made.layers:
            blobs_of: tuple[Layer | Patch, ...] = (layer, *layer.patches)
            for blob in blobs_of:
                (blobs / blob.path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.releases.folder / blob.sha256, blobs / blob.path)
        now = datetime.now(UTC)
        self.maker.repository.add(made, blobs, now)
        self.maker.sign("targets")
        self.maker.publish(now)
        self._copies += 1
        return self.maker.copy(self.folder / f"stick-{self._copies}")

    def __call__(self, *words: str) -> Result:
        more = ["--systemctl", str(self.root / "systemctl")] if words[0] in ("install", "rollback") else []
        return CliRunner().invoke(main, ["update", *words, "--root", str(self.root), *more])

    @property
    def current(self) -> str | None:
        return os.readlink(self.places.current) if self.places.current.is_symlink() else None  # noqa: PTH115 - the text


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_first_release_a_next_one_on_trial_and_the_way_back(machine: Machine) -> None:
    stick = machine.issue("1.0.0")
    found = machine("check", "--from", str(stick))
    assert (found.exit_code, found.output) == (0, "1.0.0 (counter 1, kept 0)\n")
    done = machine("install", "--from", str(stick))
    assert done.exit_code == 0, done.output
    assert machine.current == "slots/1.0.0"
    assert machine("check", "--from", str(stick)).exit_code == 1, "nothing newer"

    done = machine("install", "--from", str(machine.issue("1.1.0")))
    assert "on trial" in done.output
    assert machine.current == "slots/1.1.0"
    assert "trial" in machine("status").output
    assert "start --no-block udi-trial.service" in (machine.root / "asked").read_text(encoding="utf-8")

    back = machine("rollback", "--why", "the nurses asked for it")
    assert (back.exit_code, back.output) == (0, "returns to 1.0.0\n")
    Guard(machine.root, [str(machine.root / "systemctl")], lambda _: None, lambda: 100.0).watch()
    assert machine.current == "slots/1.0.0"
    assert "the nurses asked for it" in machine("status", "--json").output


def _pulled_out(stick: Path) -> None:
    for file in (stick / "blob").iterdir():
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _tampered(stick: Path) -> None:
    for file in (stick / "blob").iterdir():
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)


def _no_metadata(stick: Path) -> None:
    shutil.rmtree(stick / "metadata")


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "pulled out in mid-copy": (_pulled_out, "blob"),
    "tampered": (_tampered, "SHA-256"),
    "no repository": (_no_metadata, "metadata"),
}


@pytest.mark.parametrize(("harm", "why"), BAD.values(), ids=BAD.keys())
def test_a_bad_stick_is_told_and_changes_nothing(machine: Machine, harm: Callable[[Path], None], why: str) -> None:
    machine("install", "--from", str(machine.issue("1.0.0")))
    stick = machine.issue("1.1.0")
    whole = shutil.copytree(stick, machine.folder / "whole")
    harm(stick)
    done = machine("install", "--from", str(stick))
    assert done.exit_code == 1
    assert why in done.output
    assert machine.current == "slots/1.0.0"
    assert [each.name for each in machine.places.slots.iterdir()] == ["1.0.0"]
    assert "on trial" in machine("install", "--from", str(whole)).output, "a whole one goes on where that ended"


def test_a_release_for_another_machine_is_refused(machine: Machine) -> None:
    other = Runs("x86_64" if platform.machine() == "aarch64" else "aarch64", HERE.python, ("trixie",))
    done = machine("install", "--from", str(machine.issue("1.0.0", other)))
    assert done.exit_code == 1
    assert "does not run here" in done.output
    assert machine.current is None


def test_without_a_server_a_stick_is_asked_for(machine: Machine) -> None:
    done = machine("check")
    assert (done.exit_code, "bring a stick" in done.output) == (1, True)


def test_without_the_sites_settings_nothing_is_done(machine: Machine) -> None:
    (machine.root / "etc/udi-station/site.toml").unlink()
    assert machine("check").exit_code == 2
    assert machine("status").exit_code == 0
