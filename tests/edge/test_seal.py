from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from edge.seal import (
    MAX_PICTURE_BYTES,
    Sealed,
    Sealer,
    SealError,
    is_usable,
    open_picture,
    open_sealed,
    picture_name,
)

KEY = X25519PrivateKey.generate()
SEALER = Sealer("k1", KEY.public_key().public_bytes_raw())


@given(st.binary(max_size=200))
def test_the_hub_opens_what_a_station_sealed(plain: bytes) -> None:
    sealed = Sealed.from_json(SEALER.seal(plain, site="s", case="c").to_json())
    assert open_sealed(sealed, KEY.private_bytes_raw(), site="s", case="c") == plain


@pytest.mark.parametrize(("site", "case"), [("t", "c"), ("s", "d")], ids=["other site", "other case"])
def test_it_is_bound_to_site_and_case(site: str, case: str) -> None:
    sealed = SEALER.seal(b"P1", site="s", case="c")
    with pytest.raises(SealError, match="k1"):
        open_sealed(sealed, KEY.private_bytes_raw(), site=site, case=case)


def test_another_key_does_not_open_it() -> None:
    sealed = SEALER.seal(b"P1", site="s", case="c")
    with pytest.raises(SealError):
        open_sealed(sealed, X25519PrivateKey.generate().private_bytes_raw(), site="s", case="c")


def test_changed_bytes_do_not_open() -> None:
    sealed = SEALER.seal(b"P1", site="s", case="c")
    changed = Sealed(sealed.kid, sealed.enc, sealed.ct[:-1] + bytes([sealed.ct[-1] ^ 1]))
    with pytest.raises(SealError):
        open_sealed(changed, KEY.private_bytes_raw(), site="s", case="c")


def test_the_same_patient_never_looks_the_same() -> None:
    assert SEALER.seal(b"P1", site="s", case="c") != SEALER.seal(b"P1", site="s", case="c")


PICTURE = bytes(range(256)) * 400
KEYS = {"k1": KEY.private_bytes_raw()}


def test_the_hub_opens_a_picture_of_the_station_it_came_from() -> None:
    data = SEALER.seal_picture(PICTURE, site="s", station="OR-01")
    assert open_picture(data, KEYS, site="s", station="OR-01") == PICTURE
    assert PICTURE[:32] not in data
    assert picture_name(data) != picture_name(SEALER.seal_picture(PICTURE, site="s", station="OR-01"))


NOT_OPENED = {
    "another station": (lambda data: data, "s", "OR-02", "OR-02"),
    "another site": (lambda data: data, "t", "OR-01", "'t'"),
    "cut in the ciphertext": (lambda data: data[:-1], "s", "OR-01", "does not open"),
    "cut in the key": (lambda data: data[:20], "s", "OR-01", "was cut"),
    "one bit": (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "s", "OR-01", "does not open"),
    "another key id": (lambda data: data.replace(b"\x02k1", b"\x02k2"), "s", "OR-01", r"'k2'.*\['k1'\]"),
    "a key id of no text": (lambda data: data.replace(b"\x02k1", b"\x02k\xff"), "s", "OR-01", "UTF-8"),
    "a plain JPEG": (lambda _data: b"\xff\xd8\xff\xe0", "s", "OR-01", "no sealed value"),
    "nothing": (lambda _data: b"", "s", "OR-01", "no sealed value"),
}


@pytest.mark.parametrize(("change", "site", "station", "why"), NOT_OPENED.values(), ids=NOT_OPENED.keys())
def test_a_picture_that_was_moved_or_changed_does_not_open(
    change: Callable[[bytes], bytes], site: str, station: str, why: str
) -> None:
    data = change(SEALER.seal_picture(PICTURE, site="s", station="OR-01"))
    with pytest.raises(SealError, match=why):
        open_picture(data, KEYS, site=site, station=station)


def test_a_sealed_picture_stays_within_what_may_be_sent() -> None:
    most = MAX_PICTURE_BYTES - len(SEALER.seal_picture(b"", site="s", station="OR-01"))
    assert len(SEALER.seal_picture(bytes(most), site="s", station="OR-01")) == MAX_PICTURE_BYTES
    with pytest.raises(ValueError, match="150001 bytes"):
        SEALER.seal_picture(bytes(most + 1), site="s", station="OR-01")


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.binary(min_size=32, max_size=32), st.binary(min_size=16))
def test_the_compact_form_gives_back_what_went_in(kid: str, enc: bytes, ct: bytes) -> None:
    sealed = Sealed(kid, enc, ct)
    assert Sealed.from_bytes(sealed.to_bytes()) == sealed


def test_a_patient_does_not_open_as_a_picture() -> None:
    data = SEALER.seal(b"P1", site="s", case="c").to_bytes()
    with pytest.raises(SealError):
        open_picture(data, KEYS, site="s", station="c")


def test_places_that_would_look_alike_are_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        SEALER.seal(b"P1", site="s\0c", case="d")


@pytest.mark.parametrize("key", [bytes(32), b"\1" + bytes(31), bytes(31), b""], ids=["zero", "one", "short", "empty"])
def test_a_key_that_nothing_can_be_sealed_to_is_told(key: bytes) -> None:
    assert not is_usable(key)
    assert is_usable(SEALER.public_key)
