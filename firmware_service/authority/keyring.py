"""The authority's own keys on disk, and how one replaces the other while both are trusted.

A folder for each, ``ca/1``, ``ca/2``, ..., with ``key.pem`` and ``certificate.pem``; ``ca/signing`` names the one that
signs. The next one is made first, so that every device and broker trusts it; then it signs; then the old one goes.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from firmware_service.authority.signing import Ca, make_ca
from firmware_service.identity.pem import read_certificates, read_key, write_certificates, write_key
from hardware.host import files


class KeyringError(Exception):
    """What was asked for cannot be done now; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The folder ``ca``."""

    folder: Path

    def exists(self) -> bool:
        """Whether this authority was ever made."""
        return self._signing.exists()

    def make_first(self, site: str, now: datetime) -> Ca:
        """Make the first key.

        Raises:
            KeyringError: there is one.
        """
        if self.exists():
            raise KeyringError(f"{self.folder} holds an authority already: a second one would not know its stations")
        self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        made = self._make(1, site, now)
        files.replace(self._signing, b"1\n")
        return made

    def signing(self) -> Ca:
        """The one that signs now.

        Raises:
            KeyringError: the authority was not made yet.
        """
        return self._load(self._signing_number())

    def trusted(self) -> list[Ca]:
        """All that are trusted now, the oldest first."""
        return [self._load(number) for number in self._numbers()]

    def of(self, certificate: x509.Certificate) -> Ca | None:
        """The one that signed this certificate."""
        return next((ca for ca in self.trusted() if ca.certificate.subject == certificate.issuer), None)

    def make_next(self, site: str, now: datetime) -> Ca:
        """Make the one that will sign later; it is trusted from now on.

        Raises:
            KeyringError: a roll-over is under way.
        """
        *_, last = self._numbers()
        if last != self._signing_number() or len(self._numbers()) > 1:
            raise KeyringError("a roll-over is under way: authority roll switch, then authority roll finish")
        return self._make(last + 1, site, now)

    def switch(self) -> Ca:
        """Let the newest sign.

        Raises:
            KeyringError: the newest does so already.
        """
        *_, last = self._numbers()
        if last == self._signing_number():
            raise KeyringError("there is no next authority: authority roll next makes it")
        files.replace(self._signing, f"{last}\n".encode())
        return self._load(last)

    def finish(self) -> list[Ca]:
        """Trust only the one that signs: the keys of the others are gone when this returns.

        Raises:
            KeyringError: there is no older one.
        """
        old = [number for number in self._numbers() if number < self._signing_number()]
        if not old and not self._gone():
            raise KeyringError("there is no older authority to take away")
        taken = [self._load(number) for number in old]
        for number in old:  # at once no longer trusted, whole or half deleted
            (self.folder / str(number)).rename(self.folder / f"{number}.gone")
        files.sync_folder(self.folder)
        for folder in self._gone():
            shutil.rmtree(folder)
        files.sync_folder(self.folder)
        return taken

    def _gone(self) -> list[Path]:
        return sorted(self.folder.glob("*.gone"))

    def _make(self, number: int, site: str, now: datetime) -> Ca:
        made = make_ca(site, now) if number == 1 else make_ca(f"{site} {number}", now)
        part = self.folder / f"{number}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        write_key(part / "key.pem", made.key)
        write_certificates(part / "certificate.pem", [made.certificate])
        target = self.folder / str(number)
        shutil.rmtree(target, ignore_errors=True)  # of a first attempt that a power cut ended: nobody has seen it
        part.rename(target)
        files.sync_folder(self.folder)
        return made

    @property
    def _signing(self) -> Path:
        return self.folder / "signing"

    def _signing_number(self) -> int:
        try:
            return int(self._signing.read_text(encoding="ascii"))
        except FileNotFoundError:
            raise KeyringError(f"{self.folder} holds no authority: udi-firmware authority init makes it") from None

    def _numbers(self) -> list[int]:
        self._signing_number()
        return sorted(int(each.name) for each in self.folder.iterdir() if each.name.isdecimal())

    def _load(self, number: int) -> Ca:
        folder = self.folder / str(number)
        return Ca(read_key(folder / "key.pem"), read_certificates(folder / "certificate.pem")[0])
