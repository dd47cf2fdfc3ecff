import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.remote.commands import (
    Command,
    CommandDesk,
    CommandError,
    CommandFailed,
    GoesOn,
    Run,
    read_command,
)
from hardware.host.clock import ClockReading, Quality

AT = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)


def asked(expires: datetime = AT + timedelta(hours=1), **other: Any) -> bytes:
    return json.dumps({"schema": 1, "status": "init", "expires": expires.isoformat(), **other}).encode()


class Machine:
    """Carries out commands, and starts anew on the same card."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.did: list[tuple[str, Mapping[str, str]]] = []
        self.said: list[tuple[str, str, str]] = []
        self.at, self.quality, self.boot = AT, "ntp", "first"
        self.dies = False
        self.desk = self.start()

    def start(self) -> CommandDesk:
        runs = {"restart": self.run("restart"), "reboot": self.run("reboot"), "selftest": self.fail}
        self.desk = CommandDesk(self.folder / "commands.json", runs, self.now, self.say)
        return self.desk

    def run(self, kind: str) -> Any:
        def run(command: Command) -> str:
            self.did.append((kind, command.args))
            if self.dies:
                raise KeyboardInterrupt
            return "done"

        return run

    def fail(self, _command: Command) -> str:
        raise CommandFailed("the lamp is out")

    def now(self) -> ClockReading:
        quality: Quality = self.quality  # type: ignore[assignment]
        return ClockReading(self.at, quality, self.boot, 0)

    def say(self, kind: str, ident: str, payload: bytes) -> None:
        told = json.loads(payload) if payload else {"status": "-", "said": ""}
        self.said.append((f"{kind}/{ident}", told["status"], told["said"]))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_command_is_done_once_whatever_is_repeated(machine: Machine) -> None:
    for _ in range(3):
        machine.desk.hear("restart", "a1", asked(args={"unit": "station"}))
        machine.desk.tick()
    machine.start().hear("restart", "a1", asked())
    machine.desk.tick()
    assert machine.did == [("restart", {"unit": "station"})]
    assert {each[1:] for each in machine.said} == {("executing", ""), ("successful", "done")}
    assert machine.said[-1] == ("restart/a1", "successful", "done")


NOT_DONE = {
    "expired": ("restart", asked(AT), "expired at 2027-01-02 03:04 UTC"),
    "unknown": ("dance", asked(), "'dance' is unknown here; expected one of restart, reboot, selftest"),
    "fails": ("selftest", asked(), "the lamp is out"),
}


@pytest.mark.parametrize(("kind", "payload", "said"), NOT_DONE.values(), ids=NOT_DONE.keys())
def test_what_could_not_be_done_says_why(machine: Machine, kind: str, payload: bytes, said: str) -> None:
    machine.desk.hear(kind, "a1", payload)
    machine.desk.tick()
    assert machine.did == []
    assert machine.said[-1][1] == "failed"
    assert said in machine.said[-1][2]


def test_nothing_is_done_while_the_time_is_not_known(machine: Machine) -> None:
    machine.quality = "floor"
    machine.desk.hear("restart", "old", asked(AT - timedelta(days=2)))
    machine.at = AT - timedelta(days=30)
    machine.desk.tick()
    assert machine.said == []
    machine.at, machine.quality = AT, "https"
    machine.desk.tick()
    assert machine.did == []
    assert "expired" in machine.said[-1][2]


def test_what_the_hub_clears_is_forgotten(machine: Machine) -> None:
    machine.desk.hear("restart", "a1", asked())
    machine.desk.tick()
    machine.desk.hear("restart", "a2", asked())
    for ident in ("a1", "a2", "never"):
        machine.desk.hear("restart", ident, b"")
    machine.desk.tick()
    assert len(machine.did) == 1, "one that was cleared before its turn is not done"
    assert machine.said[-1] == ("restart/a1", "-", "")
    machine.start()
    assert machine.said[-1] == ("restart/a1", "-", ""), "and nothing is said of it after a start"


def slow(machine: Machine, *under_way: str) -> CommandDesk:
    """A desk one of whose commands goes on after it was begun."""
    runs: dict[str, Run] = {"diagnostics": lambda command: GoesOn(f"{command.ident} is on its way")}
    return CommandDesk(
        machine.folder / "commands.json", runs, machine.now, machine.say, lambda _kind, ident: ident in under_way
    )


def test_a_command_that_goes_on_is_under_way_until_it_is_finished(machine: Machine) -> None:
    desk = slow(machine)
    desk.hear("diagnostics", "a1", asked())
    desk.tick()
    assert machine.said[-1] == ("diagnostics/a1", "executing", "a1 is on its way")
    assert desk.under_way("diagnostics") == {"a1"}
    assert desk.under_way("restart") == set()
    desk.hear("diagnostics", "a1", b'{"schema": 1, "status": "received", "sha256": "00"}')
    desk.finish("diagnostics", "a1", "successful", "it is there")
    assert machine.said[-1] == ("diagnostics/a1", "successful", "it is there")
    assert desk.under_way("diagnostics") == set()
    said = len(machine.said)
    desk.finish("diagnostics", "cleared", "successful", "")
    assert len(machine.said) == said, "nobody waits for what the hub cleared"


@pytest.mark.parametrize(("under_way", "status"), [(("a1",), "executing"), ((), "failed")])
def test_what_goes_on_after_a_start(machine: Machine, under_way: tuple[str, ...], status: str) -> None:
    desk = slow(machine)
    desk.hear("diagnostics", "a1", asked())
    desk.tick()
    assert slow(machine, *under_way).under_way("diagnostics") == {*under_way}
    assert machine.said[-1][:2] == ("diagnostics/a1", status)


BREAKS = {
    "a reboot that was asked for": ("reboot", "second", "successful", "started anew"),
    "a reboot that did not come": ("reboot", "first", "failed", "ask again"),
    "a restart in the midst": ("restart", "first", "failed", "ask again"),
}


@pytest.mark.parametrize(("kind", "boot", "status", "said"), BREAKS.values(), ids=BREAKS.keys())
def test_what_a_break_left_behind(machine: Machine, kind: str, boot: str, status: str, said: str) -> None:
    machine.dies = True
    machine.desk.hear(kind, "a1", asked())
    with pytest.raises(KeyboardInterrupt):
        machine.desk.tick()
    machine.boot = boot
    machine.start()
    assert machine.said[-1][:2] == (f"{kind}/a1", status)
    assert said in machine.said[-1][2]
    machine.desk.hear(kind, "a1", asked())
    machine.desk.tick()
    assert len(machine.did) == 1


def test_answers_do_not_pile_up(machine: Machine) -> None:
    for number in range(250):
        machine.desk.hear("restart", f"n{number}", asked())
        machine.desk.tick()
    assert len(json.loads((machine.folder / "commands.json").read_bytes())) == 200


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "commands.json").write_bytes(b"\0\0")
    Machine(tmp_path)
    assert "cannot be read" in caplog.text


NO_COMMANDS = {
    "no json": ("restart", "a", b"{"),
    "no expiry": ("restart", "a", b'{"schema": 1, "status": "init"}'),
    "no zone": ("restart", "a", asked(datetime(2027, 1, 1))),  # noqa: DTZ001 - that is the point
    "another schema": ("restart", "a", asked(schema=2)),
    "args of numbers": ("restart", "a", asked(args={"a": 1})),
    "a name that is none": ("restart", "../a", asked()),
    "too much": ("restart", "a", asked(args={"a": "x" * 9000})),
}


@pytest.mark.parametrize(("kind", "ident", "payload"), NO_COMMANDS.values(), ids=NO_COMMANDS.keys())
def test_what_is_no_command(machine: Machine, kind: str, ident: str, payload: bytes) -> None:
    with pytest.raises(CommandError):
        read_command(kind, ident, payload)
    machine.desk.hear(kind, ident, payload)
    machine.desk.tick()
    assert machine.said == []


@given(st.binary(max_size=300) | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode()))
def test_any_bytes_are_no_command_or_refused(payload: bytes) -> None:
    with contextlib.suppress(CommandError):
        assert read_command("restart", "a", payload) is None
