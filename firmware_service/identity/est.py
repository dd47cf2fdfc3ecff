"""What device and authority say to each other: the message forms of EST (RFC 7030). Pure.

A request is a PKCS#10, an answer a certs-only PKCS#7, both DER in base64. The key is EC P-256, the subject a common
name and the board's serial number; whatever else a request asks for is not looked at.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from firmware_service.identity.names import Subject, read_subject

CACERTS = "/.well-known/est/cacerts"
ENROL = "/.well-known/est/simpleenroll"
RENEW = "/.well-known/est/simplereenroll"
CONFIRM = "/udi/confirm"
"""Not of EST: a device shows the certificate it was given, which makes it active."""
UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature, x509.InvalidVersion)
"""What cryptography raises of bytes that are not what was asked for."""
MOST_BYTES = 16 * 1024
"""Of a message."""


class FormError(ValueError):
    """Bytes that are no such message; the text says what was expected and found."""


@dataclass(frozen=True, slots=True)
class Request:
    """A certificate asked for by the holder of its key."""

    subject: Subject
    key: ec.EllipticCurvePublicKey

    @property
    def pin(self) -> str:
        """Names the key: see `pin_of`."""
        return pin_of(self.key)


def pin_of(key: ec.EllipticCurvePublicKey) -> str:
    """SHA-256 of a public key (SubjectPublicKeyInfo in DER), 64 lower-case hex digits."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, form)).hexdigest()


def public_key(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    """The key of a certificate.

    Raises:
        FormError: it is not EC P-256.
    """
    try:
        return _p256(certificate.public_key())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise FormError(f"the certificate's key cannot be used: {error}") from None


def name_of(subject: Subject) -> x509.Name:
    """As it stands in requests and certificates."""
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, subject.common_name)]
    if subject.board is not None:
        parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, subject.board))
    return x509.Name(parts)


def subject_of(name: x509.Name) -> Subject:
    """The subject in a request or a certificate.

    Raises:
        ValueError: it is not one of ours.
    """
    found: dict[x509.ObjectIdentifier, str] = {}
    for part in name:
        if part.oid not in (NameOID.COMMON_NAME, NameOID.SERIAL_NUMBER) or part.oid in found:
            raise ValueError("subject: expected one common name and at most one serial number, nothing else")
        found[part.oid] = str(part.value)
    return read_subject(found.get(NameOID.COMMON_NAME, ""), found.get(NameOID.SERIAL_NUMBER))


def write_request(key: ec.EllipticCurvePrivateKey, subject: Subject) -> bytes:
    """A request signed with its own key, as it is sent."""
    made = x509.CertificateSigningRequestBuilder().subject_name(name_of(subject)).sign(key, hashes.SHA256())
    return _armour(made.public_bytes(serialization.Encoding.DER))


def read_request(body: bytes) -> Request:
    """The request in a message, its signature checked.

    Raises:
        FormError: it is none that this authority understands.
    """
    try:
        found = x509.load_der_x509_csr(_unarmour(body))
        key = _p256(found.public_key())
        subject = subject_of(found.subject)
        good = found.is_signature_valid
    except UNREADABLE as error:
        raise FormError(f"expected a PKCS#10 request in base64: {error}") from None
    if not good:
        raise FormError("the request is not signed with its own key")
    return Request(subject, key)


def write_certificates(certificates: Sequence[x509.Certificate]) -> bytes:
    """Certificates as they are sent; their order is not kept."""
    return _armour(pkcs7.serialize_certificates(list(certificates), serialization.Encoding.DER))


def read_certificates(body: bytes) -> list[x509.Certificate]:
    """The certificates in a message, at least one.

    Raises:
        FormError: it is no such message.
    """
    try:
        found = pkcs7.load_der_pkcs7_certificates(_unarmour(body))
    except UNREADABLE as error:
        raise FormError(f"expected certificates (PKCS#7) in base64: {error}") from None
    if not found:
        raise FormError("expected at least one certificate, found none")
    return found


def signed_by_one_of(certificate: x509.Certificate, trusted: Sequence[x509.Certificate]) -> bool:
    """Whether one of these authorities signed a certificate."""
    return any(_signed(certificate, each) for each in trusted)


def _signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except UNREADABLE:
        return False
    return True


def _p256(key: object) -> ec.EllipticCurvePublicKey:
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError(f"expected an EC key on P-256, found {type(key).__name__}")  # noqa: TRY004 - of the message
    return key


def _armour(der: bytes) -> bytes:
    return base64.encodebytes(der)


def _unarmour(body: bytes) -> bytes:
    if len(body) > MOST_BYTES:
        raise FormError(f"{len(body)} bytes, at most {MOST_BYTES}")
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error as error:
        raise FormError(f"{len(body)} bytes are not base64: {error}") from None
