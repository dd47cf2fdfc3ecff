"""From a prepared card to a station that scans, on a machine that really boots: with every unit in its sandbox.

The system's own cloud-init, or systemd itself for the older script, begins it; NetworkManager has the network.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from firmware_service.card.room_label import RoomLabel, sign_label
from firmware_service.cli import main
from firmware_service.update import guard
from tests.support.boot_images import boot_files
from tests.support.booted import COMMANDS, LAUNCHER, ROOT, Machine, lacking
from tests.support.needs import MissingError
from tests.support.site_folder import LABEL_KEY, make_release, make_site
from tests.systemd.test_systemd_network import RENDERER


@dataclass(frozen=True, slots=True)
class Card:
    """What a card of an edition of Raspberry Pi OS begins with."""

    edition: str
    system: str
    python: str
    connection: str
    """Of NetworkManager, for the wired network."""


CLOUD_INIT = Card("2025-11-24", "trixie", "cp313", "netplan-eth0")
FIRSTRUN = Card("2025-05-13", "bookworm", "cp311", "udi-eth0")
NOT_BOOKWORM = "this stands for a machine with bookworm's programs, and this system is another"
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
HERE = """\
[Service]
ExecStart=
ExecStart=/usr/bin/python3 -I /boot/firmware/udi/first-start.pyz --architecture aarch64 --python {python}
"""
SERVICES = ("cloud-init-local", "cloud-init", "cloud-config", "cloud-final", "NetworkManager")
SEED = """\
datasource_list: [ NoCloud, None ]
datasource: { NoCloud: { seedfrom: "file:///boot/firmware/" } }
"""
"""As Raspberry Pi OS has it; this cloud-init, older than its own, takes ``network-config`` from a folder only."""


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    why = lacking() or (
        None if platform.freedesktop_os_release().get("VERSION_CODENAME") == "bookworm" else NOT_BOOKWORM
    )
    if why is not None:
        pytest.skip(f"units were not really started: {why}")
    (tmp_path / "machine").mkdir()
    try:
        with Machine(tmp_path / "machine", raspberry=True) as machine:
            shutil.rmtree(machine.path("/opt/udi"))
            shutil.rmtree(machine.path("/etc/systemd/system/multi-user.target.wants"))  # this system's own services
            enable = ["systemctl", "--quiet", f"--root={machine.root}", "enable", *SERVICES]
            subprocess.run(enable, check=True, capture_output=True)
            yield machine
    except MissingError as error:
        pytest.skip(f"no first start was really begun: {error}")


def app() -> dict[str, bytes]:
    """The app layer of a release that runs this project."""
    found = {f"bin/{name}": LAUNCHER.replace("MODULE", module).encode() for name, module in COMMANDS.items()}
    found["site-packages/firmware_service/update/guard.py"] = Path(guard.__file__).read_bytes()
    units = ROOT / "systemd"
    return found | {
        f"systemd/{file.relative_to(units)}": file.read_bytes() for file in units.rglob("*.*") if file.is_file()
    }


def insert_card(machine: Machine, folder: Path, card: Card) -> tuple[str, ...]:
    """A card without a name, made by the product's own command; gives the words that it adds to the command line."""
    boot = machine.path("/boot/firmware")
    for name, data in boot_files(card.edition).items():
        (boot / name).parent.mkdir(parents=True, exist_ok=True)
        (boot / name).write_bytes(data)
    before = (boot / "cmdline.txt").read_text("ascii").split()
    site = make_site(folder, network="", network__dot1x="")
    (folder / "station.toml").write_text(TEMPLATE, encoding="utf-8")
    root = make_release(folder / "releases", system=card.system, python=card.python, app=app())
    (folder / "root.json").write_bytes(root)
    words = ["card", "prepare", str(boot), "--site", str(site), "--bundle", str(folder / "releases")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    machine.write("/etc/systemd/system/udi-first-start.service.d/t.conf", HERE.format(python=card.python))
    machine.write("/lib/netplan/00-network-manager-all.yaml", RENDERER, 0o600)
    return tuple(each for each in (boot / "cmdline.txt").read_text("ascii").split() if each not in before)


UNTIL = """
until_() { for _ in $(seq 600); do "$@" && return 0; sleep 0.1; done; echo "waited for: $*" >&2; return 1; }
active() { [ "$(systemctl is-active $1)" = active ]; }
say() { printf '%s\\t%s\\n' "$1" "$2"; }
"""
FIRST = (
    UNTIL + "until_ test -s /var/lib/udi-firmware/first-start-done; until_ test -s /boot/firmware/STATION-REPORT.txt\n"
)
SECOND = (
    UNTIL
    + """
ip link add eth0 type veth peer name far; ip link set far up
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
addressed() { ip -4 -o address show eth0 | grep -q 10.20.3.17/24; }
until_ addressed
say address "$(nmcli -g ipv4.method,ipv4.addresses,ipv4.gateway connection show CONNECTION | tr '\\n' ' ')"
say networks "$(nmcli -g NAME connection show | grep -cE '^(netplan|udi)-')"
say host "$(hostname)"
say zone "$(readlink /etc/localtime)"
say account "$(stat -c '%U %a' $(getent passwd udi-service | cut -d: -f6)/.ssh/authorized_keys 2>&1)"
say failed "$(systemctl --failed --no-legend | tr '\\n' ' ')"
say problems "$(journalctl -b -o cat -u 'udi-*' | grep -i 'denied\\|not permitted\\|read-only' | tr '\\n' '|' || true)"
"""
)


def first_boot(machine: Machine, card: Card, words: tuple[str, ...]) -> None:
    """Until the first start is done."""
    if card is FIRSTRUN:
        # Raspberry Pi OS finds what stands under /boot in /boot/firmware. Its reboot would have the same words again.
        machine.path("/boot/firstrun.sh").symlink_to("firmware/firstrun.sh")
        machine.path("/boot/firmware/firstrun.sh").chmod(0o755)  # FAT: everything can be run
        said = machine.start([each.replace("=reboot", "=poweroff") for each in words])
        assert not machine.path("/boot/firmware/firstrun.sh").exists(), said
        machine.boot(FIRST, target="multi-user.target")
    else:
        machine.write("/etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg", SEED)
        machine.path("/var/lib/cloud/seed").mkdir(parents=True, exist_ok=True)
        machine.path("/var/lib/cloud/seed/nocloud").symlink_to("/boot/firmware")
        machine.boot(FIRST, target="multi-user.target", words=words)


@pytest.mark.parametrize("card", [CLOUD_INIT, FIRSTRUN], ids=["cloud-init", "firstrun"])
def test_a_card_without_a_name_becomes_a_station_by_the_label_of_its_room(
    machine: Machine, tmp_path: Path, card: Card
) -> None:
    words = insert_card(machine, tmp_path / "site", card)
    first_boot(machine, card, words)
    report = (machine.path("/boot/firmware") / "STATION-REPORT.txt").read_text("utf-8-sig")
    assert "not done" not in report, report
    assert machine.path("/opt/udi/current").readlink() == Path("slots/1.0.0")

    label = RoomLabel("第一医院", "OR-07", "七号手术室", address="10.20.3.17/24")
    machine.write("/opt/udi-label", sign_label(label, LABEL_KEY))
    script = SECOND.replace("CONNECTION", card.connection)
    text = machine.boot(script, target="multi-user.target", words=[each for each in words if "systemd" not in each])
    said = dict(line.split("\t", 1) for line in text.splitlines())
    assert (said["before"], said["after"]) == ("active active inactive ", "inactive")
    assert said["file"] == "root udi 640"
    assert json.loads(said["status"])["station"] == "OR-07"
    assert json.loads(said["health"])["version"], "everybody may read how the machine is"
    assert said["address"] == "manual 10.20.3.17/24 10.20.3.1 ", "of the label, at a site without DHCP"
    assert said["networks"] == "2", "wired and Wi-Fi: what the card said, after a second start as well"
    assert (said["host"], said["zone"]) == ("udi-station", "/usr/share/zoneinfo/Asia/Shanghai")
    assert (said["account"] == "udi-service 600") is (card is CLOUD_INIT), said["account"]  # userconf-pi is not here
    assert (said["failed"], said["problems"]) == ("", "")
