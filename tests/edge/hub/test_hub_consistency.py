from __future__ import annotations

import csv
import json
import random
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.catalog.build import build
from edge.catalog.store import Catalog
from edge.catalog.write import CatalogueError
from edge.hub.cli import main
from edge.hub.consistency import compare
from edge.udi.checks import mod10

TODAY = date(2026, 11, 26)
COLUMNS = ("di", "name", "model", "registrant", "certificate", "nhsa_codes")
HEADINGS = {
    "di": "产品标识", "code": "医保编码", "valid_from": "有效期起", "valid_to": "有效期止", "name": "产品名称",
    "model": "型号", "spec": "规格", "certificate": "注册证号", "registrant": "注册人",
}  # fmt: skip


def gtin(number: int) -> str:
    digits = f"{number:013}"
    return f"{digits}{mod10(digits)}"


def code(number: int) -> str:
    return f"C{number:019}"


def product(number: int, codes: Sequence[str] | None = None) -> dict[str, str]:
    return {
        "di": gtin(number),
        "name": f"髋关节(Hip) {number}",
        "model": f"M-{number} 12mm",
        "registrant": f"某医疗器械(上海){number}有限公司",
        "certificate": f"国械注准2017{number:07}",
        "nhsa_codes": ";".join([code(number)] if codes is None else codes),
    }


def claimed(udid: Mapping[str, str], **differently: str) -> dict[str, str]:
    """A row of the table that says what UDID says, but for what is given."""
    row = {name: udid[name] for name in ("di", "name", "registrant", "certificate")}
    row["model"], row["spec"] = udid["model"].split(" ") if " " in udid["model"] else (udid["model"], "")
    row["code"] = udid["nhsa_codes"].split(";")[0]
    return row | differently


def catalogue(folder: Path, products: Sequence[Mapping[str, str]]) -> Path:
    source, out = folder / "products.csv", folder / "catalogue.sqlite3"
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(products)
    build(source, out)
    return out


