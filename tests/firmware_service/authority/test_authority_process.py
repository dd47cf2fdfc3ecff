"""The authority as a site runs it: its command, real HTTPS, devices in processes of their own."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.devices import AuthorityProcess, Device


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[AuthorityProcess]:
    made = AuthorityProcess(tmp_path)
    made.start()
    yield made
    made.stop()


def test_ten_devices_are_enrolled_and_one_is_revoked(authority: AuthorityProcess, tmp_path: Path) -> None:
    devices = [Device(tmp_path / f"pi{n}", f"1000000000{n:02}", f"OR-{n:02}") for n in range(1, 11)]
    for device in devices:
        device.prepare(authority.site, authority.run("token", "new").output)
    running = [device.start("enrol", "--station", device.station) for device in devices]
    told = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0] * 10, told
    held = [json.loads(line) for line in authority.run("list", "--json").output.splitlines()]
    assert {(each["station"], each["role"], each["state"], each["board"]) for each in held} == {
        (device.station, role, "active", device.board) for device in devices for role in ("station", "agent")
    }
    assert not any(device.token.exists() for device in devices)

    authority.run("revoke", "OR-04", "--why", "stolen")
    left = authority.run("list").output
    assert "OR-04" not in left
    assert left.count("OR-") == 18
    renewed = devices[3].start("renew")
    assert "refused" in renewed.communicate(timeout=60)[0]
    assert renewed.returncode == 1
    assert devices[4].start("renew").communicate(timeout=60)[0] == "nothing due\n"
    said = json.loads((devices[3].places.run / "identity.json").read_text(encoding="utf-8"))
    assert said["reason"]["why"] == "refused"
    assert "taken back" in said["reason"]["told"]
    authority.run("audit")


def test_it_ends_by_signal_and_goes_on_after_a_kill(authority: AuthorityProcess, tmp_path: Path) -> None:
    device = Device(tmp_path / "pi")
    device.enrol(authority.site, authority.run("token", "new").output)
    authority.stop(signal.SIGKILL)
    authority.start()
    other = Device(tmp_path / "pi2", "10000000abcd0002", "OR-04")
    other.enrol(authority.site, authority.run("token", "new", "--station", "OR-04").output)
    assert authority.stop() == 0
    authority.run("audit")


def test_no_secret_lies_open_and_none_is_in_the_log(authority: AuthorityProcess, tmp_path: Path) -> None:
    token = authority.run("token", "new").output.strip()
    Device(tmp_path / "pi").enrol(authority.site, token)
    for file in authority.state.rglob("*"):
        if file.is_file() and file.parent.name != "published":
            data = file.read_bytes()
            assert token.encode() not in data
            is_public = file.name in ("certificate.pem", "signing")
            assert is_public or file.stat().st_mode & 0o077 == 0, file
    log = (authority.state / "audit.jsonl").read_text(encoding="utf-8")
    assert "PRIVATE KEY" not in log
    for name in ("ca.pem", "revoked.pem"):
        assert (authority.state / "published" / name).stat().st_mode & 0o777 == 0o644


def test_a_second_init_is_refused(authority: AuthorityProcess) -> None:
    assert "holds an authority already" in authority.run("init", good=False).output


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[authority]\nname = 'X'\n", "authority.hosts is missing"),
        ("[authority]\nname = 'X'\nhosts = []\n", "at least one host name"),
        ("[authority]\nname = 'X'\nhosts = ['a']\nportt = 1\n", "did you mean port?"),
        ("[authority\n", "expected a readable TOML file"),
    ],
)
def test_a_wrong_file_is_named(text: str, expected: str, authority: AuthorityProcess) -> None:
    authority.config.write_text(text, encoding="utf-8")
    assert expected in authority.run("list", good=False).output


def test_tokens_can_be_listed_and_taken_back(authority: AuthorityProcess, tmp_path: Path) -> None:
    token = authority.run("token", "new", "--station", "OR-09", "--board", "10000000abcd0001").output
    line = authority.run("token", "list").output.split()
    assert line[1:4] == ["open", "OR-09", "10000000abcd0001"]
    authority.run("token", "revoke", line[0])
    assert authority.run("token", "list").output.split()[1] == "revoked"
    device = Device(tmp_path / "pi", station="OR-09")
    device.prepare(authority.site, token)
    process = device.start("enrol", "--station", "OR-09")
    assert "was taken back" in process.communicate(timeout=60)[0]
    assert "0 tokens begin with 'zz'" in authority.run("token", "revoke", "zz", good=False).output
