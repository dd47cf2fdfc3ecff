"""The authority as a site runs it: its command, real HTTPS, devices in processes of their own."""

from __future__ import annotations

import json
import os
import pwd
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_service.identity.client import AuthorityClient
from firmware_service.identity.renew import Renewer
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
            is_public = file.name in ("certificate.pem", "signing", "publishing")
            assert is_public or file.stat().st_mode & 0o077 == 0, file
    log = (authority.state / "audit.jsonl").read_text(encoding="utf-8")
    assert "PRIVATE KEY" not in log
    for name in ("ca.pem", "revoked.pem"):
        assert (authority.state / "published" / name).stat().st_mode & 0o777 == 0o644


def test_the_authoritys_key_is_replaced_by_command(authority: AuthorityProcess, tmp_path: Path) -> None:
    device = Device(tmp_path / "pi")
    device.enrol(authority.site, authority.run("token", "new").output)
    assert "there is no next authority" in authority.run("roll", "switch", good=False).output
    assert authority.pin in authority.run("roll", "next").output
    assert authority.pin in authority.run("roll", "switch").output, "cards name the old key until it goes"
    assert "still signed by the old authority: OR-03" in authority.run("roll", "finish", good=False).output
    station = device.places.station_file
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        station.write_text(f'[link]\nhost = "localhost"\nport = {nobody.getsockname()[1]}\n', encoding="utf-8")
    process = device.start("renew")
    assert process.communicate(timeout=60)[0].endswith("kept\n"), "no broker to try it at"
    client = AuthorityClient(authority.site)
    assert Renewer(device.holding, client, lambda _role, _tls: True).tick(0) == "renewed"
    assert authority.pin not in authority.run("roll", "finish").output
    authority.run("audit")
    assert Renewer(device.holding, client, lambda _role, _tls: True).tick(0) == "nothing due"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user: run as root")
def test_what_root_does_leaves_the_server_its_files() -> None:
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        state = folder / "authority"
        state.mkdir()
        os.chown(state, nobody.pw_uid, nobody.pw_gid)
        authority = AuthorityProcess(folder, ["/usr/bin/id"])
        authority.run("token", "new")
        authority.run("roll", "next")
        authority.run("identity", "broker", "--out", str(folder / "broker"))
        authority.run("publish")
        assert {file.stat().st_uid for file in state.rglob("*")} == {nobody.pw_uid}
        assert (folder / "broker/key.pem").stat().st_uid == 0
        assert os.geteuid() == 0


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
