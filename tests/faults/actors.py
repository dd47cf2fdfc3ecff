"""The processes of a site as things that can be killed, stopped and started again, with what they said in all lives."""

from __future__ import annotations

import contextlib
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge import wire
from edge.station.journal.store import JournalDamaged, JournalReader
from hardware.host.local import ask
from tests.faults.reckoning import Told
from tests.support.proxy import Proxy
from tests.support.site import ROOT, Broker, Running, Site, Terminal, command, udi, wait_for

WAIT_S = 30.0
_BEGUN = re.compile(r"event_id=(\S+)")


@dataclass
class StationActor:
    """One station identity: its card, its scanner, and the process that runs now or none."""

    site: Site
    name: str
    terminal: Terminal
    next_serial: Callable[[], str]
    program: Sequence[str] | None = None
    running: Running | None = None
    deaths: list[int] = field(default_factory=list)
    """Exit status of every life that ended, in order; -9 for kill -9."""
    logs: list[str] = field(default_factory=list)
    """What the former lives said."""
    _green: set[str] = field(default_factory=set)
    _recorded: set[str] = field(default_factory=set)
    _begun: set[str] = field(default_factory=set)

    @property
    def home(self) -> Path:
        return self.site.station_home(self.name)

    @property
    def journal(self) -> Path:
        return self.home / "journal.sqlite3"

    @property
    def alive(self) -> bool:
        return self.running is not None and self.running.process.poll() is None

    @property
    def life(self) -> Running:
        assert self.running is not None, f"{self.name} does not run"
        return self.running

    def start(self, program: Sequence[str] | None = None, *, ready: bool = True) -> Running:
        self.bury()
        self.running = self.site.start_station(self.name, program or self.program, ready=ready)
        if ready:
            self._look()
        return self.running

    def end(self, number: int = signal.SIGKILL, *, look: bool = True) -> int:
        """Send the signal, wait for the end and keep what this life said, and with `look` what its journal has."""
        if self.alive:
            self.life.process.send_signal(number)
            self.life.process.wait(WAIT_S)
        return self.bury(look=look)

    def bury(self, *, look: bool = True) -> int:
        """Keep what a life that ended said; gives its exit status, 0 if there was none."""
        if self.running is None:
            return 0
        ended, self.running = self.running, None
        code = ended.process.wait(WAIT_S)
        ended.join()
        self._hear(ended)
        self.logs += ended.logs
        self.deaths.append(code)
        if look:
            self._look()
        return code

    def scan(self, count: int = 1) -> int:
        """Show packages, each once it was answered; gives how many were answered before the station died."""
        self.life.wait_log_or_death("opened")  # what a scanner says before is not heard
        for number in range(count):
            before = len(self.life.shown())
            if not self.alive:
                return number
            self.terminal.send(udi(self.next_serial()))
            self.life.wait_shown(before + 1)
        return count

    def pour(self, count: int) -> None:
        """Show packages without waiting for the answers."""
        self.life.wait_log_or_death("opened")
        for _ in range(count):
            self.terminal.send(udi(self.next_serial()))

    def told(self) -> Told:
        """All that this station said in all its lives, and what is in its journal."""
        if self.running is not None:
            self._hear(self.running)
        self._look()
        return Told(frozenset(self._green), frozenset(self._recorded), frozenset(self._begun))

    def status(self) -> dict[str, Any]:
        """What `udi-station status` says."""
        answer = ask(self.home / "station.sock", {"ask": "status"}, within_s=WAIT_S)
        assert answer is not None, f"{self.name} does not answer"
        return answer

    def acknowledged(self) -> bool:
        """The hub has confirmed everything; the journal's file says so a little later than the station."""
        if self.alive:
            return bool(self.status()["unacknowledged"] == 0)
        with JournalReader.snapshot(self.journal) as reader:
            head = reader.head()
        return head.acked_seq == head.last_seq

    def diagnosis(self) -> str:
        """How it is, for whoever has to find the cause."""
        with JournalReader.snapshot(self.journal) as reader:
            head = reader.head()
        told = f"{self.name} alive={self.alive} deaths={self.deaths} acked={head.acked_seq} of {head.last_seq}"
        link = self.status()["link"] if self.alive else {}
        logs = [] if self.running is None else self.running.logs[-12:]
        return "\n".join([f"{told} epoch={head.epoch} link={link}", *(f"    {line}" for line in logs)])

    def _hear(self, running: Running) -> None:
        self._green |= running.green()
        self._recorded |= running.recorded()
        self._begun |= {m.group(1) for line in running.logs if (m := _BEGUN.search(line))}

    def _look(self) -> None:
        """Events that were committed in the moment before a death are in the journal, and nobody spoke of them."""
        with contextlib.suppress(JournalDamaged, sqlite3.Error, OSError):
            self._recorded |= journaled(self.journal)


