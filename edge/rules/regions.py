"""Regional rules: data files with their source, read strictly."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from edge.rules.verdict import Site
from hardware.host.toml import parse, read_table

NATIONAL = "national"
_FOLDER = Path(__file__).with_name("regions")

Role = Literal["hospital", "pharmacy", "distributor", "third_party_logistics"]


@dataclass(frozen=True, slots=True)
class Cutoff:
    """Devices of a scope made from this day on have to carry a UDI."""

    made_from: date
    scope: Literal["batch-1", "batch-3", "class-3"]
    article: str


@dataclass(frozen=True, slots=True)
class Region:
    """One file of rules."""

    title: str
    source: str
    """The order these rules come from."""
    mode: Literal["advise", "block"]
    near_expiry_days: int
    cutoff: tuple[Cutoff, ...] = ()


class UnknownRegionError(ValueError):
    """There is no file for this region."""


@cache
def known_regions() -> tuple[str, ...]:
    """Names of the shipped regions."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.toml")))


def load_region(name: str | None) -> Region:
    """The rules of a region; None gives the national dates.

    Raises:
        UnknownRegionError: no such region.
        ConfigError: the file does not fit.
    """
    table: dict[str, Any] = read_table(_file(name))
    return parse(table, Region)


def site_rules(name: str | None, role: Role) -> Site:
    """The rules in force at a station of this region and role.

    Raises:
        UnknownRegionError: no such region.
    """
    region = load_region(name)
    return Site(
        region=name or NATIONAL,
        role=role,
        digest=hashlib.sha256(_file(name).read_bytes()).hexdigest(),
        mode=region.mode,
        near_expiry_days=region.near_expiry_days,
    )


def _file(name: str | None) -> Path:
    wanted = name or NATIONAL
    if wanted not in known_regions():
        raise UnknownRegionError(f"region {wanted!r} is not known: expected one of {', '.join(known_regions())}")
    return _FOLDER / f"{wanted}.toml"
