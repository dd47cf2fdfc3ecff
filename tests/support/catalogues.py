"""Small signed catalogue folders."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from edge.catalog.folder import Signer, changing, put_in
from edge.catalog.manifest import Manifest
from edge.catalog.release import DeviceRecord
from edge.catalog.write import About, Source, Writer
from edge.sign import Authority, new_key, public_half

KEY = new_key()
SIGNER = Signer("it", KEY)
AUTHORITY = Authority("it", public_half(KEY), frozenset({"catalogue"}))
DI = "06901234500028"
BASE_DAY = date(2026, 5, 1)


def base(folder: Path, *names: str, day: date = BASE_DAY, signer: Signer | None = SIGNER) -> Manifest:
    """A base with one product for each name; the DIs count up from `DI`."""
    return _put(folder, About("base", day, ()), names, signer)


def overlay(folder: Path, *names: str, day: date, follows: date = BASE_DAY, signer: Signer | None = SIGNER) -> Manifest:
    """An overlay with the first products under new names."""
    return _put(folder, About("overlay", day, (), follows), names, signer)


def di(number: int) -> str:
    """DI of the product of this number; without a true check digit but for the first."""
    return str(int(DI) + number).zfill(14)


def _put(folder: Path, about: About, names: tuple[str, ...], signer: Signer | None) -> Manifest:
    with changing(folder):
        out = folder / "made"
        with Writer(out, About(about.kind, about.release, (Source("test", 0, 0),), about.follows)) as writer:
            for number, name in enumerate(names):
                writer.add(DeviceRecord(di(number), name=name, version_date=about.release))
            writer.finish()
        return put_in(folder, out, signer)
