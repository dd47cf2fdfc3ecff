"""A copied card, the end of a device's time, keys that systemd seals."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_service.identity import holding
from firmware_service.identity.credentials import TOOL, KeyFile, SealError, overwrite
from firmware_service.identity.holding import Reason, check_board
from firmware_service.identity.names import ROLES
from tests.support.devices import ENVIRONMENT, ROOT, Device, TestedAuthority

NEW_BOARD = "10000000abcd9999"


def secrets(device: Device) -> list[Path]:
    """Files that still hold anything of an identity."""
    found = [*device.places.identity.rglob("*"), *device.holding.station_tls.rglob("*")]
    return [file for file in found if file.is_file()]


def said(device: Device) -> dict[str, object]:
    told: dict[str, object] = json.loads((device.places.run / "identity.json").read_text(encoding="utf-8"))
    return told


def test_a_copied_card_loses_its_identity_and_says_so(
    authority: TestedAuthority, device: Device, tmp_path: Path
) -> None:
    device.enrol(authority.site, authority.token())
    shutil.copytree(device.root, tmp_path / "copy")
    copy = Device.__new__(Device)
    copy.root, copy.station, copy.creds, copy.steps = tmp_path / "copy", "OR-03", device.creds, []
    copy.move_to(NEW_BOARD)

    assert not check_board(copy.holding, copy.board)
    assert secrets(copy) == []
    assert copy.holding.state == "unenrolled"
    told = said(copy)
    assert told["state"] == "unenrolled"
    reason = told["reason"]
    assert isinstance(reason, dict)
    assert (reason["why"], reason["expected"], reason["found"]) == ("cloned", device.board, NEW_BOARD)
    assert "复制" in reason["zh"]
    assert "copied" in reason["en"]

    assert check_board(device.holding, device.board), "the original is not disturbed"
    assert device.holding.state == "enrolled"
    assert check_board(copy.holding, copy.board), "wiped once, it is an ordinary unenrolled device"
    assert said(copy)["reason"] is not None, "and the reason stays until it is enrolled"
    copy.station = "OR-04"
    copy.enrol(authority.site, authority.token())
    assert said(copy)["reason"] is None


def test_a_board_that_does_not_say_its_number_keeps_its_identity(authority: TestedAuthority, device: Device) -> None:
    device.enrol(authority.site, authority.token())
    assert check_board(device.holding, None)
    assert device.holding.state == "enrolled"


WIPER = """
import os, signal, sys
from pathlib import Path
from firmware_service.identity.holding import Reason, Holding, check_board
from firmware_service.identity.decommission import decommission
from firmware_service.places import Places
holding = Holding(Places(Path(sys.argv[1])), "/no/such/tool")
left = int(sys.argv[3])
real = Path.unlink
def unlink(self, missing_ok=False):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(self, missing_ok=missing_ok)
Path.unlink = unlink
if sys.argv[2] == "-":
    decommission(holding, Path(sys.argv[1]) / "none")
else:
    check_board(holding, sys.argv[2])
