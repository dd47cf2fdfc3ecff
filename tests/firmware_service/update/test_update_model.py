"""The life of a device, at random and on purpose; see `tests.support.lives` for what happens and what always holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from firmware_service.update.guard import MOST_STARTS
from tests.support.lives import LONG, RETURNS, WRITTEN, Device, Kind


def on_trial(kind: Kind, *, slow: int = 0, looks: int = 1) -> Callable[[Device], object]:
    return lambda device: device.an_update_comes_to_its_trial(kind, slow, looks)


def looks(number: int) -> Callable[[Device], object]:
    return lambda device: device.the_guard_looks(number)


def reboot(*, asked: bool) -> Callable[[Device], object]:
    return lambda device: device.reboot(asked=asked)


def damage(what: str) -> Callable[[Device], object]:
    return lambda device: device.the_slot_on_trial_is_damaged(what)


def damage_of_another(number: int) -> Callable[[Device], object]:
    return lambda device: device.a_slot_that_does_not_run_is_damaged("a byte", number)


def dies_at(step: str) -> Callable[[Device], object]:
    return lambda device: device.the_guard_dies_when_it_decides(step)


# What ends a trial, and what happens one after the other.
LIVES: dict[str, tuple[str, list[Callable[[Device], object]]]] = {
    "damaged after the swap": ("its slot is not what was installed", [on_trial("good", looks=0), damage("a byte")]),
    "damaged while it runs": ("its slot is not what was installed", [on_trial("good"), damage("all of it")]),
    "power fails": ("went down on trial", [on_trial("good"), reboot(asked=False)]),
    "power fails later": ("went down on trial", [on_trial("good"), reboot(asked=True), reboot(asked=False)]),
    "reboots": (f"started {MOST_STARTS} times without", [on_trial("good"), *[reboot(asked=True)] * MOST_STARTS]),
    "a unit crashes": ("times by systemd", [on_trial("crashing"), looks(3)]),
    "not ready": ("not well in time", [on_trial("sick"), looks(LONG)]),
    "the old agent writes on": ("not well in time", [on_trial("good", slow=LONG), looks(LONG)]),
    "no other slot is whole": (
        "not well in time",
        [on_trial("sick"), *(damage_of_another(number) for number in (0, 1)), looks(LONG)],
    ),
    "it crashes, and restarts are slow": ("times by systemd", [on_trial("crashing", slow=3), looks(LONG)]),
    "somebody goes back": ("asked for by hand", [on_trial("good"), Device.somebody_goes_back]),
    **{
        f"the guard dies at {step}": ("times by systemd", [on_trial("crashing"), dies_at(step), looks(2)])
        for step in ("give up: before", "give up: after", *RETURNS, *WRITTEN)
    },
}


@pytest.mark.parametrize(("reason", "life"), LIVES.values(), ids=LIVES.keys())
def test_a_trial_that_ends_and_a_good_release_that_comes(reason: str, life: list[Callable[[Device], object]]) -> None:
    device = Device()
    device.begin()
    try:
        for happens in life:
            happens(device)
        assert dict(device.reasons) == {reason: 1}
        device.publish("good")
        device.quiet_days()
        assert device.was.phase == "idle"
        device.there_are_no_more_slots_than_needed()
    finally:
        device.teardown()


def test_whatever_happens_to_a_device() -> None:
    plan = settings(
        max_examples=48,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(Device, settings=plan)
