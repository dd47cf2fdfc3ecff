"""The station's catalogue as its configuration says: opened, told of in the status, and fetched from the hub."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.catalog.authorities import authorities
from edge.catalog.site import SiteTables
from edge.catalog.store import Catalog
from edge.catalog.write import CatalogueError
from edge.station.catalogue_fetch import CatalogueFetch, FetchSettings
from edge.station.config import StationConfig
from edge.station.identity import Report
from hardware.host.clock import TRUSTED, Clock
from hardware.host.tls import Tls

if TYPE_CHECKING:
    from edge.sign import Authority

log = logging.getLogger(__name__)


def open_catalogue(config: StationConfig) -> Catalog | None:
    """The catalogue in service at the start; None where none is configured.

    One that cannot be used is no reason not to start: what happens has to be recorded. The wrench is lit for it, and
    a folder's is fetched from the hub.
    """
    table = config.catalogue
    if table is None or (table.file is None and table.folder is None):
        return None
    known = _authorities(config)
    try:
        return Catalog.open(table.file) if table.file is not None else Catalog.open(table.folder or Path(), known)
    except CatalogueError as error:
        log.error("no catalogue: %s", error)  # noqa: TRY400 - the text says it all
        return Catalog.none(table.folder, known)


def open_tables(config: StationConfig) -> tuple[SiteTables | None, str | None]:
    """The site's tables, and why they are not in use if they are configured."""
    if config.catalogue is None or config.catalogue.tables is None:
        return None, None
    try:
        return SiteTables.open(config.catalogue.tables), None
    except CatalogueError as error:
        log.error("no tables of the site: %s", error)  # noqa: TRY400 - the text says it all
        return None, str(error)


def status_of(catalog: Catalog | None) -> dict[str, Any] | None:
    """What ``udi-station status`` says of the catalogue in service."""
    if catalog is None or catalog.release is None:
        return None
    return {
        "release": catalog.release.isoformat(),
        "age_days": catalog.age_days(datetime.now().astimezone().date()),
        "rows": catalog.rows,
        "digest": catalog.digest,
    }


def fetcher(config: StationConfig, identity: Tls | None, clock: Clock, report: Report) -> CatalogueFetch | None:
    """What fetches the hub's catalogue; None where none is configured, or a single file is."""
    if config.catalogue is None or config.catalogue.folder is None:
        return None
    settings = FetchSettings(config.catalogue.folder, _authorities(config), identity)
    return CatalogueFetch(
        settings, time_trusted=lambda: clock.now().quality in TRUSTED, report=report, mono=time.monotonic
    )


def _authorities(config: StationConfig) -> tuple[Authority, ...] | None:
    """Whose signature a catalogue needs; None where an unsigned one will do: on a bench, `StationConfig.problems`."""
    return tuple(each for each in authorities(config.authority) if "catalogue" in each.may) or None
