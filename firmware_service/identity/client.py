"""Asks the site's authority over HTTPS: pinned, and without trust in this machine's clock.

The site's file names the SHA-256 of the authority's key. At the first contact the authority's certificates are fetched
from whoever answers; only the one with that key is believed, and everything else is asked anew by its light.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from firmware_service.identity import est
from hardware.host.clock import BUILD_FLOOR
from hardware.host.tls import NO_CHECK_TIME, Tls

TIMEOUT_S = 20.0
DEFAULT_PORT = 8443
_OK = 200
_FINAL = (400, 401, 403, 404, 409)


class Unreachable(OSError):  # noqa: N818 - what it is
    """No answer, or none of the authority's; worth another try later."""


class RefusedByAuthority(Exception):  # noqa: N818 - what it is called
    """The authority says no; its own words are the text."""


@dataclass(frozen=True, slots=True)
class AuthoritySite:
    """``[authority]`` of the site's file."""

    url: str = field(
        metadata={
            "check": lambda value: re.fullmatch(r"https://[^/?#@]+/?", value) is not None,
            "expected": "such as https://authority.site:8443",
        }
    )
    pin: str = field(
        metadata={
            "check": lambda value: re.fullmatch(r"[0-9a-f]{64}", value) is not None,
            "expected": "64 lower-case hex digits, as udi-firmware authority init prints them",
        }
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How a certificate stands with the authority.

    Attributes:
        at: now, by the authority's clock.
        renew: whether it wants the certificate renewed before its time.
    """

    at: datetime
    renew: bool


@dataclass(frozen=True, slots=True)
class AuthorityClient:
    """One device's view of the authority.

    Attributes:
        site: where it is and how it is known.
        check_time: whether this machine's clock can judge dates.
        floor: the time before which it cannot be, by which a server's certificate is judged where the clock cannot.
    """

    site: AuthoritySite
    check_time: bool = True
    floor: datetime = BUILD_FLOOR

    def trust(self) -> list[x509.Certificate]:
        """The authorities of the site, at the first contact: what the pinned one says.

        Raises:
            Unreachable: nobody answers, or somebody else.
        """
        unproven = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        unproven.check_hostname = False
        unproven.verify_mode = ssl.CERT_NONE  # nothing secret is sent, and only the pinned key is taken from the answer
        told = _certificates(self._ask(unproven, "GET", est.CACERTS))
        pinned = [each for each in told if _pin(each) == self.site.pin]
        if not pinned:
            found = ", ".join(_pin(each)[:12] for each in told)
            raise Unreachable(f"{self.site.url}: expected the authority {self.site.pin[:12]}…, found {found}")
        return self.authorities(pinned)

    def authorities(self, trusted: list[x509.Certificate]) -> list[x509.Certificate]:
        """The authorities of the site, by the word of those that are trusted.

        Raises:
            Unreachable: nobody answers, or somebody else.
        """
        return _certificates(self._ask(self._context(trusted), "GET", est.CACERTS))

    def enrol(self, trusted: list[x509.Certificate], token: str, request: bytes) -> x509.Certificate:
        """A certificate for a token.

        Raises:
            Unreachable: nobody answers, or somebody else.
            RefusedByAuthority: the token does not entitle to it.
        """
        secret = base64.b64encode(b"token:" + token.strip().encode()).decode("ascii")
        headers = {"Authorization": f"Basic {secret}", "Content-Type": "application/pkcs10"}
        return _certificates(self._ask(self._context(trusted), "POST", est.ENROL, request, headers))[0]

    def renew(self, tls: Tls, request: bytes) -> x509.Certificate:
        """The next certificate, for the one that is held.

        Raises:
            Unreachable: nobody answers, or somebody else.
            RefusedByAuthority: what is held was taken back, or ended too long ago.
        """
        headers = {"Content-Type": "application/pkcs10"}
        return _certificates(self._ask(self._identified(tls), "POST", est.RENEW, request, headers))[0]

    def confirm(self, tls: Tls) -> Standing:
        """Show the certificate that is held, and hear how it stands.

        Raises:
            Unreachable: nobody answers, or somebody else.
            RefusedByAuthority: it was taken back.
        """
        body = self._ask(self._identified(tls), "GET", est.CONFIRM)
        try:
            told: Any = json.loads(body)
            return Standing(datetime.fromisoformat(told["at"]).astimezone(UTC), bool(told["renew"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Unreachable(f"{self.site.url}: expected how the certificate stands, found something else") from None

    def _identified(self, tls: Tls) -> ssl.SSLContext:
        context = self._context(x509.load_pem_x509_certificates(tls.ca.read_bytes()))
        context.load_cert_chain(tls.certificate, tls.key, password="")
        return context

    def _context(self, trusted: list[x509.Certificate]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cadata=b"".join(each.public_bytes(Encoding.DER) for each in trusted))
        if not self.check_time:
            context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
        return context

    def _ask(
        self,
        context: ssl.SSLContext,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        where = urlsplit(self.site.url)
        line = http.client.HTTPSConnection(
            where.hostname or "", where.port or DEFAULT_PORT, timeout=TIMEOUT_S, context=context
        )
        try:
            line.connect()
            self._refuse_ended(line)
            line.request(method, path, body, dict(headers or {}))
            answer = line.getresponse()
            text = answer.read(est.MOST_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self.site.url}: {error}") from error
        finally:
            line.close()
        if answer.status in _FINAL:
            raise RefusedByAuthority(text.decode(errors="replace").strip())
        if answer.status != _OK:
            raise Unreachable(f"{self.site.url}: status {answer.status}, {text[:200].decode(errors='replace').strip()}")
        return text

    def _refuse_ended(self, line: http.client.HTTPSConnection) -> None:
        """Without a clock: the certificate is judged at the latest time that is certain, or at its own beginning."""
        if (
            self.check_time
            or not isinstance(line.sock, ssl.SSLSocket)
            or line.sock.context.verify_mode == ssl.CERT_NONE
        ):
            return
        ends = x509.load_der_x509_certificate(line.sock.getpeercert(binary_form=True) or b"").not_valid_after_utc
        if ends < self.floor:
            raise Unreachable(f"{self.site.url}: its certificate ended on {ends:%Y-%m-%d}")


def read_trusted(file: Path) -> list[x509.Certificate]:
    """The authorities in a file."""
    return x509.load_pem_x509_certificates(file.read_bytes())


def _certificates(body: bytes) -> list[x509.Certificate]:
    try:
        return est.read_certificates(body)
    except est.FormError as error:
        raise Unreachable(f"the authority's answer: {error}") from None


def _pin(certificate: x509.Certificate) -> str:
    try:
        return est.pin_of(est.public_key(certificate))
    except est.FormError:
        return "another kind of key"
