"""The message forms: everything there and back, and anything at all without an unforeseen error."""

from __future__ import annotations

import base64
import contextlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_service.authority.signing import make_ca, sign_device
from firmware_service.identity import est
from firmware_service.identity.names import Role, Subject, read_subject

KEY = ec.generate_private_key(ec.SECP256R1())
CA = make_ca("Test", datetime(2027, 1, 1, tzinfo=UTC))
SUBJECT = Subject("OR-03", "agent", "10000000abcd")
REQUEST = base64.b64decode(b"".join(est.write_request(KEY, SUBJECT).split()))
LEAF = sign_device(CA, est.read_request(base64.b64encode(REQUEST)), datetime(2027, 1, 1, tzinfo=UTC))
ANSWER = base64.b64decode(b"".join(est.write_certificates([CA.certificate, LEAF]).split()))

FOREIGN = pytest.mark.filterwarnings("ignore::UserWarning")
"""cryptography remarks on forms that it will refuse some day."""

subjects = st.builds(
    Subject,
    st.from_regex(r"[A-Z0-9][A-Z0-9-]{0,30}", fullmatch=True),
    st.sampled_from(["station", "agent"]),
    st.none() | st.from_regex(r"[0-9A-Za-z]{1,64}", fullmatch=True),
)


@given(subject=subjects)
def test_a_request_comes_back(subject: Subject) -> None:
    found = est.read_request(est.write_request(KEY, subject))
    assert found.subject == subject
    assert found.pin == est.pin_of(KEY.public_key())


def test_certificates_come_back() -> None:
    found = est.read_certificates(base64.b64encode(ANSWER))
    assert set(found) == {CA.certificate, LEAF}
    assert est.subject_of(LEAF.subject) == SUBJECT


def changed(data: bytes) -> st.SearchStrategy[bytes]:
    """Some bytes changed, taken out or doubled."""

    def change(places: list[tuple[int, int]], cut: int, again: int) -> bytes:
        found = bytearray(data)
        for at, value in places:
            found[at % len(found)] = value
        return bytes(found[: len(found) - cut] + found[:again])

    return st.builds(
        change,
        st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=6),
        st.integers(0, 40),
        st.integers(0, 40),
    )


@FOREIGN
@settings(max_examples=1000, deadline=None)
@given(der=st.one_of(st.binary(max_size=400), changed(REQUEST)))
def test_any_bytes_are_a_request_or_an_error_of_form(der: bytes) -> None:
    with contextlib.suppress(est.FormError):
        assert est.read_request(base64.b64encode(der)).subject.common_name


@FOREIGN
@settings(max_examples=1000, deadline=None)
@given(der=st.one_of(st.binary(max_size=400), changed(ANSWER)))
def test_any_bytes_are_certificates_or_an_error_of_form(der: bytes) -> None:
    with contextlib.suppress(est.FormError):
        for certificate in est.read_certificates(base64.b64encode(der)):
            with contextlib.suppress(est.FormError):
                est.public_key(certificate)


@FOREIGN
@given(body=st.binary(max_size=200))
def test_any_body_is_read_or_an_error_of_form(body: bytes) -> None:
    for read in (est.read_request, est.read_certificates):
        with contextlib.suppress(est.FormError):
            read(body)


@pytest.mark.parametrize(
    ("name", "station", "role"),
    [("OR-03", "OR-03", "station"), ("OR-03.fw", "OR-03", "agent"), ("7", "7", "station")],
)
def test_names(name: str, station: str, role: Role) -> None:
    assert read_subject(name, None) == Subject(station, role, None)


@pytest.mark.parametrize(
    "name", ["", ".fw", "or-03", "OR-03.", "OR-03.fw.fw", "OR 03", "-A", "A" * 32, "OR-03\0", "ＯＲ"]
)
def test_no_names(name: str) -> None:
    with pytest.raises(ValueError, match="for example OR-03"):
        read_subject(name, None)