def journaled(file: Path) -> set[str]:
    """event_id of everything in a journal's file."""
    if not file.exists():
        return set()
    with JournalReader.snapshot(file) as reader:
        return {wire.Event.decode(row.line).event_id for row in reader.from_seq(0)}


@dataclass
class HubActor:
    """One hub process with a configuration of its own."""

    site: Site
    name: str = "hub"
    proxy: Proxy | None = None
    share: str | None = None
    process: subprocess.Popen[bytes] | None = None
    program: Sequence[str] = field(default_factory=lambda: command("edge.hub.cli"))
    deaths: list[int] = field(default_factory=list)
    begins: int = 0
    """Where in its log this life begins."""

    @property
    def log(self) -> Path:
        return self.site.folder / f"{self.name}.log"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def ready(self) -> bool:
        """This life says that it is."""
        return self.alive and b"hub=ready" in self.said(self.begins)

    @property
    def connected(self) -> bool:
        """This life was taken by the broker, and told the stations so."""
        return b"broker=connected" in self.said(self.begins)

    def start(self, program: Sequence[str] | None = None, *, ready: bool = True) -> None:
        """Begin a life, with `program` of another kind than the others."""
        self.bury()
        self.begins = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            words = [*(program or self.program), "run", "--config", str(self._config())]
            self.process = subprocess.Popen(words, stdout=log, stderr=log, cwd=ROOT)
        if ready:
            wait_for(lambda: self.ready or not self.alive, f"{self.name} to be ready", WAIT_S)
            assert self.alive, f"{self.name} ended at once: {self.said(self.begins)[-2000:].decode()}"

    def end(self, number: int = signal.SIGKILL) -> int:
        if self.process is not None and self.alive:
            self.process.send_signal(number)
            self.resume()  # one that is paused hears nothing but kill -9
        return self.bury()

    def bury(self) -> int:
        """Take note of a death; gives the exit status, 0 if there was none."""
        ended, self.process = self.process, None
        if ended is None:
            return 0
        code = ended.wait(WAIT_S)
        self.deaths.append(code)
        return code

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def said(self, begins: int = 0) -> bytes:
        with self.log.open("rb") as log:
            log.seek(begins)
            return log.read()

    def _signal(self, number: int) -> None:
        if self.process is not None and self.alive:
            self.process.send_signal(number)

    def _config(self) -> Path:
        text = self.site.hub_file.read_text(encoding="utf-8").replace("[hub]\n", f'[hub]\nid = "{self.name}"\n')
        if self.share is not None:
            text = text.replace("[link]\n", f'[link]\nshare = "{self.share}"\n')
        if self.proxy is not None:
            text = text.replace(f"port = {self.site.broker.port}\n", f"port = {self.proxy.port}\n")
        file = self.site.folder / f"{self.name}-actor.toml"
        file.write_text(text, encoding="utf-8")
        return file


@dataclass
class BrokerActor:
    """The broker; `empty` is a broker whose disk was replaced."""

    broker: Broker
    state: Path
    """Its folder for what it keeps over a restart."""

    @property
    def alive(self) -> bool:
        process = self.broker._process
        return process is not None and process.poll() is None

    def start(self) -> None:
        self.end()
        self.broker.start()

    def end(self, number: int = signal.SIGKILL) -> None:
        self.broker.stop(number)

    def empty(self) -> None:
        """Stop it if it runs, and delete everything it kept."""
        self.end(signal.SIGTERM)
        for file in self.state.iterdir():
            file.unlink()


def replaced(file: Path, text: str) -> None:
    """New content that a reader sees whole or not at all."""
    part = file.with_name(f"{file.name}.{time.monotonic_ns()}")
    part.write_text(text, encoding="ascii")
    part.rename(file)
