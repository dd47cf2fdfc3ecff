"""``udi-hub documents``: takes documents of ERP, WMS or SPD, and gives back what was scanned under them.

What a subcommand needs is imported when it runs.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

from edge import wire
from edge.hub.command import FAILED, failures, make_key, opened, settings_of
from edge.hub.config import CONFIG, DocumentsTable, HubConfig

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from edge.catalog.columns import Form
    from edge.hub.documents.importing import Importer
    from edge.hub.documents.shipping import Lookup
    from edge.hub.store import Store

What = Literal["moves", "documents", "shipping", "note", "differences"]
_PATH = click.Path(path_type=Path)
_KINDS = click.Choice(["receipt", "shipment", "issue", "return", "kit", "count"])
_config = click.option("--config", type=_PATH, default=CONFIG, show_default=True)
_map = click.option("--map", "map_file", type=_PATH, help="TOML: your own column headings, and the encoding of CSV.")


@click.group()
def documents() -> None:
    """Deliveries, shipments, issues, returns and stock-takes. Exit status 0, 1 not done or nothing found, 2 usage."""


@documents.command()
@click.argument("name")
@click.option("--out", type=_PATH, required=True, help="A new file for the private key, mode 0600.")
def key(name: str, out: Path) -> None:
    """Make the hub's key pair for documents, and print the [[authority]] table for stations."""
    with failures():
        make_key(name, out, "document")
    click.echo(
        f"{out}: for this hub alone; put the table into every station.toml, and authority and key into [documents] of "
        "hub.toml",
        err=True,
    )


@documents.command("import")
@_config
@click.argument("files", type=_PATH, nargs=-1, required=True)
@_map
@click.option("--kind", type=_KINDS, help="What a document is whose rows do not say it.")
@click.option("--begun", is_flag=True, help="Also change documents under which work was done.")
@click.option("--watch", is_flag=True, help="FILES is a folder: take what appears there, until interrupted.")
def import_(
    config: Path, files: Sequence[Path], map_file: Path | None, kind: str | None, *, begun: bool, watch: bool
) -> None:
    """Take documents from FILES, CSV or XLSX; each file as a whole or not at all.

    A file that was taken before changes nothing; a changed document gets the next version.
    """
    settings = settings_of(config)
    if watch and len(files) != 1:
        raise click.UsageError("--watch takes one folder")
    with failures(), opened(settings, writes=True) as store:
        importer = _importer(settings, store, map_file, kind)
        if watch:
            _watch(files[0], importer)
        else:
            refused = [file for file in files if not _take(importer, file, begun=begun)]
            sys.exit(FAILED if refused else 0)