def table(folder: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    file = folder / "nhsa.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, HEADINGS)
        writer.writerow(HEADINGS)
        writer.writerows(rows)
    return file


P = product(1)
CASES: dict[str, tuple[dict[str, str], list[dict[str, str]], list[tuple[str, str, str]]]] = {
    "the same": (P, [claimed(P)], []),
    "nothing claimed": (P, [{"di": P["di"], "code": P["nhsa_codes"], "model": "M-1", "spec": "12mm"}], []),
    "full width and brackets": (
        P,
        [
            claimed(
                P,
                name="髋关节（ＨＩＰ）　１",
                registrant="某医疗器械【上海】1有限公司",
                certificate="国械注准 20170000001",
            )
        ],
        [],
    ),
    "model and specification the other way round": (P, [claimed(P, model="12mm", spec="m-1")], []),
    "model and specification in one": (P, [claimed(P, model="M-1 12MM", spec="")], []),
    "another name": (P, [claimed(P, name="膝关节")], [("name", "膝关节", P["name"])]),
    "a dash less": (P, [claimed(P, model="M1")], [("model", "M1 12mm", P["model"])]),
    "no specification": (P, [claimed(P, spec="")], [("model", "M-1", P["model"])]),
    "another certificate": (P, [claimed(P, certificate="X")], [("certificate", "X", P["certificate"])]),
    "another registrant": (P, [claimed(P, registrant="X")], [("registrant", "X", P["registrant"])]),
    "another code": (P, [claimed(P, code=code(2))], [("code", code(2), code(1))]),
    "one code more": (P, [claimed(P), claimed(P, code=code(2))], [("code", code(2), "")]),
    "one code less": (product(1, [code(1), code(2)]), [claimed(P)], [("code", "", code(2))]),
    "several codes, in both": (product(1, [code(1), code(2)]), [claimed(P), claimed(P, code=code(2))], []),
    "the code with its serial number": (P, [claimed(P, code=code(1) + "0000007")], []),
    "the code with another serial number": (
        product(1, [code(1) + "0000001"]),
        [claimed(P, code=code(1) + "0000002")],
        [("code", code(1) + "0000002", code(1) + "0000001")],
    ),
    "free text in UDID": (product(1, ["无"]), [claimed(P)], [("code_absent", code(1), "无")]),
    "no code in UDID": (product(1, []), [claimed(P)], [("code_absent", code(1), "")]),
    "an unknown DI": (product(2), [claimed(P)], [("di_unknown", P["name"], "")]),
    "a row that has ended": (P, [claimed(P), claimed(P, code=code(2), name="x", valid_to="2026-11-25")], []),
    "a row of tomorrow": (P, [claimed(P), claimed(P, code=code(2), valid_from="2026-11-27")], []),
    "a row that ends today": (P, [claimed(P, name="x", valid_to="2026-11-26")], [("name", "x", P["name"])]),
    "the same wrong name in two rows": (
        P,
        [claimed(P, name="膝"), claimed(P, name="膝 ")],
        [("name", "膝", P["name"])],
    ),
    "two things at once": (
        P,
        [claimed(P, name="膝", code=code(2))],
        [("name", "膝", P["name"]), ("code", code(2), code(1))],
    ),
}


@pytest.mark.parametrize(("udid", "rows", "found"), CASES.values(), ids=CASES.keys())
def test_what_differs(
    udid: dict[str, str], rows: list[dict[str, str]], found: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    catalog = Catalog.open(catalogue(tmp_path, [udid]))
    mismatches = list(compare(catalog, table(tmp_path, rows), today=TODAY))
    assert [(each.what, each.table, each.udid) for each in mismatches] == found
    assert all(each.di == P["di"] and each.row in (2, 3) for each in mismatches)


def test_rows_that_cannot_be_read_are_named_and_the_others_compared(tmp_path: Path) -> None:
    catalog = Catalog.open(catalogue(tmp_path, [P]))
    rows = [claimed(P, di=P["di"][:-1] + "9"), claimed(P, name="膝")]
    (bad, name) = compare(catalog, table(tmp_path, rows), today=TODAY)
    assert (bad.what, name.what) == ("row", "name")
    assert "row 2: di = " in bad.table
    assert "expected check digit" in bad.table


def test_a_table_that_is_none_is_told(tmp_path: Path) -> None:
    catalog = Catalog.open(catalogue(tmp_path, [P]))
    with pytest.raises(CatalogueError, match="No such file"):
        list(compare(catalog, tmp_path / "gone.csv", today=TODAY))


HARMLESS = (
    lambda text: text.upper(),
    lambda text: text.replace("(", "（").replace(")", "）"),
    " ".join,
    lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    lambda text: text,
)
CHANGED = {
    "name": "另一产品", "model": "另一型号", "certificate": "国械注进1", "registrant": "另一公司", "code": code(10**9),
    "di": gtin(10**9),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_every_seeded_mismatch_is_found_and_no_other(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)  # noqa: S311 - a seed for a test
    products = [product(number) for number in range(1, 401)]
    rows, expected = [], set()
    for udid in rng.sample(products, 300):
        row = {
            name: rng.choice(HARMLESS)(text) if name not in ("di", "code") else text
            for name, text in claimed(udid).items()
        }
        if rng.random() < 0.3:
            what = rng.choice(list(CHANGED))
            row[what] = CHANGED[what]
            expected.add(("di_unknown" if what == "di" else what, row["di"]))
        rows.append(row)
    found = list(compare(Catalog.open(catalogue(tmp_path, products)), table(tmp_path, rows), today=TODAY))
    assert {(each.what, each.di) for each in found} == expected
    assert len(found) == len(expected) > 50


def test_the_command(tmp_path: Path) -> None:
    known, rows = catalogue(tmp_path, [P]), table(tmp_path, [claimed(P, name="=HYPERLINK()", code=code(2))])
    words = ["consistency", "--catalogue", str(known), "--nhsa", str(rows)]
    run = CliRunner().invoke
    plain = run(main, words)
    assert (plain.exit_code, plain.stderr) == (1, "name 1, code 1\n")
    assert f"what=code  di={P['di']}  row=2  table={code(2)}  udid={code(1)}" in plain.stdout
    assert [each["what"] for each in json.loads(run(main, [*words, "--json"]).stdout)] == ["name", "code"]
    out = tmp_path / "out.csv"
    assert run(main, [*words, "--csv", str(out)]).exit_code == 1
    with out.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert [line[0] for line in lines] == ["what", "name", "code"]
    assert lines[1][3] == "'=HYPERLINK()"
    good = table(tmp_path, [claimed(P)])
    assert run(main, words).exit_code == 0
    assert json.loads(run(main, [*words, "--json"]).stdout) == []
    assert run(main, [*words, "--json", "--on", "2020-01-01"]).exit_code == 0
    good.write_text("x\n", encoding="utf-8")
    assert run(main, words).exit_code == 2
    assert run(main, [*words[:2], str(tmp_path / "gone"), *words[3:]]).exit_code == 2
