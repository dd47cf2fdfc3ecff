from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from firmware_service.cli import main

DEADLINE_S = 15.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine in which somebody asked for a reboot."""
    tree = tmp_path / "root"
    boot_id = tree / "proc/sys/kernel/random/boot_id"
    boot_id.parent.mkdir(parents=True)
    boot_id.write_text("00000000-0000-4000-8000-000000000000\n", encoding="ascii")
    (tree / "run/udi-station").mkdir(parents=True)
    (tree / "run/udi-station/reboot-wanted").touch()
    return tree


def test_version() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.exit_code == 0
    assert result.output.startswith("udi-firmware ") or "0." in result.output


def test_health_as_json_names_every_concern(root: Path) -> None:
    result = CliRunner().invoke(main, ["health", "--json", "--root", str(root)])
    found = json.loads(result.output)
    assert found["schema"] == 1
    assert found["reboot_wanted"] is True
    assert found["concerns"]
    assert result.exit_code == 1


def test_health_for_a_person(root: Path) -> None:
    result = CliRunner().invoke(main, ["health", "--root", str(root)])
    assert "request for a reboot: the station asks for a reboot" in result.output


def test_agent_once_calls_the_given_command_once(root: Path, tmp_path: Path) -> None:
    called = tmp_path / "called"
    arguments = ["agent", "--once", "--root", str(root), "--state-dir", str(tmp_path / "state")]
    arguments += ["--reboot-command", f"touch {called}"]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert called.exists()
    called.unlink()
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert not called.exists()


@pytest.mark.parametrize(("command", "code"), [("false", 1), ("/no/such/command", 1), ("", 2)])
def test_agent_once_reports_a_command_that_fails(root: Path, tmp_path: Path, command: str, code: int) -> None:
    arguments = ["agent", "--once", "--root", str(root), "--state-dir", str(tmp_path), "--reboot-command", command]
    assert CliRunner().invoke(main, arguments).exit_code == code


def test_agent_tells_systemd_reboots_and_ends_on_sigterm(root: Path, tmp_path: Path) -> None:
    called = tmp_path / "called"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(DEADLINE_S)
        arguments = ["agent", "--root", str(root), "--state-dir", str(tmp_path), "--reboot-command", f"touch {called}"]
        process = subprocess.Popen(
            [sys.executable, "-c", "from firmware_service.cli import main; main()", *arguments],
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")},
            stderr=subprocess.DEVNULL,
        )
        try:
            assert manager.recv(100) == b"READY=1"
            assert manager.recv(100) == b"WATCHDOG=1"
            assert called.exists()
            process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            assert process.wait(DEADLINE_S) == 0
            assert time.monotonic() - started < 2.0
            assert manager.recv(100) == b"STOPPING=1"
        finally:
            process.kill()
            process.wait()
