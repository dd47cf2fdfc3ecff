"""``udi-firmware card``: from an image of Raspberry Pi OS to a card that a station starts with."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firmware_service.card import report
from firmware_service.card.errors import CardError
from firmware_service.card.fat import Boot
from firmware_service.card.marker import NAME as MARKER
from firmware_service.card.marker import read_marker
from firmware_service.card.recognise import UnknownCardError, recognise
from firmware_service.card.rooms import Room, read_rooms
from firmware_service.card.site import STATION, for_card, is_text, load_site
from firmware_service.card.site_text import write_site
from firmware_service.card.target import open_target
from hardware.host.fonts import font_file
from hardware.host.toml import ConfigError
from hardware.host.toml_edit import EditError

if TYPE_CHECKING:
    from firmware_service.card.bench import Bench

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_TARGET = click.argument("target", type=click.Path(path_type=Path, exists=True))
_SITE = click.option("--site", "site_file", type=_FILE, required=True, help="The site's settings, site.toml.")
_BUNDLE = click.option(
    "--bundle",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A repository of releases; the newest that fits goes on the card.",
)


@click.group()
def card() -> None:
    """Cards: prepare, inspect and verify them; the labels of rooms."""


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Say what is wrong, without a trace, and end with status 1."""
    try:
        yield
    except (CardError, ConfigError, EditError, OSError) as error:
        raise click.ClickException(str(error)) from error


@card.command()
@_TARGET
@_SITE
@click.option("--station", help="Its name, such as OR-03; without it, it takes name and place from a room label.")
@click.option("--place", help="Where it stands; by default the station's name.")
@_BUNDLE
@click.option("--token", "token_file", type=_FILE, help="A single-use enrolment token.")
def prepare(
    target: Path, site_file: Path, station: str | None, place: str | None, bundle: Path | None, token_file: Path | None
) -> None:
    """Prepare TARGET: an image, a card in a reader (/dev/sdX), or the folder where its boot partition is mounted."""
    from firmware_service.card.bench import Bench  # noqa: PLC0415 - the agent needs none of this

    if station is not None and STATION.fullmatch(station) is None:
        raise click.BadParameter(f"{station!r}: expected capital letters, digits and hyphens", param_hint="--station")
    if place is not None and (station is None or not is_text(place)):
        raise click.BadParameter(f"{place!r}: expected one line of text, and --station", param_hint="--place")
    with _told():
        room = None if station is None else Room(station, place or station)
        _prepare(Bench(site_file, bundle), target, room, token_file)


def _prepare(bench: Bench, target: Path, room: Room | None, token_file: Path | None) -> None:
    """One card, and what was written to it."""
    from firmware_service.card.bench import read_token  # noqa: PLC0415

    begun = time.monotonic()
    token = None if token_file is None else read_token(token_file)
    done = bench.prepare(target, room, token)
    system = done.system
    click.echo(f"{target}: Raspberry Pi OS {system.variant}, {system.codename} of {system.edition}, {system.kind}")
    for name, data in done.files.items():
        click.echo(f"  {name}  {len(data)} bytes")
    click.echo(
        f"prepared and read back in {time.monotonic() - begun:.1f} s: site {bench.site.site.name}, station "
        f"{room.station if room else 'unnamed'}, release {done.release or 'none'}, token {'yes' if token else 'no'}"
    )


@card.command()
@_TARGET
def inspect(target: Path) -> None:
    """Say what is on TARGET. No secret is shown."""
    with _told():
        for line in _seen(open_target(target, writing=False)):
            click.echo(line)


def _seen(boot: Boot) -> Iterator[str]:
    try:
        system = recognise(boot)
        yield f"system   Raspberry Pi OS {system.variant}, {system.codename} of {system.edition}, {system.kind}"
    except UnknownCardError as error:
        yield f"system   {error}"
    data = boot.read(MARKER)
    if data is None:
        yield f"prepared {'only in part: prepare it again' if boot.names('udi') else 'no'}"
    else:
        marker = read_marker(data)
        yield f"prepared {marker.prepared} for {marker.site}, {marker.kind}, {marker.instance}"
        yield f"station  {marker.station or 'unnamed'}{f', {marker.place}' if marker.place else ''}"
        yield f"release  {marker.release or 'none'}"
        yield f"files    {len(marker.files)}"
    yield f"token    {'none, or used' if boot.read(report.TOKEN) is None else 'there, not used yet'}"
    yield f"free     {boot.free() / 1e6:.0f} MB"
    if (text := boot.read(report.NAME)) is not None:
        yield f"{report.NAME}:\n{text.decode('utf-8-sig', 'replace')}"


