"""Regional rules: data files with their source, read strictly."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from edge.rules.decisions import DECISIONS
from edge.rules.verdict import CATALOGUE_DAYS, COLD_UP_TO, NEAR_EXPIRY, Cutoff, Days, Role, Site
from hardware.host.toml import Problem, parse, read_table

NATIONAL = "national"
_FOLDER = Path(__file__).with_name("regions")


@dataclass(frozen=True, slots=True)
class Region:
    """One file of rules, with those that it extends."""

    title: str
    source: str
    """The order these rules come from."""
    mode: Literal["advise", "block"]
    extends: Literal["national"] | None = None
    """Whose dates and limits hold too."""
    near_expiry_days: Days = NEAR_EXPIRY
    catalogue_days: int = CATALOGUE_DAYS
    cold_up_to: float = COLD_UP_TO
    cutoff: tuple[Cutoff, ...] = ()

    def problems(self) -> Iterable[Problem]:
        """A region that blocks says at which tasks, and only such a one does."""
        blocks = any(each.blocks_at for each in self.cutoff)
        if blocks != (self.mode == "block"):
            expected = (
                "a cutoff with blocks_at" if self.mode == "block" else 'no cutoff with blocks_at, or mode = "block"'
            )
            yield Problem("mode", self.mode, expected, f"mode = {self.mode!r}: expected {expected}")


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
    return parse(_table(_file(name)), Region)


def site_rules(name: str | None, role: Role) -> Site:
    """The rules in force at a station of this region and role.

    Raises:
        UnknownRegionError: no such region.
    """
    region = load_region(name)
    return Site(
        region=name or NATIONAL,
        role=role,
        digest=_digest(name, region),
        mode=region.mode,
        near_expiry_days=region.near_expiry_days,
        cutoffs=tuple(each for each in region.cutoff if role in each.roles),
        catalogue_days=region.catalogue_days,
        cold_up_to=region.cold_up_to,
    )


def _table(file: Path) -> dict[str, Any]:
    """The raw table of a file, each cut-off with its source, over the table that it extends."""
    table = read_table(file)
    rows = [{"source": table.get("source"), **row} for row in table.get("cutoff", ())]
    under = _table(_file(NATIONAL)) if table.get("extends") == NATIONAL else {}
    return {**under, **table, "cutoff": [*under.get("cutoff", ()), *rows]}


def _digest(name: str | None, region: Region) -> str:
    files = [_file(name)] if region.extends is None else [_file(region.extends), _file(name)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files) + DECISIONS.digest).hexdigest()


def _file(name: str | None) -> Path:
    wanted = name or NATIONAL
    if wanted not in known_regions():
        raise UnknownRegionError(f"region {wanted!r} is not known: expected one of {', '.join(known_regions())}")
    return _FOLDER / f"{wanted}.toml"
