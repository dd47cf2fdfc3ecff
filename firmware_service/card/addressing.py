"""A static address that a room label brings, given to NetworkManager: for identical cards at a site without DHCP."""

from __future__ import annotations

import contextlib
import subprocess
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
        subprocess.SubprocessError: NetworkManager does not run, or knows no connection of the interface.
    """
    ident = _connection(static.interface, run)
    settings = ["ipv4.method", "manual", "ipv4.addresses", address, "ipv4.gateway", static.gateway]
    run(["nmcli", "connection", "modify", ident, *settings, "ipv4.dns", ",".join(static.dns)])
    with contextlib.suppress(subprocess.SubprocessError):  # no cable yet: it comes up with the cable
        run(["nmcli", "--wait", "0", "connection", "up", ident])


def _connection(interface: str, run: Run) -> str:
    """UUID of the connection that is meant for an interface, up or not: without DHCP it hardly ever is."""
    idents = run(["nmcli", "-g", "UUID", "connection", "show"]).split()
    fields = ["nmcli", "-g", "connection.interface-name", "connection", "show"]
    found = next((ident for ident in idents if run([*fields, ident]).strip() == interface), None)
    if found is None:
        problem = f"NetworkManager has no connection for {interface}, only {len(idents)} others"
        raise subprocess.SubprocessError(problem)
    return found
