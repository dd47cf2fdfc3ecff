import json

from click.testing import CliRunner

from edge.cli import main

GOOD = "(01)06901234567892(17)271231(10)A1"


def test_a_person_reads_the_parts() -> None:
    result = CliRunner().invoke(main, ["parse", GOOD])
    assert result.exit_code == 0
    for part in ("06901234567892", "A1", "2027-12-31"):
        assert part in result.stdout


def test_a_program_reads_json() -> None:
    result = CliRunner().invoke(main, ["parse", GOOD, "--json"])
    report = json.loads(result.stdout)
    assert (report["schema"], report["valid"], report["complete"], report["kind"]) == (1, True, True, "udi")
    assert (report["expires"], report["trace_key"], report["hri"]) == ("2027-12-31", "GS1|06901234567892|L|A1", GOOD)


def test_a_bad_code_exits_with_1() -> None:
    assert CliRunner().invoke(main, ["parse", "(01)06901234567893"]).exit_code == 1


def test_lines_go_on_after_a_bad_one() -> None:
    lines = [{"raw": GOOD}, {"raw_hex": "5a5a"}, {"raw": "0106901234567892" + "10A", "symbology": "]d2"}]
    text = "\n".join([json.dumps(lines[0]), "no json", '{"raw": 5}', *map(json.dumps, lines[1:])])
    result = CliRunner().invoke(main, ["parse", "--jsonl"], input=text)
    reports = [json.loads(line) for line in result.stdout.splitlines()]
    assert [("error" in report, report.get("kind")) for report in reports] == [
        (False, "udi"),
        (True, None),
        (True, None),
        (False, "text"),
        (False, "udi"),
    ]
    assert result.exit_code == 1


def test_neither_code_nor_lines_is_usage() -> None:
    assert CliRunner().invoke(main, ["parse"]).exit_code == 2
