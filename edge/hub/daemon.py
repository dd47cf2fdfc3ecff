"""The hub's process: store, collector and pages put together, until SIGTERM."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from edge.bindings import TOPICS as BINDINGS
from edge.catalog.authorities import authorities
from edge.document_notices import TOPICS as DOCUMENTS
from edge.documents import DocumentKind
from edge.hub import files
from edge.hub.binding_notices import BindingNotices
from edge.hub.collector import Collector, CollectorSettings, Retained
from edge.hub.config import BindingsTable, DocumentsTable, FilesTable, HubConfig, TimeTable
from edge.hub.documents.folder import WatchedFolder
from edge.hub.documents.importing import Importer
from edge.hub.documents.notices import DocumentNotices, Signer
from edge.hub.fleet.desk import TOPICS as FLEET
from edge.hub.fleet.desk import FleetDesk
from edge.hub.fleet.receiving import TOPICS as ARCHIVES
from edge.hub.fleet.receiving import ReceivingDesk
from edge.hub.keys import read_key
from edge.hub.offer import CatalogueOffer
from edge.hub.page import application
from edge.hub.patients import KeyFolderError, Patients, no_index
from edge.hub.pictures import Expiry
from edge.hub.projections import PatientIndex
from edge.hub.projector import Projector
from edge.hub.server import PageServer
from edge.hub.store import Store, StoreError
from hardware.host.clock import Clock
from hardware.host.link import Tls
from hardware.host.notify import notify
from hardware.host.worker import supervise

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The hub's clock."""
    return datetime.now(UTC)


def run(config: HubConfig, after_step: Callable[[str], None] = lambda _step: None) -> int:
    """Run until SIGTERM or SIGINT.

    Args:
        config: the checked configuration.
        after_step: see `edge.hub.collector.Collector` and `edge.hub.projector.Projector`; told in their threads.

    Returns:
        0 after the signal; 1 when a part failed or something could not be opened.
    """
    try:
        index = _patient_index(config)
        signers = _signer(config.documents), _signer(config.bindings), _signer(config.time)
        sock = _listen(config.page.listen, config.page.port)
        serving = _files(config.files)
        store = Store.open_writer(config.hub.store)
    except (StoreError, KeyFolderError, OSError) as error:
        log.error("%s", error)  # noqa: TRY400 - the text says it all, a traceback adds nothing
        return 1
    reader = Store.open_reader(config.hub.store)
    offer = None if config.files is None else CatalogueOffer(config.files.folder, config.files.address)
    notices = _notices(store, *signers)
    notices[ARCHIVES] = ReceivingDesk(store, config.hub.diagnostics_folder, Clock().now)
    collector = Collector(_settings(config), store, utc_now, offer=offer, notices=notices, after_step=after_step)
    expiry = Expiry(store, config.hub.pictures_days, utc_now)
    projector = Projector(store, index, collector.quiet, expiry, after_step)
    collector.on_stored = projector.wake
    servers = [PageServer(application(reader, utc_now, config.hub.diagnostics_folder), sock), *serving]
    try:
        return _supervise(collector, projector, servers, _watched(config.documents, store, after_step))
    finally:
        reader.close()
        store.close()


def _files(table: FilesTable | None) -> list[PageServer]:
    if table is None:
        return []
    tls = None if table.tls is None else Tls(table.tls.ca, table.tls.certificate, table.tls.key)
    return [PageServer(files.application(table.folder), _listen(table.listen, table.port), name="files", tls=tls)]


def _notices(
    store: Store, documents: Signer | None, bindings: Signer | None, says_time: Signer | None
) -> dict[str, Retained]:
    """What stations and their machines are told besides orders."""
    fleet = FleetDesk(store, Clock().now, says_time)
    found: dict[str, Retained] = dict.fromkeys(FLEET, fleet)
    if documents is not None:
        found[DOCUMENTS] = DocumentNotices(store, documents, utc_now)
    if bindings is not None:
        found[BINDINGS] = BindingNotices(store, bindings, utc_now)
    return found


def _signer(table: DocumentsTable | BindingsTable | TimeTable | None) -> Signer | None:
    if table is None:
        return None
    return Signer(table.signer if isinstance(table, TimeTable) else table.authority, read_key(table.key))


def _watched(table: DocumentsTable | None, store: Store, after_step: Callable[[str], None]) -> WatchedFolder | None:
    """The folder that documents arrive in; one that cannot be used is told, and events are collected all the same."""
    if table is None or table.folder is None:
        return None
    kind = None if table.kind is None else DocumentKind(table.kind)
    try:
        return WatchedFolder(table.folder, Importer(store, utc_now, table.map, kind, table.tables), after_step)
    except OSError as error:
        log.error("documents.folder: %s: no documents are taken from there", error)  # noqa: TRY400 - says it all
        return None


def _supervise(
    collector: Collector, projector: Projector, servers: list[PageServer], watched: WatchedFolder | None
) -> int:
    workers = [collector.worker, projector.worker, *(server.worker for server in servers)]
    if watched is not None:
        workers.append(watched.worker)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    for worker in workers:
        worker.start()
    notify("READY=1")
    log.info("hub=ready page=http://%s:%d", *servers[0].address)
    status = supervise(workers, stop, notify)
    notify("STOPPING=1")
    for server in servers:
        server.ask_to_stop()
    if watched is not None:
        watched.worker.stop()
    projector.stop()
    collector.stop()
    for server in servers:
        server.stop()
    return 1 if any(worker.error is not None for worker in workers) else status


def _patient_index(config: HubConfig) -> PatientIndex:
    if config.hub.keys is None:
        return no_index
    return Patients.load(config.hub.keys, config.hub.site, create=True).index_sealed


def _settings(config: HubConfig) -> CollectorSettings:
    link = config.link
    tls = None if link.tls is None else Tls(link.tls.ca, link.tls.certificate, link.tls.key)
    return CollectorSettings(link.host, link.port, config.hub.id, tls, link.share, authorities(config.authority))


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family)
    except OSError as error:
        raise OSError(f"cannot listen on {address}:{port}: {error}; choose another port for it") from error
