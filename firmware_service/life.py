"""How far a machine has come: without a name, without a certificate, enrolled; and the next step of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

from firmware_service.card.report import TOKEN
from firmware_service.card.site import Site
from firmware_service.identity.broker import BrokerCheck
from firmware_service.identity.client import AuthorityClient, AuthoritySite, RefusedByAuthority, Unreachable
from firmware_service.identity.enrol import EnrolError, Enroller
from firmware_service.identity.holding import Holding, State
from firmware_service.identity.renew import Renewer
from firmware_service.naming import station_name, take_name
from firmware_service.places import Places
from hardware.host.backoff import Backoff
from hardware.host.board import read_board
from hardware.host.clock import TRUSTED, Clock
from hardware.host.tls import Tls

log = logging.getLogger(__name__)

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
    _renewer: Renewer | None = None

    def __post_init__(self) -> None:
        """Look how far it has come."""
        self._holding = Holding(self.places)
        self.station = station_name(self.places)
        self.state = self._holding.state

    def tls(self) -> Tls | None:
        """The agent's own identity; None: it has none yet."""
        return self._holding.tls("agent") if self.state == "enrolled" else None

    def tick(self, now_s: float) -> bool:
        """The next step, if one is due; whether another life begins.

        Raises:
            OSError: the card refuses.
        """
        if self.site is None:
            return False
        if self.station is None:
            return self._name(self.site)
        if self.state == "enrolled":
            self._renew(self.site, now_s)
            return False
        return self._enrol(self.site, self.station, now_s)

    def _name(self, site: Site) -> bool:
        return take_name(self.places, site, self.template(site)) is not None

    def template(self, site: Site) -> Path:
        """Where the file lies from which a station's is made."""
        return self.places.root / site.station.template.relative_to("/")

    def _enrol(self, site: Site, station: str, now_s: float) -> bool:
        token = self.places.boot / TOKEN
        if now_s < self._try_s or not (token.exists() or self._holding.state == "enrolling"):
            return False
        try:
            Enroller(self._holding, self._authority(site), station, read_board(self.places.root).serial, token).run()
        except (EnrolError, Unreachable, RefusedByAuthority) as error:
            self._try_s = now_s + self._backoff.pause()
            log.warning("enrolment=not_yet problem=%s", error)
            return False
        return True

    def _renew(self, site: Site, now_s: float) -> None:
        if self._renewer is None:
            check = BrokerCheck(self.places.station_file, self.clock.now().quality in TRUSTED)
            self._renewer = Renewer(self._holding, self._authority(site), check)
        self._renewer.tick(now_s)

    def _authority(self, site: Site) -> AuthorityClient:
        where = AuthoritySite(site.authority.url, site.authority.pin)
        return AuthorityClient(where, self.clock.now().quality in TRUSTED, self.clock.floor)
