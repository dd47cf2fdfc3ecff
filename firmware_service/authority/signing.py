"""Certificates and lists of revoked ones, as this authority makes them. Pure but for keys and numbers by chance."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from firmware_service.identity.est import Request, name_of, pin_of

CA_LASTS = timedelta(days=3650)
LEAF_LASTS = timedelta(days=730)
"""At least three times as long as a device may be without a network."""
SERVER_LASTS = timedelta(days=365)
CRL_LASTS = timedelta(days=180)
CRL_RENEWED_AT = timedelta(days=120)
"""Left of a list when it is written anew: mosquitto locks everybody out with one that has ended."""
CRL_ALARM_AT = timedelta(days=90)
EARLIER = timedelta(hours=1)
"""Certificates begin a little before now: other clocks may be behind."""


@dataclass(frozen=True, slots=True)
class Ca:
    """One key that signs, and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pin(self) -> str:
        """By which stations know it."""
        return pin_of(self.key.public_key())


@dataclass(frozen=True, slots=True)
class Revoked:
    """An entry of a list."""

    number: int
    at: datetime


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key of the kind that is used everywhere here: EC P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def make_ca(site: str, now: datetime) -> Ca:
    """A new authority for a site."""
    key = new_key()
    name = _named(f"{site} {now:%Y-%m-%d}")
    builder = _builder(name, name, key.public_key(), now - EARLIER, now + CA_LASTS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(ca=True), critical=True)
    return Ca(key, builder.sign(key, hashes.SHA256()))


def sign_device(ca: Ca, request: Request, now: datetime) -> x509.Certificate:
    """A device's certificate: it may connect, and nobody may connect to it."""
    builder = _leaf(ca, name_of(request.subject), request.key, now, LEAF_LASTS)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    return builder.add_extension(usage, critical=False).sign(ca.key, hashes.SHA256())


def sign_server(
    ca: Ca, key: ec.EllipticCurvePublicKey, name: str, hosts: Sequence[str], now: datetime
) -> x509.Certificate:
    """A certificate of one of the site's own servers: found at these hosts, and able to connect elsewhere."""
    builder = _leaf(ca, _named(name), key, now, SERVER_LASTS)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(each) for each in hosts]), critical=False)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    return builder.add_extension(usage, critical=False).sign(ca.key, hashes.SHA256())


def sign_list(ca: Ca, revoked: Iterable[Revoked], number: int, now: datetime) -> x509.CertificateRevocationList:
    """The list of what this authority has taken back."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.certificate.subject)
    builder = builder.last_update(now - EARLIER).next_update(now + CRL_LASTS)
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    builder = builder.add_extension(_issuer(ca), critical=False)
    for each in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(each.number).revocation_date(each.at)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(ca.key, hashes.SHA256())


def _leaf(
    ca: Ca, subject: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    until = min(now + lasts, ca.certificate.not_valid_after_utc)
    builder = _builder(subject, ca.certificate.subject, key, now - EARLIER, until)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(ca=False), critical=True)
    return builder.add_extension(_issuer(ca), critical=False)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(until)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _issuer(ca: Ca) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key())


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
