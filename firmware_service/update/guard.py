"""The guard outside of every slot: starts a trial, keeps it or returns from it, and mends ``current`` at boot.

One file with the standard library only, run by the operating system's Python (``python3 -I guard.py boot|watch|stop``):
no release can break it. A phase of ``slots.json`` has one owner, see `firmware_service.update.slots`; what is to be
done is on the disk before it is done, and doing it twice does no harm. Time is this boot's monotonic clock: a wall
clock that jumps keeps no trial and ends none.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

At = Callable[[str], object]
"""Told the name of each step just before it; for tests that cut the power there."""
State = dict[str, Any]

SCHEMA = 1
UNITS = ("udi-station.service", "udi-camera.service", "udi-firmware.service")
RESTART = ("restart", "--no-block", *UNITS)
MOST_STARTS = 3
"""Of one trial, without having been well long enough."""
MOST_RESTARTS = 3  # by systemd, of one unit: it crashes, or its watchdog ends it
MOST_FAILURES = 3
"""Trials of one version in a row; then it is refused until there is a newer one."""
DONE = {"phase": "cleanup", "target": None, "trial": None, "rollback": None}
FRESH_S = 120.0
"""Age up to which the agent's facts count."""
_SYSTEMCTL_S = 30.0
KEYS = {*DONE, "committed", "previous", "floor", "failure", "refused"}  # of the state; one that lacks any is left alone


def deadline_s(trial_s: float) -> float:
    """Seconds within which a trial has to be well for `trial_s`, from each of its starts on."""
    return 3 * trial_s + 300.0


def replace(path: Path, data: bytes, at: At = lambda _: None) -> None:
    """Replace a file: the old content or the new, whatever happens."""
    part = path.with_name(path.name + ".part")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        at("written aside")
        os.fsync(fd)
    at("flushed aside")
    part.rename(path)
    at("renamed")
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush a folder."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(fd)
    os.close(fd)


def point(current: Path, version: str, at: At = lambda _: None) -> None:
    """Let ``current`` name the slot of this version; it names the former or the new one at every moment."""
    aside = current.with_name(current.name + ".part")
    aside.unlink(missing_ok=True)
    at("link: before")
    aside.symlink_to(f"slots/{version}")
    at("link: made aside")
    aside.replace(current)
    at("link: replaced")
    sync_folder(current.parent)


def named(current: Path) -> str | None:
    """The version that ``current`` names; None if it is no link."""
    try:
        return Path(os.readlink(current)).name  # noqa: PTH115 - the text, whether or not it leads somewhere
    except OSError:
        return None


def entry(path: Path) -> tuple[str, str]:
    """Kind (``f``, ``x`` when it can be run, ``l`` link) and SHA-256 of a file, or of a link's text.

    Raises:
        OSError: it cannot be read.
    """
    if path.is_symlink():
        return "l", hashlib.sha256(os.readlink(path).encode()).hexdigest()  # noqa: PTH115 - the text
    with path.open("rb") as file:
        kind = "x" if os.fstat(file.fileno()).st_mode & 0o100 else "f"
        return kind, hashlib.file_digest(file, "sha256").hexdigest()


def complete(slot: Path, *, by_hash: bool) -> bool:
    """Whether everything that ``hashes`` of a slot lists is there; `by_hash`: and is what was installed."""
    try:
        lines = (slot / "hashes").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return False
    return bool(lines) and all(_is_there(slot, line, by_hash=by_hash) for line in lines)


def _is_there(slot: Path, line: str, *, by_hash: bool) -> bool:
    sha256, _, rest = line.partition(" ")
    kind, _, name = rest.partition(" ")
    try:
        return entry(slot / name) == (kind, sha256) if by_hash else os.path.lexists(slot / name)
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Unit:
    """How systemd says a unit is."""

    active: bool  # it runs and said READY
    restarts: int  # by systemd itself, since somebody last started it


def ask_units(systemctl: Sequence[str]) -> dict[str, Unit]:
    """All units of a station by name; none of them when systemd does not answer."""
    found = {}
    for block in _call(systemctl, "show", "--property=Id,ActiveState,NRestarts", *UNITS).split("\n\n"):
        facts = dict(line.partition("=")[::2] for line in block.splitlines())
        restarts = facts.get("NRestarts", "")
        active = facts.get("ActiveState") == "active"
        found[facts.get("Id", "")] = Unit(active, int(restarts) if restarts.isdigit() else 0)
    return found


def _call(systemctl: Sequence[str], *words: str) -> str:
    """What systemd says; nothing, and the problem in the log, when it does not: what it leads to the next look sees."""
    command = [*systemctl, *words]
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=_SYSTEMCTL_S).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        say("systemctl", problem=error)
        return ""


def read_facts(file: Path, mono_s: float) -> tuple[str, dict[str, bool]]:
    """Version of the agent that wrote ``health.json``, and its facts; nothing when there is no fresh one."""
    told = _read_object(file) or {}
    written, facts = told.get("mono_s"), told.get("facts")
    fresh = isinstance(written, int | float) and 0 <= mono_s - written <= FRESH_S
    if not fresh or not isinstance(facts, dict):
        return "", {}
    return str(told.get("version")), {str(name): good is True for name, good in facts.items()}


