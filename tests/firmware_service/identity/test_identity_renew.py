"""Renewal against a live authority: in good time, killed at every step, never for the worse."""

from __future__ import annotations

import itertools
import json
import random
import signal
from datetime import timedelta
from typing import get_args

import pytest

from firmware_service.identity.client import AuthorityClient
from firmware_service.identity.names import ROLES, Role
from firmware_service.identity.renew import PERIOD_S, Look, Renewer, Step, is_due
from hardware.host.tls import Tls, client_context
from tests.support.devices import Device, TestedAuthority, dying

DUE = timedelta(days=500)
"""Two thirds of two years are over."""


class Looks:
    """A device's renewer, with a broker that takes what it is told to."""

    def __init__(self, device: Device, authority: TestedAuthority) -> None:
        self.takes = True
        self.tried: list[Role] = []
        # The device's clock is the real one, while the authority's runs ahead.
        client = AuthorityClient(authority.site, check_time=False)
        self.renewer = Renewer(device.holding, client, self._connects, rng=random.Random(1))  # noqa: S311 - spreading

    def _connects(self, role: Role, tls: Tls) -> bool:
        client_context(tls, check_time=False)
        self.tried.append(role)
        return self.takes

    def look(self) -> Look:
        self.renewer.next_s = 0
        return self.renewer.tick(0)


@pytest.fixture
def enrolled(authority: TestedAuthority, device: Device) -> Device:
    device.enrol(authority.site, authority.token())
    return device


def ends(device: Device) -> list[str]:
    found = [device.holding.certificate(role) for role in ROLES]
    return [each.not_valid_after_utc.isoformat() for each in found if each is not None]


def test_nothing_is_due_for_two_thirds_of_the_time(authority: TestedAuthority, enrolled: Device) -> None:
    looks = Looks(enrolled, authority)
    before = ends(enrolled)
    for days in (0, 1, 300, 486):
        authority.ahead = timedelta(days=days)
        assert looks.look() == "nothing due"
    assert ends(enrolled) == before
    authority.ahead = timedelta(days=487)
    assert looks.look() == "renewed"


def test_the_station_gets_the_new_certificate_with_the_same_key(authority: TestedAuthority, enrolled: Device) -> None:
    tls = enrolled.holding.station_tls
    before = {name: (tls / name).read_bytes() for name in ("key.pem", "certificate.pem")}
    authority.ahead = DUE
    looks = Looks(enrolled, authority)
    assert looks.look() == "renewed"
    assert looks.tried == ["station", "agent"]
    assert (tls / "key.pem").read_bytes() == before["key.pem"]
    assert (tls / "certificate.pem").read_bytes() != before["certificate.pem"]
    client_context(Tls(tls / "ca.pem", tls / "certificate.pem", tls / "key.pem"), check_time=False)
    assert authority.states("OR-03") == [
        ("station", "superseded"),
        ("agent", "superseded"),
        ("station", "active"),
        ("agent", "active"),
    ]
    assert looks.look() == "nothing due"


def test_a_certificate_that_cannot_connect_never_replaces_one_that_can(
    authority: TestedAuthority, enrolled: Device
) -> None:
    before = ends(enrolled)
    authority.ahead = DUE
    looks = Looks(enrolled, authority)
    looks.takes = False
    for _ in range(3):
        assert looks.look() == "kept"
    assert ends(enrolled) == before
    assert len(authority.states("OR-03")) == 4, "the next one is asked for once"
    looks.takes = True
    assert looks.look() == "renewed"
    assert ends(enrolled) != before


@pytest.mark.parametrize("step", get_args(Step))
def test_killed_at_any_step_there_is_always_one_that_works(
    step: Step, authority: TestedAuthority, device: Device
) -> None:
    # The processes use the real clock: what is due by it is made in the past.
    authority.ahead = -DUE
    device.enrol(authority.site, authority.token())
    authority.ahead = timedelta()
    authority.office.keyring.make_next("Test", authority.now())
    authority.office.tend(authority.now())
    assert dying("renew", device, authority.site, step) == -signal.SIGKILL
    for role in ROLES:
        client_context(device.holding.tls(role), check_time=True)
    tls = device.holding.station_tls
    client_context(Tls(tls / "ca.pem", tls / "certificate.pem", tls / "key.pem"), check_time=True)
    assert dying("renew", device, authority.site, "no step") == 0
    states = authority.states("OR-03")
    assert sorted(states) == sorted((role, state) for role in ROLES for state in ("superseded", "active")), (
        "no certificate too many, none too few"
    )
    found = [device.holding.certificate(role) for role in ROLES]
    assert not any(each is None or is_due(each, authority.now()) for each in found)
    assert (tls / "certificate.pem").read_bytes() == device.holding.certificate_file("station").read_bytes()


