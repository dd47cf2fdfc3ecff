import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.hub.keys_escrow import Bundle, EscrowError, open_escrow, write
from edge.hub.keys_recovery import RecoveryTextError, from_text, to_text
from edge.hub.patients import Patients
from edge.seal import new_key, public_half
from tests.support.keys import NOW, KeyHub
from tests.support.site import ROOT, command

DRILL = [*command("edge.hub.cli"), "keys", "drill"]


@pytest.fixture
def hub(tmp_path: Path) -> KeyHub:
    return KeyHub(tmp_path)


@pytest.fixture
def papers(hub: KeyHub) -> dict[str, str]:
    return hub.escrow()


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=3))
def test_what_is_printed_can_be_typed(keys: list[bytes]) -> None:
    text = [line for key in keys for line in ("# recovery key", *to_text(key), "")]
    assert from_text(text, len(keys)) == keys
    assert from_text([line.lower().replace(" ", "-") for line in text], len(keys)) == keys
    slips = str.maketrans("OIB", "018")
    assert from_text([line if "#" in line else line.translate(slips) for line in text], len(keys)) == keys


@given(st.binary(min_size=32, max_size=32), st.integers(0, 3), st.integers(0, 15), st.sampled_from("ABCDEFGHKZ234567"))
def test_a_wrong_character_is_told_by_its_row(key: bytes, row: int, place: int, typed: str) -> None:
    rows = [line.replace(" ", "") for line in to_text(key)]
    before = rows[row]
    rows[row] = before[:place] + typed + before[place + 1 :]
    if rows[row] == before:
        assert from_text(rows, 1) == [key]
        return
    with pytest.raises(RecoveryTextError, match=f"row {row + 1} of key 1") as caught:
        from_text(rows, 1)
    assert rows[row] not in str(caught.value)


KEY = bytes(range(32))
TYPED: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "rows in another order": (lambda rows: [rows[1], rows[0], *rows[2:]], "row 1"),
    "a row twice": (lambda rows: [rows[0], rows[0], *rows[1:]], "row 2"),
    "a row too few": (lambda rows: rows[:3], "3 rows: expected 4"),
    "a character too few": (lambda rows: [rows[0][:-1], *rows[1:]], "15 characters"),
    "no base32": (lambda rows: [*rows[:3], "????" + rows[3][4:]], "A to Z and 2 to 7"),
    "nothing": (lambda _rows: [], "0 rows"),
}


@pytest.mark.parametrize(("change", "why"), TYPED.values(), ids=TYPED.keys())
def test_rows_that_are_not_as_printed_are_refused(change: Callable[[list[str]], list[str]], why: str) -> None:
    with pytest.raises(RecoveryTextError, match=why):
        from_text(change(to_text(KEY)), 1)


def bundle(hub: KeyHub) -> Bundle:
    hub.folder.new("k1", NOW)
    return Bundle("ward", "2026-11-25T08:00:00.000000Z", tuple(hub.folder.read()), hub.folder.index_key())


@pytest.mark.parametrize(("count", "need"), [(1, 1), (3, 1), (3, 2), (3, 3), (5, 3)])
def test_just_as_many_holders_as_needed_open_it_together(hub: KeyHub, count: int, need: int) -> None:
    private = [new_key() for _ in range(count)]
    kept = bundle(hub)
    file = write(kept, {f"h{number}": public_half(key) for number, key in enumerate(private)}, need)
    for group in combinations(private, need):
        opened = open_escrow(file, group[::-1])
        assert (opened.bundle, opened.ok, len(opened.holders)) == (kept, True, need)
    for group in combinations(private, need - 1):
        with pytest.raises(EscrowError, match=f"expected {need} different ones"):
            open_escrow(file, group)
    with pytest.raises(EscrowError, match="expected"):
        open_escrow(file, [private[0]] * (need - 1) + [new_key()])


def test_one_holder_twice_is_one_holder(hub: KeyHub) -> None:
    private = [new_key(), new_key()]
    file = write(bundle(hub), {name: public_half(key) for name, key in zip("ab", private, strict=True)}, 2)
    with pytest.raises(EscrowError, match="keys of a: expected 2 different ones of a, b"):
        open_escrow(file, [private[0], private[0]])