def say(what: str, **facts: object) -> None:
    """A line for the log."""
    print(f"guard={what}", *(f"{key}={value}" for key, value in facts.items()), file=sys.stderr, flush=True)  # noqa: T201


class Guard:
    """One look, at boot or by timer."""

    def __init__(self, root: Path, systemctl: Sequence[str], at: At, mono_s: Callable[[], float]) -> None:
        """Guard the device under `root`, ``/`` or a tree that stands for it; `mono_s`: seconds since this boot."""
        self._systemctl, self._at, self._mono_s = systemctl, at, mono_s
        self._folder = root / "var/lib/udi-firmware"
        self._file = self._folder / "slots.json"
        self._slots, self._current = root / "opt/udi/slots", root / "opt/udi/current"
        self._run, self._health = (root / "run/udi-firmware" / name for name in ("trial.json", "health.json"))
        self._boot = _text(root / "proc/sys/kernel/random/boot_id")

    def boot(self) -> bool:
        """Before the station starts: count the start of a trial or return from it; whether ``current`` is complete."""
        with locked(self._folder):
            state = self._read()
            if state is None:
                return self._mend(None)
            try:
                state = self._taken_over(state)
                if state["phase"] == "rollback":
                    state = self._return(state, restart=False)
                elif state["phase"] == "trial" and not self._started(state):
                    state = self._start(state, restart=False)
            finally:  # whatever a full disk refused
                mended = self._mend(state)
            return mended

    def watch(self) -> bool:
        """While the station runs: start a trial, keep it or return from it; whether the state could be read."""
        with locked(self._folder):
            state = self._read()
            if state is None:
                return False
            state = self._taken_over(state)
            if state["phase"] == "rollback":
                self._return(state, restart=True)
            elif state["phase"] == "trial" and self._started(state):
                self._judge(state)
            elif state["phase"] == "trial":
                self._start(state, restart=True)
            return True

    def stop(self) -> bool:
        """While the machine goes down as it was asked to: the next start is not unexpected."""
        replace(self._folder / "stopped", self._boot.encode())
        return True

    def _taken_over(self, state: State) -> State:
        """The agent ended between the swap and saying so: from the link on it is a trial."""
        swapped = state["phase"] == "swap" and state["trial"] and named(self._current) == state["target"]
        return self._write({**state, "phase": "trial"}, "trial") if swapped else state

    def _started(self, state: State) -> bool:
        run = _read_object(self._run) or {}
        return (run.get("boot"), run.get("version")) == (self._boot, state["target"])

    def _start(self, state: State, *, restart: bool) -> State:
        trial = state["trial"]
        if reason := self._why_not(state["target"], trial):
            return self._give_up(state, reason, restart=restart)
        state = self._write({**state, "trial": {**trial, "starts": trial["starts"] + 1, "boot": self._boot}}, "start")
        say("start", version=state["target"], start=state["trial"]["starts"])
        if restart:
            self._at("start: restart units")
            _call(self._systemctl, *RESTART)
        self._at("start: note")
        self._note({"boot": self._boot, "version": state["target"], "began": self._mono_s()})
        return state

    def _why_not(self, version: str, trial: Mapping[str, Any]) -> str:
        if named(self._current) != version or not complete(self._slots / version, by_hash=True):
            return "its slot is not what was installed"
        if trial["starts"] >= MOST_STARTS:
            return f"started {trial['starts']} times without being well for {trial['trial_s']} s"
        other_boot = trial["starts"] > 0 and trial["boot"] != self._boot
        if other_boot and _text(self._folder / "stopped") != trial["boot"]:
            return "the machine went down on trial without being asked to"
        return ""

    def _judge(self, state: State) -> State:
        trial, run, now = state["trial"], _read_object(self._run) or {}, self._mono_s()
        units = ask_units(self._systemctl)
        restarts = max((units[name].restarts for name in trial["units"] if name in units), default=0)
        if restarts >= MOST_RESTARTS:
            return self._give_up(state, f"restarted {restarts} times by systemd", restart=True)
        sick = self._sick(state, units, now)
        steady = not sick and restarts == run.get("restarts", 0) and run.get("well") is not None
        well = None if sick else run["well"] if steady else now
        if well is not None and now - well >= trial["trial_s"]:
            return self._keep(state)
        if now - run["began"] >= deadline_s(trial["trial_s"]):
            return self._give_up(state, f"not well in time: {', '.join(sick) or 'it comes and goes'}", restart=True)
        self._note({**run, "well": well, "restarts": restarts})
        return state

    def _sick(self, state: State, units: Mapping[str, Unit], now: float) -> list[str]:
        """What was well before and is not now; what was not, such as a broker without a network, asks for nothing."""
        trial = state["trial"]
        sick = [f"{name} is not ready" for name in trial["units"] if name not in units or not units[name].active]
        version, facts = read_facts(self._health, now)
        facts = facts if version == state["target"] else {}
        return sick + [name for name, good in trial["before"].items() if good and not facts.get(name, False)]

    def _keep(self, state: State) -> State:
        """The commit: one write of the state."""
        say("keep", version=state["target"])
        kept = {"committed": state["target"], "previous": state["committed"], "failure": None, "refused": {}}
        floor = max(state["floor"], state["trial"]["counter"])
        state = self._write({**state, **kept, **DONE, "floor": floor}, "commit")
        self._run.unlink(missing_ok=True)
        return state

    def _give_up(self, state: State, reason: str, *, restart: bool) -> State:
        back = {"to": state["committed"], "reason": reason}
        return self._return(self._write({**state, "phase": "rollback", "rollback": back}, "give up"), restart=restart)

    def _return(self, state: State, *, restart: bool) -> State:
        """To the version that was meant if its slot is whole, else to another one that is, else it stays."""
        back, version = state["rollback"], state["target"]
        to = self._whole(back["to"], state["committed"], state["previous"], but=version) or back["to"]
        say("return", version=version, to=to, reason=repr(back["reason"]))
        self._at("rollback: begin")
        self._run.unlink(missing_ok=True)
        point(self._current, to, lambda name: self._at(f"rollback: {name}"))
        if restart:
            self._at("rollback: restart units")
            _call(self._systemctl, *RESTART)
        return self._write(_returned(state, to, datetime.now(UTC).isoformat(timespec="seconds")), "rollback")

    def _mend(self, state: State | None) -> bool:
        """Let ``current`` name a whole slot if there is one, and let the state say that it is the one that is kept."""
        runs = named(self._current)
        if runs is None or not complete(self._slots / runs, by_hash=False):
            runs = self._whole(*((state["committed"], state["previous"]) if state else ()))
            if runs is None:
                say("mend", problem=f"no complete slot in {self._slots}: write the card anew")
                return False
            say("mend", current=runs)
            point(self._current, runs, lambda name: self._at(f"mend: {name}"))
        if state and runs != state["committed"] and not _on_trial(state, runs):
            self._write({**state, **DONE, "committed": runs, "previous": None}, "mend")
        return True

    def _whole(self, *first: str | None, but: str = "") -> str | None:
        """Whose slot is what was installed: the first of these, else any other, `but` last of all; None: none is."""
        there = [path.name for path in sorted(self._slots.glob("*"), reverse=True) if path.suffix != ".part"]
        order = sorted([*filter(None, first), *there], key=lambda version: version == but)
        return next((version for version in order if complete(self._slots / version, by_hash=True)), None)

    def _read(self) -> State | None:
        state = _read_object(self._file)
        if state is None or state.get("schema") != SCHEMA or not state.keys() >= KEYS:
            say("state", problem=f"{self._file}: expected an object of schema {SCHEMA}")
            return None
        return state

    def _write(self, state: State, step: str) -> State:
        data = json.dumps(state, ensure_ascii=False, sort_keys=True) + "\n"
        self._at(f"{step}: before")
        replace(self._file, data.encode(), lambda name: self._at(f"{step}: {name}"))
        self._at(f"{step}: after")
        return state

    def _note(self, run: Mapping[str, object]) -> None:
        self._run.parent.mkdir(parents=True, exist_ok=True)
        replace(self._run, json.dumps(run).encode())


