"""sd_notify(3) in a few lines."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> None:
    """Tell systemd, for example ``READY=1``; does nothing where no ``NOTIFY_SOCKET`` is set."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.connect(address)
        sock.sendall(state.encode())
