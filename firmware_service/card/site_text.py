"""A site's settings as TOML again, and a station's file made from the site's template. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from firmware_service.card.site import Site
from hardware.host.toml_edit import with_values, written


def write_site(site: Site) -> str:
    """The file that `firmware_service.card.site.load_site` reads back to the same; what is absent is left out."""
    return "\n".join(_tables(asdict(site), ())).lstrip("\n") + "\n"


def station_file(template: str, station: str, place: str) -> str:
    """The template with its station's name and place.

    Raises:
        EditError: the template is no TOML or has no ``[station]``.
    """
    return with_values(template, "station", {"id": station, "place": place})


def _tables(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    plain = {key: value for key, value in table.items() if key not in inner and value is not None}
    if path and (plain or not inner):
        yield f"\n[{'.'.join(path)}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in inner.items():
        yield from _tables(value, (*path, _key(key)))


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else written(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(_value(each) for each in value)}]"
    return written(value.as_posix() if isinstance(value, Path) else value)  # type: ignore[arg-type]
