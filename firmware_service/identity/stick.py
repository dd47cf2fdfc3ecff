"""Enrolment and renewal without a network: requests out on a stick, certificates back in; by the same token rules.

``udi-enrol/<board>/`` on the stick holds ``station.csr``, ``agent.csr`` and ``token`` (absent: a renewal); the
authority adds ``station.pem``, ``agent.pem`` and ``ca.pem``, or ``refused.txt``.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from firmware_service.identity.credentials import overwrite
from firmware_service.identity.enrol import begin_keys, request
from firmware_service.identity.est import FormError, pin_of, public_key, signed_by_one_of, subject_of
from firmware_service.identity.holding import Holding
from firmware_service.identity.names import ROLES, Role, Subject
from firmware_service.identity.pem import PemError, read_certificates, write_certificates
from hardware.host import files

FOLDER = "udi-enrol"
TOKEN, CA, REFUSED = "token", "ca.pem", "refused.txt"
NO_BOARD = "unknown-board"

erase = overwrite


class StickError(Exception):
    """What is on the stick cannot be taken; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Stick:
    """A mounted stick, seen from one device."""

    mount: Path
    holding: Holding
    board: str | None

    @property
    def folder(self) -> Path:
        """This device's folder on it."""
        return self.mount / FOLDER / (self.board or NO_BOARD)

    @property
    def answered(self) -> bool:
        """Whether the authority has been here."""
        return (self.folder / CA).exists() or (self.folder / REFUSED).exists()

    def ask(self, station: str, token: Path | None) -> None:
        """Write this device's requests, and its token if it enrols.

        Raises:
            OSError: the stick cannot be written.
        """
        begin_keys(self.holding, self.board, lambda _step: None)
        self.folder.mkdir(parents=True, exist_ok=True)
        for role in ROLES:
            files.replace(self.folder / f"{role}.csr", request(self.holding, Subject(station, role, self.board)))
        if token is not None:
            files.replace(self.folder / TOKEN, token.read_bytes())

    def take(self, pin: str) -> None:
        """Take the answer; all of it fits, or nothing is taken.

        Args:
            pin: of the site's authority, from the site's file.

        Raises:
            StickError: there is no answer, a refusal, or one of another authority or for another device.
            OSError: the stick cannot be read.
        """
        if (self.folder / REFUSED).exists():
            raise StickError((self.folder / REFUSED).read_text(encoding="utf-8", errors="replace").strip())
        try:
            trusted = read_certificates(self.folder / CA)
            given = {role: read_certificates(self.folder / f"{role}.pem")[0] for role in ROLES}
            self._refuse_foreign(trusted, given, pin)
        except FileNotFoundError as error:
            text = f"{error.filename} is not there: run udi-firmware authority sign-stick on the site's server first"
            raise StickError(text) from None
        except (PemError, FormError, ValueError) as error:
            raise StickError(str(error)) from None
        write_certificates(self.holding.ca, trusted)
        for role, certificate in given.items():
            self.holding.accept(role, certificate)
            self.holding.confirm(role)
        self.holding.hand_over()
        self.holding.say()

    def clear(self) -> None:
        """Take this device's folder off the stick."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _refuse_foreign(self, trusted: list[x509.Certificate], given: dict[Role, x509.Certificate], pin: str) -> None:
        known = read_certificates(self.holding.ca) if self.holding.ca.exists() else []
        if not any(pin_of(public_key(each)) == pin for each in trusted) and not set(known) & set(trusted):
            raise StickError(f"{self.folder / CA}: expected the authority {pin[:12]}…: this stick is of another site")
        for role, certificate in given.items():
            subject = subject_of(certificate.subject)
            if (subject.role, subject.board) != (role, self.board) or not self.holding.fits(role, certificate):
                raise StickError(f"{role}.pem is for {subject.common_name} on board {subject.board}, or another key")
            if not signed_by_one_of(certificate, trusted):
                raise StickError(f"{role}.pem is not signed by the site's authority")
