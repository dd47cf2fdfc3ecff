"""An authority as a folder: its parts put together, and what it publishes for the broker."""

from __future__ import annotations

import fcntl
import logging
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from firmware_service.authority import audit
from firmware_service.authority.config import AuthorityTable
from firmware_service.authority.keyring import Keyring
from firmware_service.authority.registrar import Registrar
from firmware_service.authority.signing import CRL_ALARM_AT, CRL_RENEWED_AT, Ca, new_key, sign_list, sign_server
from firmware_service.authority.store import Store
from firmware_service.identity.pem import read_certificates, read_key, write_certificates, write_key
from hardware.host import files

log = logging.getLogger(__name__)

COMMAND_TIMEOUT_S = 60.0
SERVER_RENEWED_AT = timedelta(days=90)
"""Left of the server's own certificate when it is made anew."""


@dataclass(frozen=True, slots=True)
class Office:
    """The parts of one authority.

    Attributes:
        table: what the site says of it.
        keyring: its keys.
        registrar: its decisions.
    """

    table: AuthorityTable
    keyring: Keyring
    registrar: Registrar

    @property
    def published(self) -> Path:
        """For the broker, which may read it: ``ca.pem`` and ``revoked.pem``."""
        return self.table.state / "published"

    @property
    def server(self) -> Path:
        """The key and certificate by which stations know the server."""
        return self.table.state / "server"

    def tend(self, now: datetime) -> bool:
        """What time asks for: a list of revoked certificates with days left, a certificate for the server itself.

        Returns:
            Whether the list was written anew.
        """
        with self._alone():
            self._renew_server(now)
            due = lists_left(self.published / "revoked.pem", now) < CRL_RENEWED_AT or self._lists_are_old(now)
            if due:
                self._publish(now)
        return due

    def publish(self, now: datetime) -> None:
        """Write what the broker reads.

        Raises:
            OSError: it could not be written.
        """
        with self._alone():
            self._publish(now)

    def _publish(self, now: datetime) -> None:
        number = int(now.timestamp())
        revoked = self.registrar.revoked(now)
        trusted = self.keyring.trusted()
        lists = [sign_list(ca, revoked.get(ca.pin, ()), number, now) for ca in trusted]
        self.published.mkdir(mode=0o755, exist_ok=True)
        write_certificates(self.published / "ca.pem", [ca.certificate for ca in trusted])
        text = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in lists)
        files.replace(self.published / "revoked.pem", text, mode=0o644)
        self.registrar.tell(now, "published", number=number, revoked=sum(map(len, revoked.values())))
        self._note_told("no")

    def tell_broker(self) -> None:
        """Run the site's command: the broker reads the files anew, and live connections end.

        Raises:
            OSError: there is no such command.
            subprocess.SubprocessError: it failed; then revoked devices may still be connected.
        """
        if self.table.on_change:
            subprocess.run(self.table.on_change, check=True, timeout=COMMAND_TIMEOUT_S)  # noqa: S603 - the site's own
        self._note_told("yes")

    @property
    def untold(self) -> bool:
        """Whether the broker may still use older files: the command failed, or was never run."""
        with self.registrar.store.transaction() as rows:
            return rows.note("told") == "no"

    def _note_told(self, answer: str) -> None:
        with self.registrar.store.transaction() as rows:
            rows.set_note("told", answer)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The server and a command may publish at once: half a list would lock everybody out of the broker."""
        with (self.table.state / "publishing").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def concerns(self, now: datetime) -> list[str]:
        """What somebody should do something about; empty when all is well."""
        found = []
        left = lists_left(self.published / "revoked.pem", now)
        if left < CRL_ALARM_AT:
            found.append(
                f"{self.published / 'revoked.pem'} ends in {left.days} days, expected over {CRL_ALARM_AT.days}: "
                "the broker locks out everybody with a list that has ended; run udi-firmware authority publish"
            )
        for ca in self.keyring.trusted():
            ends = ca.certificate.not_valid_after_utc
            if ends - now < timedelta(days=1095):
                found.append(f"authority {ca.pin[:12]} ends on {ends:%Y-%m-%d}: begin authority roll next")
        return found

    def verify_log(self) -> int:
        """Follow the audit log to its end; the number of its lines.

        Raises:
            firmware_service.authority.audit.AuditError: it was changed.
        """
        with self.registrar.store.transaction() as rows:
            return audit.verify(self.registrar.log, rows.audit_head)

    def identity(self, name: str, hosts: tuple[str, ...], folder: Path, now: datetime) -> x509.Certificate:
        """Key and certificate for one of the site's servers, into a folder: ``key.pem``, ``certificate.pem``."""
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        write_key(folder / "key.pem", new_key())
        return self._certify(self.keyring.signing(), name, hosts, folder, now)

    def _certify(self, ca: Ca, name: str, hosts: tuple[str, ...], folder: Path, now: datetime) -> x509.Certificate:
        """A certificate beside the key that lies there."""
        made = sign_server(ca, read_key(folder / "key.pem").public_key(), name, hosts, now)
        self.registrar.tell(now, "server", name=name, number=f"{made.serial_number:x}", hosts=", ".join(hosts))
        write_certificates(folder / "certificate.pem", [made])
        return made

    def _renew_server(self, now: datetime) -> None:
        """By the oldest authority that is trusted: every device knows that one, whatever it has missed.

        The key stays, so that a renewal is one file.
        """
        oldest = self.keyring.trusted()[0]
        self.server.mkdir(mode=0o700, exist_ok=True)
        key, file = self.server / "key.pem", self.server / "certificate.pem"
        if not key.exists():
            file.unlink(missing_ok=True)
            write_key(key, new_key())
        if file.exists():
            found = read_certificates(file)[0]
            lasts = found.not_valid_after_utc - now > SERVER_RENEWED_AT
            if found.issuer == oldest.certificate.subject and lasts and self._serves(found):
                return
        self._certify(oldest, "authority", self.table.hosts, self.server, now)

    def _serves(self, certificate: x509.Certificate) -> bool:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return {str(name.value) for name in names} == set(self.table.hosts)

    def _lists_are_old(self, now: datetime) -> bool:
        """Whether an authority has no list, or something was revoked since: a device that was replaced, say."""
        revoked = self.registrar.revoked(now)
        wanted = {
            ca.certificate.subject: {each.number for each in revoked.get(ca.pin, ())} for ca in self.keyring.trusted()
        }
        found = {
            each.issuer: {entry.serial_number for entry in each} for each in _lists(self.published / "revoked.pem")
        }
        return any(name not in found or numbers - found[name] for name, numbers in wanted.items())


def open_office(table: AuthorityTable) -> Office:
    """The authority in its folder, made with `firmware_service.authority.keyring.Keyring.make_first` before."""
    table.state.mkdir(parents=True, mode=0o711, exist_ok=True)
    keyring = Keyring(table.state / "ca")
    return Office(table, keyring, Registrar(Store(table.state / "authority.db"), keyring, table.state / "audit.jsonl"))


def lists_left(file: Path, now: datetime) -> timedelta:
    """For how long the lists of revoked certificates in a file are good yet; negative: no longer."""
    ends = [each.next_update_utc for each in _lists(file) if each.next_update_utc is not None]
    return min(ends, default=now) - now


def _lists(file: Path) -> list[x509.CertificateRevocationList]:
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return []
    end = b"-----END X509 CRL-----\n"
    return [x509.load_pem_x509_crl(part + end) for part in text.split(end)[:-1]]