def _on_trial(state: State, version: str) -> bool:
    return state["phase"] in ("trial", "rollback") or (state["phase"], state["target"]) == ("swap", version)


def _returned(state: State, to: str, at: str) -> State:
    """After a return: the version that failed is counted, and refused after so many failures in a row. Pure."""
    version, by_hand, stays = state["target"], state["trial"] is None, to == state["target"]
    reason = state["rollback"]["reason"] + ("; no other slot is whole, it stays" if stays else "")
    former = state["failure"] if (state["failure"] or {}).get("version") == version else {"count": 0}
    failure = {"version": version, "count": former["count"] + 1, "reason": reason, "at": at}
    refused = not stays and (by_hand or failure["count"] >= MOST_FAILURES)
    return {
        **state,
        "committed": to,
        "previous": state["previous"] if to == state["committed"] and not stays else None,
        **DONE,
        "failure": failure,
        "refused": {**state["refused"], version: reason} if refused else state["refused"],
    }


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else changes the state of the slots meanwhile."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "slots.lock").open("ab") as file:  # cutting it off would write to the card at every look
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read_object(path: Path) -> State | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def main() -> int:
    """Exit status 0, or 1 when somebody has to look."""
    parser = argparse.ArgumentParser(description="Guard the slots of this device.")
    parser.add_argument("--root", type=Path, default=Path("/"), help="a tree that stands for the device")
    parser.add_argument("--systemctl", default="systemctl", help="the command")
    parser.add_argument("what", choices=("boot", "watch", "stop"))
    told = parser.parse_args()
    guard = Guard(told.root, shlex.split(told.systemctl), lambda _: None, time.monotonic)
    try:
        return 0 if {"boot": guard.boot, "watch": guard.watch, "stop": guard.stop}[told.what]() else 1
    except OSError as error:
        say("disk", problem=error, todo="make room on the card, or replace it: the next look goes on by itself")
        return 1


if __name__ == "__main__":
    sys.exit(main())
