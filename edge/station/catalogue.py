"""The station's catalogue as its configuration says: opened, told of in the status, and fetched from the hub."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from edge.catalog.authorities import authorities
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

    A folder without a usable catalogue is no reason not to start: the hub offers one soon, and what happens until then
    has to be recorded.

    Raises:
        CatalogueError: a single file cannot be used; nobody replaces that one but a person.
    """
    table = config.catalogue
    if table is None:
        return None
    if table.file is not None:
        return Catalog.open(table.file)
    if table.folder is None:
        return None
    known = _authorities(config)
    try:
        return Catalog.open(table.folder, known)
    except CatalogueError as error:
        log.error("no catalogue: %s", error)  # noqa: TRY400 - the text says it all
        return Catalog.none(table.folder, known)


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