def test_the_file_holds_no_secret(hub: KeyHub, papers: dict[str, str]) -> None:
    text = (hub.home / "escrow.json").read_bytes()
    for secret in hub.secrets():
        assert secret.encode() not in text
        assert base64.b64decode(secret) not in text
    assert all(row.encode() not in text for paper in papers.values() for row in paper.splitlines()[1:])


CHANGED: dict[str, Callable[[dict[str, Any]], object]] = {
    "a box": lambda data: data["boxes"][0].update(sealed=data["boxes"][0]["sealed"][:-8] + "AAAAAAA="),
    "the site": lambda data: data.update(site="other"),
    "the day": lambda data: data.update(made="2020"),
    "a holder's name": lambda data: data["holders"].update(z=data["holders"].pop("a")),
    "no boxes": lambda data: data.pop("boxes"),
    "boxes of no list": lambda data: data.update(boxes=3),
    "holders of no table": lambda data: data.update(holders=[1]),
    "need": lambda data: data.update(need="2"),
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED.keys())
def test_a_changed_file_is_an_error_that_holds_no_secret(hub: KeyHub, change: Callable[[Any], object]) -> None:
    private = [new_key(), new_key()]
    file = write(bundle(hub), {name: public_half(key) for name, key in zip("ab", private, strict=True)}, 2)
    data = json.loads(file)
    change(data)
    with pytest.raises(EscrowError) as caught:
        open_escrow(json.dumps(data).encode(), private)
    assert all(secret not in str(caught.value) for secret in hub.secrets())


def test_a_key_that_does_not_pass_its_check_is_named(hub: KeyHub) -> None:
    private = new_key()
    file = json.loads(write(bundle(hub), {"a": public_half(private)}, 1))
    file["samples"]["k1"] = file["samples"]["k1"][:-8] + "AAAAAAA="
    assert [check.name for check in open_escrow(json.dumps(file).encode(), [private]).checks if not check.ok] == ["k1"]
    file["index_check"] = "0"
    opened = open_escrow(json.dumps(file).encode(), [private])
    assert [check.ok for check in opened.checks] == [False, False]
    assert not opened.ok