@card.command()
@_TARGET
@click.option("--site", "site_file", type=_FILE, help="Compare with these settings too.")
def verify(target: Path, site_file: Path | None) -> None:
    """Compare TARGET with what was written to it. Exit status 0 when it is the same, else 1."""
    from firmware_service.card.prepare import problems  # noqa: PLC0415

    with _told():
        boot = open_target(target, writing=False)
        found = list(problems(boot))
        if site_file is not None and boot.read("udi/site.toml") != write_site(for_card(load_site(site_file))).encode():
            found.append(f"its settings are not those of {site_file}: prepare it again")
    for problem in found:
        click.echo(f"{target}: {problem}")
    if found:
        sys.exit(1)
    click.echo(f"{target}: as it was prepared")


@card.command()
@click.argument("rooms_file", metavar="ROOMS.CSV", type=_FILE)
@_SITE
@click.option(
    "--target",
    type=click.Path(path_type=Path, exists=True),
    help="An image, copied for each row; or the device or folder of the card reader, one card after the other.",
)
@_BUNDLE
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="For labels and images.")
@click.option("--label-key", "key_file", type=_FILE, help="The key that signs room labels: print them to labels.pdf.")
@click.option("--font", type=click.Path(path_type=Path), help="A font with Chinese.")
def batch(
    rooms_file: Path,
    site_file: Path,
    target: Path | None,
    bundle: Path | None,
    out: Path,
    key_file: Path | None,
    font: Path | None,
) -> None:
    """Prepare a card for each row of ROOMS.CSV (station,place,address,token), and print the rooms' labels."""
    from firmware_service.card.bench import Bench  # noqa: PLC0415

    if target is None and key_file is None:
        raise click.UsageError("nothing to do: give --target for cards, --label-key for labels, or both")
    with _told():
        rooms = read_rooms(rooms_file)
        bench = Bench(site_file, bundle)
        out.mkdir(parents=True, exist_ok=True)
        if key_file is not None:
            _print_labels(bench, rooms, out / "labels.pdf", key_file, font)
        for room in () if target is None else rooms:
            token_file = None if room.token is None else rooms_file.parent / room.token
            _prepare(bench, _card_of(room, target or out, out), room, token_file)


def _card_of(room: Room, target: Path, out: Path) -> Path:
    """A copy of the image, or the next card in the reader."""
    if target.is_file():
        copy = out / f"{room.station}.img"
        shutil.copyfile(target, copy)
        return copy
    click.prompt(f"{room.station}: put its card in, then press Enter", default="", show_default=False)
    return target


def _print_labels(bench: Bench, rooms: list[Room], file: Path, key_file: Path, font: Path | None) -> None:
    from firmware_service.card.labels import Printed, pages  # noqa: PLC0415 - only the bench has fpdf2

    texts = bench.labels(rooms, key_file)
    site = bench.site.site.name
    printed = [Printed(site, room.station, room.place, text) for room, text in zip(rooms, texts, strict=True)]
    file.write_bytes(pages(printed, font_file(font)))
    click.echo(f"{file}: {len(printed)} labels")


@card.command()
def example() -> None:
    """Print a site.toml with every key explained."""
    click.echo(Path(__file__).with_name("site.example.toml").read_text(encoding="utf-8"), nl=False)


@card.command("label-key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def label_key(file: Path) -> None:
    """Make the key that signs room labels, in FILE (0600), and print its public half for site.toml."""
    from firmware_service.card.room_label import new_key  # noqa: PLC0415

    private, public = new_key()
    with _told():
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as out:
            out.write(base64.b64encode(private) + b"\n")
    click.echo(f'label_key = "{base64.b64encode(public).decode("ascii")}"')
