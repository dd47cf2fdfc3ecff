"""A device on a bench: a tree that stands for it, releases of a few files, systemd as a script, processes that die."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from firmware_service.places import Places
from firmware_service.release.layers import make_patch, pack, write_layer
from firmware_service.release.manifest import JournalSchema, Layer, LayerName, Manifest, Patch, Runs
from firmware_service.update.driver import Driver
from firmware_service.update.fetching import FetchError, FolderSource
from firmware_service.update.fit import JOURNAL_BYTES, Here
from firmware_service.update.guard import UNITS, At, Guard, complete, named
from firmware_service.update.machine import Machine
from firmware_service.update.slots import AGENT, Before, Slots, Store, returning
from firmware_service.update.trust import SourceError

PI = Machine("aarch64", "cp313", "trixie")
RUNS = Runs("aarch64", "cp313", ("trixie",), {"python3-numpy": ">= 1:1.24, < 1:3"})
HERE = Here(PI, {"python3-numpy": "1:1.26.4+ds-13"}, 10**10, JOURNAL_BYTES)
TRIAL_S = 60
LOOK_S = 40.0
"""Between two looks of the guard."""
SYSTEMCTL = """#!/bin/sh
if [ "$1" = show ]; then cat "{root}/units"; else echo "$@" >> "{root}/asked"; fi
"""


class Releases:
    """A repository without signatures: manifests and blobs in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[Manifest] = []
        folder.mkdir(parents=True)

    def add(
        self,
        version: str,
        *,
        deps: str = "1",
        runs: Runs = RUNS,
        journal: JournalSchema | None = None,
        channel: str = "stable",
        guard: str | None = None,
    ) -> Manifest:
        """A release; its layer ``deps`` changes only where it is told to; with a guard, if one is given."""
        trees: Mapping[LayerName, Mapping[str, str]] = {
            "deps": {"site-packages/dep/__init__.py": f"# {deps}\n" * 200},
            "app": {
                "bin/udi-station": f"#!/bin/sh\necho {version}\n",
                "site-packages/app.py": "".join(f"line = {n}\n" for n in range(2000)) + f"version = {version!r}\n",
                "systemd/udi-station.service": "[Unit]\n",
                **({} if guard is None else {"site-packages/firmware_service/update/guard.py": guard}),
            },
        }
        layers = tuple(self._layer(version, name, files) for name, files in trees.items())
        counter = len(self.made) + 1
        made = Manifest(version, channel, counter, layers, runs, journal or JournalSchema(2, 1), trial_s=TRIAL_S)
        self.made.append(made)
        return made

    def copy(self, folder: Path) -> Releases:
        """The same, to which others may be added."""
        made = Releases(folder / "own")
        shutil.copytree(self.folder, made.folder, symlinks=True, dirs_exist_ok=True)
        made.made = list(self.made)
        return made

    def newest(self, channel: str, _floor: int) -> Manifest:
        return next(each for each in reversed(self.made) if each.channel == channel)

    def fetch(self, blob: Layer | Patch, into: Path) -> Iterator[int]:
        """By the product's own carrier: what it flushes is what is flushed here."""
        try:
            yield from FolderSource(self.folder).fetch(blob.sha256, into, blob.sha256, blob.size)
        except FetchError as error:
            raise SourceError(str(error)) from error

    def _layer(self, version: str, name: LayerName, files: Mapping[str, str]) -> Layer:
        tree, tar = self.folder / f"{version}-{name}", self.folder / f"{version}-{name}.tar"
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text, encoding="utf-8")
            (tree / path).chmod(0o755 if path.startswith("bin/") else 0o644)
        (tree / f"site-packages/{name}-link").symlink_to("app.py")
        made = write_layer(tree, name, tar)
        packed = pack(tar, self.folder / "packed")
        (self.folder / "packed").rename(self.folder / packed.sha256)
        patches = tuple(self._patch(old.layer(name), tar) for old in self.made[-1:] if name == "app")
        return Layer(name, packed.sha256, packed.size, made.sha256, made.size, patches)

    def _patch(self, old: Layer, tar: Path) -> Patch:
        base = next(each for each in self.folder.glob("*.tar") if _sha256(each) == old.tar_sha256)
        made = make_patch(base, tar, self.folder / "packed")
        (self.folder / "packed").rename(self.folder / made.sha256)
        return Patch(old.tar_sha256, made.sha256, made.size)


