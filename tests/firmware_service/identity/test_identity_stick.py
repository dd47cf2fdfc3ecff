"""Enrolment and renewal by stick: the same rules, without a network."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from firmware_service.authority import stick as office_stick
from firmware_service.authority.stick import Answer
from firmware_service.identity.est import write_certificates
from firmware_service.identity.names import ROLES
from firmware_service.identity.stick import Stick, StickError
from hardware.host.tls import client_context
from tests.support.devices import AuthorityProcess, Device, TestedAuthority


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    made = tmp_path / "stick"
    made.mkdir()
    return made


def stick(mount: Path, device: Device) -> Stick:
    return Stick(mount, device.holding, device.board)


def sign(authority: TestedAuthority, mount: Path) -> list[Answer]:
    return list(office_stick.sign(authority.office, mount, authority.now()))


def carried(authority: TestedAuthority, device: Device, mount: Path) -> Stick:
    """Asked, signed, not yet taken."""
    device.prepare(authority.site, authority.token())
    found = stick(mount, device)
    found.ask(device.station, device.token)
    assert [answer.good for answer in sign(authority, mount)] == [True]
    return found


def test_there_and_back(authority: TestedAuthority, device: Device, mount: Path) -> None:
    found = carried(authority, device, mount)
    assert not (found.folder / "token").exists(), "erased once used"
    found.take(authority.site.pin)
    assert device.holding.state == "enrolled"
    for role in ROLES:
        client_context(device.holding.tls(role), check_time=True)
    assert (device.holding.station_tls / "key.pem").exists()
    assert not [file for file in mount.rglob("*.*") if b"PRIVATE" in file.read_bytes()]


def test_many_devices_on_one_stick(authority: TestedAuthority, mount: Path, tmp_path: Path) -> None:
    devices = [Device(tmp_path / f"pi{n}", f"1000000000{n:02}", f"OR-{n:02}") for n in range(5)]
    for device in devices:
        device.prepare(authority.site, authority.token())
        stick(mount, device).ask(device.station, device.token)
    bad = stick(mount, devices[2]).folder
    (bad / "token").write_text("A" * 32, encoding="ascii")
    answers = sign(authority, mount)
    assert [answer.good for answer in answers] == [True, True, False, True, True]
    assert "is not known here" in answers[2].text
    for device in devices:
        if device is devices[2]:
            with pytest.raises(StickError, match="is not known here"):
                stick(mount, device).take(authority.site.pin)
        else:
            stick(mount, device).take(authority.site.pin)
    assert [device.holding.state for device in devices] == ["enrolled"] * 2 + ["enrolling"] + ["enrolled"] * 2


def test_signing_twice_gives_the_same(authority: TestedAuthority, device: Device, mount: Path) -> None:
    found = carried(authority, device, mount)
    before = [(found.folder / f"{role}.pem").read_bytes() for role in ROLES]
    assert [answer.good for answer in sign(authority, mount)] == [True]
    assert [(found.folder / f"{role}.pem").read_bytes() for role in ROLES] == before


def test_a_token_copied_from_a_stick_is_of_no_use(
    authority: TestedAuthority, device: Device, mount: Path, tmp_path: Path
) -> None:
    device.prepare(authority.site, authority.token())
    stick(mount, device).ask(device.station, device.token)
    thief = Device(tmp_path / "thief", device.board)
    shutil.copy(stick(mount, device).folder / "token", thief.token)
    sign(authority, mount)
    other = tmp_path / "other"
    other.mkdir()
    stick(other, thief).ask("OR-03", thief.token)
    (answer,) = sign(authority, other)
    assert not answer.good
    assert "was used on" in answer.text


def test_renewal_needs_no_token(authority: TestedAuthority, device: Device, mount: Path) -> None:
    found = carried(authority, device, mount)
    found.take(authority.site.pin)
    found.clear()
    before = device.holding.certificate("station")
    authority.ahead = timedelta(days=500)
    found.ask(device.station, None)
    assert [answer.good for answer in sign(authority, mount)] == [True]
    found.take(authority.site.pin)
    after = device.holding.certificate("station")
    assert before is not None
    assert after is not None
    assert after.not_valid_after_utc > before.not_valid_after_utc
    authority.office.registrar.revoke("OR-03", "stolen", authority.now())
    found.clear()
    found.ask(device.station, None)
    (answer,) = sign(authority, mount)
    assert "was taken back" in answer.text


def test_an_unknown_key_without_a_token_is_refused(authority: TestedAuthority, device: Device, mount: Path) -> None:
    stick(mount, device).ask("OR-03", None)
    (answer,) = sign(authority, mount)
    assert "has not given out" in answer.text


def test_an_empty_stick(authority: TestedAuthority, device: Device, mount: Path) -> None:
    assert sign(authority, mount) == []
    with pytest.raises(StickError, match="sign-stick"):
        stick(mount, device).take(authority.site.pin)


@pytest.mark.parametrize("name", ["station.csr", "agent.csr"])
@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, None], ids=["empty", "zeros", "gone"])
def test_a_stick_pulled_out_in_mid_copy(
    name: str, damage: bytes | None, authority: TestedAuthority, device: Device, mount: Path
) -> None:
    device.prepare(authority.site, authority.token())
    found = stick(mount, device)
    found.ask(device.station, device.token)
    file = found.folder / name
    file.unlink() if damage is None else file.write_bytes(damage)
    (answer,) = sign(authority, mount)
    assert not answer.good
    found.clear()
    found.ask(device.station, device.token)
    assert sign(authority, mount)[0].good, "the token still serves"
    found.take(authority.site.pin)


@pytest.mark.parametrize("name", ["station.pem", "agent.pem", "ca.pem"])
@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, None], ids=["empty", "zeros", "gone"])
def test_half_an_answer_is_not_taken(
    name: str, damage: bytes | None, authority: TestedAuthority, device: Device, mount: Path
) -> None:
    found = carried(authority, device, mount)
    file = found.folder / name
    file.unlink() if damage is None else file.write_bytes(damage)
    with pytest.raises(StickError):
        found.take(authority.site.pin)
    assert device.holding.state == "enrolling"
    assert not device.holding.ca.exists()
    assert not device.holding.station_tls.exists()


def test_another_sites_answer_is_not_taken(
    authority: TestedAuthority, device: Device, mount: Path, tmp_path: Path
) -> None:
    found = carried(authority, device, mount)
    with pytest.raises(StickError, match="another site"):
        found.take("0" * 64)
    other = TestedAuthority(tmp_path / "other")
    try:
        shutil.copy(other.office.published / "ca.pem", found.folder / "ca.pem")
        with pytest.raises(StickError, match="not signed by the site's authority"):
            found.take(other.site.pin)
    finally:
        other.close()


def test_swapped_answers_are_not_taken(authority: TestedAuthority, device: Device, mount: Path) -> None:
    found = carried(authority, device, mount)
    shutil.copy(found.folder / "agent.pem", found.folder / "station.pem")
    with pytest.raises(StickError, match=r"station.pem is for OR-03.fw"):
        found.take(authority.site.pin)


def test_by_command(tmp_path: Path, device: Device, mount: Path) -> None:
    (tmp_path / "site").mkdir()
    authority = AuthorityProcess(tmp_path / "site")
    device.prepare(authority.site, authority.run("token", "new").output)
    words = ("enrol", "--station", "OR-03", "--stick", str(mount))
    told = device.start(*words).communicate(timeout=60)[0]
    assert "written; on the site's server: udi-firmware authority sign-stick" in told
    assert "OR-03" in authority.run("sign-stick", str(mount)).output
    process = device.start(*words)
    assert "state    enrolled" in process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert not device.token.exists()
    assert list(mount.rglob("*")) == [mount / "udi-enrol"]
    assert "nothing is asked for" in authority.run("sign-stick", str(mount), good=False).output


def test_certificates_have_a_form(authority: TestedAuthority) -> None:
    assert write_certificates([authority.office.keyring.signing().certificate]).isascii()
