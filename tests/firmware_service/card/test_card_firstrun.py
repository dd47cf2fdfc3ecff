from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings

from firmware_service.card.first_files import UNIT_TEXT, Plan, pairwise_key
from firmware_service.card.firstrun import connections, files, script
from tests.support.boot_images import CMDLINE
from tests.support.site_plans import plans

PROGRAMS = ("systemctl", "userconf", "chown", "install", "getent")


def run(plan: Plan, root: Path) -> Path:
    """Run the script with every path below `root`; what would touch the machine is only recorded."""
    tools = root / "tools"
    tools.mkdir()
    for name in PROGRAMS:
        tool = tools / name
        echo = "echo service:x:1000:1000::HOME:/bin/bash" if name == "getent" else "true"
        tool.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >>"{root}/calls"\n{echo}\n', encoding="utf-8")
        tool.chmod(0o755)
    for folder in ("etc/ssh/sshd_config.d", "etc/systemd/system", "etc/sudoers.d", "boot/firmware", "home/.ssh"):
        (root / folder).mkdir(parents=True)
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n127.0.1.1\traspberrypi\n", encoding="ascii")
    written = files(plan, CMDLINE)
    for name, data in written.items():
        (root / "boot/firmware" / name).write_bytes(data)
    text = written["firstrun.sh"].decode()
    for path in ("/etc/", "/boot", "/var/lib/systemd", "/usr/lib/userconf-pi/"):
        text = text.replace(path, f"{root}{path}")
    text = text.replace("cut -d: -f6", f"sed s,.*,{root}/home,")
    moved = root / "moved.sh"
    moved.write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["sh", str(moved)], env={"PATH": f"{tools}:/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stderr == ""
    return root


def unescaped(text: str) -> str:
    """A value of GLib's key file as GLib reads it."""
    found, letters = "", iter(text)
    for letter in letters:
        found += {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}[next(letters)] if letter == "\\" else letter
    return found


def keyfile(text: str) -> dict[str, dict[str, str]]:
    """GLib's key file as GLib reads it: spaces around a value do not count."""
    found: dict[str, dict[str, str]] = {}
    for line in filter(None, text.split("\n")):
        if line.startswith("["):
            found[line.strip("[]")] = section = {}
        else:
            key, _, value = line.partition("=")
            assert key not in section
            section[key] = value.strip(" \t")
    return found


@settings(max_examples=25, deadline=None)
@given(plans())
def test_the_shell_writes_what_was_meant(plan: Plan) -> None:
    assert subprocess.run(["bash", "-n"], input=script(plan).encode(), check=False).returncode == 0
    with TemporaryDirectory() as folder:
        root = run(plan, Path(folder))
        assert (root / "etc/hostname").read_text("utf-8") == f"{plan.host_name}\n"
        assert f"127.0.1.1\t{plan.host_name}\n" in (root / "etc/hosts").read_text("utf-8")
        assert (root / "etc/timezone").read_text("utf-8") == "Asia/Shanghai\n"
        keys = "".join(f"{key}\n" for key in plan.site.account.ssh_keys)
        assert (root / "home/.ssh/authorized_keys").read_text("utf-8") == keys
        for name, text in connections(plan).items():
            file = root / "etc/NetworkManager/system-connections" / name
            assert file.read_bytes().decode() == text.replace("/boot/", f"{root}/boot/")
            assert file.stat().st_mode & 0o777 == 0o600
        unit = (root / "etc/systemd/system/udi-first-start.service").read_text("utf-8")
        assert unit.replace(str(root), "") == UNIT_TEXT
        assert (
            root / "boot/firmware/cmdline.txt"
        ).read_bytes() == CMDLINE.rstrip() + b" cfg80211.ieee80211_regdom=CN\n"
        assert not (root / "boot/firmware/firstrun.sh").exists()
        assert "systemctl enable udi-first-start.service" in (root / "calls").read_text("utf-8")


@given(plans())
def test_networkmanager_reads_what_a_technician_wrote(plan: Plan) -> None:
    network, texts = plan.site.network, connections(plan)
    assert set(texts) == {"udi-eth0.nmconnection", *(["udi-wlan0.nmconnection"] if network.wifi else [])}
    for text in texts.values():
        found = keyfile(text)
        if network.dot1x is not None and "802-1x" in found:
            assert unescaped(found["802-1x"]["identity"]) == network.dot1x.identity
            assert unescaped(found["802-1x"]["password"]) == network.dot1x.password
    if network.wifi is not None:
        found = keyfile(texts["udi-wlan0.nmconnection"])
        ssid = bytes(int(each) for each in found["wifi"]["ssid"].rstrip(";").split(";"))
        assert ssid.decode() == network.wifi.ssid
        if network.wifi.password is not None:
            assert found["wifi-security"]["psk"] == pairwise_key(network.wifi.ssid, network.wifi.password)
    if plan.address is not None:
        ipv4 = keyfile(texts["udi-eth0.nmconnection"])["ipv4"]
        assert (ipv4["method"], ipv4["address1"]) == ("manual", "10.20.3.17/24,10.20.3.1")


@pytest.mark.parametrize("shell", ["bash", "dash"])
def test_both_shells_accept_it(shell: str) -> None:
    @settings(max_examples=15, deadline=None)
    @given(plans())
    def accepted(plan: Plan) -> None:
        done = subprocess.run([shell, "-n"], input=script(plan).encode(), check=False, capture_output=True)
        assert done.returncode == 0, done.stderr

    accepted()
