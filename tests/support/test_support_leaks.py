import base64
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.leaks import contents, forms, leaks

VALUE = "7390451826"
WAYS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda data: data,
    "reversed": lambda data: data[::-1],
    "hex": lambda data: data.hex().encode(),
    "HEX": lambda data: data.hex().upper().encode(),
    "base64": base64.b64encode,
    "base64 for addresses": base64.urlsafe_b64encode,
    "base32": base64.b32encode,
    "UTF-16": lambda data: data.decode("latin-1").encode("utf-16"),
    "as Python shows numbers": lambda data: str(list(data)).encode(),
    "percent": lambda data: "".join(f"%{byte:02X}" for byte in data).encode(),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@given(before=st.binary(max_size=12), after=st.binary(max_size=12))
def test_the_value_is_found_in_the_midst_of_anything(
    way: Callable[[bytes], bytes], before: bytes, after: bytes
) -> None:
    assert leaks(way(before + VALUE.encode() + after), [VALUE])
    assert not leaks(way(before + after), [VALUE])


@pytest.mark.parametrize(("name", "form"), forms(VALUE).items(), ids=forms(VALUE))
def test_each_form_is_found_and_named(name: str, form: bytes) -> None:
    assert f"{name} of value 2" in leaks(b"\0" + form + b"\0", ["no such", VALUE])


def test_a_value_that_pages_of_a_database_cut_is_found_in_its_rows(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.sqlite3")) as connection:
        connection.execute("CREATE TABLE t (x BLOB)")
        connection.execute("INSERT INTO t VALUES (?)", ((VALUE.encode() + b"   ") * 1000,))
        connection.commit()
        for shift in range(12):
            connection.execute("INSERT INTO t VALUES (?)", (bytes(4096 + shift) + VALUE.encode() + bytes(5000),))
        connection.commit()
    found = dict(contents(tmp_path))
    assert found["rows of a.sqlite3"].count(VALUE.encode()) == 1012
    assert found["a.sqlite3"].count(VALUE.encode()) < 1012
