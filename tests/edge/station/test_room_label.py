import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.station.messages import Message, Prompted, Scanned, Seen
from edge.station.room_label import FILE, MOST_BYTES, label_in
from edge.udi.read import Read
from hardware.scanner import ScannerRead
from tests.support.site import Terminal, wait_for

LABEL = b"UDIROOM1.OR-03.SIGNED"
COMMAND = [sys.executable, "-c", "from edge.cli import main; main()", "room-label"]


def scan(payload: bytes) -> Scanned:
    return Scanned(ScannerRead(payload, "]Q1", 0))


def seen(*payloads: bytes) -> Seen:
    return Seen(tuple(Read(payload=each, symbology="]Q1", source="camera", t0_ns=0) for each in payloads), 0)


READS: dict[str, tuple[Message, bytes | None, bool]] = {
    "the label, by scanner": (scan(LABEL), LABEL, True),
    "the label among others": (seen(b"0106901234567892", LABEL), LABEL, True),
    "a package": (scan(b"0106901234567892"), None, True),
    "an empty view": (seen(), None, False),
    "something that does not read": (Prompted(1, 0), None, False),
    "longer than any label": (scan(LABEL + b"A" * MOST_BYTES), None, True),
}


@pytest.mark.parametrize(("message", "label", "anything"), READS.values(), ids=READS.keys())
def test_the_label_in_what_was_read(message: Message, label: bytes | None, *, anything: bool) -> None:
    assert label_in(message) == (label, anything)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path / "scanner")
    yield terminal
    terminal.close()


def test_a_process_reads_the_label_of_its_room(tmp_path: Path, terminal: Terminal) -> None:
    config = tmp_path / "template.toml"
    config.write_text(
        f"""\
[station]
id = "NEW"
organisation = {{ id = "H510104", role = "hospital" }}
place = "NEW"
home_task = "CHECK"
[link]
host = "hub.site"
port = 8883
bench = true
[[scanner]]
kind = "serial"
device = "{terminal.link}"
""",
        encoding="utf-8",
    )
    words = [*COMMAND, "--config", str(config), "--run-dir", str(tmp_path / "run"), "--simulate"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            file = tmp_path / "run" / FILE

            def read() -> bool:
                terminal.send(b"]d20106901234567892")
                terminal.send(b"]Q1" + LABEL)
                return file.exists()

            wait_for(read, "the label")
            assert file.read_bytes() == LABEL
        finally:
            process.terminate()
            out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert b"CHECKED" in out
    assert b"REDO" in out
    assert LABEL not in err
    assert not list(tmp_path.rglob("journal*")), "there is no station yet"


def test_a_bad_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("=", encoding="utf-8")
    done = subprocess.run([*COMMAND, "--config", str(tmp_path / "bad.toml")], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"TOML" in done.stderr