@documents.command()
@_config
@_map
@click.option("--document", "ident", help="Only this document.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="Only from then on, local time.")
@click.option(
    "--what",
    type=click.Choice(get_args(What)),
    default="moves",
    show_default=True,
    help="What was scanned; the documents as imported; 销售出库单; 随货同行单; 盘点差异 line by line.",
)
@click.option(
    "--one-person", is_flag=True, help="Make 销售出库单 or 随货同行单 although whoever picked a line verified it."
)
@click.option("--format", "as_", type=click.Choice(["csv", "xlsx"]), default="csv", show_default=True)
@click.option("--out", type=_PATH, required=True, help="The file to write; whole, or left as it is.")
def export(
    config: Path,
    map_file: Path | None,
    ident: str | None,
    since: datetime | None,
    what: What,
    as_: Literal["csv", "xlsx"],
    out: Path,
    *,
    one_person: bool,
) -> None:
    """Write what was scanned under documents: a row for each line and full UDI, without training and undone scans.

    Of a shipment, 销售出库单 and 随货同行单 are refused while a line that has to carry a UDI lacks it, or one person
    picked and verified it.
    """
    from edge.hub.documents.importing import mapping_of  # noqa: PLC0415 - see the module
    from edge.hub.documents.sheets import write_table  # noqa: PLC0415

    if ident is None and (since is None or what not in ("moves", "documents")):
        raise click.UsageError("--document ID, or --since DAY for moves and documents")
    settings = settings_of(config)
    start = None if since is None else wire.iso(since.astimezone(UTC))
    with failures(), opened(settings, writes=False) as store:
        mapping = mapping_of(map_file or _table(settings, "map"))
        with store.read() as connection:
            form, rows = _rows(connection, settings, what, ident, start, one_person=one_person)
            count = write_table(out, form, mapping, rows, as_)
    click.echo(f"{out}: {count} rows", err=True)
    sys.exit(0 if count else FAILED)


@documents.command("list")
@_config
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(config: Path, *, as_json: bool) -> None:
    """Print every document: version, kind, lines, and whether work may be done under it."""
    from edge.hub.documents import keeping  # noqa: PLC0415 - see the module

    with failures(), opened(settings_of(config), writes=False) as store, store.read() as connection:
        open_now = keeping.counting(connection, _now().astimezone().date())
        rows = [_listed(each, open_=each.said.ident in open_now) for each in keeping.listed(connection)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
    for row in [] if as_json else rows:
        click.echo("  ".join(f"{name}={value}" for name, value in row.items() if value is not None))
    sys.exit(0 if rows else FAILED)


@documents.command()
@_config
@click.argument("ident")
def close(config: Path, ident: str) -> None:
    """Say that nothing more is to be done under document IDENT: stations offer it no more."""
    from edge.hub.documents import keeping  # noqa: PLC0415 - see the module

    with failures(), opened(settings_of(config), writes=True) as store, store.begin() as connection:
        keeping.close(connection, ident, wire.iso(_now()))


def _importer(settings: HubConfig, store: Store, map_file: Path | None, kind: str | None) -> Importer:
    from edge.documents import DocumentKind  # noqa: PLC0415 - see the module
    from edge.hub.documents.importing import Importer  # noqa: PLC0415

    said = kind or _table(settings, "kind")
    return Importer(
        store,
        _now,
        map_file or _table(settings, "map"),
        None if said is None else DocumentKind(said),
        _table(settings, "tables"),
    )


def _take(importer: Importer, file: Path, *, begun: bool) -> bool:
    try:
        taken = importer.take(file, begun=begun)
    except (OSError, ValueError) as error:
        click.echo(f"{file}: nothing of it was taken:\n{error}", err=True)
        return False
    for said, result in taken:
        click.echo(f"{said.ident} version {said.version} {said.kind} {len(said.lines)} lines: {result}")
    return True


def _watch(folder: Path, importer: Importer) -> None:
    import logging  # noqa: PLC0415 - see the module

    from edge.hub.documents.folder import LOOK_S, WatchedFolder  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="level=%(levelname)s %(message)s")
    watched, stop = WatchedFolder(folder, importer), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell had it ignored, in the background
        signal.signal(number, lambda _number, _frame: stop.set())
    while not stop.is_set():
        watched.look()
        stop.wait(LOOK_S)


def _rows(
    connection: Connection, settings: HubConfig, what: What, ident: str | None, start: str | None, *, one_person: bool
) -> tuple[Form, Iterable[Mapping[str, Any]]]:
    from edge.hub.documents import keeping, shipping, stocktake  # noqa: PLC0415 - see the module
    from edge.hub.documents.form import LINES, rows_of  # noqa: PLC0415
    from edge.hub.documents.moves import MOVES, moves  # noqa: PLC0415

    if what == "moves":
        return MOVES, [each.row() for each in moves(connection, document=ident, since=start)]
    found = [each for each in keeping.listed(connection) if ident in (None, each.said.ident)]
    if what == "documents":
        return LINES, [row for each in found if each.imported >= (start or "") for row in rows_of(each.said)]
    if not found:
        raise keeping.KeepingError(f"no document {ident}: see udi-hub documents list")
    if what == "differences":
        found_there = stocktake.differences(found[0].said, moves(connection, document=ident, since=start))
        return stocktake.DIFFERENCES, [each.row(found[0].said.ident) for each in found_there]
    made = shipping.papers(
        found[0].said,
        moves(connection, document=ident, since=start),
        _lookup(settings),
        _now().astimezone().date(),
        _table(settings, "supplier"),
        one_person=one_person,
    )
    for short in made.short:
        click.echo(f"{short}: less or more than ordered", err=True)
    return shipping.SHIPPING if what == "shipping" else shipping.NOTE, made.rows


def _lookup(settings: HubConfig) -> Lookup:
    """Products of the site's catalogue, with what its own tables say of them."""
    from edge.catalog.site import SiteTables  # noqa: PLC0415 - see the module
    from edge.catalog.store import Catalog  # noqa: PLC0415

    catalogue, tables = _table(settings, "catalogue"), _table(settings, "tables")
    if catalogue is None:
        click.echo("no [documents] catalogue: names, certificates and 医保 codes are left out", err=True)
        return lambda _di: None
    look = Catalog.open(catalogue).lookup
    site = None if tables is None else SiteTables.open(tables)

    def lookup(di: str) -> Any:
        product = look(di)
        return product if product is None or site is None else site.enrich(product)

    return lookup


def _table(settings: HubConfig, name: str) -> Any:
    """A value of ``[documents]``, if the hub's file has that table."""
    table: DocumentsTable | None = settings.documents
    return None if table is None else getattr(table, name)


def _listed(kept: Any, *, open_: bool) -> dict[str, Any]:
    said = kept.said
    return {
        "document": said.ident,
        "version": said.version,
        "kind": said.kind.value,
        "counterparty": said.counterparty,
        "lines": len(said.lines),
        "expires": None if said.expires is None else said.expires.isoformat(),
        "open": open_,
        "imported": kept.imported,
        "source": kept.source,
    }


def _now() -> datetime:
    return datetime.now(UTC)
