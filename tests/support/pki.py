"""Certificates as a site has them: an authority, and identities that it signed."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hardware.host.link import Tls

DAY = timedelta(days=1)
NOW = datetime.now(UTC)


class Authority:
    """Signs certificates and keeps the files in one folder."""

    def __init__(
        self,
        folder: Path,
        name: str = "site authority",
        *,
        since: datetime = NOW - 10 * DAY,
        until: datetime = NOW + 10 * DAY,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._name = _named(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._revoked: list[x509.RevokedCertificate] = []
        builder = _builder(self._name, self._name, self._key.public_key(), since, until)
        made = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.file = folder / "ca.pem"
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def identity(
        self,
        name: str,
        *,
        since: datetime = NOW - 5 * DAY,
        until: datetime = NOW + DAY,
        host: str = "localhost",
        address: str = "127.0.0.1",
    ) -> Tls:
        """A certificate with this common name, for clients and for a server at this host and address."""
        key = ec.generate_private_key(ec.SECP256R1())
        hosts = [x509.IPAddress(ipaddress.ip_address(address)), x509.DNSName(host)]
        builder = _builder(_named(name), self._name, key.public_key(), since, until)
        made = (
            builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        stem = f"{name}-{made.serial_number:x}"
        certificate, private = self._folder / f"{stem}.pem", self._folder / f"{stem}.key"
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        private.touch(mode=0o600)
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return Tls(self.file, certificate, private)

    def revoke(self, *identities: Tls, until: datetime = NOW + DAY) -> Path:
        """Add to the list of revoked certificates, and write it anew."""
        for each in identities:
            serial = x509.load_pem_x509_certificate(each.certificate.read_bytes()).serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - DAY).build()
            self._revoked.append(entry)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        builder = builder.last_update(NOW - 5 * DAY).next_update(until)
        for entry in self._revoked:
            builder = builder.add_revoked_certificate(entry)
        file = self._folder / "revoked.pem"
        file.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return file


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(until)
