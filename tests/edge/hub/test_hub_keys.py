import base64
import json
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from edge.hub.keys import KeyFolderError
from edge.hub.patients import Patients
from edge.seal import Sealer
from tests.support.keys import NOW, KeyHub
from tests.support.site import ROOT


@pytest.fixture
def hub(tmp_path: Path) -> KeyHub:
    return KeyHub(tmp_path)


def test_a_new_key_prints_what_a_station_needs_and_no_secret(hub: KeyHub) -> None:
    result = hub.run("new", "hub-2026")
    seal = tomllib.loads(result.stdout)["seal"]
    (key,) = hub.folder.read()
    assert seal == {"kid": "hub-2026", "public_key": key.public, "site": "ward"}
    assert all(secret not in result.output for secret in hub.secrets())
    sealed = Sealer(seal["kid"], base64.b64decode(seal["public_key"])).seal(b"1234", site=seal["site"], case="c1")
    patients = Patients.load(hub.folder.path, "ward")
    assert patients.index_sealed(sealed.to_json(), "c1") == patients.index("1234")


def test_files_are_for_their_owner_only(hub: KeyHub) -> None:
    hub.escrow()
    modes = {path: path.stat().st_mode & 0o777 for path in [hub.folder.path, *hub.folder.path.rglob("*")]}
    assert set(modes.values()) == {0o700, 0o600}
    assert {path.is_dir() for path, mode in modes.items() if mode == 0o700} == {True}


def test_names_count_within_a_year_over_active_and_retired(hub: KeyHub) -> None:
    kids = [hub.folder.new(None, NOW).kid, hub.folder.new(None, NOW).kid]
    hub.folder.retire("hub-2026-1")
    kids += [hub.folder.new(None, NOW).kid, hub.folder.new(None, NOW.replace(year=2027)).kid]
    assert kids == ["hub-2026-1", "hub-2026-2", "hub-2026-3", "hub-2027-1"]


def test_list_and_public_tell_active_from_retired(hub: KeyHub) -> None:
    hub.folder.new("old", NOW.replace(year=2025))
    hub.folder.new("new", NOW)
    hub.done("retire", "old")
    rows = json.loads(hub.done("list", "--json"))
    assert [(row["kid"], row["state"], row["made"][:4]) for row in rows] == [
        ("new", "active", "2026"),
        ("old", "retired", "2025"),
    ]
    assert tomllib.loads(hub.done("public"))["seal"]["kid"] == "new"
    assert hub.run("public", "old").exit_code == 1


def test_the_newest_active_key_is_the_one_for_stations(hub: KeyHub) -> None:
    for kid, year in (("b", 2026), ("a", 2027), ("c", 2025)):
        hub.folder.new(kid, NOW.replace(year=year))
    assert tomllib.loads(hub.done("public"))["seal"]["kid"] == "a"


REFUSED = {
    "a name that is taken": (["new", "k1"], "never overwritten"),
    "a name that was retired": (["new", "k0"], "never overwritten"),
    "a path as a name": (["new", "../k9"], "letters, digits and hyphens"),
    "the only active key": (["retire", "k1"], "only active key"),
    "a key twice": (["retire", "k0"], "no active key"),
    "a key that is not there": (["retire", "k7"], r"expected one of \['k1'\]"),
    "an escrow for nobody": (["escrow", "write", "OUT"], "0 holders"),
}


@pytest.mark.parametrize(("words", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_would_lose_a_key_is_refused(hub: KeyHub, words: list[str], why: str) -> None:
    hub.folder.new("k0", NOW)
    hub.folder.new("k1", NOW)
    hub.folder.retire("k0")
    before = hub.secrets()
    result = hub.run(*(word.replace("OUT", str(hub.home / "out")) for word in words))
    assert result.exit_code == 1
    assert re.search(why, result.output), result.output
    assert hub.secrets() == before


def test_a_key_folder_that_is_not_there_is_said(hub: KeyHub) -> None:
    assert hub.run("public").exit_code == 1
    with pytest.raises(KeyFolderError, match="No such file"):
        Patients.load(hub.folder.path, "ward", create=True)


def test_a_killed_new_leaves_no_half_key(hub: KeyHub) -> None:
    """Whatever is there after a kill -9 can be read, or is not named as a key."""
    code = (
        "import os,signal\nfrom pathlib import Path\nfrom edge.hub import keys\nfrom datetime import datetime,UTC\n"
        f"os.link = lambda *_: os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
        f"keys.KeyFolder(Path({str(hub.folder.path)!r})).new('k1', datetime.now(UTC))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert hub.folder.read() == []
    assert hub.folder.new("k1", NOW).kid == "k1"
