"""The composition root of the station: builds every part, runs the workers, ends in order."""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

from edge import wire
from edge.catalog.authorities import authorities
from edge.rules.regions import site_rules
from edge.rules.verdict import TaskName
from edge.station.binding_book import FOLDER as BINDINGS
from edge.station.binding_book import BindingBook
from edge.station.camera_input import CameraInput
from edge.station.card_book import FILE as CARDS_FILE
from edge.station.card_book import CardBook
from edge.station.catalogue import fetcher, open_catalogue, open_tables, status_of
from edge.station.config import StationConfig
from edge.station.desk import Desk
from edge.station.document_book import FOLDER as DOCUMENTS
from edge.station.document_book import DocumentBook
from edge.station.drafts import Drafter
from edge.station.inputs import Inputs, ScannerInput, StdinInput
from edge.station.journal.room import RESERVED_BYTES
from edge.station.journal.store import Journal, JournalReader, OpenedEpoch
from edge.station.journal.writer import JournalWriter
from edge.station.knowledge import Knowledge
from edge.station.last_scan import last_scan
from edge.station.lying import last_seen
from edge.station.machine import FOLDER as MACHINE
from edge.station.machine import Machine
from edge.station.messages import Kept
from edge.station.order_book import FILE as ORDERS_FILE
from edge.station.order_book import OrderBook, OrderIndex
from edge.station.panel import build_panel
from edge.station.photographer import Photographer
from edge.station.pictures import FOLDER, PictureStore
from edge.station.uplink import Uplink
from edge.station.uplink_state import UplinkSettings
from edge.station.wedged import REBOOT_WANTED, Wedged
from hardware.host.clock import Clock
from hardware.host.link import LinkSettings, Tls
from hardware.host.local import LineServer
from hardware.host.notify import notify
from hardware.host.worker import Worker, supervise

log = logging.getLogger(__name__)

VERSION = version("udi-station")
RESERVING_S = 300
"""What systemd grants a first start: 200 MiB are written twice, to a slow card perhaps."""