@dataclass(frozen=True, slots=True)
class Bench:
    """One device and what is published for it. All of its state lies in files, so that processes may die."""

    root: Path
    releases: Releases

    @property
    def places(self) -> Places:
        return Places(self.root)

    @property
    def state(self) -> Slots:
        return Store(self.places).read()

    @property
    def current(self) -> str | None:
        return named(self.places.current)

    def prepare(self) -> None:
        """What a card brings: folders, systemd, a boot id."""
        for folder in ("opt/udi/slots", "var/lib/udi-firmware", "run/udi-firmware", "proc/sys/kernel/random"):
            (self.root / folder).mkdir(parents=True)
        self.systemctl.write_text(SYSTEMCTL.format(root=self.root), encoding="utf-8")
        self.systemctl.chmod(0o755)
        (self.root / "mono").write_text("100", encoding="ascii")
        self.units()
        self.reboot("boot-0")

    @property
    def systemctl(self) -> Path:
        return self.root / "systemctl"

    def units(self, *, active: bool = True, restarts: int = 0) -> None:
        """How systemd finds the units from now on."""
        state = "active" if active else "activating"
        blocks = [f"Id={name}\nActiveState={state}\nNRestarts={restarts}\n" for name in UNITS]
        (self.root / "units").write_text("\n".join(blocks), encoding="ascii")

    def reboot(self, boot: str, *, asked: bool = False) -> None:
        """The machine goes down, asked to or not, and up again until just before the guard."""
        if asked:
            self.guard().stop()
        shutil.rmtree(self.places.run)
        self.places.run.mkdir()
        (self.root / "proc/sys/kernel/random/boot_id").write_text(f"{boot}\n", encoding="ascii")
        (self.root / "mono").write_text("5", encoding="ascii")

    def later(self, seconds: float) -> None:
        (self.root / "mono").write_text(str(self.mono_s() + seconds), encoding="ascii")

    def mono_s(self) -> float:
        return float((self.root / "mono").read_text(encoding="ascii"))

    def facts(self, by: str | None = None, /, **facts: bool) -> None:
        """What the agent says now: that of the slot that is named, or of another version."""
        told = {"schema": 1, "version": by or self.current, "mono_s": self.mono_s(), "facts": facts}
        (self.places.run / "health.json").write_text(json.dumps(told), encoding="utf-8")

    def guard(self, at: At = lambda _: None) -> Guard:
        return Guard(self.root, [str(self.systemctl)], at, self.mono_s)

    def driver(self, at: At = lambda _: None, here: Here = HERE, before: Before | None = None) -> Driver:
        known = before or Before(UNITS[:1], {"journal": True, "broker": False})
        return Driver(self.places, lambda _: here, lambda: known, lambda: None, at)

    def look(self, at: At = lambda _: None, *, good: bool = True) -> None:
        """The guard's next look; the version that runs is well or not."""
        self.later(LOOK_S)
        self.units(active=good)
        self.facts(journal=True)
        self.guard(at).watch()

    def live(self, at: At = lambda _: None, *, good: bool = True) -> None:
        """Go on until there is nothing more to do; `good`: what the newest release is."""
        for _ in range(200):
            now, newest = self.state, self.releases.made[-1]
            if now.phase in AGENT:
                self.driver(at).advance(self.releases)
            elif now.phase != "idle":
                self.look(at, good=good or self.current != newest.version)
            elif newest.version in (now.committed, *now.refused):
                return
            else:
                self.driver(at).begin(newest)
        raise AssertionError(f"no end: {self.state}")

    def swap(self, before: Before | None = None) -> None:
        """Go on until the newest release waits for the guard."""
        driver = self.driver(before=before)
        driver.begin(self.releases.made[-1])
        while self.state.phase in AGENT:
            driver.advance(self.releases)

    def go_back(self) -> None:
        """Somebody wants the version before."""
        Store(self.places).change(lambda now: returning(now, "asked for by hand"))
        assert self.guard().watch()

    def lose(self, *versions: str) -> None:
        """A byte of these slots is not what it was."""
        for version in versions:
            file = self.places.slots / version / "site-packages/app.py"
            file.write_bytes(b"#" + file.read_bytes()[1:])

    def install(self, version: str) -> None:
        """Bring this version, the newest release so far, all the way."""
        self.live()
        assert self.state.committed == version

    def whole(self) -> bool:
        """Whether ``current`` names a slot whose files are those of its release."""
        slot = self.places.slots / (self.current or "none")
        return (
            complete(slot, by_hash=True) and json.loads((slot / "manifest.json").read_bytes())["version"] == slot.name
        )

    def copy(self, root: Path) -> Bench:
        """Another device in the same state."""
        shutil.copytree(self.root, root, symlinks=True, dirs_exist_ok=True)
        made = replace(self, root=root, releases=self.releases.copy(root.with_name("releases")))
        made.systemctl.write_text(SYSTEMCTL.format(root=root), encoding="utf-8")
        return made


def kept_twice(folder: Path) -> Bench:
    """A device that has kept 1.1.0, and 1.0.0 before that."""
    made = Bench(folder / "device", Releases(folder / "releases"))
    made.prepare()
    for version in ("1.0.0", "1.1.0"):
        made.releases.add(version)
        made.install(version)
    return made


def in_process(work: Callable[[At], object], at: At = lambda _: None) -> int:
    """Do it in a process of its own; gives how it ended, negative: by which signal."""
    with warnings.catch_warnings(
        action="ignore", category=DeprecationWarning
    ):  # pytest's own threads hold no lock of ours
        pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work(at)
            code = 0
        except BaseException:  # noqa: BLE001 - said, and the process ends
            traceback.print_exc(file=sys.stderr)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_at(step: str, work: Callable[[At], object]) -> bool:
    """Do it in a process that is killed just at this step; whether it got there."""

    def at(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    ended = in_process(work, at)
    assert ended in (0, -signal.SIGKILL), ended
    return ended != 0


def steps_of(work: Callable[[At], object], file: Path) -> list[str]:
    """The names of all steps of some work, in order, each once."""

    def at(name: str) -> None:
        with file.open("a", encoding="utf-8") as out:
            out.write(f"{name}\n")

    assert in_process(work, at) == 0
    return list(dict.fromkeys(file.read_text(encoding="utf-8").splitlines()))


def tree(folder: Path) -> Mapping[str, tuple[int, bytes]]:
    """Mode and bytes of everything below, by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        data = str(path.readlink()).encode() if path.is_symlink() else b"" if path.is_dir() else path.read_bytes()
        found[path.relative_to(folder).as_posix()] = (path.lstat().st_mode, data)
    return found


@functools.cache
def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