def snapshot(folder: Path) -> Mapping[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_drill_opens_everything_and_leaves_one_line(hub: KeyHub, papers: dict[str, str]) -> None:
    away = hub.home / "away"
    away.mkdir()
    shutil.copy(hub.home / "escrow.json", away)
    before = snapshot(hub.home)
    result = hub.run(
        *("drill", str(away / "escrow.json"), "--who", "N1207"), text=papers["it"] + papers["director"], config=False
    )
    assert result.exit_code == 0, result.output
    assert all(f"{key.kid:32} ok       {key.public}" in result.stdout for key in hub.folder.read())
    after = snapshot(hub.home)
    (log,) = after.keys() - before.keys()
    assert {name: after[name] for name in before} == before
    entry = json.loads(after[log])
    assert (entry["who"], entry["result"], entry["holders"]) == ("N1207", "ok", ["director", "it"])
    assert entry["keys"] == ["new", "old", "patient-index"]
    assert all(secret not in result.output + after[log].decode() for secret in hub.secrets())


FAILED_DRILLS: dict[str, tuple[Callable[[dict[str, str]], str], str]] = {
    "one paper": (lambda papers: papers["it"], "4 rows: expected 8"),
    "one paper twice": (lambda papers: papers["it"] * 2, "keys of it: expected 2"),
    "a slip": (lambda papers: papers["it"].replace("\n", "\nA", 1), "row 1 of key 1 has 17"),
    "nothing": (lambda _papers: "", "0 rows"),
    "no text": (lambda _papers: "\udcff\udcfe", "row 1"),
}


@pytest.mark.parametrize(("typed", "why"), FAILED_DRILLS.values(), ids=FAILED_DRILLS.keys())
def test_a_drill_that_fails_is_in_the_log_too(
    hub: KeyHub, papers: dict[str, str], typed: Callable[[dict[str, str]], str], why: str
) -> None:
    log = hub.home / "drills"
    words = ["drill", str(hub.home / "escrow.json"), "--who", "N1207", "--log", str(log)]
    result = hub.run(*words, text=typed(papers).encode("utf-8", "replace").decode(), config=False)
    assert result.exit_code == 1
    assert why in json.loads(log.read_text(encoding="utf-8"))["result"]
    assert "Traceback" not in result.output


def test_the_drill_needs_no_network_and_leaves_no_file(hub: KeyHub, papers: dict[str, str]) -> None:
    alone = ["unshare", "--net", "--map-root-user"]
    if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("a network namespace needs root or user namespaces: run as root")
    words = [*DRILL, str(hub.home / "escrow.json"), "--who", "N1207", "--log", "/dev/null"]
    before = snapshot(hub.home)
    done = subprocess.run(
        [*alone, *words],
        input=(papers["it"] + papers["director"]).encode(),
        capture_output=True,
        cwd=ROOT,
        check=False,
        env={**os.environ, "HOME": str(hub.home), "TMPDIR": str(hub.home)},
    )
    assert (done.returncode, b"patient-index" in done.stdout) == (0, True), done.stderr
    assert snapshot(hub.home) == before


def test_papers_are_typed_at_a_terminal_and_seen_by_nobody_else(hub: KeyHub, papers: dict[str, str]) -> None:
    near, far = os.openpty()
    words = [*DRILL, str(hub.home / "escrow.json"), "--who", "N1207"]
    process = subprocess.Popen(words, stdin=far, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    assert process.stderr is not None
    assert process.stderr.readline() == b"type the four rows of 2 recovery keys, one row a line:\n"
    os.write(near, papers["it"].encode())
    seen = b"".join(Path(f"/proc/{process.pid}/{name}").read_bytes() for name in ("cmdline", "environ"))
    os.write(near, papers["director"].encode())  # and no end of input: the last row is enough
    out, err = process.communicate(timeout=30)
    os.close(near)
    os.close(far)
    assert (process.returncode, b"patient-index" in out) == (0, True), err
    rows = [row.encode() for paper in papers.values() for row in paper.splitlines()[1:]]
    assert not [row for row in rows if row in seen + out + err]


def test_restore_brings_back_what_opens_and_finds_patients(hub: KeyHub, papers: dict[str, str]) -> None:
    before = Patients.load(hub.folder.path, "ward")
    keys = hub.folder.read()
    shutil.rmtree(hub.folder.path)
    words = ["restore", str(hub.home / "escrow.json"), "--to", str(hub.folder.path)]
    hub.done(*words, text=papers["director"] + papers["chief-pharmacist"], config=False)
    assert hub.folder.read() == keys
    assert Patients.load(hub.folder.path, "ward") == before
    again = hub.run(*words, text=papers["director"] + papers["it"], config=False)
    assert again.exit_code == 1
    assert "is not empty" in again.output


def test_a_restore_that_fails_leaves_no_folder(hub: KeyHub, papers: dict[str, str]) -> None:
    to = hub.home / "new"
    words = ["restore", str(hub.home / "escrow.json"), "--to", str(to)]
    assert hub.run(*words, text=papers["it"], config=False).exit_code == 1
    assert not to.exists()


def test_a_recovery_text_goes_to_a_new_file_for_its_owner(hub: KeyHub) -> None:
    hub.folder.new("k1", NOW)
    out = hub.home / "it.txt"
    assert hub.done("escrow", "new-recovery-key", "it", "--out", str(out)) == ""
    assert out.stat().st_mode & 0o777 == 0o600
    (private,) = from_text(out.read_text(encoding="utf-8").splitlines(), 1)
    public = (hub.folder.path / "recovery/it.pub").read_bytes()
    assert base64.b64decode(public) == public_half(private)
    assert hub.run("escrow", "new-recovery-key", "it").exit_code == 1, "a holder's key is never replaced unnoticed"
    assert base64.b64encode(private) not in b"".join(snapshot(hub.folder.path).values())
