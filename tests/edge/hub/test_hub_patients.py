import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from edge.hub.patients import INDEX_KEY, KeyFolderError, Patients
from edge.seal import Sealer

PRIVATE = X25519PrivateKey.generate()
SEALER = Sealer("hub-2026", PRIVATE.public_key().public_bytes_raw())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "hub-2026.key", base64.b64encode(PRIVATE.private_bytes_raw()))
    return tmp_path


def write(file: Path, text: bytes, mode: int = 0o600) -> None:
    file.write_bytes(text)
    file.chmod(mode)


def test_a_sealed_patient_has_the_index_of_the_number(folder: Path) -> None:
    patients = Patients.load(folder, "demo", create=True)
    for case in ("c1", "c2"):
        sealed = SEALER.seal(b"ZY123456", site="demo", case=case)
        assert patients.index_sealed(sealed.to_json(), case) == patients.index("ZY123456\n")


def test_the_index_lasts_and_depends_on_its_key(folder: Path) -> None:
    first = Patients.load(folder, "demo", create=True).index("ZY123456")
    assert Patients.load(folder, "demo").index("ZY123456") == first
    (folder / INDEX_KEY).unlink()
    assert Patients.load(folder, "demo", create=True).index("ZY123456") != first


def test_what_does_not_open_is_not_indexed_and_not_logged(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    patients = Patients.load(folder, "demo", create=True)
    sealed = SEALER.seal(b"ZY123456", site="demo", case="c1").to_json()
    for value, case in (
        (sealed, "another case"),
        ({**sealed, "kid": "unknown"}, "c1"),
        ({**sealed, "ct": "!"}, "c1"),
        ({**sealed, "enc": base64.b64encode(b"short").decode()}, "c1"),
        ({**sealed, "enc": None}, "c1"),
        ({}, "c1"),
    ):
        assert patients.index_sealed(value, case) is None
    assert "ZY123456" not in caplog.text


def test_keys_do_not_show_in_a_representation(folder: Path) -> None:
    assert "\\x" not in repr(Patients.load(folder, "demo", create=True))


BAD = {
    "readable for others": (base64.b64encode(bytes(32)), 0o644, "chmod 600"),
    "too short": (base64.b64encode(bytes(31)), 0o600, "31 bytes"),
    "not base64": (b"!", 0o600, "cannot be read as a key"),
}


@pytest.mark.parametrize(("text", "mode", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_key_file_is_refused(folder: Path, text: bytes, mode: int, message: str) -> None:
    write(folder / "other.key", text, mode)
    with pytest.raises(KeyFolderError, match=message):
        Patients.load(folder, "demo", create=True)


def test_questions_do_not_make_an_index_key(folder: Path) -> None:
    with pytest.raises(KeyFolderError, match=INDEX_KEY):
        Patients.load(folder, "demo")
    assert [file.name for file in folder.iterdir()] == ["hub-2026.key"]
