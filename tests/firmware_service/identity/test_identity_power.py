"""The power fails at each step of enrolment and renewal: what was said to be on the card is there, and it goes on."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from firmware_service.identity import enrol, renew
from firmware_service.identity.client import AuthorityClient
from firmware_service.identity.holding import Reason, check_board
from firmware_service.identity.names import ROLES
from tests.firmware_service.identity.test_identity_enrol import is_whole
from tests.firmware_service.identity.test_identity_renew import DUE
from tests.support.devices import Device, TestedAuthority
from tests.support.disk import SmallDisk
from tests.support.power import before_each_call, power_disk, there


class PowerCut(BaseException):
    """The machine goes down here; nobody catches it."""


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with power_disk() as made:
        yield made


def on_the_card(device: Device) -> Mapping[Path, bytes]:
    """What has to outlive the machine."""
    return there(device.places.state, device.places.station_file.parent, device.token)


class Cut:
    """Puts the disk by at a step, and takes the machine down."""

    def __init__(self, disk: SmallDisk, device: Device, step: str) -> None:
        self._disk, self._device, self._step = disk, device, step
        self._reached = b""
        self._there: Mapping[Path, bytes] = {}

    def at(self, step: str) -> None:
        if step == self._step:
            self._reached, self._there = self._disk.reached(), on_the_card(self._device)
            raise PowerCut

    def is_over(self) -> None:
        self._disk.cut(self._reached)
        assert on_the_card(self._device) == self._there, f"before {self._step}: all of it is on the card"


def test_the_power_fails_at_each_step_of_enrolment(authority: TestedAuthority, disk: SmallDisk) -> None:
    for number, step in enumerate(get_args(enrol.Step)):
        device = Device(disk.folder / f"pi-{number}", f"10000000abcd{number:04}", f"OR-{number:02}")
        token = authority.token(device.station)
        device.prepare(authority.site, token)
        disk.settle()
        assert disk.holds(token.encode())
        cut = Cut(disk, device, step)
        with pytest.raises(PowerCut):
            device.enroller(authority.site, cut.at).run()
        cut.is_over()
        device.enroller(authority.site).run()
        is_whole(device)
        assert authority.states(device.station) == [("station", "active"), ("agent", "active")], step
        assert not disk.holds(token.encode()), "it is overwritten, not only deleted"


def test_the_power_fails_at_each_step_of_renewal(authority: TestedAuthority, disk: SmallDisk) -> None:
    authority.ahead = -DUE
    devices = {}
    for number, step in enumerate(get_args(renew.Step)):
        devices[step] = Device(disk.folder / f"pi-{number}", f"10000000abcd{number:04}", f"OR-{number:02}")
        devices[step].enrol(authority.site, authority.token(devices[step].station))
    disk.settle()
    authority.ahead = timedelta()
    authority.office.keyring.make_next("Test", authority.now())
    authority.office.tend(authority.now())
    client = AuthorityClient(authority.site)
    for step, device in devices.items():
        cut = Cut(disk, device, step)
        with pytest.raises(PowerCut):
            renew.Renewer(device.holding, client, lambda _role, _tls: True, cut.at, random.Random(1)).tick(0)  # noqa: S311
        cut.is_over()
        renew.Renewer(device.holding, client, lambda _role, _tls: True, rng=random.Random(1)).tick(0)  # noqa: S311
        is_whole(device)
        states = sorted((role, state) for role in ROLES for state in ("superseded", "active"))
        assert sorted(authority.states(device.station)) == states, step


def test_the_power_fails_while_a_copied_card_is_wiped(authority: TestedAuthority, disk: SmallDisk) -> None:
    device = Device(disk.folder / "pi")
    device.enrol(authority.site, authority.token(device.station))
    keys = [device.holding.key(role).path().read_bytes() for role in ROLES]
    device.move_to("10000000abcd0009")
    disk.settle()
    assert all(disk.holds(key) for key in keys)
    cuts: dict[bytes, str] = {}
    with before_each_call(lambda name: cuts.setdefault(disk.reached(), f"{len(cuts)}, before {name}")):
        assert not check_board(device.holding, device.board)
    cuts.setdefault(disk.reached(), "when it is done")
    assert len(cuts) > 6, "the reason, three copies of keys, the folder"
    for reached, at in cuts.items():
        disk.cut(reached)
        check_board(device.holding, device.board)
        assert device.holding.state == "unenrolled", at
        assert device.holding.reason == Reason("cloned", "10000000abcd0001", device.board), at
        assert not any(path.suffix == ".pem" for path in on_the_card(device)), at
        assert not any(disk.holds(key) for key in keys), f"{at}: keys are overwritten, not only deleted"
