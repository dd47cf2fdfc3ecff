from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

import pytest

from firmware_service.card.addressing import set_address
from firmware_service.card.site import Static

STATIC = Static("10.20.3.1", ("10.20.0.2", "10.20.0.3"), {})
ADDRESSES = "ipv4.method manual ipv4.addresses 10.20.3.17/24 ipv4.gateway 10.20.3.1 ipv4.dns 10.20.0.2,10.20.0.3"


class NetworkManager:
    """Connections by UUID, each with its interface; tells what it was asked."""

    def __init__(self, connections: Mapping[str, str], fails: str = "never") -> None:
        self.connections, self.fails = connections, fails
        self.changed: list[str] = []

    def __call__(self, command: Sequence[str]) -> str:
        text = " ".join(command)
        if self.fails in text:
            raise subprocess.CalledProcessError(10, command)
        if text.endswith("connection show"):
            return "".join(f"{uuid}\n" for uuid in self.connections)
        if "show" in command:
            return self.connections[command[-1]] + "\n"
        self.changed.append(text)
        return ""


def test_the_connection_of_the_interface_is_changed_and_used() -> None:
    manager = NetworkManager({"u-lo": "lo", "u-wlan0": "wlan0", "u-eth0": "eth0"})
    set_address("10.20.3.17/24", STATIC, manager)
    assert manager.changed == [
        f"nmcli connection modify u-eth0 {ADDRESSES}",
        "nmcli --wait 0 connection up u-eth0",
    ]


def test_without_a_cable_it_is_set_all_the_same() -> None:
    manager = NetworkManager({"u-eth0": "eth0"}, fails="connection up")
    set_address("10.20.3.17/24", STATIC, manager)
    assert manager.changed == [f"nmcli connection modify u-eth0 {ADDRESSES}"]


@pytest.mark.parametrize(("connections", "fails"), [({"u-lo": "lo"}, "never"), ({}, "show"), ({"u": "eth0"}, "modify")])
def test_what_fails_is_told(connections: dict[str, str], fails: str) -> None:
    with pytest.raises(subprocess.SubprocessError):
        set_address("10.20.3.17/24", STATIC, NetworkManager(connections, fails))
