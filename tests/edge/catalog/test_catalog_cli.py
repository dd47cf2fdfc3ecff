import base64
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.cli import main
from edge.sign import new_key, public_half
from tests.support.udid_release import Made, write_day, write_full

MADE = Made(600, seed=3)


def run(*words: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, ["catalog", *map(str, words)])
    assert result.exit_code == status, result.output
    return result


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A full release and three days."""
    folder = tmp_path_factory.mktemp("releases")
    return [write_full(MADE, folder, per_part=200), *(write_day(MADE, folder, day, 9) for day in (1, 2, 3))]


@pytest.fixture
def key(tmp_path: Path) -> tuple[Path, str]:
    """A key file, and the authority as a reader names it."""
    private = new_key()
    file = tmp_path / "chief.key"
    file.touch(mode=0o600)
    file.write_bytes(base64.b64encode(private))
    return file, f"chief={base64.b64encode(public_half(private)).decode()}"


def test_a_release_becomes_a_file(tmp_path: Path, releases: list[Path]) -> None:
    out = tmp_path / "c.sqlite3"
    told = run("import", releases[0], out)
    assert "600 products" in told.stdout
    assert "100%" in told.stdout or "2026-05-01" in told.stdout
    record = MADE.record(5)
    assert record is not None
    di = record.sale_unit
    asked = run("lookup", out, f"(01){di}" if di.isdigit() else di)
    assert json.loads(asked.stdout)["name"] == record.name
    assert f"{di} sale unit" in asked.stderr
    assert "base     2026-05-01 600 products" in run("stats", out).stdout
    assert "is not in" in run("lookup", out, "1", status=1).stderr


def test_problems_stand_on_the_terminal_and_in_a_file(tmp_path: Path) -> None:
    release = write_full(Made(4_800, seed=3), tmp_path)
    told = run("import", release, "--folder", tmp_path / "c", "--report", tmp_path / "report")
    lines = (tmp_path / "report").read_text(encoding="utf-8").splitlines()
    assert lines == [line for line in told.stderr.splitlines() if line.startswith("UDID_FULL")]
    assert any("record 4712: zxxsdycpbs" in line for line in lines)
    assert f"{len(lines)} problems, all in {tmp_path / 'report'}" in told.stderr


def test_a_folder_lives_through_its_commands(tmp_path: Path, releases: list[Path], key: tuple[Path, str]) -> None:
    folder, station = tmp_path / "c", tmp_path / "station"
    signing = "--by", "chief", "--key", key[0]
    run("import", releases[0], "--folder", folder, *signing)
    told = run("update", folder, releases[3], releases[1], releases[2], *signing)
    days = [line.split(" products of ")[1][:10] for line in told.stdout.splitlines() if "in service" in line]
    assert days == ["2026-05-02", "2026-05-03", "2026-05-04"]
    run("install", folder, station, "--authority", key[1])
    differences = run("diff", folder, station).stdout
    assert differences == "added 0, changed 0 (-), removed 0\n"
    run("merge", folder)
    assert "not signed" in run("install", folder, station, "--authority", key[1], status=1).stderr
    run("sign", folder, *signing)
    assert "1 files whole" in run("verify", folder, "--authority", key[1]).stdout
    assert "added 0, changed 0 (-), removed 0" in run("diff", folder, station).stdout


def test_what_a_day_changed_is_told_by_field(tmp_path: Path, releases: list[Path]) -> None:
    folder = tmp_path / "c"
    run("import", releases[0], tmp_path / "before")
    run("import", releases[0], "--folder", folder)
    run("update", folder, releases[1])
    told = run("diff", tmp_path / "before", folder).stdout.splitlines()
    assert sum(line.startswith("+") for line in told) == 3
    assert sum(line.startswith("~") for line in told) == 6
    assert sum("withdrawn: None -> 2026-05-02" in line for line in told) == 3
    assert sum("model: " in line for line in told) == 3
    assert told[-1].startswith("added 3, changed 6 (status 6, version 6, version_date 6, ")
    back = run("diff", folder, tmp_path / "before", "--summary").stdout
    assert back.startswith("added 0, changed 6 (")
    assert back.endswith("removed 3\n")


def test_a_table_goes_into_a_folder_too(tmp_path: Path) -> None:
    table = tmp_path / "p.csv"
    table.write_text("di,name\n06901234500028,lens\n", encoding="utf-8")
    run("import", table, "--folder", tmp_path / "c")
    assert '"name": "lens"' in run("lookup", tmp_path / "c", "6901234500028").stdout


REFUSED = {
    "a delta first": (["update", "{folder}/new", "{day}"], "has no base yet"),
    "a delta as a base": (["import", "{day}", "{folder}/out"], "needs a full release"),
    "the same delta's elder": (["update", "{folder}/c", "{full}"], "is a base and no update"),
    "no catalogue": (["stats", "{day}"], "expected a catalogue file"),
    "nothing there": (["verify", "{folder}/none"], "No such file"),
    "a key that others can read": (["sign", "{folder}/c", "--by", "chief", "--key", "{open}"], "chmod 600"),
    "no key": (["sign", "{folder}/c", "--by", "chief", "--key", "{empty}"], "holds 0 bytes: expected 32"),
    "no authority": (["verify", "{folder}/c", "--authority", "chief"], "expected NAME=KEY"),
    "cut off": (["import", "{cut}", "{folder}/out"], "cut off"),
}


@pytest.mark.parametrize(("words", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done_is_said_in_a_line(
    tmp_path: Path, releases: list[Path], words: list[str], told: str
) -> None:
    run("import", releases[0], "--folder", tmp_path / "c")
    readable, empty, cut = tmp_path / "open", tmp_path / "empty", tmp_path / releases[0].name
    readable.write_text("x", encoding="ascii")
    readable.chmod(0o644)
    empty.touch(mode=0o600)
    cut.write_bytes(releases[0].read_bytes()[:-300])
    names = {"folder": tmp_path, "day": releases[1], "full": releases[0], "open": readable, "empty": empty, "cut": cut}
    result = run(*(word.format(**names) for word in words), status=1)
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_import_goes_to_one_place(tmp_path: Path, releases: list[Path]) -> None:
    assert "either OUT or --folder" in run("import", releases[0], status=2).stderr
    both = ("import", releases[0], tmp_path / "out", "--folder", tmp_path / "c")
    assert "either OUT or --folder" in run(*both, status=2).stderr
    assert "belong together" in run("merge", tmp_path, "--by", "chief", status=2).stderr
