"""One archive from a machine in which secrets lie everywhere: none of them may be in it, in any coding."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from firmware_service.checks.look import take_look
from firmware_service.cli import main
from firmware_service.diagnostics.gather import UNITS, gather, pack
from firmware_service.places import Places
from tests.support.machine import WELL, put

WIFI = "sommer-regen-2026"
TOKEN = "tok-6f1c9a2be07d4f55"  # noqa: S105 - planted
PROXY = "pr0xy-Passw0rd"
KEY = "MHcCAQEEIBkPlantedPrivateKeyPlantedPrivateKey9Z"
PATIENT = "ZY20261122"
STAFF = "N1207"
CARD = "11010519491231002X"
PHONE = "13800138000"
NAME = "planted-unknown-value"
SECRETS = (WIFI, TOKEN, PROXY, KEY, PATIENT, STAFF, CARD, PHONE, NAME)

STATION = f"""
[station]
id = "OR-03"
place = "OR-03"
[link]
host = "hub.site"
port = 8883
password = "{PROXY}"
tls = {{ ca = "/etc/udi-station/tls/ca.pem", certificate = "c.pem", key = "/etc/udi-station/tls/key.pem" }}
[patterns]
badge = {{ prefix = "N", length = [4, 4], characters = "digits" }}
wristband = {{ prefix = "ZY", length = [6, 10] }}
[something]
new = "{NAME}"
"""
SITE = f"""
[site]
name = "一院"
[network]
wifi = {{ ssid = "ward", psk = "{WIFI}" }}
proxy = "http://ward:{PROXY}@proxy.site:3128"
[authority]
url = "https://authority.site"
token = "{TOKEN}"
"""
LOG = f"""2026-11-22T08:15:02+0800 OR-03 udi-station[311]: level=INFO state=ready station=OR-03
2026-11-22T08:15:03+0800 OR-03 udi-station[311]: joined with {WIFI}
2026-11-22T08:15:03+0800 OR-03 udi-station[311]: Authorization: Bearer {TOKEN}
2026-11-22T08:15:04+0800 OR-03 udi-station[311]: wristband {PATIENT} shown by {STAFF}
2026-11-22T08:15:04+0800 OR-03 udi-station[311]: patient={PATIENT} 电话 {PHONE} 身份证 {CARD}
2026-11-22T08:15:05+0800 OR-03 udi-station[311]: -----BEGIN EC PRIVATE KEY-----
2026-11-22T08:15:05+0800 OR-03 udi-station[311]: {KEY}
2026-11-22T08:15:05+0800 OR-03 udi-station[311]: -----END EC PRIVATE KEY-----
2026-11-22T08:15:06+0800 OR-03 udi-station[311]: GET https://ward:{PROXY}@proxy.site/ and {NAME}
2026-11-22T08:15:07+0800 OR-03 udi-station[311]: worker=desk is stale: stopping
"""
PEM = f"-----BEGIN EC PRIVATE KEY-----\n{KEY}\n-----END EC PRIVATE KEY-----\n"
PLANTED = {
    **WELL,
    "etc/udi-station/station.toml": STATION,
    "etc/udi-station/site.toml": SITE,
    "etc/udi-station/tls/key.pem": PEM,
    "etc/resolv.conf": f"# psk {WIFI}\nnameserver 192.168.10.1\n",
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
    "etc/NetworkManager/system-connections/ward.nmconnection": f"[wifi-security]\npsk={WIFI}\n",
    "sys/class/net/eth0/address": "dc:a6:32:01:02:03\n",
    "sys/class/net/eth0/operstate": "up\n",
    "var/lib/udi-firmware/identity/agent/key.pem": PEM,
    "var/lib/udi-firmware/slots.json": json.dumps(
        {"schema": 1, "committed": "1.3.0", "refused": {"1.4.0": f"401 with token {TOKEN}"}, "token": TOKEN}
    ),
    "var/lib/udi-firmware/selftest.json": json.dumps({"outcome": "passed", "said": f"read {PATIENT}"}),
    "opt/udi/slots/1.3.0/manifest.json": "{}",
}
ADDRESSES = [{"ifname": "eth0", "addr_info": [{"family": "inet", "local": "192.168.10.7", "prefixlen": 24}]}]


def commands(words: Sequence[str]) -> str:
    if words[:3] == ["ip", "-json", "address"]:
        return json.dumps(ADDRESSES)
    if words[:3] == ["ip", "-json", "route"]:
        return json.dumps([{"dst": "default", "gateway": "192.168.10.1", "dev": "eth0", "secret": TOKEN}])
    return LOG if words[0] == "journalctl" else ""


@pytest.fixture
def members(tmp_path: Path) -> dict[str, bytes]:
    found = gather(take_look(Places(put(tmp_path, PLANTED))), commands)
    with tarfile.open(fileobj=io.BytesIO(pack(found, 0)), mode="r:gz") as archive:
        return {info.name: archive.extractfile(info).read() for info in archive.getmembers()}  # type: ignore[union-attr]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_in_the_archive(members: dict[str, bytes], secret: str) -> None:
    everything = b"\n".join([*members.values(), *(name.encode() for name in members)])
    for coded in (secret.encode(), secret.lower().encode(), secret.encode().hex().encode(), secret.encode("utf-16-le")):
        assert coded not in everything
    assert base64.b64encode(secret.encode())[:-4] not in everything


def test_the_secrets_are_really_planted() -> None:
    planted = "\n".join([*PLANTED.values(), LOG])
    assert all(secret in planted for secret in SECRETS)


def test_what_helps_is_still_there(members: dict[str, bytes]) -> None:
    told = {name.removeprefix("diagnostics/"): data for name, data in members.items()}
    assert set(told) == {
        *("about.txt", "health.json", "versions.json", "network.json", "slots.json", "selftest.json"),
        *("config/station.json", "config/site.json", *(f"log/{unit}.log" for unit in UNITS)),
    }
    log = told["log/udi-station.log"].decode()
    assert "state=ready station=OR-03" in log
    assert "worker=desk is stale: stopping" in log
    network = json.loads(told["network.json"])
    assert network["interfaces"][0]["address"] == "dc:a6:32:01:02:03"
    assert network["addresses"] == [{"interface": "eth0", "family": "inet", "local": "192.168.10.7", "prefixlen": 24}]
    assert network["routes"] == [{"dst": "default", "gateway": "192.168.10.1", "dev": "eth0"}]
    assert network["dns"] == ["192.168.10.1"]
    assert json.loads(told["slots.json"])["committed"] == "1.3.0"
    assert json.loads(told["config/station.json"])["link"]["host"] == "hub.site"
    assert json.loads(told["versions.json"])["slots"] == ["1.3.0"]
    assert json.loads(told["versions.json"])["system"] == "Debian GNU/Linux 13 (trixie)"
    assert json.loads(told["health.json"])["board"]["serial"] == "10000000abcdef01"


def test_half_a_configuration_is_not_shown(tmp_path: Path) -> None:
    root = put(tmp_path, {**PLANTED, "etc/udi-station/site.toml": SITE[: SITE.index(TOKEN) + 9]})
    found = {member.name: member.data for member in gather(take_look(Places(root)), lambda _words: "")}
    assert json.loads(found["config/site.json"]) == {}


def test_the_command(tmp_path: Path) -> None:
    root, out = put(tmp_path / "root", PLANTED), tmp_path / "out.tar.gz"
    result = CliRunner().invoke(main, ["diagnostics", str(out), "--root", str(root)])
    assert result.exit_code == 0, result.output
    assert out.stat().st_mode & 0o777 == 0o600
    with tarfile.open(out) as archive:
        assert "diagnostics/health.json" in archive.getnames()
    away = CliRunner().invoke(main, ["diagnostics", str(tmp_path / "away/out.tar.gz"), "--root", str(root)])
    assert away.exit_code == 1
    assert "expected a file that can be written" in away.stderr
