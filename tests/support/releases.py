"""A repository of releases as its makers have it: keys on their media, small layers of fixed bytes, versions."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from securesystemslib.signer import CryptoSigner, SSlibKey

from firmware_service.places import Places
from firmware_service.release.keys import new_key, read_public, read_signer
from firmware_service.release.manifest import JournalSchema, Layer, LayerName, Manifest, Runs
from firmware_service.release.repository import Repository
from firmware_service.update.fetching import Source
from firmware_service.update.machine import Machine
from firmware_service.update.trust import Trust

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)
PI = Machine("aarch64", "cp313", "trixie")
RUNS = Runs("aarch64", "cp313", ("trixie",), {"python3-numpy": "*"})
ROOTS = ("root-1", "root-2", "root-3")
CHANNEL = "stable"


class Keys:
    """Key files, made when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str) -> Path:
        if not (self.folder / name).exists():
            new_key(self.folder / name, name, None)
        return self.folder / name / f"{name}.key"

    def public(self, name: str) -> SSlibKey:
        return read_public(self.file(name).with_suffix(".pub"))

    def signer(self, name: str) -> CryptoSigner:
        return read_signer(self.file(name), lambda _: "")


class Maker:
    """Who makes releases: a repository in a folder and all keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        self.keys = Keys(folder / "keys")
        self.repository = Repository(self.folder)
        self._made = folder / "made"

    def init(self, now: datetime = NOW) -> bytes:
        """An empty, published repository; gives its root as devices get it."""
        roots = [self.keys.public(name) for name in ROOTS]
        self.repository.init(roots, self.keys.public("targets"), self.keys.public("online"), now)
        self.sign("root-1", "root-2", "targets")
        self.publish(now)
        return self.repository.root()

    def release(
        self, version: str, counter: int, now: datetime = NOW, *, runs: Runs = RUNS, channel: str = CHANNEL
    ) -> Manifest:
        """A release whose layers are a few bytes of their own each; staged."""
        made = Manifest(version, channel, counter, self._layers(version), runs, JournalSchema(2, 1))
        self.repository.add(made, self._made, now)
        return made

    def sign(self, *names: str) -> None:
        for name in names:
            self.repository.sign(self.keys.signer(name))

    def publish(self, now: datetime = NOW) -> None:
        self.repository.publish(self.keys.signer("online"), now)

    def issue(self, version: str, counter: int, now: datetime = NOW, *, runs: Runs = RUNS) -> Manifest:
        """A release, signed and published."""
        made = self.release(version, counter, now, runs=runs)
        self.sign("targets")
        self.publish(now)
        return made

    def copy(self, folder: Path) -> Path:
        """What a mirror or stick made of it now."""
        shutil.copytree(self.folder, folder)
        return folder

    def _layers(self, version: str) -> tuple[Layer, ...]:
        names: Sequence[LayerName] = ("deps", "app")
        return tuple(self._layer(name, f"{name} {version}\n".encode() * 50_000) for name in names)

    def _layer(self, name: LayerName, data: bytes) -> Layer:
        sha256 = hashlib.sha256(data).hexdigest()
        layer = Layer(name, sha256, len(data), sha256, len(data))
        file = self._made / layer.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return layer


@dataclass(slots=True)
class Device:
    """One device: its places, its root of trust and its clock."""

    places: Places
    root: bytes
    now: datetime = NOW
    machine: Machine = PI

    def trust(self, source: Source) -> Trust:
        return Trust(self.places, self.root, source, self.machine, lambda: self.now)
