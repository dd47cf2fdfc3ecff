"""Enrolment against a live authority: killed at every step, refused for every reason."""

from __future__ import annotations

import json
import signal
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from firmware_service.identity.client import AuthorityClient, AuthoritySite, RefusedByAuthority, Unreachable
from firmware_service.identity.enrol import EnrolError, Step
from firmware_service.identity.est import public_key
from firmware_service.identity.holding import check_board
from firmware_service.identity.names import ROLES
from firmware_service.identity.pem import read_key
from hardware.host.tls import client_context
from tests.support.devices import Device, TestedAuthority, dying
from tests.support.site import free_port

STEPS = get_args(Step)


def is_whole(device: Device) -> None:
    """Everything that a station and its agent need is there, and fits."""
    holding = device.holding
    assert holding.state == "enrolled"
    for role in ROLES:
        client_context(holding.tls(role), check_time=True)
    tls = holding.station_tls
    certificate = holding.certificate("station")
    assert certificate is not None
    assert public_key(certificate) == read_key(tls / "key.pem").public_key()
    assert (tls / "certificate.pem").read_bytes() == holding.certificate_file("station").read_bytes()
    assert (tls / "ca.pem").read_bytes() == holding.ca.read_bytes()
    assert not device.token.exists()


def test_the_steps_are_the_named_ones_in_order(authority: TestedAuthority, device: Device) -> None:
    device.enrol(authority.site, authority.token())
    assert device.steps == list(STEPS)
    is_whole(device)
    assert authority.states("OR-03") == [("station", "active"), ("agent", "active")]
    assert authority.office.verify_log() > 0


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_it_goes_on_with_the_same_token(
    step: Step, authority: TestedAuthority, device: Device
) -> None:
    device.prepare(authority.site, authority.token("OR-03"))
    assert dying("enrol", device, authority.site, step) == -signal.SIGKILL
    assert check_board(device.holding, device.board)
    if device.holding.state == "enrolled" and not device.token.exists():
        assert step == "done"
    assert dying("enrol", device, authority.site, "no step") == 0
    is_whole(device)
    assert authority.states("OR-03") == [("station", "active"), ("agent", "active")], "no certificate too many"


def test_the_same_key_and_token_get_the_same_certificate(authority: TestedAuthority, device: Device) -> None:
    token = authority.token()
    device.enrol(authority.site, token)
    before = {role: device.holding.certificate(role) for role in ROLES}
    for role in ROLES:
        device.holding.certificate_file(role).unlink()
        (device.holding.folder / role / "confirmed").unlink()
    device.enrol(authority.site, token)
    assert {role: device.holding.certificate(role) for role in ROLES} == before


def refused(device: Device, site: AuthoritySite, token: str) -> str:
    with pytest.raises(RefusedByAuthority) as caught:
        device.enrol(site, token)
    assert device.holding.state != "enrolled"
    assert not device.holding.station_tls.exists(), "the station is given nothing half done"
    return str(caught.value)


def test_a_used_token_is_refused_to_another_device(authority: TestedAuthority, device: Device, tmp_path: Path) -> None:
    token = authority.token()
    device.enrol(authority.site, token)
    thief = Device(tmp_path / "thief", board=device.board)
    assert "was used on" in refused(thief, authority.site, token)
    other = Device(tmp_path / "other", "10000000abcd0009")
    assert f"is for board {device.board}, shown by board {other.board}" in refused(other, authority.site, token)
    third = Device(tmp_path / "third", device.board, "OR-04")
    assert "is for station OR-03, asked for was OR-04" in refused(third, authority.site, token)


def test_an_expired_token_is_refused(authority: TestedAuthority, device: Device) -> None:
    token = authority.token(lasts=timedelta(hours=1))
    authority.ahead = timedelta(hours=1, seconds=1)
    assert "ended on" in refused(device, authority.site, token)


def test_a_lost_answer_can_be_asked_for_after_the_tokens_end(authority: TestedAuthority, device: Device) -> None:
    token = authority.token(lasts=timedelta(hours=1))
    device.prepare(authority.site, token)
    for step in ("keep station", "keep agent"):
        assert dying("enrol", device, authority.site, step) == -signal.SIGKILL
    authority.ahead = timedelta(hours=2)
    device.enroller(authority.site).run()
    is_whole(device)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "is not known here"),
        ("", "is not known here"),
        ("令牌", "is not known here"),
        ("x" * 5000, "is not known here"),
    ],
)
def test_a_foreign_token_is_refused(token: str, expected: str, authority: TestedAuthority, device: Device) -> None:
    assert expected in refused(device, authority.site, token)


