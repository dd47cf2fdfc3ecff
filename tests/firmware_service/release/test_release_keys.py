"""Key files: guarded, never overwritten, and what is wrong with one is said."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from firmware_service.release.keys import KeyFileError, new_key, read_public, read_signer


def no_one(file: Path) -> str:
    raise AssertionError(file)


def test_an_open_key_signs_and_its_public_half_is_the_same(tmp_path: Path) -> None:
    made = new_key(tmp_path / "medium", "online", None)
    assert read_signer(tmp_path / "medium/online.key", no_one).public_key == made
    assert read_public(tmp_path / "medium/online.pub") == made
    assert stat.S_IMODE((tmp_path / "medium/online.key").stat().st_mode) == 0o600


def test_an_encrypted_key_asks_for_its_passphrase(tmp_path: Path) -> None:
    made = new_key(tmp_path, "root-1", "正确的口令".encode())
    assert b"ENCRYPTED" in (tmp_path / "root-1.key").read_bytes()
    assert read_signer(tmp_path / "root-1.key", lambda _: "正确的口令").public_key == made
    with pytest.raises(KeyFileError, match="passphrase is wrong"):
        read_signer(tmp_path / "root-1.key", lambda _: "other")
    with pytest.raises(KeyFileError, match="passphrase is wrong"):
        read_signer(tmp_path / "root-1.key", lambda _: "")


@pytest.mark.parametrize("name", ["root-1.key", "root-1.pub"])
def test_a_key_is_never_overwritten(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(KeyFileError, match="is there already"):
        new_key(tmp_path, "root-1", None)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def open_to_all(file: Path) -> None:
    file.chmod(0o644)


def missing(file: Path) -> None:
    file.unlink()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:40])


def other_kind(file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


BAD = [
    (open_to_all, "run chmod 600"),
    (missing, "No such file"),
    (cut, "no private key in PEM"),
    (other_kind, "expected an Ed25519 key"),
]


@pytest.mark.parametrize(("damage", "says"), BAD, ids=lambda each: getattr(each, "__name__", ""))
def test_what_is_wrong_with_a_key_is_said(damage: Callable[[Path], None], says: str, tmp_path: Path) -> None:
    new_key(tmp_path, "online", None)
    damage(tmp_path / "online.key")
    with pytest.raises(KeyFileError, match=says):
        read_signer(tmp_path / "online.key", no_one)


def test_a_private_key_or_another_kind_is_no_public_one(tmp_path: Path) -> None:
    new_key(tmp_path, "online", None)
    with pytest.raises(KeyFileError, match="expected a public key"):
        read_public(tmp_path / "online.key")
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    (tmp_path / "other.pub").write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(KeyFileError, match="expected an Ed25519 key"):
        read_public(tmp_path / "other.pub")
