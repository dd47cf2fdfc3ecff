"""What the hub wants of this machine, carried out: a configuration, commands, updates."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from firmware_service.checks.look import take_look
from firmware_service.diagnostics.gather import gather, pack, run_here
from firmware_service.diagnostics.sending import MOST_BYTES, ArchiveSender
from firmware_service.health import concerns, read_health
from firmware_service.places import Places
from firmware_service.reboot import Rebooter, moment
from firmware_service.remote.commands import Command, CommandDesk, CommandFailed, GoesOn, Run
from firmware_service.remote.configuration import Configurator
from firmware_service.remote.desired import DesiredError, read_desired
from firmware_service.remote.link import Topics
from firmware_service.remote.outbox import Outbox
from firmware_service.remote.station import InstalledStation
from hardware.host import files
from hardware.host.clock import Clock

log = logging.getLogger(__name__)

LEVELS = ("debug", "info", "warning", "error")
LOG_LEVEL = "log-level"
"""Within the agent's folder until the next start of the machine: the station reads it."""
DIAGNOSTICS = "diagnostics"
COPY = "udi/diagnostics.tar.gz"
"""On the FAT partition: any PC reads it, and what is in it has neither secrets nor patients."""


@dataclass(slots=True)
class Orders:
    """Belongs to one thread.

    Attributes:
        places: where things lie.
        topics: of this machine.
        outbox: where answers go.
        clock: this machine's.
        rebooter: the machine anew.
        systemctl: systemd's command.
        ask_update: wants the newest release now, and says how that stands; None: there are no updates here.
        update_status: how updates stand, for the hub.
    """

    places: Places
    topics: Topics
    outbox: Outbox
    clock: Clock
    rebooter: Rebooter
    systemctl: Sequence[str] = ("systemctl",)
    ask_update: Callable[[], str] | None = None
    update_status: Callable[[], Mapping[str, object]] | None = None
    _told: dict[str, object] = field(default_factory=dict)
    _station: InstalledStation = field(init=False)
    _configurator: Configurator = field(init=False)
    _desk: CommandDesk = field(init=False)
    _archives: ArchiveSender = field(init=False)

    def __post_init__(self) -> None:
        """Take up what was begun."""
        command = (str(self.places.current / "bin/udi-station"),)
        self._station = InstalledStation(self.topics.station, command, self.systemctl)
        self._configurator = Configurator(
            self.places.state / "configuration", self.places.station_file, self._station, self._report
        )
        runs: dict[str, Run] = {
            "restart": self._restart,
            "reboot": self._reboot,
            "selftest": self._selftest,
            "log-level": self._log_level,
            DIAGNOSTICS: self._diagnostics,
            "update": self._update_now,
        }
        self._archives = ArchiveSender(
            self.places.state / "archives",
            lambda piece: self.outbox.put_once(self.topics.diagnostics, piece),
            lambda ident, status, said: self._desk.finish(DIAGNOSTICS, ident, status, said),
        )
        self._desk = CommandDesk(
            self.places.state / "commands.json", runs, self.clock.now, self._say, goes_on=self._goes_on
        )
        self._archives.forget_all_but(self._desk.under_way(DIAGNOSTICS))

    def busy(self) -> bool:
        """Something is open at the station."""
        return self._station.busy()

    @property
    def trying(self) -> bool:
        """The station's file is on trial."""
        return self._configurator.trying

    def want(self, payload: bytes, keys: Mapping[str, bytes]) -> None:
        """The hub wants a configuration."""
        if not payload:
            return
        try:
            self._configurator.want(read_desired(payload, self.topics.station, keys))
        except DesiredError as error:
            log.error("configuration=not_taken problem=%s", error)  # noqa: TRY400 - the text says it all

    def hear(self, kind: str, ident: str, payload: bytes) -> None:
        """A message of a command's topic."""
        if kind == DIAGNOSTICS:
            self._archives.hear(ident, payload)
        self._desk.hear(kind, ident, payload)

    def tick(self) -> None:
        """Do the next step of either."""
        self._configurator.tick()
        self._desk.tick()
        self._archives.tick(self.clock.now())
        if self.update_status is not None:
            self._report({**self._told, "update": self.update_status()})

    def _report(self, told: Mapping[str, object]) -> None:
        self._told = {**self._told, **told}
        self.outbox.put(self.topics.reported, json.dumps(self._told, ensure_ascii=False).encode())

    def _say(self, kind: str, ident: str, payload: bytes) -> None:
        topic = self.topics.command(kind, ident)
        if payload:
            self.outbox.put(topic, payload)
        else:
            self.outbox.drop(topic)

    def _restart(self, _command: Command) -> str:
        if self._station.busy():
            raise CommandFailed("a case or a document is open: ask again when it is closed")
        self._station.restart()
        return "restarted"

    def _reboot(self, _command: Command) -> str:
        if self._station.busy():
            raise CommandFailed("a case or a document is open: ask again when it is closed")
        try:
            self.rebooter.reboot(moment(self.clock.now()))
        except (OSError, subprocess.SubprocessError) as error:
            raise CommandFailed(f"the machine cannot be started anew: {error}") from error
        return "the machine starts anew"

    def _selftest(self, _command: Command) -> str:
        """What can be tested without hands; the rest is ``udi-firmware selftest`` at the machine."""
        found = concerns(read_health(take_look(self.places, self.clock)))
        if found:
            raise CommandFailed("\n".join(found))
        return "一切正常 / all is well"

    def _log_level(self, command: Command) -> str:
        level = command.args.get("level", "")
        if level not in LEVELS:
            raise CommandFailed(f"level = {level!r}: expected one of {', '.join(LEVELS)}")
        files.replace(self.places.run / LOG_LEVEL, level.encode("ascii"), mode=0o644)
        return f"{level} until the next start of the machine"

    def _diagnostics(self, command: Command) -> GoesOn:
        """Packed now, a copy on the card; done when the hub has it."""
        if self._archives.full:
            raise CommandFailed("other archives still wait for the hub: ask again when they are there")
        look = take_look(self.places, self.clock)
        members = gather(look, run_here)
        data = pack(members, int(look.clock.at.timestamp()))
        out = self.places.boot / COPY if self.places.boot.is_dir() else self.places.state / "diagnostics.tar.gz"
        out.parent.mkdir(parents=True, exist_ok=True)
        files.replace(out, data)
        if len(data) > MOST_BYTES:
            raise CommandFailed(f"{out}: {len(data)} bytes, more than the hub takes ({MOST_BYTES}): fetch it there")
        self._archives.keep(command.ident, data)
        return GoesOn(f"on its way; {out}: {len(members)} files, {len(data)} bytes, no secret, no patient")

    def _goes_on(self, kind: str, ident: str) -> bool:
        return kind == DIAGNOSTICS and self._archives.holds(ident)

    def _update_now(self, _command: Command) -> str:
        if self.ask_update is None:
            raise CommandFailed("this machine was set up by hand: it takes no updates")
        return self.ask_update()
