"""``udi-station catalog``."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.catalog.cli_options import PATH, authorities_of, plainly, signed, signer_of, trusting
from edge.catalog.tables_cli import tables
from edge.catalog.write import CatalogueError, Made

if TYPE_CHECKING:
    from edge.catalog.folder import Signer
    from edge.catalog.importing import Progress, Release
    from edge.catalog.product import Product
    from edge.catalog.store import Catalog

MOST_SHOWN = 20
"""Problems on the terminal; the file has all."""
REPORT = "problems.txt"


@click.group()
def catalog() -> None:
    """Make and ask the product catalogue."""


catalog.add_command(tables)


@catalog.command("import")
@click.argument("release", type=PATH)
@click.argument("out", type=PATH, required=False)
@click.option("--folder", type=PATH, help="A catalogue folder: the base there is swapped.")
@click.option("--recalls", type=PATH, help="CSV of recalls and stop-use orders; with a table of products.")
@click.option("--map", "mapping", type=PATH, help='Column map of a table: TOML, [columns] di = "产品标识" and so on.')
@click.option("--report", type=PATH, help=f"Where problems are written; beside the output as {REPORT} if left out.")
@signed
@plainly
def import_(
    release: Path,
    out: Path | None,
    folder: Path | None,
    recalls: Path | None,
    mapping: Path | None,
    report: Path | None,
    by: str | None,
    key: Path | None,
) -> None:
    """Make OUT, or the base of a folder, from a full UDID release or a table of products, CSV or XLSX.

    Interrupted, it goes on after the last finished part when it is run again.
    """
    if (out is None) == (folder is None):
        raise click.UsageError("expected either OUT or --folder")
    place = out or folder
    assert place is not None  # noqa: S101
    if release.suffix.lower() in (".csv", ".xlsx"):
        build = partial(_made, release, recalls=recalls, mapping=mapping)
        made = _from_table(build, out, folder, signer_of(by, key))
    else:
        made = _from_release(release, out, folder, signer_of(by, key))
    click.echo(f"{place}: {made.records} products, {made.dis} DIs")
    _tell(made, report or _report_of(place))


@catalog.command()
@click.argument("folder", type=PATH)
@click.argument("releases", type=PATH, nargs=-1, required=True)
@click.option("--report", type=PATH, help=f"Where problems are written; FOLDER/{REPORT} if left out.")
@signed
@plainly
def update(folder: Path, releases: Sequence[Path], report: Path | None, by: str | None, key: Path | None) -> None:
    """Lay daily, weekly or monthly releases over the base of FOLDER, the oldest first."""
    from edge.catalog import importing  # noqa: PLC0415 - check-config and the like need no importer
    from edge.catalog.udid_zip import open_release  # noqa: PLC0415

    signer = signer_of(by, key)
    with contextlib.ExitStack() as opened:
        for release in importing.newest_last([opened.enter_context(open_release(path)) for path in releases]):
            with _bar(release) as told:
                made = importing.update(release, folder, signer, told)
            click.echo(f"{folder}: {made.records} products of {release.date} in service")
            _tell(made, report or _report_of(folder))


@catalog.command()
@click.argument("folder", type=PATH)
@signed
@plainly
def merge(folder: Path, by: str | None, key: Path | None) -> None:
    """Fold the overlays of FOLDER into a new base; nothing changes for who looks up."""
    from edge.catalog import folder as folders  # noqa: PLC0415

    made = folders.merge(folder, signer_of(by, key))
    click.echo(f"{folder}: one base of {made.records} products, {made.dis} DIs")


@catalog.command()
@click.argument("folder", type=PATH)
@click.option("--by", required=True, help="Name of the authority, as stations know it.")
@click.option("--key", type=PATH, required=True, help="Ed25519 private key: a file of mode 0600, base64.")
@plainly
def sign(folder: Path, by: str, key: Path) -> None:
    """Verify FOLDER and sign its manifest."""
    from edge.catalog import folder as folders  # noqa: PLC0415

    signer = signer_of(by, key)
    assert signer is not None  # noqa: S101
    click.echo(f"{folder}: manifest {folders.sign_folder(folder, signer).digest} signed by {by}")


@catalog.command()
@click.argument("folder", type=PATH)
@trusting
@plainly
def verify(folder: Path, authorities: Sequence[str]) -> None:
    """Read every file of FOLDER against its manifest and, if authorities are given, their signature."""
    from edge.catalog import folder as folders  # noqa: PLC0415

    manifest = folders.verify(folder, authorities_of(authorities))
    signed = ", ".join(each.by for each in manifest.signatures) or "nobody"
    click.echo(f"{folder}: {len(manifest.files)} files whole, manifest {manifest.digest}, signed by {signed}")


@catalog.command()
@click.argument("source", type=PATH)
@click.argument("folder", type=PATH)
@trusting
@plainly
def install(source: Path, folder: Path, authorities: Sequence[str]) -> None:
    """Copy the catalogue in SOURCE (a stick) to FOLDER, verified, and take it into service."""
    from edge.catalog import folder as folders  # noqa: PLC0415

    manifest = folders.install(source, folder, authorities_of(authorities))
    click.echo(f"{folder}: catalogue of {manifest.release} in service")


@catalog.command()
@click.argument("path", type=PATH)
@plainly
def stats(path: Path) -> None:
    """What a catalogue (file or folder) is: its files, their days, how old it is, its digest."""
    with _opened(path) as opened:
        for layer in reversed(opened.layers):
            told = (
                f"{layer.kind:8} {layer.release} {layer.records} products, {layer.dis} DIs, {layer.problems} problems"
            )
            click.echo(f"{told}, {layer.path.stat().st_size} bytes")
        age = opened.age_days(datetime.now(UTC).date())
        click.echo(f"{opened.rows} DIs, {age} days old, sha256 {opened.digest}")


@catalog.command()
@click.argument("path", type=PATH)
@click.argument("di")
@plainly
def lookup(path: Path, di: str) -> None:
    """What a catalogue (file or folder) knows of a DI, and its packaging tree. Exit status 1 if nothing."""
    with _opened(path) as opened:
        product = opened.lookup(di.strip().removeprefix("(01)"))
    if product is None:
        raise CatalogueError(f"DI {di} is not in {path}")
    click.echo(json.dumps(dataclasses.asdict(product), ensure_ascii=False, indent=2, default=_plain))
    for line in _tree(product):
        click.echo(line, err=True)


@catalog.command()
@click.argument("before", type=PATH)
@click.argument("after", type=PATH)
@click.option("--summary", is_flag=True, help="Counts only.")
@plainly
def diff(before: Path, after: Path, *, summary: bool) -> None:
    """What was added (+), changed (~, by field) and removed (-) from BEFORE to AFTER."""
    from edge.catalog.diff import changes  # noqa: PLC0415

    counts, fields = Counter[str](), Counter[str]()
    with _opened(before) as old, _opened(after) as new:
        for change in changes(old, new):
            counts[change.what] += 1
            fields.update(name for name, _, _ in change.fields)
            if not summary:
                said = "; ".join(f"{name}: {was} -> {now}" for name, was, now in change.fields) or change.name
                click.echo(f"{'+~-'[('added', 'changed', 'removed').index(change.what)]} {change.sale_unit} {said}")
    told = ", ".join(f"{name} {count}" for name, count in fields.most_common())
    click.echo(f"added {counts['added']}, changed {counts['changed']} ({told or '-'}), removed {counts['removed']}")


def _made(table: Path, out: Path, *, recalls: Path | None, mapping: Path | None) -> Made:
    from edge.catalog.build import make  # noqa: PLC0415

    return make(table, out, recalls=recalls, mapping=mapping)


def _from_table(build: Callable[[Path], Made], out: Path | None, folder: Path | None, signer: Signer | None) -> Made:
    from edge.catalog.folder import changing, put_in  # noqa: PLC0415
    from edge.catalog.importing import BASE  # noqa: PLC0415

    if folder is None:
        assert out is not None  # noqa: S101
        return build(out)
    with changing(folder):
        made = build(folder / BASE)
        put_in(folder, folder / BASE, signer)
        return made


def _from_release(path: Path, out: Path | None, folder: Path | None, signer: Signer | None) -> Made:
    from edge.catalog import importing  # noqa: PLC0415
    from edge.catalog.udid_zip import open_release  # noqa: PLC0415

    with open_release(path) as release, _bar(release) as told:
        if folder is not None:
            return importing.import_into(release, folder, signer, told, opener=partial(open_release, path))
        assert out is not None  # noqa: S101
        return importing.import_base(release, out, told, opener=partial(open_release, path))


@contextlib.contextmanager
def _bar(release: Release) -> Iterator[Callable[[Progress], None]]:
    done = 0
    with click.progressbar(length=sum(part.size for part in release.parts), label=str(release.date)) as bar:

        def told(progress: Progress) -> None:
            nonlocal done
            bar.update(progress.bytes - done)
            done = progress.bytes

        yield told


def _tell(made: Made, report: Path) -> None:
    """The first problems to the terminal, all of them to a file."""
    for problem in made.problems[:MOST_SHOWN]:
        click.echo(problem, err=True)
    if made.problems:
        report.write_text("".join(f"{problem}\n" for problem in made.problems), encoding="utf-8")
        click.echo(f"{len(made.problems)} problems, all in {report}", err=True)


def _report_of(place: Path) -> Path:
    return place / REPORT if place.is_dir() else place.with_name(f"{place.name}.{REPORT}")


def _tree(product: Product) -> Iterator[str]:
    """The packaging tree, outermost first."""
    for pack in reversed(product.packs):
        yield f"{pack.di} {pack.level} = {pack.contains} x {pack.of}"
    yield f"{product.sale_unit} sale unit"


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Catalog]:
    from edge.catalog.store import Catalog  # noqa: PLC0415

    with contextlib.closing(Catalog.open(path)) as opened:
        yield opened