def test_an_ended_certificate_is_renewed_within_the_window(authority: TestedAuthority, enrolled: Device) -> None:
    authority.ahead = timedelta(days=730 + 89)
    assert Looks(enrolled, authority).look() == "renewed"


def test_and_refused_beyond_it(authority: TestedAuthority, enrolled: Device) -> None:
    authority.ahead = timedelta(days=730 + 91)
    assert Looks(enrolled, authority).look() == "refused"
    said = json.loads((enrolled.places.run / "identity.json").read_text(encoding="utf-8"))
    assert "over 90 days ago: enrol with a token" in said["reason"]["told"]
    assert said["reason"]["zh"]


def test_a_reason_is_forgotten_once_all_is_well(authority: TestedAuthority, enrolled: Device) -> None:
    authority.ahead = timedelta(days=730 + 91)
    looks = Looks(enrolled, authority)
    assert looks.look() == "refused"
    authority.ahead = timedelta(days=730)
    assert looks.look() == "renewed"
    assert enrolled.holding.reason is None


def test_looks_are_about_an_hour_apart_and_spread(authority: TestedAuthority, enrolled: Device) -> None:
    looks = Looks(enrolled, authority)
    pauses = []
    for _ in range(20):
        looks.renewer.tick(looks.renewer.next_s)
        assert looks.renewer.tick(looks.renewer.next_s - 1) == "not yet"
        pauses.append(looks.renewer.next_s)
    steps = [after - before for before, after in itertools.pairwise(pauses)]
    assert all(0.5 * PERIOD_S <= step <= 1.5 * PERIOD_S for step in steps)
    assert max(steps) - min(steps) > 0.3 * PERIOD_S


def test_without_the_authority_everything_stays(authority: TestedAuthority, enrolled: Device) -> None:
    looks = Looks(enrolled, authority)
    authority.close()
    before = sorted((path, path.stat().st_mtime_ns) for path in enrolled.places.state.rglob("*"))
    assert looks.look() == "unreachable"
    assert sorted((path, path.stat().st_mtime_ns) for path in enrolled.places.state.rglob("*")) == before


def test_an_unenrolled_device_asks_nobody(authority: TestedAuthority, device: Device) -> None:
    assert Looks(device, authority).look() == "unenrolled"


def test_the_authoritys_key_is_replaced_while_devices_work(authority: TestedAuthority, enrolled: Device) -> None:
    keyring, looks = authority.office.keyring, Looks(enrolled, authority)
    old = keyring.signing()
    new = keyring.make_next("Test", authority.now())
    authority.office.publish(authority.now())
    assert looks.look() == "nothing due"
    assert enrolled.holding.ca.read_bytes().count(b"BEGIN CERTIFICATE") == 2
    assert (enrolled.holding.station_tls / "ca.pem").read_bytes() == enrolled.holding.ca.read_bytes()

    assert keyring.switch().pin == new.pin
    authority.office.tend(authority.now())
    assert looks.look() == "renewed", "long before its time, for another authority signs"
    certificate = enrolled.holding.certificate("station")
    assert certificate is not None
    assert certificate.issuer == new.certificate.subject
    late = Device(enrolled.root.parent / "late", "10000000abcd0002", "OR-04")
    late.enrol(authority.site, authority.token())
    assert late.holding.state == "enrolled", "the card that names the old key still serves"

    assert [gone.pin for gone in keyring.finish()] == [old.pin]
    authority.office.tend(authority.now())
    authority.office.publish(authority.now())
    looks.takes = False
    assert looks.look() == "nothing due"
    assert enrolled.holding.ca.read_bytes().count(b"BEGIN CERTIFICATE") == 2, "the broker still needs the old one"
    looks.takes = True
    assert looks.look() == "nothing due"
    assert enrolled.holding.ca.read_bytes().count(b"BEGIN CERTIFICATE") == 1


def test_a_device_that_missed_the_next_key_still_reaches_the_authority(
    authority: TestedAuthority, enrolled: Device
) -> None:
    keyring = authority.office.keyring
    keyring.make_next("Test", authority.now())
    keyring.switch()
    authority.office.tend(authority.now())
    assert Looks(enrolled, authority).look() == "renewed"