"""


@pytest.mark.parametrize("board", [NEW_BOARD, "-"], ids=["cloned", "decommissioned"])
@pytest.mark.parametrize("after", range(0, 14, 2))
def test_a_wipe_that_was_cut_off_is_gone_on_with(
    board: str, after: int, authority: TestedAuthority, device: Device
) -> None:
    device.enrol(authority.site, authority.token())
    words = [sys.executable, "-c", WIPER, str(device.root), board, str(after)]
    done = subprocess.run(words, env=ENVIRONMENT, cwd=ROOT, check=False, timeout=60)
    assert done.returncode in (0, -signal.SIGKILL)
    assert (after > 0) or done.returncode == -signal.SIGKILL
    check_board(device.holding, device.board if board == "-" else board)
    assert secrets(device) == []
    assert device.holding.reason is not None


def test_decommissioning_asks_and_keeps_the_scans(authority: TestedAuthority, device: Device) -> None:
    device.enrol(authority.site, authority.token())
    journal = device.root / "var/lib/udi-station/journal.db"
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"scans")
    device.token.write_text("unused", encoding="ascii")
    process = device.start("decommission", "--yes")
    assert process.communicate(timeout=60)[0] == "wiped; scans: kept\n"
    assert secrets(device) == []
    assert not device.token.exists()
    assert journal.exists()
    process = device.start("decommission", "--yes", "--journal", "delete")
    assert process.communicate(timeout=60)[0] == "wiped; scans: deleted\n"
    assert not journal.exists()


def test_what_is_held_is_shown(authority: TestedAuthority, device: Device) -> None:
    process = device.start("show", "--json")
    assert json.loads(process.communicate(timeout=60)[0])["state"] == "unenrolled"
    assert process.returncode == 1
    device.enrol(authority.site, authority.token())
    process = device.start("show")
    text = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert "station  OR-03, key file, certificate until 20" in text
    assert "agent    OR-03.fw, key file" in text


def test_the_station_can_read_what_is_for_it_whatever_the_agents_umask(
    authority: TestedAuthority, device: Device
) -> None:
    before = os.umask(0o077)
    try:
        device.enrol(authority.site, authority.token())
        tls = device.holding.station_tls
        found = {file.name: file.stat().st_mode & 0o777 for file in (tls, device.places.run, *tls.iterdir())}
        assert found == {
            "tls": 0o755,
            "udi-firmware": 0o755,
            "ca.pem": 0o644,
            "certificate.pem": 0o644,
            "key.pem": 0o600,
        }
        assert (device.places.run / "identity.json").stat().st_mode & 0o777 == 0o644
        (tls / "ca.pem").chmod(0o600)  # as a power cut leaves it
        device.holding.hand_over()
        assert (tls / "ca.pem").stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user: run as root")
def test_the_key_is_the_stations_own(
    authority: TestedAuthority, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "STATION_USER", "nobody")
    device.enrol(authority.site, authority.token())
    assert (device.holding.station_tls / "key.pem").stat().st_uid == pwd.getpwnam("nobody").pw_uid


def test_a_key_without_systemd_is_a_file_for_its_owner(tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "station", tmp_path / "open", "/no/such/tool")
    assert key.kind is None
    assert key.write(b"secret") == "file"
    assert key.path().read_bytes() == b"secret"
    assert key.path().stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("script", ["exit 1", "cat >/dev/null; echo rubbish", "cat"], ids=["fails", "rubbish", "empty"])
def test_a_seal_that_does_not_open_again_is_not_relied_on(script: str, tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_text(f"#!/bin/sh\n[ $1 = decrypt ] && exit 1\n{script}\n", encoding="ascii")
    tool.chmod(0o755)
    key = KeyFile(tmp_path / "station", tmp_path / "open", str(tool))
    assert key.write(b"secret") == "file"
    assert key.path().read_bytes() == b"secret"


def seals() -> bool:
    if shutil.which(TOOL) is None or os.geteuid() != 0:
        return False
    return subprocess.run([TOOL, "encrypt", "-", "-"], input=b"x", capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not seals(), reason="systemd-creds is missing or this user may not use it: run as root")
def test_systemd_seals_a_key_and_opens_it(tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "station", tmp_path / "open")
    kind = key.write(b"secret")
    assert kind in ("tpm", "machine")
    assert key.kind == kind
    assert all(b"secret" not in file.read_bytes() for file in (tmp_path / "station").iterdir())
    assert key.path().read_bytes() == b"secret"
    assert key.path().stat().st_mode & 0o777 == 0o600
    shutil.rmtree(tmp_path / "open")
    assert key.path().read_bytes() == b"secret", "opened anew after a restart of the machine"
    shutil.rmtree(tmp_path / "open")
    (tmp_path / "station/key.cred").write_bytes(b"rubbish")
    with pytest.raises(SealError, match="cannot open it"):
        key.path()
    key.wipe()
    assert list((tmp_path / "station").iterdir()) == []


SEALING = """\
#!/bin/sh
case $1 in encrypt) exec base64 ;; decrypt) shift; [ "$2" = - ] && exec base64 -d; exec base64 -d "$2" ;; esac
exit 1
"""


def test_a_sealed_key_reaches_the_station_through_memory(
    authority: TestedAuthority, device: Device, tmp_path: Path
) -> None:
    tool = tmp_path / "seal"
    tool.write_text(SEALING, encoding="ascii")
    tool.chmod(0o755)
    device.creds = str(tool)
    device.enrol(authority.site, authority.token())
    holding, given = device.holding, device.holding.station_tls / "key.pem"
    assert holding.key("station").kind == "machine"
    assert given.is_symlink()
    assert b"PRIVATE KEY" in given.read_bytes()
    assert given.stat().st_mode & 0o777 == 0o600
    shutil.rmtree(device.places.run)
    assert not given.exists(), "the next start of the machine"
    holding.hand_over()
    assert b"PRIVATE KEY" in given.read_bytes()
    shutil.rmtree(device.places.run)
    holding.wipe(Reason("decommissioned"))
    assert not given.is_symlink()


def test_overwriting_what_is_not_there_is_well(tmp_path: Path) -> None:
    overwrite(tmp_path / "nothing")


@pytest.mark.parametrize("role", ROLES)
def test_credentials_are_named_for_the_unit(role: str, tmp_path: Path) -> None:
    assert KeyFile(tmp_path / role, tmp_path).name == f"udi-{role}-key"
