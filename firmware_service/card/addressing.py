"""A static address that a room label brings, given to NetworkManager: for identical cards at a site without DHCP."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from firmware_service.card.site import Static

Run = Callable[[Sequence[str]], str]
"""Runs a command of the system and gives what it says; raises `subprocess.SubprocessError` when it fails."""


def set_address(address: str, static: Static, run: Run) -> None:
    """Give an interface its address, now and after every start. Doing it again changes nothing.

    Args:
        address: with its prefix length, as the label's checks admit it.
        static: gateway and names of the site.
        run: runs ``nmcli``.

    Raises:
        subprocess.SubprocessError: NetworkManager does not run, or the interface is not there.
    """
    name = run(["nmcli", "-g", "GENERAL.CONNECTION", "device", "show", static.interface]).strip()
    settings = ["ipv4.method", "manual", "ipv4.addresses", address, "ipv4.gateway", static.gateway]
    run(["nmcli", "connection", "modify", name, *settings, "ipv4.dns", ",".join(static.dns)])
    run(["nmcli", "device", "reapply", static.interface])
