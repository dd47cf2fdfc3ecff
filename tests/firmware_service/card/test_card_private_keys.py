from __future__ import annotations

import json
import subprocess
from pathlib import Path

import cryptography
import pytest

from firmware_service.card.private_keys import PrivateKeyError, refuse_private_key
from tests.support.site_folder import make_release

BODY = "MC4CAQAwBQYDK2VwBCIEIJ1hNcvQGoVZ"


@pytest.mark.parametrize(
    "text",
    [
        f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----\n",
        f"-----BEGIN EC PRIVATE KEY-----\r\n{BODY}\r\n",
        f"before\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\n{BODY}\n",
        f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{BODY}\n",
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{BODY}\n",
        f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{BODY}\n",
        json.dumps({"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "BB"}),
        json.dumps({"d": "BB", "kty": "OKP"}),
        json.dumps({"keytype": "ed25519", "keyval": {"public": "a", "private": "b"}}),
    ],
)
def test_a_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(PrivateKeyError, match=r"keys/a\.pem holds a private key") as caught:
        refuse_private_key("keys/a.pem", text.encode())
    assert BODY not in str(caught.value)


def test_a_real_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    done = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(file)], check=False)
    assert done.returncode == 0
    with pytest.raises(PrivateKeyError):
        refuse_private_key("key.pem", file.read_bytes())


def test_what_only_speaks_of_keys_is_not_refused(tmp_path: Path) -> None:
    refuse_private_key("cert.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    refuse_private_key("public.pem", f"-----BEGIN PUBLIC KEY-----\n{BODY}\n".encode())
    library = Path(cryptography.__file__).parent
    for file in [*library.rglob("*.py"), *library.rglob("*.so")]:
        refuse_private_key(file.name, file.read_bytes())
    make_release(tmp_path)
    for file in tmp_path.rglob("*.json"):
        refuse_private_key(file.name, file.read_bytes())
