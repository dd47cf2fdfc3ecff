from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sign import Authority, Signature, SignatureError, is_public_key, new_key, public_half, sign, signers

A, B = new_key(), new_key()
CHIEF = Authority("chief", public_half(A), frozenset({"order"}))
SECOND = Authority("second", public_half(B), frozenset({"order", "catalogue"}))
KNOWN = (CHIEF, SECOND)


def test_two_people_are_two_only_with_two_keys() -> None:
    both = [sign("order", b"stop", by="chief", key=A), sign("order", b"stop", by="second", key=B)]
    assert signers("order", b"stop", both, KNOWN) == {"chief", "second"}
    twin = Authority("twin", public_half(A), frozenset({"order"}))
    same = [sign("order", b"stop", by=name, key=A) for name in ("chief", "twin")]
    assert len(signers("order", b"stop", same, (CHIEF, twin))) == 1


CASES = {
    "nobody": ([], "is not signed"),
    "a stranger": ([sign("order", b"stop", by="stranger", key=A)], "may not sign"),
    "another's name": ([sign("order", b"stop", by="second", key=A)], "does not fit"),
    "of something else": ([sign("catalogue", b"stop", by="second", key=B)], "does not fit"),
    "no base64": ([Signature("chief", "*")], "does not fit"),
    "one good and one forged": (
        [sign("order", b"stop", by="chief", key=A), sign("order", b"go", by="second", key=B)],
        "does not fit",
    ),
}


@pytest.mark.parametrize(("signatures", "text"), CASES.values(), ids=CASES.keys())
def test_what_is_not_signed_as_it_should_be_is_refused(signatures: list[Signature], text: str) -> None:
    with pytest.raises(SignatureError, match=text):
        signers("order", b"stop", signatures, KNOWN)


def test_who_may_sign_one_thing_may_not_sign_another() -> None:
    with pytest.raises(SignatureError, match="may not sign a catalogue"):
        signers("catalogue", b"x", [sign("catalogue", b"x", by="chief", key=A)], KNOWN)


@given(st.binary(max_size=200), st.integers(0, 199))
def test_a_changed_byte_is_noticed(said: bytes, at: int) -> None:
    signature = sign("order", said, by="chief", key=A)
    assert signers("order", said, [signature], KNOWN) == {"chief"}
    changed = bytearray(said or b"\0")
    changed[at % len(changed)] ^= 1
    with pytest.raises(SignatureError):
        signers("order", bytes(changed), [signature], KNOWN)
    with pytest.raises(SignatureError):
        signers("order", said, [replace(signature, sig=signature.sig[:-8] + "AAAAAAA=")], KNOWN)


def test_keys_are_told_from_other_texts() -> None:
    assert is_public_key("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=") is False
    assert is_public_key("not base64!") is False
    assert is_public_key("A" * 43 + "=")
