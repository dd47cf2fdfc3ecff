import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from edge.cli import main

GOOD = "(01)06901234567892(17)271231(10)A1"
BINARY = b"\x5a\xff"


def run(*words: str, lines: bytes | str | None = None) -> Result:
    return CliRunner().invoke(main, ["parse", *words], input=lines)


def reports(*lines: object) -> list[dict[str, Any]]:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return [json.loads(line) for line in run("--jsonl", "--lang", "en", lines=text).stdout.splitlines()]


def test_a_person_reads_the_parts() -> None:
    result = run(GOOD)
    assert result.exit_code == 0
    for part in ("06901234567892", "A1", "2027-12-31"):
        assert part in result.stdout


@pytest.mark.parametrize(("lang", "words"), [("zh", "校验位不对"), ("en", "wrong check digit")])
def test_a_person_reads_what_is_wrong_and_what_to_do(lang: str, words: str) -> None:
    result = run("(01)06901234567893(10)A1", "--lang", lang)
    assert result.exit_code == 1
    assert words in result.stdout
    assert "->" in result.stdout


def test_a_program_reads_json() -> None:
    report = json.loads(run(GOOD, "--json").stdout)
    assert (report["schema"], report["valid"], report["complete"], report["kind"]) == (1, True, True, "udi")
    assert (report["expires"], report["trace_key"], report["hri"]) == ("2027-12-31", "GS1|06901234567892|L|A1", GOOD)


def test_the_picture_of_a_separator_stands_for_it() -> None:
    report = json.loads(run("]d2010690123456789210A1␝21S1", "--json").stdout)
    assert (report["lot"], report["serial"], report["findings"]) == ("A1", "S1", [])


def test_a_lost_separator_is_flagged_and_other_readings_are_offered() -> None:
    report = json.loads(run("]d20106901234567892" + "10LOT2024A21SN0012345", "--json").stdout)
    assert (report["lot"], report["serial"]) == ("LOT2024A21SN0012345", None)
    assert [each["code"] for each in report["findings"]] == ["separator_doubtful"]
    assert "(10)LOT2024A(21)SN0012345" in run("]d20106901234567892" + "10LOT2024A21SN0012345").stdout
    assert report["alternatives"][0]["elements"] == [["01", "06901234567892"], ["10", "LOT2024A"], ["21", "SN0012345"]]


STATUS = {
    "a UDI": (GOOD, 0),
    "half a UDI": ("(10)A1", 0),
    "a shipping unit": ("]C100106141412345678908", 0),
    "a wrong check digit": ("(01)06901234567893", 1),
    "a plain text in a symbol": ("]d1SHELF-4-12", 0),
    "any text": ("SHELF-4-12", 1),
}


@pytest.mark.parametrize(("code", "status"), STATUS.values(), ids=STATUS)
def test_the_exit_status_is_the_same_for_an_argument_and_for_a_line(code: str, status: int) -> None:
    assert run(code).exit_code == status
    assert run("--jsonl", lines=json.dumps({"raw": code})).exit_code == status


def test_lines_go_on_after_a_bad_one() -> None:
    found = reports({"raw": GOOD}, "no json", {"raw": 5}, {"raw_hex": "5a5a"}, "", {"raw": "010690123456789210A"})
    assert [("error" in each, each.get("kind")) for each in found] == [
        (False, "udi"),
        (True, None),
        (True, None),
        (False, "text"),
        (True, None),
        (False, "udi"),
    ]
    assert all(each["schema"] == 1 for each in found)


REFUSED = {
    "no object": [1],
    "a number": 5,
    "neither raw nor raw_hex": {"symbology": "]d2"},
    "both": {"raw": "A", "raw_hex": "41"},
    "half a hex digit": {"raw_hex": "4"},
    "hex that is a number": {"raw_hex": 41},
    "raw that is null": {"raw": None},
    "symbology that is a number": {"raw": "A", "symbology": 2},
    "nested too deep": "[" * 100_000,
}


@pytest.mark.parametrize("line", REFUSED.values(), ids=REFUSED)
def test_a_line_of_another_form_says_what_was_expected(line: object) -> None:
    (report,) = reports(line)
    assert set(report) == {"schema", "error"}
    assert "raw_hex" in report["error"]


def test_bytes_reach_the_parser_unchanged() -> None:
    payload = b"010690123456789210A\x1d21S"
    same, binary = reports({"raw_hex": payload.hex(), "symbology": "]d2"}, {"raw_hex": BINARY.hex()})
    assert (same["lot"], same["serial"]) == ("A", "S")
    assert binary["kind"] == "binary"


def test_text_that_utf8_cannot_hold_does_not_end_the_run() -> None:
    first, second, third = reports({"raw": "\ud800"}, {"raw": "A", "symbology": "\udfff"}, {"raw": GOOD})
    assert first["kind"] == "binary"
    assert second["findings"][0]["code"] == "symbology_unknown"
    assert third["valid"]


def test_a_real_process_in_the_plainest_locale() -> None:
    lines = b"".join(json.dumps({"raw": raw}).encode() + b"\n" for raw in (GOOD, "校验", GOOD))
    words = [str(Path(sys.executable).with_name("udi-station")), "parse", "--jsonl"]
    done = subprocess.run(words, input=lines, capture_output=True, check=False, env={"LC_ALL": "C"})
    assert done.stderr == b""
    assert done.returncode == 1
    assert [json.loads(line)["kind"] for line in done.stdout.splitlines()] == ["udi", "text", "udi"]


@pytest.mark.parametrize("words", [(), (GOOD, "--jsonl"), (GOOD, "--lang", "fr"), (GOOD, GOOD)])
def test_usage(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2
