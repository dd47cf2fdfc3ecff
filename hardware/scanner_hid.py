"""Scanners that type like a keyboard: the one importer of evdev. The device is grabbed, so nothing else sees it."""

from __future__ import annotations

import contextlib
import logging
import select
import time
from typing import Any

from hardware.framing import Framer
from hardware.keymap import KeyDecoder
from hardware.scanner import ScannerRead

log = logging.getLogger(__name__)

RETRY_NS = 500_000_000
_EV_KEY = 1
_KEY_DOWN, _KEY_UP = 1, 0


class HidScanner:
    """A keyboard scanner by its lasting path, such as ``/dev/input/by-id/usb-…-event-kbd``."""

    def __init__(self, device: str, *, no_read: str | None = None) -> None:
        """Prepare; `read` opens the device."""
        self.name = device
        self._no_read = None if no_read is None else no_read.encode()
        self._framer = Framer("cr", self._no_read)
        self._keys = KeyDecoder()
        self._device: Any = None
        self._retry_ns = 0

    @property
    def connected(self) -> bool:
        """The device is open and ours."""
        return self._device is not None

    def read(self, timeout_s: float) -> list[ScannerRead]:
        """Messages that were completed within `timeout_s` seconds."""
        if self._device is None and not self._open():
            time.sleep(timeout_s)
            return []
        try:
            if not select.select([self._device.fd], [], [], timeout_s)[0]:
                return self._framer.idle(time.monotonic_ns())
            typed = b"".join(self._typed(event) for event in self._device.read())
        except OSError as error:
            log.warning("scanner=%s lost: %s", self.name, error)
            self.close()
            return []
        return self._framer.feed(typed, time.monotonic_ns())

    def close(self) -> None:
        """Give the device back; harmless twice."""
        device, self._device = self._device, None
        if device is not None:
            with contextlib.suppress(OSError):
                device.close()

    def _typed(self, event: Any) -> bytes:
        if event.type != _EV_KEY or event.value not in (_KEY_DOWN, _KEY_UP):
            return b""
        return self._keys.key(event.code, down=event.value == _KEY_DOWN)

    def _open(self) -> bool:
        now_ns = time.monotonic_ns()
        if now_ns < self._retry_ns:
            return False
        self._retry_ns = now_ns + RETRY_NS
        import evdev  # noqa: PLC0415 - exists only where keyboard scanners are used

        try:
            device = evdev.InputDevice(self.name)
            device.grab()
        except OSError as error:
            log.debug("scanner=%s cannot be opened: %s", self.name, error)
            return False
        self._device, self._keys = device, KeyDecoder()
        self._framer = Framer("cr", self._no_read)
        return True
