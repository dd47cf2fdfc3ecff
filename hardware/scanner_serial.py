"""Serial scanners (USB-COM, RS-232): the one importer of pyserial."""

from __future__ import annotations

import contextlib
import logging
import time

import serial

from hardware.framing import Framer, Framing
from hardware.scanner import ScannerRead

log = logging.getLogger(__name__)

RETRY_NS = 500_000_000
_IDLE_S = 0.01
"""How finely a pause is noticed while a message is under way."""


class SerialScanner:
    """A scanner on a serial port. It is opened when it appears and again after it was unplugged."""

    def __init__(self, device: str, framing: Framing, *, no_read: str | None = None, baud: int = 115_200) -> None:
        """Prepare; `read` opens the device.

        Args:
            device: path that lasts, such as ``/dev/serial/by-id/usb-…``.
            framing: how the scanner ends its messages.
            no_read: the text it sends when its trigger found no code.
            baud: line speed; without meaning over USB.
        """
        self.name = device
        self._baud = baud
        self._no_read = None if no_read is None else no_read.encode()
        self._framing = framing
        self._framer = Framer(framing, self._no_read)
        self._port: serial.Serial | None = None
        self._retry_ns = 0

    @property
    def connected(self) -> bool:
        """The port is open."""
        return self._port is not None

    def read(self, timeout_s: float) -> list[ScannerRead]:
        """Messages that were completed within `timeout_s` seconds."""
        port = self._port or self._open()
        if port is None:
            time.sleep(timeout_s)
            return []
        try:
            port.timeout = min(timeout_s, _IDLE_S) if self._framing == "idle" else timeout_s
            data = port.read(1)
            data += port.read(port.in_waiting)
        except (OSError, serial.SerialException, TypeError) as error:  # pyserial: TypeError on a port closed meanwhile
            self._lost(str(error))
            return []
        now_ns = time.monotonic_ns()
        return self._framer.feed(data, now_ns) if data else self._framer.idle(now_ns)

    def close(self) -> None:
        """Close the port; harmless twice."""
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(OSError, serial.SerialException):
                port.close()

    def _open(self) -> serial.Serial | None:
        now_ns = time.monotonic_ns()
        if now_ns < self._retry_ns:
            return None
        self._retry_ns = now_ns + RETRY_NS
        try:
            self._port = serial.Serial(self.name, self._baud, timeout=_IDLE_S, exclusive=True)
        except (OSError, serial.SerialException, ValueError) as error:
            log.debug("scanner=%s cannot be opened: %s", self.name, error)
            return None
        self._framer = Framer(self._framing, self._no_read)
        log.info("scanner=%s opened", self.name)
        return self._port

    def _lost(self, why: str) -> None:
        log.warning("scanner=%s lost: %s", self.name, why)
        self.close()
