from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result

from edge import wire
from edge.hub.cli import main
from edge.hub.config import read_config
from edge.hub.inbox import store as store_messages
from edge.hub.patients import Patients
from edge.hub.projector import project_all
from edge.hub.reading import Incoming
from edge.hub.store import Store
from hardware.host.toml import ConfigError

if TYPE_CHECKING:
    from tests.edge.hub.conftest import FakeJournal

COMMAND = [sys.executable, "-c", "from edge.hub.cli import main; main()", "run", "--config"]
DEADLINE_S = 15.0
ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_config(folder: Path, *, page: int = 0, link: str = "bench = true", more: str = "") -> Path:
    file = folder / "hub.toml"
    file.write_text(
        f'[hub]\nstore = "{folder / "hub.sqlite3"}"\nkeys = "{folder / "keys"}"\n'
        f'[link]\nhost = "127.0.0.1"\nport = {free_port()}\n{link}\n[page]\nport = {page}\n{more}',
        encoding="utf-8",
    )
    return file


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    return write_config(tmp_path)


@pytest.fixture
def filled(config: Path, journal: FakeJournal) -> Path:
    journal.scan(lot="A1")
    journal.scan(lot="B2", outcome="STOP")
    store = Store.open_writer(config.with_name("hub.sqlite3"))
    index = Patients.load(config.parent / "keys", "site", create=True)
    store_messages(store, [Incoming(journal.topic, wire.batch(journal.lines), {})], "2026-11-24T00:00:00.000000Z")
    project_all(store, index.index_sealed)
    store.close()
    return config


def call(config: Path, *arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, [arguments[0], "--config", str(config), *arguments[1:]], input=stdin)


def test_trace_prints_json_for_machines(filled: Path) -> None:
    result = call(filled, "trace", "--lot", "A1", "--json")
    (row,) = json.loads(result.output)
    assert (result.exit_code, row["lot"], row["outcome"], row["place"]) == (0, "A1", "ACCEPTED", "OR-03")


def test_trace_prints_lines_for_people(filled: Path) -> None:
    result = call(filled, "trace", "--di", "06901234567892")
    assert result.exit_code == 0
    assert "lot              A1" in result.output


EXITS = {
    "nothing found": (["trace", "--lot", "none"], 1),
    "no question": (["trace"], 2),
    "unknown option": (["trace", "--nonsense"], 2),
    "status": (["status", "--json"], 0),
    "week": (["week", "--from", "2026-11-20"], 0),
    "week without scans": (["week", "--from", "2020-01-01", "--json"], 1),
    "patient not seen": (["trace", "--patient"], 1),
}


@pytest.mark.parametrize(("arguments", "code"), EXITS.values(), ids=EXITS.keys())
def test_exit_status(filled: Path, arguments: list[str], code: int) -> None:
    assert call(filled, *arguments, stdin="ZY1\n").exit_code == code


def test_questions_to_a_store_that_is_not_there(config: Path) -> None:
    result = call(config, "status")
    assert result.exit_code == 2
    assert "has `udi-hub run` been started once?" in result.output


BAD = {
    "no TLS": ("", "", "link.tls"),
    "open page": ("bench = true", 'listen = "0.0.0.0"', "page.listen"),
    "unknown key": ("bench = true", "colour = 1", "page.colour"),
}


@pytest.mark.parametrize(("link", "more", "key"), BAD.values(), ids=BAD.keys())
def test_a_bad_configuration_is_told_by_key(tmp_path: Path, link: str, more: str, key: str) -> None:
    file = write_config(tmp_path, link=link, more=more)
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    assert [problem.key for problem in caught.value.problems] == [key]
    assert call(file, "run").exit_code == 2


def start(config: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([*COMMAND, str(config)], env=environment, stderr=subprocess.PIPE)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    (tmp_path / "keys").mkdir()
    port = free_port()
    running = start(write_config(tmp_path, page=port))
    yield running, port
    if running.poll() is None:
        running.kill()
    running.communicate()


def fetch(port: int) -> str:
    end = time.monotonic() + DEADLINE_S
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/week", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            assert time.monotonic() < end, "the page did not come"
            time.sleep(0.05)


def test_run_serves_without_a_broker_and_ends_within_two_seconds(process: tuple[subprocess.Popen[bytes], int]) -> None:
    running, port = process
    assert "最近七天" in fetch(port)
    begun = time.monotonic()
    running.send_signal(signal.SIGTERM)
    assert running.wait(10) == 0
    assert time.monotonic() - begun < 2.0


def test_a_second_hub_on_the_same_store_refuses(process: tuple[subprocess.Popen[bytes], int], tmp_path: Path) -> None:
    fetch(process[1])
    second = start(write_config(tmp_path))
    _, told = second.communicate(timeout=DEADLINE_S)
    assert second.returncode == 1
    assert b"in use by another collector" in told


def test_a_key_file_open_to_others_stops_the_start(config: Path) -> None:
    file = config.parent / "keys" / "hub.key"
    file.write_bytes(base64.b64encode(bytes(32)))
    file.chmod(0o644)
    running = start(config)
    _, told = running.communicate(timeout=DEADLINE_S)
    assert running.returncode == 1
    assert b"chmod 600" in told


@pytest.mark.parametrize("words", [["status"], ["db", "check"], ["keys", "list"], ["run"]])
def test_a_configuration_that_is_not_there_is_named_once(tmp_path: Path, words: list[str]) -> None:
    file = tmp_path / "none.toml"
    done = CliRunner().invoke(main, [*words, "--config", str(file)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"{file}: No such file or directory; expected a readable TOML file in UTF-8\n"