class Station:
    """One station process."""

    def __init__(
        self,
        config: StationConfig,
        state_dir: Path,
        run_dir: Path,
        *,
        simulate: bool,
        after_step: Callable[[str], None] = lambda _step: None,
        clock: Clock | None = None,
        machine_dir: Path = MACHINE,
    ) -> None:
        """Build everything that needs no thread; opens the journal.

        Args:
            config: the checked configuration.
            state_dir: journal, open case and pictures.
            run_dir: sockets.
            simulate: simulated panel on standard output, scans and buttons from standard input.
            after_step: told after every step in the life of a scan; tests kill the process there.
            clock: this machine's if None.
            machine_dir: of the firmware agent's files.
        """
        state_dir.mkdir(parents=True, exist_ok=True)
        run_dir.mkdir(parents=True, exist_ok=True)
        self._config = config
        self._stop = threading.Event()
        clock = clock or Clock()
        drafter = Drafter(config.station, clock)
        self._journal_file = journal_file = state_dir / "journal.sqlite3"
        self._writer = JournalWriter(_journal(config, journal_file, drafter, after_step))
        self._writer.on_pressure = lambda waiting, of: self._tell(
            drafter, wire.station_change("quota", unacknowledged=waiting, capacity=of)
        )
        pictures = PictureStore(state_dir / FOLDER, config.station.id, config.seal)
        self._photographer = None if config.camera is None or config.seal is None else Photographer(pictures)
        signing = authorities(config.authority)
        orders = OrderBook(state_dir / ORDERS_FILE, signing)
        cards = CardBook(state_dir / CARDS_FILE, signing)
        self._works_under: Callable[[str], bool] = lambda _ident: False
        documents = DocumentBook(
            state_dir / DOCUMENTS,
            signing,
            is_open=lambda ident: self._works_under(ident),  # noqa: PLW0108 - of the desk, which is made later
            today=lambda: _known_day(clock),
        )
        bindings = BindingBook(state_dir / BINDINGS, signing)
        journal = JournalReader.open(journal_file)
        self._lying = () if config.camera is None else last_seen(journal, clock.now().boot)
        self._panel = build_panel(config.panel, simulate=simulate)
        self._machine = Machine(machine_dir, self._panel.say)
        self._desk = Desk(
            home=TaskName(config.station.home_task),
            mobile=config.station.mobile,
            patterns=config.patterns,
            cards=cards,
            seal=config.seal,
            run_dir=run_dir,
            knowledge=_knowledge(config, orders),
            drafter=drafter,
            journal=self._writer,
            kept=journal.kept(),
            indicator=self._panel.indicator,
            speak=self._panel.say,
            mono_ns=time.monotonic_ns,
            photographs=self._photographer,
            documents=documents.get,
            machine=lambda: self._machine.troubles,
            bindings=bindings,
            after_step=after_step,
        )
        self._works_under = self._desk.works_under
        self._panel.connect(self._desk)
        if self._photographer is not None:
            self._photographer.on_kept = lambda ident, name: self._desk.post(Kept(ident, name))
        self._inputs = Inputs(self._desk.post)
        self._camera = None if config.camera is None else self._add_camera(run_dir)
        _add_others(self._inputs, config, simulate=simulate)
        settings = _uplink_settings(config, clock)
        self._fetch = fetcher(config, settings.link.tls, clock, lambda change: self._tell(drafter, change))
        self._uplink = Uplink(
            settings,
            journal,
            self._writer,
            now=clock.now,
            report=lambda change: self._tell(drafter, change),
            pictures=pictures,
            orders=orders,
            cards=cards,
            catalogue_offered=None if self._fetch is None else self._fetch.offered,
            documents=documents,
            bindings=bindings,
            after_step=after_step,
        )
        self._writer.on_append = self._uplink.wake
        self._server = LineServer(run_dir / "station.sock")

    def run(self) -> int:
        """Run until SIGTERM or SIGINT, or until a worker fails; returns the exit status."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        desk = Worker("desk", self._desk.step, on_stop=self._desk.close)
        status = Worker("status", self._watch_and_answer, on_stop=self._server.close)
        early = [self._writer.worker, desk, self._uplink.worker, status]
        early += [each.worker for each in (self._fetch, self._photographer) if each is not None]
        readers = [source.worker for source in self._inputs.sources]
        self._desk.open(self._lying)
        for worker in early:
            worker.start()
        for worker in readers:
            worker.start()
        notify("READY=1")
        log.info("state=ready station=%s version=%s", self._config.station.id, VERSION)
        code = supervise([*early, *readers], self._stop, notify)
        notify("STOPPING=1")
        self._end(readers, desk, status, code)
        return code

    def _end(self, readers: list[Worker], desk: Worker, status: Worker, code: int) -> None:
        """Stop what brings work in first; what was taken in is still recorded, then the hub is told."""
        if self._fetch is not None:
            self._fetch.worker.stopping.set()
        for worker in readers:
            worker.stopping.set()
        for worker in (*readers, desk):
            worker.stop(0.5)
        self._writer.stop()
        self._uplink.set_state("stopped" if code == 0 else "fault")
        self._uplink.worker.stop(0.5)
        status.stop(0.3)
        self._panel.close()
        log.info("state=stopped exit=%d", code)

    def _add_camera(self, run_dir: Path) -> CameraInput:
        camera = CameraInput(
            run_dir / "camera.sock",
            self._inputs,
            on_light=self._panel.indicator.set_light,
            photographer=self._photographer,
            wedged=Wedged(run_dir / REBOOT_WANTED),
            newest_ns=max((read.t0_ns for read in self._lying), default=0),
        )
        self._inputs.add(camera)
        return camera

    def _tell(self, drafter: Drafter, change: Mapping[str, Any]) -> None:
        self._writer.submit(drafter.draft(wire.Kind.STATION, change), lambda _done: None)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _watch_and_answer(self) -> None:
        self._panel.follow(datetime.now().astimezone().time(), time.monotonic_ns())
        self._machine.look()
        self._uplink.set_state("ready" if self._desk.fault is None else "fault")
        for client, request in self._server.step(0.2):
            if request.get("ask") == "status":
                self._server.send(client, self._status())

    def _status(self) -> dict[str, Any]:
        uplink = self._uplink.status()
        return {
            **json.loads(uplink.encode()),
            "station": self._config.station.id,
            "task": self._desk.task.value,
            "busy": self._desk.busy,
            "fault": self._desk.fault,
            "machine": list(self._machine.troubles),
            "missing_readers": list(self._desk.missing_readers),
            "last_scan": last_scan(self._journal_file),
            "catalogue": status_of(self._desk.catalog),
            "catalogue_fetch": None if self._fetch is None else self._fetch.stats_json(),
            "camera": None if self._camera is None else self._camera.stats_json(),
            "link": self._uplink.stats_json(),
            "pid": os.getpid(),
        }


def _known_day(clock: Clock) -> date | None:
    """The local day; None if this machine does not know it: then no document ends."""
    reading = clock.now()
    return None if reading.quality in ("none", "floor") else reading.at.astimezone().date()


def _journal(config: StationConfig, file: Path, drafter: Drafter, after_step: Callable[[str], None]) -> Journal:
    notify(f"EXTEND_TIMEOUT_USEC={RESERVING_S * 1_000_000}")
    return Journal.open(
        file,
        opening=lambda opened: _opening(drafter, opened),
        reserve_bytes=0 if config.link.bench else RESERVED_BYTES,  # a bench's disk is not promised to anyone
        after_step=after_step,
    )


def _opening(drafter: Drafter, opened: OpenedEpoch) -> wire.Draft:
    previous = opened.previous
    return drafter.draft(
        wire.Kind.STATION,
        wire.station_change(
            "epoch_opened", previous=previous, lost=opened.lost, salvaged=opened.salvaged, why=opened.why
        ),
    )


def _knowledge(config: StationConfig, orders: OrderBook) -> Knowledge:
    catalog = open_catalogue(config)
    tables, problem = open_tables(config)
    return Knowledge(
        catalog,
        site_rules(config.station.region, config.station.organisation.role),
        tables,
        OrderIndex(orders, lambda di: None if catalog is None else catalog.lookup(di)),
        problem,
    )


def _add_others(inputs: Inputs, config: StationConfig, *, simulate: bool) -> None:
    for table in config.scanner:
        inputs.add(ScannerInput(table, inputs))
    if simulate and sys.stdin is not None:
        inputs.add(StdinInput(sys.stdin.buffer, inputs))


def _uplink_settings(config: StationConfig, clock: Clock) -> UplinkSettings:
    tls = config.link.tls
    notices = [] if config.camera is None else ["camera"]
    if config.panel is not None and config.panel.no_code_button is not None:
        notices.append("button")
    if any(table.no_read is not None for table in config.scanner):
        notices.append("no_read")
    return UplinkSettings(
        station=config.station.id,
        link=LinkSettings(
            host=config.link.host,
            port=config.link.port,
            client_id=config.station.id,
            tls=None if tls is None else Tls(tls.ca, tls.certificate, tls.key),
        ),
        session=secrets.token_hex(8),
        version=VERSION,
        since=wire.iso(clock.now().at),
        notices_missing_by=tuple(notices),
    )
