"""The manifest of a release: what it consists of and where it may run. Pure; its signature is TUF's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from hardware.host.toml import ConfigError, Problem, parse

SCHEMA = 1
VERSION = re.compile(r"[0-9]+(\.[0-9]+){1,3}([a-z0-9.-]{0,24})")
"""Of a release: also the name of its slot's folder."""
CHANNEL = re.compile(r"[a-z][a-z0-9-]{0,15}")
_SHA256 = {
    "check": lambda value: re.fullmatch(r"[0-9a-f]{64}", value) is not None,
    "expected": "a SHA-256 in 64 lower-case hex digits",
}
_SIZE = {"check": lambda value: value > 0, "expected": "a number of bytes above 0"}

LayerName = Literal["deps", "app"]


class ManifestError(ValueError):
    """No manifest that this version understands; the text names each key that is wrong."""


@dataclass(frozen=True, slots=True)
class Patch:
    """The same layer as the difference to an older one (zstd, patch-from)."""

    base: str = field(metadata=_SHA256)
    """Of the older layer's unpacked tar."""
    sha256: str = field(metadata=_SHA256)
    """Of the patch."""
    size: int = field(metadata=_SIZE)

    @property
    def path(self) -> str:
        """Where it lies in the repository."""
        return f"blob/{self.sha256}.patch.zst"


@dataclass(frozen=True, slots=True)
class Layer:
    """A part of a slot: a tar in one exact form, packed with zstd; addressed by its content."""

    name: LayerName
    sha256: str = field(metadata=_SHA256)
    """Of the packed file, see `path`."""
    size: int = field(metadata=_SIZE)
    tar_sha256: str = field(metadata=_SHA256)
    """Of the tar."""
    tar_size: int = field(metadata=_SIZE)
    patches: tuple[Patch, ...] = ()

    @property
    def path(self) -> str:
        """Where it lies in the repository."""
        return f"blob/{self.sha256}.tar.zst"


@dataclass(frozen=True, slots=True)
class JournalSchema:
    """What a release makes of the journal, and the oldest release that can still open it."""

    writes: int
    """Its schema's number: how many steps have made it."""
    opens_from: int
    """The lowest number of a release that can still open it; the schema only grows, so a later one always can."""

    def problems(self) -> Iterable[Problem]:
        """What only both can tell."""
        if self.opens_from > self.writes:
            yield _problem("opens_from", self.opens_from, f"at most {self.writes}")


@dataclass(frozen=True, slots=True)
class Runs:
    """Where it may run."""

    architecture: Literal["aarch64", "x86_64"]
    python: str = field(
        metadata={"check": lambda value: re.fullmatch(r"cp3\d\d", value) is not None, "expected": "such as cp313"}
    )
    systems: tuple[str, ...]
    """Code names of the operating system, such as ``trixie``."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Debian package to its range, such as ``>= 0.3.25, < 0.4``; ``*``: any version."""
    updater: int = 1
    """The oldest guard and updater that can install it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One release."""

    version: str = field(
        metadata={"check": lambda value: VERSION.fullmatch(value) is not None, "expected": "such as 1.4.0"}
    )
    channel: str = field(
        metadata={"check": lambda value: CHANNEL.fullmatch(value) is not None, "expected": "such as stable"}
    )
    counter: int = field(metadata=_SIZE)
    """Grows with every release of the channel: a device never goes below what it has committed."""
    layers: tuple[Layer, ...]
    runs: Runs
    journal: JournalSchema
    trial_s: int = field(default=180, metadata={"check": lambda value: value > 0, "expected": "seconds above 0"})
    """Seconds that it has to be well before it is kept."""
    schema: int = SCHEMA

    def problems(self) -> Iterable[Problem]:
        """What only the whole can tell."""
        names = [layer.name for layer in self.layers]
        if sorted(names) != ["app", "deps"]:
            yield _problem("layers", names, "one layer deps and one layer app")
        if self.schema != SCHEMA:
            yield _problem("schema", self.schema, f"{SCHEMA}: this updater is older than the release")

    def layer(self, name: LayerName) -> Layer:
        """The layer of this name."""
        return next(layer for layer in self.layers if layer.name == name)


def read_manifest(data: bytes) -> Manifest:
    """The manifest in these bytes.

    Raises:
        ManifestError: it is none; with every problem found.
    """
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{len(data)} bytes are not JSON: {error}") from None
    if not isinstance(told, dict):
        raise ManifestError(f"expected a JSON object, found {type(told).__name__}")
    try:
        return parse(told, Manifest)
    except ConfigError as error:
        raise ManifestError(str(error)) from None


def write_manifest(manifest: Manifest) -> bytes:
    """Its one exact form: keys in order, UTF-8, a line."""
    return (json.dumps(asdict(manifest), ensure_ascii=False, sort_keys=True) + "\n").encode()


def _problem(key: str, value: object, expected: str) -> Problem:
    return Problem(key, value, expected, f"{key} = {value!r}: expected {expected}")
