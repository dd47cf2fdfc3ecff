"""From no identity to two that work: small steps, each on the card before the next, each harmless when done again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from cryptography import x509

from firmware_service.identity.client import read_trusted
from firmware_service.identity.credentials import overwrite
from firmware_service.identity.est import signed_by_one_of, subject_of, write_request
from firmware_service.identity.holding import Holding, make_key
from firmware_service.identity.names import ROLES, Role, Subject
from firmware_service.identity.pem import parse_key, write_certificates
from hardware.host.tls import Tls

log = logging.getLogger(__name__)

Step = Literal[
    "bind",
    "key station",
    "key agent",
    "trust",
    "ask station",
    "keep station",
    "ask agent",
    "keep agent",
    "confirm station",
    "note station",
    "confirm agent",
    "note agent",
    "hand over",
    "erase token",
    "done",
]
"""What is about to be done; a power cut before any of them costs nothing."""


class Authority(Protocol):
    """Who is asked; see `firmware_service.identity.client.AuthorityClient`."""

    def trust(self) -> list[x509.Certificate]:
        """The site's authorities."""

    def enrol(self, trusted: list[x509.Certificate], token: str, request: bytes) -> x509.Certificate:
        """A certificate for a token."""

    def confirm(self, tls: Tls) -> object:
        """Show what is held."""


class EnrolError(Exception):
    """Enrolment cannot begin; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Enroller:
    """Takes one device through enrolment; begun again after any interruption it goes on where it was.

    Attributes:
        holding: what the device holds.
        authority: who is asked.
        station: the name it shall have.
        board: serial number of this board; None where it has none.
        token: file with the single-use token, erased at the end.
        reached: told of each step before it is done.
    """

    holding: Holding
    authority: Authority
    station: str
    board: str | None
    token: Path
    reached: Callable[[Step], None] = lambda step: log.info("enrolment=%s", step)

    def run(self) -> None:
        """Enrol.

        Raises:
            EnrolError: there is no token, or the device is a station of another name.
            firmware_service.identity.client.Unreachable: the authority does not answer: try again.
            firmware_service.identity.client.RefusedByAuthority: it says no.
            OSError: the card refuses.
        """
        if self.holding.state == "enrolled":
            self._refuse_another_name()
        else:
            self._keys()
            self._trust()
            for role in ROLES:
                self._certificate(role)
            for role in ROLES:
                self._confirm(role)
        self.reached("hand over")
        self.holding.hand_over()
        self.reached("erase token")
        overwrite(self.token)
        self.reached("done")
        self.holding.say()

    def _refuse_another_name(self) -> None:
        have = self.holding.certificate("station")
        if have is not None and subject_of(have.subject).station != self.station:
            name = subject_of(have.subject).station
            raise EnrolError(f"this device is station {name}: udi-firmware identity decommission first")

    def _keys(self) -> None:
        begin_keys(self.holding, self.board, self.reached)

    def _trust(self) -> None:
        """Asked for at every beginning: the card may have been prepared for another site since."""
        self.reached("trust")
        write_certificates(self.holding.ca, self.authority.trust())

    def _certificate(self, role: Role) -> None:
        subject, trusted = Subject(self.station, role, self.board), read_trusted(self.holding.ca)
        have = self.holding.certificate(role)
        if have is not None and subject_of(have.subject) == subject and signed_by_one_of(have, trusted):
            return
        self.reached("ask station" if role == "station" else "ask agent")
        given = self.authority.enrol(trusted, self._token(), request(self.holding, subject))
        self.reached("keep station" if role == "station" else "keep agent")
        self.holding.accept(role, given)

    def _confirm(self, role: Role) -> None:
        if not self.holding.confirmed(role):
            self.reached("confirm station" if role == "station" else "confirm agent")
            self.authority.confirm(self.holding.tls(role))
            self.reached("note station" if role == "station" else "note agent")
            self.holding.confirm(role)

    def _token(self) -> str:
        try:
            return self.token.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            raise EnrolError(
                f"{self.token} is not there: put a token into it (udi-firmware authority token new prints one)"
            ) from None


def begin_keys(holding: Holding, board: str | None, reached: Callable[[Step], None]) -> None:
    """Bind this device to its board and make both keys, where that was not done."""
    if holding.board is None:
        reached("bind")
        holding.forget_reason()
        holding.bind(board)
    for role in ROLES:
        reached("key station" if role == "station" else "key agent")
        make_key(holding, role)


def request(holding: Holding, subject: Subject) -> bytes:
    """A request signed with the key of this role."""
    file = holding.key(subject.role).path()
    return write_request(parse_key(file.read_bytes(), str(file)), subject)
