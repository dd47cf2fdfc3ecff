import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from edge.seal import Sealed, Sealer, SealError, open_sealed

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