def test_a_token_for_any_station_does_not_give_away_a_name_at_work(
    authority: TestedAuthority, device: Device, tmp_path: Path
) -> None:
    device.enrol(authority.site, authority.token())
    other = Device(tmp_path / "other", "10000000abcd0009")
    assert "is at work on board 10000000abcd0001" in refused(other, authority.site, authority.token())
    other.enrol(authority.site, authority.token("OR-03"))
    states = authority.states("OR-03")
    assert states == [("station", "revoked"), ("agent", "revoked"), ("station", "active"), ("agent", "active")]
    assert authority.office.tend(authority.now()), "the broker hears of it"
    assert not authority.office.tend(authority.now())


def test_without_a_token_it_says_what_is_missing(authority: TestedAuthority, device: Device) -> None:
    with pytest.raises(EnrolError, match="token is not there"):
        device.enrol(authority.site, None)


def test_an_enrolled_device_does_not_change_its_name(authority: TestedAuthority, device: Device) -> None:
    device.enrol(authority.site, authority.token())
    device.enrol(authority.site, None)
    device.station = "OR-04"
    with pytest.raises(EnrolError, match="this device is station OR-03"):
        device.enrol(authority.site, authority.token())


@pytest.mark.parametrize("step", ["ask station", "ask agent", "note agent"])
def test_a_card_prepared_for_another_site_half_way_is_enrolled_there(
    step: Step, authority: TestedAuthority, device: Device, tmp_path: Path
) -> None:
    device.prepare(authority.site, authority.token())
    assert dying("enrol", device, authority.site, step) == -signal.SIGKILL
    other = TestedAuthority(tmp_path / "other")
    try:
        device.enrol(other.site, other.token())
        assert other.states("OR-03") == [("station", "active"), ("agent", "active")]
    finally:
        other.close()
    is_whole(device)


def test_another_authority_is_not_believed(authority: TestedAuthority, device: Device) -> None:
    site = AuthoritySite(authority.site.url, "0" * 64)
    with pytest.raises(Unreachable, match="expected the authority 000000000000…, found"):
        device.enrol(site, authority.token())
    assert device.token.exists()
    assert not device.holding.ca.exists()


def test_an_authority_at_another_name_is_not_believed(authority: TestedAuthority, device: Device) -> None:
    site = AuthoritySite(authority.site.url.replace("localhost", "127.0.0.1"), authority.site.pin)
    with pytest.raises(Unreachable, match="IP address mismatch"):
        device.enrol(site, authority.token())


def test_no_authority_at_all(device: Device) -> None:
    with pytest.raises(Unreachable, match="Connection refused"):
        device.enrol(AuthoritySite(f"https://localhost:{free_port()}", "0" * 64), "A" * 32)
    assert device.token.exists()


def test_a_device_whose_clock_is_years_behind_enrols(tmp_path: Path, device: Device) -> None:
    ahead = TestedAuthority(tmp_path, ahead=timedelta(days=56 * 365))
    try:
        device.prepare(ahead.site, ahead.token())
        with pytest.raises(Unreachable, match="not yet valid"):
            device.enroller(ahead.site).run()
        enroller = device.enroller(ahead.site)
        unsure = AuthorityClient(ahead.site, check_time=False)
        type(enroller)(enroller.holding, unsure, "OR-03", device.board, device.token).run()
    finally:
        ahead.close()
    assert device.holding.state == "enrolled"


def test_a_server_that_ended_before_the_earliest_possible_time_is_refused(
    authority: TestedAuthority,
) -> None:
    late = AuthorityClient(authority.site, check_time=False, floor=authority.now() + timedelta(days=366))
    with pytest.raises(Unreachable, match="its certificate ended on"):
        late.trust()


def test_keys_are_made_here_and_for_the_owner_only(authority: TestedAuthority, device: Device) -> None:
    device.enrol(authority.site, authority.token())
    keys = [device.holding.key(role).path() for role in ROLES] + [device.holding.station_tls / "key.pem"]
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}
    assert len({key.read_bytes() for key in keys}) == 2
    said = json.loads((device.places.run / "identity.json").read_text(encoding="utf-8"))
    assert said == {"schema": 1, "state": "enrolled", "board": device.board, "reason": None}
