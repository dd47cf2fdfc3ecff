"""What the server answers to anything at all; how often, and to whom."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_service.authority import server
from firmware_service.authority.limits import Limits
from firmware_service.identity import est
from firmware_service.identity.names import Subject
from tests.support.devices import Device, TestedAuthority

KEY = ec.generate_private_key(ec.SECP256R1())
GOOD = est.write_request(KEY, Subject("OR-03", "station", "10000000abcd0001"))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestedAuthority]:
    made = TestedAuthority(tmp_path_factory.mktemp("authority"))
    yield made
    made.close()


def ask(
    authority: TestedAuthority,
    method: str = "POST",
    path: str = est.ENROL,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    source: str = "127.0.0.1",
) -> tuple[int, str]:
    """Status and text; with the certificate of nobody."""
    context = ssl.create_default_context(cadata=_ca(authority))
    port = authority.office.table.port
    line = http.client.HTTPSConnection("localhost", port, timeout=20, context=context, source_address=(source, 0))
    try:
        line.request(method, path, body, headers or {})
        answer = line.getresponse()
        return answer.status, answer.read().decode()
    finally:
        line.close()


def _ca(authority: TestedAuthority) -> bytes:
    return b"".join(ca.certificate.public_bytes(Encoding.DER) for ca in authority.office.keyring.trusted())


def bearer(authority: TestedAuthority) -> dict[str, str]:
    return {"Authorization": f"Bearer {authority.token()}"}


def request(subject: x509.Name, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = KEY) -> bytes:
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return base64.encodebytes(made.public_bytes(Encoding.DER))


def name(common_name: str, *others: x509.NameAttribute[str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name), *others])


BOARD = NameOID.SERIAL_NUMBER
BAD = {
    "empty": (b"", "expected a PKCS#10 request"),
    "no base64": (b"\xff\x00!!", "are not base64"),
    "rubbish": (base64.b64encode(b"rubbish"), "expected a PKCS#10 request"),
    "cut off": (base64.b64encode(base64.b64decode(b"".join(GOOD.split()))[:-9]), "expected a PKCS#10 request"),
    "too long": (b"A" * 17000, "at most 16384"),
    "small name": (request(name("or-03")), "for example OR-03"),
    "the hub's name": (request(name("hub")), "for example OR-03"),
    "wildcard": (request(name("*")), "for example OR-03"),
    "another suffix": (request(name("OR-03.root")), "for example OR-03"),
    "a newline": (request(name("OR-03\n")), "for example OR-03"),
    "an odd board": (request(name("OR-03", x509.NameAttribute(BOARD, "a/../b"))), "1 to 64 letters and digits"),
    "two names": (request(name("OR-03", x509.NameAttribute(NameOID.COMMON_NAME, "OR-04"))), "one common name"),
    "a country": (request(name("OR-03", x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"))), "nothing else"),
    "no name": (request(x509.Name([])), "for example OR-03"),
    "an RSA key": (request(name("OR-03"), rsa.generate_private_key(65537, 2048)), "expected an EC key on P-256"),
    "another curve": (request(name("OR-03"), ec.generate_private_key(ec.SECP384R1())), "expected an EC key on P-256"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_request_is_answered_with_what_was_expected(case: str, authority: TestedAuthority) -> None:
    body, expected = BAD[case]
    status, text = ask(authority, body=body, headers=bearer(authority))
    assert (status, expected in text) == (400, True), text


def test_a_request_signed_with_another_key_is_refused(authority: TestedAuthority) -> None:
    der = bytearray(base64.b64decode(b"".join(GOOD.split())))
    at = der.index(b"OR-03")
    der[at : at + 5] = b"OR-04"
    status, text = ask(authority, body=base64.b64encode(bytes(der)), headers=bearer(authority))
    assert (status, text) == (400, "the request is not signed with its own key\n")


@pytest.mark.filterwarnings("ignore::UserWarning")  # cryptography remarks on forms that it will refuse some day
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=300).map(base64.b64encode),
        st.tuples(st.integers(0, 250), st.integers(0, 255)).map(lambda change: _changed(*change)),
    )
)
def test_hostile_bytes_are_answered_and_the_server_lives(body: bytes, authority: TestedAuthority) -> None:
    status, text = ask(authority, body=body, headers={"Authorization": "Bearer no-token"})
    assert status in (400, 401), text
    assert ask(authority, "GET", est.CACERTS)[0] == 200


def _changed(at: int, value: int) -> bytes:
    der = bytearray(base64.b64decode(b"".join(GOOD.split())))
    der[at % len(der)] = value
    return base64.b64encode(bytes(der))


HEADERS = {
    "no token": ({}, 401, "expected a token"),
    "another scheme": ({"Authorization": "Digest x"}, 401, "expected a token"),
    "basic that is not base64": ({"Authorization": "Basic ???"}, 401, "is not base64"),
    "basic that is not text": ({"Authorization": "Basic //8="}, 401, "is not base64"),
    "a negative length": ({"Authorization": "Bearer x", "Content-Length": "-1"}, 400, "a number of bytes"),
    "an endless length": ({"Authorization": "Bearer x", "Content-Length": "9" * 5000}, 400, "a number of bytes"),
    "no number": ({"Authorization": "Bearer x", "Content-Length": "٣"}, 400, "a number of bytes"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_bad_headers_are_answered(case: str, authority: TestedAuthority) -> None:
    headers, status, expected = HEADERS[case]
    sent = {key: value.encode("utf-8").decode("latin-1") for key, value in headers.items()}
    found, text = ask(authority, body=GOOD, headers=sent)
    assert (found, expected in text) == (status, True), text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", est.ENROL, 404),
        ("POST", est.CACERTS, 404),
        ("GET", f"{est.CACERTS}/../../etc/passwd", 404),
        ("DELETE", est.CACERTS, 501),
        ("GET", est.CONFIRM, 401),
        ("POST", est.RENEW, 401),
    ],
)
def test_other_paths(method: str, path: str, status: int, authority: TestedAuthority) -> None:
    assert ask(authority, method, path, GOOD if method == "POST" else None)[0] == status


def test_a_certificate_of_another_authority_ends_the_handshake(authority: TestedAuthority, tmp_path: Path) -> None:
    other = TestedAuthority(tmp_path)
    device = Device(tmp_path / "pi")
    try:
        device.enrol(other.site, other.token())
    finally:
        other.close()
    tls = device.holding.tls("station")
    context = ssl.create_default_context(cadata=_ca(authority))
    context.load_cert_chain(tls.certificate, tls.key)
    line = http.client.HTTPSConnection("localhost", authority.office.table.port, timeout=20, context=context)

    def speak() -> None:  # in TLS 1.3 the refusal comes after the handshake: with the request or the answer
        line.request("GET", est.CONFIRM)
        line.getresponse()

    with pytest.raises(OSError, match=r"(?i)unknown.ca|reset|eof|pipe"):
        speak()
    line.close()


def test_a_server_of_the_site_is_no_device(authority: TestedAuthority, tmp_path: Path) -> None:
    authority.office.identity("hub", (), tmp_path, authority.now())
    context = ssl.create_default_context(cadata=_ca(authority))
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    line = http.client.HTTPSConnection("localhost", authority.office.table.port, timeout=20, context=context)
    line.request("POST", est.RENEW, GOOD)
    answer = line.getresponse()
    assert (answer.status, b"has not given out" in answer.read()) == (403, True)
    line.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_versions(version: ssl.TLSVersion, authority: TestedAuthority) -> None:
    context = ssl.create_default_context(cadata=_ca(authority))
    context.minimum_version = context.maximum_version = version
    line = http.client.HTTPSConnection("localhost", authority.office.table.port, timeout=20, context=context)
    line.request("GET", est.CACERTS)
    assert line.getresponse().status == 200
    line.close()


def test_an_old_tls_is_refused(authority: TestedAuthority) -> None:
    context = ssl.create_default_context(cadata=_ca(authority))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        http.client.HTTPSConnection("localhost", authority.office.table.port, context=context).connect()


def test_too_many_requests_of_one_address_do_not_touch_another(tmp_path: Path) -> None:
    slow = TestedAuthority(tmp_path, limits=Limits(most=4, per_s=0.01))
    try:
        assert [ask(slow, "GET", est.CACERTS)[0] for _ in range(4)] == [200] * 4
        status, text = ask(slow, "GET", est.CACERTS)
        assert (status, "ask again in" in text) == (429, True)
        assert ask(slow, "GET", est.CACERTS, source="127.0.0.2")[0] == 200
    finally:
        slow.close()


def test_wrong_tokens_are_soon_not_listened_to(tmp_path: Path) -> None:
    slow = TestedAuthority(tmp_path, limits=Limits(most=12, per_s=0.01))
    try:
        found = [ask(slow, body=GOOD, headers={"Authorization": "Bearer x"})[0] for _ in range(3)]
        assert found == [401, 401, 429]
        refusals = (tmp_path / "authority/audit.jsonl").read_text(encoding="utf-8").count('"act": "refused"')
        assert refusals == 2
    finally:
        slow.close()


def test_silent_clients_hold_nobody_up_and_are_ended(
    authority: TestedAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LONGEST_S", 0.3)
    port = authority.office.table.port
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    begun_s = time.monotonic()
    assert ask(authority, "GET", est.CACERTS)[0] == 200
    assert time.monotonic() - begun_s < 5
    for sock in silent:
        sock.settimeout(10)
        assert sock.recv(1) == b""
        sock.close()


def test_more_connections_than_there_are_places_for_are_closed(
    authority: TestedAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 0)
    with pytest.raises(OSError, match=r"(?i)reset|eof|closed"):
        ask(authority, "GET", est.CACERTS)
    monkeypatch.undo()
    assert ask(authority, "GET", est.CACERTS)[0] == 200
