"""From a prepared card to a station that scans, on a machine that really boots: with every unit in its sandbox."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from firmware_service.card.first_files import UNIT_TEXT
from firmware_service.card.room_label import RoomLabel, sign_label
from firmware_service.cli import main
from firmware_service.update import guard
from tests.support.boot_images import boot_files
from tests.support.booted import COMMANDS, LAUNCHER, ROOT, Machine, lacking
from tests.support.site_folder import LABEL_KEY, make_release, make_site

BOOKWORM = "2025-05-13"
NOT_BOOKWORM = "the card is for bookworm, and this system is another"
TEMPLATE = """\
[station]
id = "NEW"
organisation = { id = "H510104", role = "hospital" }
place = "NEW"
home_task = "CHECK"

[link]
host = "127.0.0.1"
port = 1
bench = true

[[scanner]]
kind = "serial"
device = "/dev/ttyS7"
"""
HERE = "[Service]\nExecStart=\nExecStart=/usr/bin/python3 -I /boot/firmware/udi/first-start.pyz --architecture aarch64"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    why = lacking() or (
        None if platform.freedesktop_os_release().get("VERSION_CODENAME") == "bookworm" else NOT_BOOKWORM
    )
    if why is not None:
        pytest.skip(f"units were not really started: {why}")
    (tmp_path / "machine").mkdir()
    with Machine(tmp_path / "machine") as machine:
        shutil.rmtree(machine.path("/opt/udi"))
        shutil.rmtree(machine.path("/etc/systemd/system/multi-user.target.wants"))  # this system's own services
        yield machine


def app() -> dict[str, bytes]:
    """The app layer of a release that runs this project."""
    found = {f"bin/{name}": LAUNCHER.replace("MODULE", module).encode() for name, module in COMMANDS.items()}
    found["site-packages/firmware_service/update/guard.py"] = Path(guard.__file__).read_bytes()
    units = ROOT / "systemd"
    return found | {
        f"systemd/{file.relative_to(units)}": file.read_bytes() for file in units.rglob("*.*") if file.is_file()
    }


def insert_card(machine: Machine, folder: Path) -> None:
    """A card without a name, made by the product's own command; for bookworm, as this machine is."""
    boot = machine.path("/boot/firmware")
    for name, data in boot_files(BOOKWORM).items():
        (boot / name).parent.mkdir(parents=True, exist_ok=True)
        (boot / name).write_bytes(data)
    site = make_site(folder, network="", network__wifi="", network__dot1x="", network__static="")
    (folder / "station.toml").write_text(TEMPLATE, encoding="utf-8")
    root = make_release(folder / "releases", system="bookworm", python="cp311", app=app())
    (folder / "root.json").write_bytes(root)
    words = ["card", "prepare", str(boot), "--site", str(site), "--bundle", str(folder / "releases")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    machine.write("/etc/systemd/system/udi-first-start.service", UNIT_TEXT)
    machine.write("/etc/systemd/system/udi-first-start.service.d/t.conf", HERE)


FIRST = "systemctl start udi-first-start || true\n"
"""It ends in a reboot, which ends this too."""
SECOND = """
until_() { for _ in $(seq 300); do "$@" && return 0; sleep 0.1; done; echo "waited for: $*" >&2; return 1; }
active() { [ "$(systemctl is-active $1)" = active ]; }
say() { printf '%s\\t%s\\n' "$1" "$2"; }
until_ active udi-room-label; until_ active udi-firmware
say before "$(systemctl is-active udi-boot-guard udi-identity udi-station | tr '\\n' ' ')"
systemctl start udi-trial
cp /opt/udi-label /run/udi-station/room-label
until_ active udi-station; until_ active udi-firmware
say after "$(systemctl is-active udi-room-label || true)"
say file "$(stat -c '%U %G %a' /etc/udi-station/station.toml)"
say status "$(/opt/udi/current/bin/udi-station status --json)"
until_ test -s /run/udi-firmware/health.json
say health "$(runuser -u udi -- cat /run/udi-firmware/health.json)"
say failed "$(systemctl --failed --no-legend | tr '\\n' ' ')"
say problems "$(journalctl -b -o cat -u 'udi-*' | grep -i 'denied\\|not permitted\\|read-only' | tr '\\n' '|' || true)"
"""


def test_a_card_without_a_name_becomes_a_station_by_the_label_of_its_room(machine: Machine, tmp_path: Path) -> None:
    insert_card(machine, tmp_path / "site")
    machine.boot(FIRST, target="multi-user.target")
    report = (machine.path("/boot/firmware") / "STATION-REPORT.txt").read_text("utf-8-sig")
    assert "not done" not in report, report
    assert machine.path("/opt/udi/current").readlink() == Path("slots/1.0.0")

    machine.write("/opt/udi-label", sign_label(RoomLabel("第一医院", "OR-07", "七号手术室"), LABEL_KEY))
    text = machine.boot(SECOND, target="multi-user.target")
    said = dict(line.split("\t", 1) for line in text.splitlines())
    assert (said["before"], said["after"]) == ("active active inactive ", "inactive")
    assert said["file"] == "root udi 640"
    assert json.loads(said["status"])["station"] == "OR-07"
    assert json.loads(said["health"])["version"], "everybody may read how the machine is"
    assert (said["failed"], said["problems"]) == ("", "")
