"""A link that loses and delays packets: two TUN devices, one in a network namespace, and this process between them.

The kernel's own netem does the same; this needs no module, only root.
"""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time

from tests.support.needs import MissingError

NEAR, FAR = "10.83.12.1", "10.83.12.2"
_TUNSETIFF = 0x400454CA
_TUN_NO_PI = 0x1001


class LossyLink:
    """`NEAR` is on this side; a program started with `prefix` is at `FAR`, and there is nothing else there."""

    def __init__(self, *, loss: float, delay_s: float, seed: int = 1) -> None:
        """Make the link.

        Args:
            loss: probability that a packet vanishes, each way.
            delay_s: seconds that a packet takes, each way.
            seed: of the losses.

        Raises:
            MissingError: not root, or this kernel has no namespaces or TUN devices.
        """
        if os.geteuid() != 0:
            raise MissingError("a network of its own needs root: loss and latency were not tried")
        self._name = f"udi-{os.getpid()}"
        self.prefix = ("ip", "netns", "exec", self._name)
        self._loss, self._delay_s = loss, delay_s
        self._rng = random.Random(seed)  # noqa: S311 - a reproducible network
        self.dropped = self.passed = 0
        self._over = threading.Event()
        try:
            self._fds = (_tun(f"{self._name}n"), _tun(f"{self._name}f"))
            _ip("netns", "add", self._name)
            _ip("link", "set", f"{self._name}f", "netns", self._name)
            for words, device, address in (((), f"{self._name}n", NEAR), (self.prefix, f"{self._name}f", FAR)):
                _ip("addr", "add", f"{address}/30", "dev", device, inside=words)
                _ip("link", "set", device, "up", inside=words)
        except (OSError, subprocess.CalledProcessError) as error:
            raise MissingError("a network of its own needs ip netns and /dev/net/tun") from error
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take the link away."""
        self._over.set()
        self._thread.join()
        for fd in self._fds:
            os.close(fd)
        _ip("netns", "del", self._name)

    def _carry(self) -> None:
        near, far = self._fds
        other = {near: far, far: near}
        waiting: list[tuple[float, int, int, bytes]] = []
        while not self._over.is_set():
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                _due, _number, fd, packet = heapq.heappop(waiting)
                with contextlib.suppress(OSError):
                    os.write(fd, packet)
            pause = min(0.1, waiting[0][0] - now) if waiting else 0.1
            for fd in select.select(self._fds, [], [], max(0.0, pause))[0]:
                packet = os.read(fd, 65_536)
                if self._rng.random() < self._loss:
                    self.dropped += 1
                    continue
                self.passed += 1
                heapq.heappush(waiting, (time.monotonic() + self._delay_s, self.passed, other[fd], packet))


def _tun(name: str) -> int:
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH", name.encode(), _TUN_NO_PI))
    return fd


def _ip(*words: str, inside: tuple[str, ...] = ()) -> None:
    subprocess.run([*inside, "ip", *words], check=True, capture_output=True)
