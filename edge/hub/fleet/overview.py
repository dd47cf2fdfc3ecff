"""How each machine stands, for people: one reading for ``udi-hub fleet`` and for the pages.

What a machine says of itself may be anything: it is read without trust, cut to a length, and freed of what a terminal
or a browser would take for a command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection

from edge.hub.fleet.archives import Archive, archives
from edge.hub.fleet.asking import Asked, commands, revisions
from edge.hub.fleet.machines import Machine, machines

SILENT = timedelta(minutes=45)
"""Machines say every 15 minutes how they are: one of which three words are missing is marked."""
MOST_TEXT = 300
MOST_ROWS = 40
"""Findings and errors of one machine: it has less than half as many checks."""
State = Literal["fail", "warn", "unknown", "ok"]
STATES: tuple[State, ...] = ("fail", "warn", "unknown", "ok")
"""From the worst to the best."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check said.

    Attributes:
        check: its name.
        state: how it stands; ``unknown`` for a state that this hub does not know.
        value: what was found.
        zh: what was looked at, in zh-CN; empty where all is well.
        en: the same in English.
        expected: what would be well.
        todo: what to do, in both languages.
    """

    check: str
    state: State
    value: str
    zh: str
    en: str
    expected: str
    todo: str


@dataclass(frozen=True, slots=True)
class MachineRow:
    """One machine.

    Attributes:
        said: what it said, as it came.
        heard: when it last said something new, UTC; None: never.
        silent: it should have said something since.
        version: the release that runs.
        trial: the release that is on trial; None: there is none.
        update: how updates stand, as the machine says it.
        wanted: revision of the configuration that it shall have; None: none was ever given.
        rev: revision that it spoke of last.
        configuration: ``kept``, ``trying`` or ``refused``, as the machine says it.
        errors: why it refused.
        findings: of every check, the worst first.
        certificate_days: days that its certificates still hold.
        clock: how far its clock can be trusted.
        archives: what it sent, the oldest first.
    """

    said: Machine
    heard: str | None
    silent: bool
    version: str | None
    trial: str | None
    update: str | None
    wanted: int | None
    rev: int | None
    configuration: str | None
    errors: tuple[str, ...]
    findings: tuple[Finding, ...]
    certificate_days: int | None
    clock: str | None
    archives: tuple[Archive, ...]

    @property
    def station(self) -> str:
        """Its station's name."""
        return self.said.station

    @property
    def state(self) -> State:
        """The worst of its findings."""
        return self.findings[0].state if self.findings else "unknown"

    @property
    def concerns(self) -> tuple[Finding, ...]:
        """What somebody should do something about."""
        return tuple(each for each in self.findings if each.state in ("fail", "warn"))

    @property
    def behind(self) -> bool:
        """It does not have the configuration that it shall have."""
        return self.wanted is not None and (self.rev, self.configuration) != (self.wanted, "kept")

    @property
    def well(self) -> bool:
        """It speaks, no check failed, and it refused no configuration."""
        failed = any(each.state == "fail" for each in self.findings)
        return self.heard is not None and not (self.silent or failed or self.configuration == "refused")


@dataclass(frozen=True, slots=True)
class Order:
    """A command, and the archive that it brought.

    Attributes:
        asked: the command.
        file: where the archive lies; None: it brought none, or it was let go for newer ones.
    """

    asked: Asked
    file: Path | None

    @property
    def said(self) -> str:
        """What the machine said of it, as one line that does no harm."""
        return text(self.asked.said) or ""


def rows(connection: Connection, folder: Path, now: datetime, station: str | None = None) -> list[MachineRow]:
    """Every machine that said something or was given a configuration, by name; or the one of a station.

    Args:
        connection: of the store.
        folder: of the archives.
        now: the hub's clock.
        station: its name; None: all.
    """
    wanted, sent = revisions(connection), archives(folder)
    known = {each.station: each for each in machines(connection)}
    return [
        _row(known.get(name) or Machine(name, None, None, None, None), wanted.get(name), sent.get(name, ()), now)
        for name in sorted({*known, *wanted})
        if station in (None, name)
    ]


def orders(connection: Connection, folder: Path, station: str | None = None, most: int = 1000) -> list[Order]:
    """What machines, or one, were asked, the newest first."""
    files = {(name, each.command): each.file for name, sent in archives(folder).items() for each in sent}
    found = commands(connection, station, most=most)
    return [Order(each, files.get((each.station, each.ident))) for each in found]


def _row(machine: Machine, wanted: int | None, sent: tuple[Archive, ...], now: datetime) -> MachineRow:
    health, reported = machine.health or {}, machine.reported or {}
    update = reported.get("update")
    updates: Mapping[str, Any] = update if isinstance(update, Mapping) else {}
    findings = _findings(health.get("checks"))
    heard = max(filter(None, (machine.health_at, machine.reported_at)), default=None)
    return MachineRow(
        said=machine,
        heard=heard,
        silent=heard is not None and now - datetime.fromisoformat(heard) > SILENT,
        version=text(health.get("version")),
        trial=text(updates.get("target")) if updates.get("phase") == "trial" else None,
        update=text(updates.get("failure") or updates.get("told")),
        wanted=wanted,
        rev=_number(reported.get("rev")),
        configuration=text(reported.get("status")),
        errors=tuple(text(each) or "" for each in _list(reported.get("errors"))),
        findings=findings,
        certificate_days=_days(health.get("checks")),
        clock=text(health.get("clock")),
        archives=sent,
    )


def _findings(checks: object) -> tuple[Finding, ...]:
    found = [_finding(each) for each in _list(checks) if isinstance(each, Mapping)]
    return tuple(sorted(found, key=lambda each: STATES.index(each.state)))


def _finding(told: Mapping[str, Any]) -> Finding:
    state: State = next((each for each in STATES if each == told.get("state")), "unknown")
    names = ("check", "value", "zh", "en", "expected", "todo")
    texts = {name: text(told.get(name)) or "" for name in names}
    return Finding(state=state, **texts)


def _days(checks: object) -> int | None:
    named = [each for each in _list(checks) if isinstance(each, Mapping) and each.get("check") == "certificate"]
    return _number(named[0].get("value")) if named else None


def _list(value: object) -> list[Any]:
    return value[:MOST_ROWS] if isinstance(value, list) else []


def _number(value: object) -> int | None:
    """A number that can be one: no truth value, and none that fills a page."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None


def text(value: object) -> str | None:
    """What a machine said as one line that does no harm; None where it said nothing."""
    if value is None:
        return None
    return "".join(each if each.isprintable() else " " for each in str(value)[:MOST_TEXT])
