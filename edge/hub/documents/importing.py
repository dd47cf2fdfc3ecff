"""Files into the store: read, kept, told. A file with a fault is not taken at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge import wire
from edge.catalog.columns import PLAIN, ColumnMap, read_map
from edge.catalog.site import SiteTables
from edge.documents import Document, DocumentKind
from edge.hub.documents.form import LINES
from edge.hub.documents.keeping import Result, demand_unbegun, keep
from edge.hub.documents.moves import MOVES
from edge.hub.documents.reading import Items, Reading, no_items, read_documents
from edge.hub.documents.shipping import NOTE, SHIPPING
from edge.hub.documents.stocktake import DIFFERENCES
from edge.hub.store import Store

FORMS = (LINES, MOVES, SHIPPING, NOTE, DIFFERENCES)
"""What a column map may name."""
AT_ONCE = 10
"""Documents in one transaction: on SQLite events wait while it lasts. What a power cut leaves out, the file brings."""


@dataclass(frozen=True, slots=True)
class Importer:
    """Takes files; its settings are read anew for each, so that a new map or table counts at once."""

    store: Store
    now: Callable[[], datetime]
    map_file: Path | None = None
    kind: DocumentKind | None = None
    tables: Path | None = None
    """The site's tables, for item codes."""

    def take(self, file: Path, *, begun: bool = False) -> list[tuple[Document, Result]]:
        """Take the documents of a file; taking it twice changes nothing.

        Raises:
            CatalogueError: the file, the map or the tables cannot be used; names everything that is wrong.
            KeepingError: a document changed under which work was done.
            OSError: it cannot be read.
        """
        how = Reading(mapping_of(self.map_file), self.kind, _items(self.tables))
        found = read_documents(file, how)
        if not begun:
            with self.store.read() as connection:
                demand_unbegun(connection, found)
        kept: list[tuple[Document, Result]] = []
        for first in range(0, len(found), AT_ONCE):
            with self.store.begin() as connection:
                some = found[first : first + AT_ONCE]
                kept += [keep(connection, said, file.name, wire.iso(self.now())) for said in some]
        return kept


def mapping_of(file: Path | None) -> ColumnMap:
    """A site's own column map.

    Raises:
        CatalogueError: it is none.
    """
    return PLAIN if file is None else read_map(file, FORMS)


def _items(file: Path | None) -> Items:
    if file is None:
        return no_items
    found: dict[str, list[str]] = defaultdict(list)
    tables = SiteTables.open(file)
    try:
        for item, di in tables.items():
            found[item].append(di)
    finally:
        tables.close()

    def items(item: str) -> Sequence[str]:
        return found.get(item, ())

    return items
