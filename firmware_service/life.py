"""How far a machine has come: without a name, without a certificate, enrolled; and the next step of it."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from firmware_service.card.addressing import set_address
from firmware_service.card.report import interfaces, report, write_report
from firmware_service.card.site import Site
from firmware_service.identity.broker import BrokerCheck
from firmware_service.identity.client import AuthorityClient, AuthoritySite, RefusedByAuthority, Unreachable
from firmware_service.identity.enrol import EnrolError, Enroller
from firmware_service.identity.holding import Holding, State, holding_of
from firmware_service.identity.renew import Renewer
from firmware_service.naming import shown_text, signed_label, station_name, take_name
from firmware_service.places import Places
from hardware.host.backoff import Backoff
from hardware.host.board import read_board
from hardware.host.clock import TRUSTED, Clock
from hardware.host.tls import Tls

log = logging.getLogger(__name__)

COMMAND_S = 30.0
FIRST_S, MOST_S = 5.0, 600.0
"""Between two tries to enrol."""


@dataclass(slots=True)
class Life:
    """One machine's; belongs to one thread after its making.

    Attributes:
        places: where things lie.
        site: what the card said of the site; None: nothing is done.
        clock: this machine's.
        station: its name when this was made; None: it had none.
        state: its identity when this was made.
    """

    places: Places
    site: Site | None
    clock: Clock
    station: str | None = None
    state: State = "unenrolled"
    _holding: Holding = field(init=False)
    _backoff: Backoff = field(default_factory=lambda: Backoff(FIRST_S, MOST_S))
    _try_s: float = 0.0
    _network: Backoff = field(default_factory=lambda: Backoff(FIRST_S, MOST_S))
    _network_s: float = 0.0
    _renewer: Renewer | None = None
    _shown: str | None = None
    """What was looked at last."""

    def __post_init__(self) -> None:
        """Look how far it has come."""
        self._holding = holding_of(self.places)
        self.station = station_name(self.places)
        self.state = self._holding.state
        if self.state == "enrolled":
            self._open()

    def _open(self) -> None:
        """What lies in memory is gone since the last start of the machine.

        An identity that cannot be opened must not end the agent: the machine is looked after without one.
        """
        try:
            self._holding.hand_over()
            self._holding.tls("agent")
        except OSError as error:
            log.error("identity=cannot_be_used problem=%s", error)  # noqa: TRY400 - the text says it all
            self.state = "unenrolled"

    def tls(self) -> Tls | None:
        """The agent's own identity; None: it has none yet."""
        return self._holding.tls("agent") if self.state == "enrolled" else None

    def tick(self, now_s: float) -> bool:
        """The next step, if one is due; whether another life begins. What goes wrong is told, and tried again."""
        if self.site is None:
            return False
        self._set_address(self.site, now_s)
        if self.station is None:
            return self._name(self.site, now_s)
        if self.state == "enrolled":
            self._renew(self.site, now_s)
            return False
        return self._enrol(self.site, self.station, now_s)

    def _name(self, site: Site, now_s: float) -> bool:
        text = shown_text(self.places)
        if text is None or text == self._shown or now_s < self._try_s:
            return False
        self._shown = text
        label = signed_label(text, site)
        if label is None:
            return False
        try:
            take_name(self.places, label, self.template(site))
        except (OSError, ValueError) as error:
            self._shown, self._try_s = None, now_s + self._backoff.pause()
            log.error("station=%s not named: %s", label.station, error)  # noqa: TRY400 - the text says it all
            return False
        return True

    def _set_address(self, site: Site, now_s: float) -> None:
        """What the label brought; again and again until it is done: a name is taken once, and a network comes late."""
        if now_s < self._network_s or not self.places.address.exists():
            return
        try:
            address = self.places.address.read_text(encoding="ascii")
            if site.network.static is None:
                log.error("address=%s not set: site.toml has no [network.static], so no gateway is known", address)
            else:
                set_address(address, site.network.static, run_command)
                log.info("address=%s set", address)
            self.places.address.unlink()
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            self._network_s = now_s + self._network.pause()
            log.error("address not set, it is tried again: %s", error)  # noqa: TRY400 - the text says it all

    def template(self, site: Site) -> Path:
        """Where the file lies from which a station's is made."""
        return self.places.root / site.station.template.relative_to("/")

    def _enrol(self, site: Site, station: str, now_s: float) -> bool:
        token = self.places.token
        if now_s < self._try_s or not (token.exists() or self._holding.state != "unenrolled"):
            return False
        try:
            Enroller(self._holding, self._authority(site), station, read_board(self.places.root).serial, token).run()
            self._holding.tls("agent")
        except (EnrolError, Unreachable, RefusedByAuthority, OSError) as error:
            self._try_s = now_s + self._backoff.pause()
            log.warning("enrolment=not_yet problem=%s", error)
            return False
        self._report(station)
        return True

    def _report(self, station: str) -> None:
        """On the card too, for whoever puts it into a PC."""
        root = self.places.root
        text = report(
            read_board(root), interfaces(root), station=station, enrolled=True, lines=(), now=self.clock.now().at
        )
        try:
            write_report(self.places.boot, text)
        except OSError as error:
            log.warning("report=not_written problem=%s", error)

    def _renew(self, site: Site, now_s: float) -> None:
        if self._renewer is None:
            check = BrokerCheck(self.places.station_file, self.clock.now().quality in TRUSTED)
            self._renewer = Renewer(self._holding, self._authority(site), check)
        try:
            self._renewer.tick(now_s)
        except OSError as error:
            log.error("renewal=failed problem=%s", error)  # noqa: TRY400 - the text says it all

    def _authority(self, site: Site) -> AuthorityClient:
        where = AuthoritySite(site.authority.url, site.authority.pin)
        return AuthorityClient(where, self.clock.now().quality in TRUSTED, self.clock.floor)


def run_command(command: Sequence[str]) -> str:
    """Run a command of the system and give what it says.

    Raises:
        OSError: it is not there.
        subprocess.SubprocessError: it failed.
    """
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=COMMAND_S)  # noqa: S603
    return done.stdout
