"""The device's identity at the broker, and what is checked of the broker's own (TLS 1.2 or newer)."""

from __future__ import annotations

import contextlib
import os
import ssl
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509

if TYPE_CHECKING:
    from typing_extensions import Buffer

NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME: the chain and the host name are checked, the dates are not."""
SOON = timedelta(days=30)
"""A certificate that ends within this time is spoken of."""
CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Where systemd puts the secrets of a service; it guards them by an access list, which looks like a group's right."""


class TlsError(OSError):
    """The identity's files cannot be used; the text names the file and what to do."""


@dataclass(frozen=True, slots=True)
class Tls:
    """The device's identity at the broker."""

    ca: Path
    certificate: Path
    key: Path


class ClosingSocket(ssl.SSLSocket):
    """A TLS socket that ends as paho needs it.

    paho forgets a socket whose handshake failed, open. And in TLS 1.3 the broker judges our certificate after that:
    what it says of it waits to be read when sending fails.
    """

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands, or close."""
        try:
            super().do_handshake(block)
        except (OSError, ValueError):
            self.close()
            raise

    def send(self, data: Buffer, flags: int = 0) -> int:
        """Send, or raise the broker's own words where it has closed the connection."""
        try:
            return super().send(data, flags)
        except ssl.SSLEOFError:
            with contextlib.suppress(ssl.SSLWantReadError):
                self.recv(1)
            raise


def client_context(tls: Tls, *, check_time: bool, public: bool = False) -> ssl.SSLContext:
    """What a client of the broker or of a server brings along; reads the files anew, so that renewed ones are taken.

    Args:
        tls: the files.
        check_time: whether this machine's clock can judge the dates of the broker's certificate.
        public: believe the authorities of the operating system too; never for a broker.

    Raises:
        TlsError: a file cannot be used.
    """
    _refuse_open_key(tls.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = ClosingSocket
    if not check_time:
        context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
    try:
        context.load_verify_locations(tls.ca)
    except OSError as error:
        raise TlsError(f"{tls.ca}: not the certificate of an authority in PEM ({_why(error)}): {_ASK}") from error
    if public:
        context.load_default_certs()
    _load_identity(context, tls)
    return context


def notices(tls: Tls, at: datetime) -> list[str]:
    """What a person should know of the dates of these certificates at this time; empty when all is well.

    Files that cannot be read are passed over: `client_context` refuses them.
    """
    return [text for file in (tls.certificate, tls.ca) for text in _dates(file, at)]


def valid_until(file: Path) -> datetime | None:
    """When the first certificate of a file ends; None where there is none to read."""
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())[0].not_valid_after_utc
    except (OSError, ValueError):
        return None


def advice(reason: str) -> str:
    """What to do about a connection that ended for this reason; empty when there is nothing to add."""
    lower = reason.lower()
    return next((f"; {text}" for mark, text in _ADVICE if mark in lower), "")


def _refuse_open_key(key: Path) -> None:
    try:
        mode = stat.S_IMODE(key.stat().st_mode)
    except OSError as error:
        raise TlsError(f"{key}: the key cannot be read ({_why(error)}): {_ASK}") from error
    if mode & 0o077 and not _is_credential(key):
        raise TlsError(f"{key} has mode {mode:04o}: expected 0600, run chmod 600 {key}")


def _is_credential(file: Path) -> bool:
    folder = os.environ.get(CREDENTIALS)
    return folder is not None and file.is_relative_to(folder)


def _load_identity(context: ssl.SSLContext, tls: Tls) -> None:
    try:
        context.load_cert_chain(tls.certificate, tls.key, password="")  # an encrypted key must not ask at a terminal
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsError(f"{tls.key} is not the key of {tls.certificate}: {_ASK}") from error
        text = f"{tls.certificate}, {tls.key}: not a certificate and its open key in PEM ({_why(error)}): {_ASK}"
        raise TlsError(text) from error
    except OSError as error:
        raise TlsError(f"{tls.certificate}: the certificate cannot be read ({_why(error)}): {_ASK}") from error


def _dates(file: Path, at: datetime) -> Iterator[str]:
    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError):
        return
    for each in found:
        since, until = each.not_valid_before_utc, each.not_valid_after_utc
        if at < since:
            yield f"{file} is valid from {since:%Y-%m-%d} on, today is {at:%Y-%m-%d}: {_ASK}, or set the clock"
        elif at >= until:
            yield f"{file} expired on {until:%Y-%m-%d}: {_ASK}"
        elif until - at < SOON:
            yield f"{file} expires on {until:%Y-%m-%d}, in {(until - at).days} days: {_ASK} before that"


def _why(error: OSError) -> str:
    return error.strerror or str(error)


_ASK = "ask site IT for a new one and put it there"
_ADVICE = (
    ("alert certificate revoked", f"the broker holds this station's certificate for revoked: {_ASK}"),
    ("alert certificate expired", f"the broker holds this station's certificate for expired: {_ASK}"),
    ("alert unknown ca", f"the broker does not know who signed this station's certificate: {_ASK}"),
    ("hostname mismatch", "the broker's certificate is for another host: correct [link] host, or ask site IT"),
    ("ip address mismatch", "the broker's certificate is for another host: correct [link] host, or ask site IT"),
    ("not yet valid", "the broker's certificate begins later: is the clock of this station right?"),
    ("certificate has expired", "the broker's certificate has ended: site IT must renew it, if this clock is right"),
    ("verify failed", "the broker's certificate is not signed by the authority in [link] tls.ca: ask site IT"),
)
