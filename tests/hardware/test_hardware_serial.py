import time
from pathlib import Path

import pytest

from hardware.scanner import ScannerRead
from hardware.scanner_serial import SerialScanner
from tests.support.site import Terminal


def read_until(scanner: SerialScanner, count: int) -> list[ScannerRead]:
    reads: list[ScannerRead] = []
    deadline = time.monotonic() + 10
    while len(reads) < count:
        assert time.monotonic() < deadline
        reads += scanner.read(0.05)
    return reads


def connect(scanner: SerialScanner) -> None:
    deadline = time.monotonic() + 10
    while not scanner.connected:
        assert time.monotonic() < deadline
        scanner.read(0.02)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "by-id")


def test_bytes_through_a_kernel_tty_keep_gs_and_identifier(terminal: Terminal) -> None:
    scanner = SerialScanner(str(terminal.link), "cr")
    connect(scanner)
    terminal.send(b"]d20106901234567892\x1d10A1")
    (read,) = read_until(scanner, 1)
    assert (read.payload, read.symbology) == (b"0106901234567892\x1d10A1", "]d2")
    scanner.close()
    terminal.close()


def test_unplug_and_replug_under_the_same_name(terminal: Terminal) -> None:
    scanner = SerialScanner(str(terminal.link), "cr", no_read="NR")
    connect(scanner)
    terminal.unplug()
    deadline = time.monotonic() + 10
    while scanner.connected:
        assert time.monotonic() < deadline
        scanner.read(0.02)
    terminal.plug()
    connect(scanner)
    terminal.send(b"NR")
    assert read_until(scanner, 1)[0].problem == "no_read"
    scanner.close()
    scanner.close()
    terminal.close()


def test_idle_framing_ends_with_the_pause(terminal: Terminal) -> None:
    scanner = SerialScanner(str(terminal.link), "idle")
    connect(scanner)
    terminal.send(b"ABC")
    assert read_until(scanner, 1)[0].payload.rstrip(b"\r") == b"ABC"
    scanner.close()
    terminal.close()


def test_a_device_that_is_not_there_reads_nothing(tmp_path: Path) -> None:
    scanner = SerialScanner(str(tmp_path / "none"), "cr")
    assert scanner.read(0.01) == []
    assert not scanner.connected
