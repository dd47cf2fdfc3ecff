import base64
from pathlib import Path

import pytest

from hardware.host.secret import KEY_BYTES, SecretError, read_secret

KEY = bytes(range(KEY_BYTES))
GOOD = base64.b64encode(KEY)
BAD = {
    "readable for others": (GOOD, 0o640, "mode 0640: expected 0600"),
    "no base64": (b"!" + GOOD, 0o600, "cannot be read as a key"),
    "half a key": (base64.b64encode(KEY[:16]), 0o600, "holds 16 bytes: expected 32"),
    "empty": (b"", 0o600, "holds 0 bytes"),
}


def written(folder: Path, content: bytes, mode: int) -> Path:
    file = folder / "key"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def test_a_key_is_read(tmp_path: Path) -> None:
    assert read_secret(written(tmp_path, GOOD + b"\n", 0o600)) == KEY


@pytest.mark.parametrize(("content", "mode", "told"), BAD.values(), ids=BAD.keys())
def test_what_is_no_secret_key_is_refused_and_never_shown(tmp_path: Path, content: bytes, mode: int, told: str) -> None:
    with pytest.raises(SecretError, match=told) as refused:
        read_secret(written(tmp_path, content, mode))
    assert GOOD.decode() not in str(refused.value)
