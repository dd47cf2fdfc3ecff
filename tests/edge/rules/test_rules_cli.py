"""``udi-station judge`` as its users call it."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from edge.catalog.build import build
from edge.cli import main
from edge.rules.decisions import DECISIONS
from edge.rules.judge import RULES
from tests.support.site import ROOT

DI = "06901234567892"
CODE = f"]d201{DI}1729123110A1"
AT = ("--at", "2026-11-24")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["judge", *words, *AT])


def told(*words: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(run(*words, "--json").output)
    return found


EXITS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "checked": ((CODE,), 0, "CHECKED 已核对"),
    "booked": ((CODE, "--task", "USE"), 0, "ACCEPTED 已登记"),
    "attention": ((f"]d201{DI}17270101", "--task", "RECEIVE", "--lang", "en"), 0, "ATTENTION something for you"),
    "expired": ((f"]d201{DI}17251231",), 1, "STOP 停用"),
    "not a UDI": (("hello",), 1, "REDO 重扫"),
    "two symbols of one package": ((f"]d201{DI}", "]d2" + "1729123110A1"), 0, "CHECKED"),
    "two packages": ((f"]d201{DI}", "]d20106901234500011"), 1, "REDO"),
    "no code, in scope, since the day": (
        ("--scope", "in", "--made", "2024-07-01", "--task", "RECEIVE", "--region", "jincheng-2024"), 1, "STOP",
    ),
    "the same below the county": (
        ("--scope", "in", "--made", "2024-07-01", "--task", "RECEIVE", "--region", "jincheng-2024-subcounty"), 1,
        "MISSING 缺码;可强制登记",
    ),
    "nothing to judge": ((), 2, "give a CODE, or --scope or --made"),
    "an unknown region": ((CODE, "--region", "atlantis"), 2, "'atlantis' is not one of"),
    "a day that is none": ((CODE, "--made", "soon"), 2, "'soon': expected before, after, unknown or a date"),
    "a catalogue that is none": ((CODE, "--catalogue", "/nowhere"), 2, "/nowhere"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "status", "says"), EXITS.values(), ids=EXITS.keys())
def test_exit_status_and_first_words(words: tuple[str, ...], status: int, says: str) -> None:
    result = run(*words)
    assert result.exit_code == status, result.output
    assert says in result.output


JUDGED = {name: words for name, (words, status, _) in EXITS.items() if status < 2}


@pytest.mark.parametrize("words", JUDGED.values(), ids=JUDGED.keys())
def test_the_object_is_as_its_schema_says(words: tuple[str, ...]) -> None:
    schema = json.loads((ROOT / "edge/schema/judge.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(told(*words))


def test_a_day_is_refused_by_name() -> None:
    result = CliRunner().invoke(main, ["judge", CODE, "--at", "today"])
    assert (result.exit_code, "'today': expected a date such as 2026-11-24" in result.output) == (2, True)


def test_every_rule_that_was_asked_is_told_with_what_it_saw_and_its_source() -> None:
    rules = told(CODE, "--task", "RECEIVE")["rules"]
    assert isinstance(rules, list)
    assert [each["rule"] for each in rules] == [name for name in RULES if name != "cutoff"]
    assert all(
        each["source"] and list(each["looked_at"]) == list(DECISIONS.rules[each["rule"]].looks) for each in rules
    )
    seen = {each["rule"]: each["looked_at"] for each in rules}
    assert seen["expiry"] == {"udi.expires": "2029-12-31", "now.today": "2026-11-24"}


def test_the_cut_off_names_the_article_of_the_city() -> None:
    words = ("--scope", "in", "--made", "after", "--task", "RECEIVE", "--region", "jincheng-2024")
    for role, article in (("hospital", "六(二)1"), ("distributor", "六(二)1–3")):
        rules = told(*words, "--role", role)["rules"]
        assert isinstance(rules, list)
        step = next(each for each in rules if each["rule"] == "cutoff")
        assert step["source"] == f"晋市市监〔2024〕107号 {article}"
        assert step["found"] == [{"code": "cutoff", "detail": "2024-07-01", "does": "STOP"}]


def test_what_the_catalogue_and_its_recalls_say_is_judged(tmp_path: Path) -> None:
    products, recalls, file = tmp_path / "p.csv", tmp_path / "r.csv", tmp_path / "catalogue.sqlite3"
    _write(products, [["di", "name", "device_class"], [DI, "支架", "3"]])
    _write(recalls, [["order", "kind", "di", "lots"], ["召回 7", "recall", DI, "A1"]])
    build(products, file, recalls=recalls)
    found = told(CODE, "--catalogue", str(file), "--task", "USE", "--lang", "zh")
    reasons = found["reasons"]
    assert found["outcome"] == "STOP"
    assert isinstance(reasons, list)
    assert reasons[0] == {
        "code": "recalled", "audience": "person", "detail": "召回 7", "message": "已召回:勿用,放不合格区",
    }  # fmt: skip
    assert "nhsa_missing" in {each["code"] for each in reasons}


def _write(file: Path, rows: list[list[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
