"""Documents in the hub's store: a changed one gets the next version, one that was worked under is not changed silently.

A document counts until it is closed here or at a station, or until its last day is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, insert, or_, select, update

from edge.documents import Document, decode, encode
from edge.hub.counting import undone
from edge.hub.tables import change, document, document_line, scan

Result = Literal["new", "changed", "unchanged"]
DONE = ("closed", "shipped")
"""What a station says of a document when nothing more is to be done under it, until it takes that back."""


class KeepingError(ValueError):
    """What cannot be done with a document, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A document, and since when it is here."""

    said: Document
    source: str
    """The file it came from."""
    imported: str
    closed: str | None
    """When it was closed at the hub."""


def demand_unbegun(connection: Connection, found: Iterable[Document]) -> None:
    """Refuse what would change under the hands of those who work.

    Raises:
        KeepingError: names each document that changed after work had been done under it.
    """
    wrong = []
    for said in found:
        former = find(connection, said.ident)
        if former is None or _same(said, former.said):
            continue
        station = worked(connection, said.ident)
        if station is not None:
            wrong.append(
                f"document {said.ident}: is not as it was imported on {former.imported[:10]}, and work was done under "
                f"it at {station}; with --begun it is changed all the same"
            )
    if wrong:
        raise KeepingError("\n".join(wrong))


def keep(connection: Connection, said: Document, source: str, at: str) -> tuple[Document, Result]:
    """Take a document; it gets its version here.

    Args:
        connection: of the transaction that takes it.
        said: as it was read.
        source: name of the file.
        at: now, as on the wire.
    """
    former = find(connection, said.ident)
    if former is not None and _same(said, former.said):
        return former.said, "unchanged"
    said = replace(said, version=1 if former is None else former.said.version + 1)
    _write(connection, said, source, at)
    return said, "new" if former is None else "changed"


def _same(said: Document, former: Document) -> bool:
    return replace(said, version=former.version) == former


def find(connection: Connection, ident: str) -> Kept | None:
    """The document of this number, closed ones too."""
    row = connection.execute(select(document).where(document.c.ident == ident)).first()
    return None if row is None else _kept(row)


def listed(connection: Connection) -> Iterator[Kept]:
    """Every document, by its number."""
    for row in connection.execute(select(document).order_by(document.c.ident)):
        yield _kept(row)


def counting(connection: Connection, today: date) -> dict[str, int]:
    """The versions of the documents under which work may be done, by their numbers."""
    d = document.c
    done = exists().where(
        change.c.ident == d.ident,
        change.c.kind == "document",
        change.c.what.in_(DONE),
        change.c.at > d.imported,
        ~undone(change.c.event_id),
    )
    query = select(d.ident, d.version).where(
        d.closed.is_(None), or_(d.expires.is_(None), d.expires >= today.isoformat()), ~done
    )
    return {row.ident: row.version for row in connection.execute(query)}


def known(connection: Connection, idents: Iterable[str]) -> set[str]:
    """Those of these numbers that are here, closed or not."""
    return set(connection.execute(select(document.c.ident).where(document.c.ident.in_(list(idents)))).scalars())


def close(connection: Connection, ident: str, at: str) -> None:
    """Nothing more is to be done under a document.

    Raises:
        KeepingError: there is none of this number, or it is closed.
    """
    kept = find(connection, ident)
    if kept is None:
        raise KeepingError(f"no document {ident}: see udi-hub documents list")
    if kept.closed is not None:
        raise KeepingError(f"document {ident} was closed on {kept.closed}")
    connection.execute(update(document).where(document.c.ident == ident).values(closed=at))


def worked(connection: Connection, ident: str) -> str | None:
    """The first station that scanned under a document or opened it; None: no work was done."""
    for column, where in ((scan.c.station, _scanned(ident)), (change.c.station, _opened(ident))):
        station = connection.execute(select(column).where(where).limit(1)).scalar()
        if station is not None:
            return str(station)
    return None


def _scanned(ident: str) -> ColumnElement[bool]:
    return and_(scan.c.document == ident, scan.c.training == 0)


def _opened(ident: str) -> ColumnElement[bool]:
    return and_(change.c.ident == ident, change.c.subject == "document")


def _write(connection: Connection, said: Document, source: str, at: str) -> None:
    place = {"ident": said.ident}
    for table in (document, document_line):
        connection.execute(delete(table).where(table.c.ident == said.ident))
    expires = None if said.expires is None else said.expires.isoformat()
    row = {"version": said.version, "body": encode(said), "expires": expires, "source": source, "imported": at}
    connection.execute(insert(document).values(**place, **row))
    names = ("number", "name", "di", "item", "lot", "quantity", "in_scope")
    rows = [{**place, **{name: getattr(line, name) for name in names}} for line in said.lines]
    connection.execute(insert(document_line), rows)


def _kept(row: Row[tuple[str, int, bytes, str | None, str, str, str | None]]) -> Kept:
    return Kept(decode(bytes(row.body)), row.source, row.imported, row.closed)
