from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.catalog.build import COLUMNS
from edge.catalog.product import Level, Product
from edge.catalog.product_form import PRODUCTS
from edge.catalog.store import Catalog
from edge.cli import main
from tests.support.xlsx import Cell, write_xlsx

UNIT, CASE = "06901234500028", "16901234500025"
HEAD: tuple[Cell, ...] = (
    "产品标识", "最小销售单元产品标识", "包装级别", "包含销售单元数量", "产品名称", "规格型号", "管理类别",
    "生产标识是否包含批号", "注册证有效期至", "医保编码",
)  # fmt: skip
ROWS: tuple[tuple[Cell, ...], ...] = (
    (UNIT, None, "最小销售单元", None, "人工晶状体", "A-1", "Ⅲ", "是", date(2027, 1, 1), "C1;C2"),
    (CASE, UNIT, "箱", 10, "人工晶状体", None, None, None, None, None),
)


def imported(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["catalog", "import", *map(str, words)])


def lookup(file: Path, di: str) -> Product:
    with closing(Catalog.open(file)) as catalog:
        found = catalog.lookup(di)
    assert found is not None
    return found


def test_the_form_has_every_column_of_the_table() -> None:
    assert tuple(column.name for column in PRODUCTS.columns) == COLUMNS


def test_a_workbook_with_an_offices_own_headings(tmp_path: Path) -> None:
    out = tmp_path / "catalogue.sqlite3"
    result = imported(write_xlsx(tmp_path / "p.xlsx", [HEAD, *ROWS]), out)
    assert (result.exit_code, result.output) == (0, f"{out}: 1 products, 2 DIs\n")
    unit, case = lookup(out, UNIT), lookup(out, CASE)
    assert (unit.level, unit.name, unit.model, unit.device_class) == (Level.SALE_UNIT, "人工晶状体", "A-1", 3)
    assert (unit.pi.lot, unit.pi.serial, [each.code for each in unit.nhsa]) == (True, None, ["C1", "C2"])
    assert (case.level, case.contains, case.sale_unit) == (Level.CASE, 10, UNIT)


def test_a_column_map_names_what_nobody_could_guess(tmp_path: Path) -> None:
    table, mapping = tmp_path / "p.csv", tmp_path / "map.toml"
    table.write_bytes("我院主码,我院品名\n".encode("gb18030") + f"{UNIT},晶体\n".encode("gb18030"))
    mapping.write_text('encoding = "gb18030"\n[columns]\ndi = "我院主码"\nname = "我院品名"\n', encoding="utf-8")
    out = tmp_path / "catalogue.sqlite3"
    assert imported(table, out, "--map", mapping).exit_code == 0
    assert lookup(out, UNIT).name == "晶体"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_with_an_offices_headings_needs_no_map(tmp_path: Path, encoding: str) -> None:
    table, out = tmp_path / "p.csv", tmp_path / "catalogue.sqlite3"
    table.write_text(f"产品标识,产品名称\n{UNIT},晶体\n", encoding=encoding)
    assert imported(table, out).exit_code == 0
    assert lookup(out, UNIT).name == "晶体"


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    result = imported(tmp_path / "nothing.zip", tmp_path / "c.sqlite3")
    assert result.exit_code == 1
    assert "there is no such file" in result.output


BAD = {
    "a wrong check digit": ({0: "06901234500029"}, "row 2"),
    "a level that is none": ({2: "托盘"}, "inner_pack"),
    "half a piece": ({3: 0.5}, "whole number"),
    "two classes": ({6: "Ⅱ/Ⅲ"}, "one class"),
    "neither yes nor no": ({7: "也许"}, "是 or 否"),
    "no name": ({4: None}, "row 2"),
}


@pytest.mark.parametrize(("changed", "told"), BAD.values(), ids=BAD.keys())
def test_a_bad_cell_is_named_and_nothing_is_made(tmp_path: Path, changed: dict[int, Cell], told: str) -> None:
    row = [changed.get(at, cell) for at, cell in enumerate(ROWS[0])]
    out = tmp_path / "catalogue.sqlite3"
    result = imported(write_xlsx(tmp_path / "p.xlsx", [HEAD, row]), out)
    assert result.exit_code == 1
    assert told in result.output
    assert not out.exists()


def test_a_table_without_the_needed_columns_says_what_it_looked_for(tmp_path: Path) -> None:
    result = imported(write_xlsx(tmp_path / "p.xlsx", [("品名", "数量"), ("晶体", 1)]), tmp_path / "c.sqlite3")
    assert result.exit_code == 1
    assert "产品标识" in result.output
    assert "column map" in result.output
