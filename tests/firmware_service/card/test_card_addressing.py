from __future__ import annotations

import subprocess
from collections.abc import Sequence

import pytest

from firmware_service.card.addressing import set_address
from firmware_service.card.site import Static

STATIC = Static("10.20.3.1", ("10.20.0.2", "10.20.0.3"), {})


def test_the_connection_of_the_interface_is_changed_and_used() -> None:
    commands: list[str] = []

    def run(command: Sequence[str]) -> str:
        commands.append(" ".join(command))
        return "netplan-eth0\n"

    set_address("10.20.3.17/24", STATIC, run)
    addresses = "ipv4.method manual ipv4.addresses 10.20.3.17/24 ipv4.gateway 10.20.3.1 ipv4.dns 10.20.0.2,10.20.0.3"
    assert commands == [
        "nmcli -g GENERAL.CONNECTION device show eth0",
        f"nmcli connection modify netplan-eth0 {addresses}",
        "nmcli device reapply eth0",
    ]


def test_what_fails_is_told() -> None:
    def run(command: Sequence[str]) -> str:
        raise subprocess.CalledProcessError(10, command)

    with pytest.raises(subprocess.CalledProcessError):
        set_address("10.20.3.17/24", STATIC, run)
