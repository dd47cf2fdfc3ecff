"""What a card says of a site's network, as the system's own netplan and NetworkManager take it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_service.card import cloudinit, firstrun
from firmware_service.card.first_files import NETWORK_CA, Plan, pairwise_key
from firmware_service.card.site import (
    AuthorityTable,
    Dot1x,
    Network,
    ReleaseTable,
    Site,
    SiteTable,
    Static,
    StationDefaults,
    Wifi,
)
from firmware_service.card.yaml_text import as_yaml
from tests.support.booted import Machine, lacking
from tests.support.needs import MissingError

NASTY = " p#w: ' \" \\ % 密码 "
PASSWORD = "p#w: ' \" \\ %"  # noqa: S105
STATIC = Static("10.20.3.1", ("10.20.0.2", "10.20.0.3"))
PEAP = Dot1x("peap", "udi@站", Path("ca.pem"), NASTY)
FIXED = {"ipv4.method": "manual", "ipv4.addresses": "10.20.3.17/24", "ipv4.dns": "10.20.0.2,10.20.0.3"}
SIGNS_IN = {
    "802-1x.eap": "peap",
    "802-1x.identity": "udi@站",
    "802-1x.password": NASTY,
    "802-1x.ca-cert": f"/boot/firmware/{NETWORK_CA}",
    "802-1x.phase2-auth": "mschapv2",
}


def plan(address: str | None = None, network: Network | None = None) -> Plan:
    site = Site(
        SiteTable("第一医院"),
        AuthorityTable("https://a", "0" * 64, "A" * 43 + "="),
        ReleaseTable(Path("/root.json")),
        StationDefaults(Path("/template.toml")),
        network or Network(),
    )
    return Plan(site, "udi-1", "OR-03", address)


NETWORKS: Mapping[str, tuple[Plan, Mapping[str, Mapping[str, str]]]] = {
    "DHCP": (plan(), {"eth0": {"ipv4.method": "auto"}}),
    "a fixed address": (plan("10.20.3.17/24", Network(static=STATIC)), {"eth0": FIXED}),
    "802.1X": (plan(network=Network(dot1x=PEAP)), {"eth0": {"ipv4.method": "auto", **SIGNS_IN}}),
    "802.1X by TTLS and a fixed address": (
        plan("10.20.3.17/24", Network(dot1x=replace(PEAP, method="ttls"), static=STATIC)),
        {"eth0": {**FIXED, **SIGNS_IN, "802-1x.eap": "ttls"}},
    ),
    "Wi-Fi with a password": (
        plan(network=Network(Wifi(" OR;1 ", PASSWORD, hidden=True))),
        {
            "eth0": {"ipv4.method": "auto"},
            "wlan0": {
                "802-11-wireless.ssid": " OR;1 ",
                "802-11-wireless.hidden": "yes",
                "802-11-wireless-security.key-mgmt": "wpa-psk",
                "802-11-wireless-security.psk": pairwise_key(" OR;1 ", PASSWORD),
            },
        },
    ),
    "Wi-Fi with 802.1X": (
        plan(network=Network(Wifi("OR 'Wi-Fi' 手术"), replace(PEAP, interface="wlan0"))),
        {
            "eth0": {"ipv4.method": "auto"},
            "wlan0": {"802-11-wireless.ssid": "OR 'Wi-Fi' 手术", "802-11-wireless-security.key-mgmt": "wpa-eap"}
            | SIGNS_IN,
        },
    ),
    "Wi-Fi with a fixed address": (
        plan("10.20.3.17/24", Network(Wifi("OR", PASSWORD), static=replace(STATIC, interface="wlan0"))),
        {"eth0": {"ipv4.method": "auto"}, "wlan0": FIXED},
    ),
}
RENDERER = "network: {version: 2, renderer: NetworkManager}\n"
"""As Raspberry Pi OS has it."""
SCRIPT = """
until_() { for _ in $(seq 600); do "$@" && return 0; sleep 0.1; done; echo "waited for: $*" >&2; return 1; }
# A connection is there a moment before its secrets are.
told() {
    nmcli --escape no --show-secrets --terse connection show $1 >/run/told || return 1
    ! grep -q '^802-1x.password:$' /run/told || return 1
    ! grep -q 'key-mgmt:wpa-psk$' /run/told || grep -q '^802-11-wireless-security.psk:.' /run/told
}
systemctl start NetworkManager; until_ nmcli connection reload
cd /opt/networks
for each in */*; do
    rm -f /etc/netplan/* /etc/NetworkManager/system-connections/*
    case $each in
        netplan/*) install -m 600 $each/* -t /etc/netplan; netplan generate ;;
        keyfile/*) rm -f /run/NetworkManager/system-connections/netplan-*
                   install -m 600 $each/* -t /etc/NetworkManager/system-connections ;;
    esac
    nmcli connection reload
    for uuid in $(nmcli -g UUID connection show); do
        echo "= $each"
        until_ told $uuid
        cat /run/told
    done
done
journalctl -o cat -u NetworkManager | grep -iE "failed to load|<warn>.*keyfile" | sed 's/^/problem:/' || true
"""


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    why = lacking()
    if why is not None:
        pytest.skip(f"no network was really configured: {why}")
    try:
        with Machine(tmp_path, raspberry=True) as machine:
            yield machine
    except MissingError as error:
        pytest.skip(f"no network was really configured: {error}")


def test_netplan_and_network_manager_take_every_network_of_a_site(machine: Machine) -> None:
    machine.write(
        "/lib/netplan/00-network-manager-all.yaml", "network: {version: 2, renderer: NetworkManager}\n", 0o600
    )
    machine.write(f"/boot/firmware/{NETWORK_CA}", "of the site\n")
    for number, (planned, _) in enumerate(NETWORKS.values()):
        told = as_yaml({"network": cloudinit.network_config(planned)})
        machine.write(f"/opt/networks/netplan/{number}/50-cloud-init.yaml", told)
        for name, text in firstrun.connections(planned).items():
            machine.write(f"/opt/networks/keyfile/{number}/{name}", text)
    said = machine.boot(SCRIPT)
    found: dict[tuple[str, str], dict[str, str]] = {}
    for block in said.split("= ")[1:]:
        where, *lines = block.splitlines()
        facts = dict(line.split(":", 1) for line in lines if ":" in line)
        found[where, facts["connection.interface-name"]] = facts
    problems = [line for line in said.splitlines() if line.startswith("problem:")]
    assert problems == []
    for way in ("netplan", "keyfile"):
        for number, (name, (_, expected)) in enumerate(NETWORKS.items()):
            for interface, wanted in expected.items():
                taken = found[f"{way}/{number}", interface]
                assert wanted.items() <= taken.items(), (way, name, {key: taken.get(key) for key in wanted})
