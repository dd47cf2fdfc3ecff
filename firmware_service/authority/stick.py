"""Answers the requests of stations without a network, on a stick; by the same rules as over HTTPS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from firmware_service.authority.office import Office
from firmware_service.authority.registrar import Refused
from firmware_service.identity import est, stick
from firmware_service.identity.names import ROLES
from firmware_service.identity.pem import write_certificates
from hardware.host import files


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one device's request."""

    board: str
    text: str
    good: bool


def sign(office: Office, folder: Path, now: datetime) -> Iterator[Answer]:
    """Answer every device's folder on a stick; a token is erased once its certificates are written.

    Raises:
        OSError: the stick cannot be read or written.
    """
    for asked in sorted(folder.glob(f"{stick.FOLDER}/*/")):
        try:
            made = {role: _certificate(office, asked, (asked / f"{role}.csr").read_bytes(), now) for role in ROLES}
        except (Refused, est.FormError, FileNotFoundError) as error:
            files.replace(asked / stick.REFUSED, f"{error}\n".encode())
            yield Answer(asked.name, str(error), good=False)
            continue
        for role, certificate in made.items():
            write_certificates(asked / f"{role}.pem", [certificate])
        write_certificates(asked / stick.CA, [ca.certificate for ca in office.keyring.trusted()])
        (asked / stick.REFUSED).unlink(missing_ok=True)
        stick.erase(asked / stick.TOKEN)
        names = ", ".join(each.subject.rfc4514_string() for each in made.values())
        yield Answer(asked.name, names, good=True)


def _certificate(office: Office, asked: Path, body: bytes, now: datetime) -> x509.Certificate:
    """With a token: enrolled. Without: renewed, for who signs with a key that is known here holds it."""
    request = est.read_request(body)
    source = f"stick {asked.name}"[:80]
    token = asked / stick.TOKEN
    if token.exists():
        return office.registrar.enrol(token.read_text(encoding="utf-8", errors="replace"), request, now, source)
    return office.registrar.renew(office.registrar.held_with(request), request, now, source)
