"""Building a release: two trees, packed as layers, and the manifest that names them."""

from __future__ import annotations

import configparser
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from firmware_service.release.layers import make_patch, pack, unpack_to_tar, write_layer
from firmware_service.release.manifest import (
    JournalSchema,
    Layer,
    LayerName,
    Manifest,
    Patch,
    Runs,
    read_manifest,
    write_manifest,
)
from firmware_service.release.wheels import BuildError, install, locked, project_wheel, unpack_project
from hardware.host.files import replace
from hardware.host.toml import load

Architecture = Literal["aarch64", "x86_64"]
MANIFEST = "manifest.json"
PACKAGES = "site-packages"
LAUNCHERS = ("udi-station", "udi-firmware")
"""What a device runs of the project's commands."""
JOURNAL = f"{PACKAGES}/edge/station/journal/schema.toml"
"""Where a built tree says what it makes of the journal."""
RUNS = Path(__file__).with_name("runs.toml")
WORTH = 0.5
"""A patch is kept when it is smaller than this part of its layer."""
LAUNCHER = """#!/usr/bin/python3 -I
# The slot this file lies in, whatever `current` names later; before what the operating system brings.
import os
import sys

slot = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(slot, "site-packages"))

from {module} import {function}

sys.exit({function}())
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """What ``runs.toml`` says of one interpreter."""

    systems: tuple[str, ...]
    packages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interpreters:
    """The whole of ``runs.toml``."""

    cp311: Interpreter
    cp313: Interpreter


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built."""

    version: str
    channel: str
    counter: int
    architecture: Architecture
    python: Literal["cp311", "cp313"]
    trial_s: int = 180


def build(order: Order, tree: Path, wheels: Path | None, out: Path, after: Path | None = None) -> Manifest:
    """Build a release into a folder: ``manifest.json`` and ``blob/``.

    Args:
        order: what.
        tree: the source of this project, with ``pyproject.toml`` and ``requirements.lock``.
        wheels: a folder with the locked wheels; from the package index if None.
        out: the folder.
        after: manifest of the release before, with its ``blob/`` beside it: layers that are the same are kept, others
            get a patch, and the journal has to fit.

    Raises:
        BuildError: something is missing, or the release before could not open the journal after a rollback.
    """
    lock = (tree / "requirements.lock").read_text(encoding="utf-8")
    requirements = locked(lock, (tree / "pyproject.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(dir=out.parent, prefix="release-") as folder:
        work = Path(folder)
        install(requirements, work / "deps" / PACKAGES, order.architecture, order.python, wheels)
        _make_app(tree, work / "app", order.version, work)
        return assemble(order, work, out, after)


def assemble(order: Order, work: Path, out: Path, after: Path | None = None) -> Manifest:
    """Pack the trees ``deps`` and ``app`` below `work`; the second half of `build`.

    Raises:
        BuildError: see `build`.
    """
    journal = load(work / "app" / JOURNAL, JournalSchema)
    before = read_manifest(after.read_bytes()) if after else None
    if before is not None:
        _refuse_unopened(before, order, journal)
    names: tuple[LayerName, ...] = ("deps", "app")
    layers = tuple(_layer(name, work, out, before, after) for name in names)
    interpreter: Interpreter = getattr(load(RUNS, Interpreters), order.python)
    runs = Runs(order.architecture, order.python, interpreter.systems, dict(interpreter.packages))
    manifest = Manifest(order.version, order.channel, order.counter, layers, runs, journal, order.trial_s)
    data = write_manifest(manifest)
    read_manifest(data)  # what devices would not read is not built
    replace(out / MANIFEST, data, mode=0o644)
    return manifest


def _make_app(tree: Path, app: Path, version: str, work: Path) -> None:
    found = unpack_project(project_wheel(tree, work), app / PACKAGES)
    if found != version:
        raise BuildError(f"version {version}: pyproject.toml says {found}")
    entries = configparser.ConfigParser()
    entries.read(app / PACKAGES / f"udi_station-{found}.dist-info/entry_points.txt", encoding="utf-8")
    (app / "bin").mkdir()
    for name in LAUNCHERS:
        module, _, function = entries["console_scripts"][name].partition(":")
        launcher = app / "bin" / name
        launcher.write_text(LAUNCHER.format(module=module, function=function), encoding="utf-8")
        launcher.chmod(0o755)
    shutil.copytree(tree / "systemd", app / "systemd")


def _refuse_unopened(before: Manifest, order: Order, journal: JournalSchema) -> None:
    if before.journal.writes < journal.opens_from:
        raise BuildError(
            f"release {before.version} has journal schema {before.journal.writes} and could not open the journal that "
            f"{order.version} leaves behind (schema {journal.writes}, opened from {journal.opens_from} on): "
            "publish a release between them that can"
        )
    if order.counter <= before.counter:
        raise BuildError(
            f"counter {order.counter}: release {before.version} has {before.counter}, expected a higher one"
        )


def _layer(name: LayerName, work: Path, out: Path, before: Manifest | None, after: Path | None) -> Layer:
    (out / "blob").mkdir(parents=True, exist_ok=True)
    tar, packed = work / f"{name}.tar", out / "blob" / f"{name}.part"
    made = write_layer(work / name, name, tar)
    old = before.layer(name) if before else None
    if old is not None and after is not None and old.tar_sha256 == made.sha256:
        same = Layer(name, old.sha256, old.size, old.tar_sha256, old.tar_size)
        shutil.copyfile(after.parent / old.path, out / same.path)
        return same
    digest = pack(tar, packed)
    layer = Layer(name, digest.sha256, digest.size, made.sha256, made.size)
    packed.rename(out / layer.path)
    if old is None or after is None:
        return layer
    unpack_to_tar(after.parent / old.path, old, work / "old.tar")
    patches = _patches(work / "old.tar", old, tar, layer, out)
    return Layer(name, layer.sha256, layer.size, layer.tar_sha256, layer.tar_size, patches)


def _patches(base: Path, old: Layer, tar: Path, layer: Layer, out: Path) -> tuple[Patch, ...]:
    file = out / "blob" / "patch.part"
    digest = make_patch(base, tar, file)
    patch = Patch(old.tar_sha256, digest.sha256, digest.size)
    if patch.size > WORTH * layer.size:
        file.unlink()
        return ()
    file.rename(out / patch.path)
    return (patch,)
