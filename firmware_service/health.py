"""How a machine is: every check, as one object for the site, for the guard of updates and for a person at the bench."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from firmware_service.checks import broker, space
from firmware_service.checks.every import examine
from firmware_service.checks.finding import BAD, STATES, Finding, State, to_json, worst
from firmware_service.checks.look import Look
from firmware_service.checks.reboot import WANTED
from firmware_service.places import Places
from hardware.host import files
from hardware.host.board import Board, read_board
from hardware.host.clock import Quality

log = logging.getLogger(__name__)

REBOOT_WANTED = WANTED
MOST_BYTES = 4096
"""Of the retained object."""
LOOK_S = 20.0
DUE_S = 900.0
"""It is told anew after so long even if nothing changed."""
FILE = "health.json"
GUARDED = ("station", "scanner", "camera", "broker")
"""Checks that an update is judged by."""


@dataclass(frozen=True, slots=True)
class Health:
    """One look at the machine.

    Attributes:
        board: model, serial number, temperature (degrees Celsius), throttling bits, memory (MiB); unknown parts None.
        clock: how far the wall clock can be trusted.
        at: the wall clock, UTC, ISO 8601.
        version: the release that looked: the slot that this code lies in, or the package where there are no slots.
        boot: the kernel's boot id.
        mono_s: seconds since that boot: whoever reads this later sees by it how old it is.
        disk_total: bytes of the file system that holds the journal.
        disk_free: bytes of it that the station's user may still fill.
        findings: of every check.
    """

    board: Board
    clock: Quality
    at: str
    version: str
    boot: str
    mono_s: float
    disk_total: int
    disk_free: int
    findings: tuple[Finding, ...]

    @property
    def state(self) -> State:
        """The worst of its findings."""
        return worst(self.findings)


def read_health(look: Look) -> Health:
    """Every check on this look."""
    disk = shutil.disk_usage(space.existing(look.root / space.STATE_DIR))
    return Health(
        board=read_board(look.root),
        clock=look.clock.quality,
        at=look.clock.at.isoformat(),
        version=release_of(Path(__file__), look.places),
        boot=look.clock.boot,
        mono_s=round(look.clock.mono_ns / 1e9, 1),
        disk_total=disk.total,
        disk_free=disk.free,
        findings=examine(look),
    )


def release_of(code: Path, places: Places) -> str:
    """The slot in which this code lies; the installed package where it lies in none."""
    try:
        return code.resolve().relative_to(places.slots.resolve()).parts[0]
    except ValueError:
        return installed_version("udi-station")


def facts(health: Health) -> dict[str, bool]:
    """What must be as well after an update as before: the guard compares these, and nothing that changes by itself.

    Of the link only whether the broker is reached: a hub that rests is no fault of an update.
    """
    found = {each.check: each for each in health.findings if each.check in GUARDED}
    good = {name: found[name].state == "ok" for name in GUARDED if name in found}
    if "broker" in found and found["broker"].value == broker.HUB_ABSENT:
        good["broker"] = True
    return good


def concerns(health: Health) -> list[str]:
    """What somebody should do something about, the worst first, each with what to do; empty when all is well. Pure."""
    bad = sorted((each for each in health.findings if each.state in BAD), key=_severity, reverse=True)
    return [f"{each.zh} / {each.en}: {each.value}; expected {each.expected}; {each.todo}" for each in bad]


def _severity(finding: Finding) -> int:
    return STATES.index(finding.state)


def as_json(health: Health) -> dict[str, Any]:
    """The health object: schema 1, the fields of `Health`, ``state``, ``facts``, ``concerns`` and ``checks``."""
    told = asdict(health)
    del told["findings"]
    checks = [to_json(each) for each in health.findings]
    wanted = any(each.check == "reboot" and each.state in BAD for each in health.findings)
    extra = {
        "state": health.state,
        "facts": facts(health),
        "reboot_wanted": wanted,
        "concerns": concerns(health),
        "checks": checks,
    }
    return {"schema": 1, **told, **extra}


def retained(health: Health) -> bytes:
    """The object of ``udi/<station>.fw/health``, at most `MOST_BYTES`.

    Words stand where something is wrong. Should that be too much at once, the mildest lose theirs first: check, state
    and value always stand there.
    """
    head = {"schema": 1, "at": health.at, "version": health.version, "boot": health.boot}
    head |= {"clock": health.clock, "state": health.state, "model": health.board.model, "serial": health.board.serial}
    worded = [each.check for each in sorted(health.findings, key=_severity) if each.state in BAD]
    while True:
        checks = [to_json(each) if each.check in worded else _short(each) for each in health.findings]
        data = json.dumps({**head, "checks": checks}, ensure_ascii=False, separators=(",", ":")).encode()
        if len(data) <= MOST_BYTES or not worded:
            return data
        worded.pop(0)


def _short(finding: Finding) -> dict[str, Any]:
    return {"check": finding.check, "state": finding.state, "value": finding.value}


_SIGNS = {"ok": "✔", "unknown": "?", "warn": "!", "fail": "✖"}


def to_text(health: Health) -> str:
    """Lines for a person at the bench."""
    board = health.board
    rows = [
        f"{'board':14} {_known(board.model)}",
        f"{'serial':14} {_known(board.serial)}",
        f"{'memory':14} {_known(board.memory_mb)} MiB",
        f"{'time':14} {health.at}",
    ]
    for each in health.findings:
        rows.append(f"{_SIGNS[each.state]} {each.zh} / {each.en}: {_known(each.value)}")
        if each.state in BAD:
            rows.append(f"    expected {each.expected}; {each.todo}")
    return "\n".join(rows)


def _known(value: object) -> str:
    return "unknown" if value is None else str(value)


class HealthReporter:
    """Looks again and again, keeps the newest look for the guard, and says when the site should be told."""

    def __init__(self, look: Callable[[], Health], run: Path) -> None:
        """Start with nothing looked at.

        Args:
            look: looks now; may take some seconds, on the first call of a day longer.
            run: folder until the next start of the machine, in which the guard finds `FILE`.
        """
        self._look = look
        self._run = run
        self._looked_s: float | None = None
        self._told_s = 0.0
        self._told: tuple[object, ...] | None = None

    def tick(self, now_s: float) -> bytes | None:
        """Look if it is time to.

        Args:
            now_s: monotonic seconds.

        Returns:
            What to retain at the broker, when a state changed or `DUE_S` passed; else None.
        """
        if self._looked_s is not None and now_s - self._looked_s < LOOK_S:
            return None
        self._looked_s = now_s
        health = self._look()
        self._keep(health)
        states = tuple((each.check, each.state) for each in health.findings)
        if states == self._told and now_s - self._told_s < DUE_S:
            return None
        self._told, self._told_s = states, now_s
        return retained(health)

    def forget(self) -> None:
        """What was told did not arrive: tell it again with the next look."""
        self._told = None

    def _keep(self, health: Health) -> None:
        """Without the file the guard takes the machine for sick, and that must not end the agent."""
        data = json.dumps(as_json(health), ensure_ascii=False).encode()
        try:
            self._run.mkdir(parents=True, exist_ok=True)
            files.replace(self._run / FILE, data, mode=0o644)
        except OSError as error:
            log.warning("health=%s problem=%s", self._run / FILE, error)
