import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hardware.host.files import replace
from hardware.host.notify import notify
from hardware.host.sqlite import LOG_BYTES, open_reader, open_writer, pregrow
from hardware.host.worker import Worker, supervise
from tests.support.site import wait_for


def fail() -> None:
    raise RuntimeError("broken")


def test_a_failed_worker_ends_the_process_with_1_and_lets_go_of_its_things() -> None:
    released = threading.Event()
    worker = Worker("w", fail, on_stop=released.set)
    worker.start()
    pings: list[str] = []
    assert supervise([worker], threading.Event(), pings.append, poll_s=0.02) == 1
    assert isinstance(worker.error, RuntimeError)
    assert released.is_set()


def test_a_hung_worker_gets_no_ping_and_ends_the_process() -> None:
    release = threading.Event()

    def hang() -> None:
        release.wait()

    worker = Worker("w", hang, fresh_within=0.2)
    worker.start()
    assert supervise([worker], threading.Event(), lambda _state: None, poll_s=0.02) == 1
    release.set()
    worker.stop()


def test_fresh_workers_are_pinged_until_the_end() -> None:
    stop = threading.Event()
    worker = Worker("w", lambda: None)
    worker.start()

    def ping(state: str) -> None:
        assert state == "WATCHDOG=1"
        stop.set()

    assert supervise([worker], stop, ping, poll_s=0.02) == 0
    worker.stop()
    assert not worker.alive


def test_notify_reaches_the_socket_and_survives_its_absence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "notify"
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    notify("READY=1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        notify("READY=1")
        assert listener.recv(100) == b"READY=1"


def test_a_replaced_file_is_whole_and_private(tmp_path: Path) -> None:
    file = tmp_path / "state"
    replace(file, b"one")
    replace(file, b"two")
    assert file.read_bytes() == b"two"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_a_writer_is_wal_and_flushes_every_commit(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "x")
    assert db.conn.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert db.conn.execute("PRAGMA synchronous").fetchone()[0] == 2
    pregrow(db, tmp_path / "x")
    assert (tmp_path / "x-wal").stat().st_size > LOG_BYTES
    reader = open_reader(tmp_path / "x")
    with pytest.raises(Exception, match="readonly"):
        reader.conn.execute("CREATE TABLE t(a)")
    reader.conn.close()
    db.conn.close()


def test_the_station_never_sees_numpy() -> None:
    code = "import sys, edge.station.daemon; sys.exit('numpy' in sys.modules or 'zxingcpp' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3], env={**os.environ})


def test_waiting_is_bounded() -> None:
    with pytest.raises(AssertionError, match="nothing"):
        wait_for(lambda: False, "nothing", 0.05)
