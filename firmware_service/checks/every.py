"""All checks, in the order in which a person reads them."""

from __future__ import annotations

from collections.abc import Callable

from firmware_service.checks import (
    broker,
    camera,
    catalogue,
    certificate,
    clock,
    flush,
    journal,
    last_scan,
    power,
    reboot,
    rtc,
    scanner,
    space,
    station,
    temperature,
    wear,
)
from firmware_service.checks.finding import Finding
from firmware_service.checks.look import Look

CHECKS: tuple[Callable[[Look], Finding], ...] = (
    station.look_at,
    scanner.look_at,
    camera.look_at,
    last_scan.look_at,
    journal.look_at,
    broker.look_at,
    certificate.look_at,
    catalogue.look_at,
    clock.look_at,
    rtc.look_at,
    power.look_at,
    temperature.look_at,
    wear.look_at,
    flush.look_at,
    space.look_at,
    reboot.look_at,
)


def examine(look: Look) -> tuple[Finding, ...]:
    """Every check on one look."""
    return tuple(check(look) for check in CHECKS)
