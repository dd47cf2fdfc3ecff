from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.catalog.build import build
from edge.catalog.product import Level
from edge.catalog.store import Catalog
from edge.catalog.write import CatalogueError
from edge.cli import main

HEAD = "di,sale_unit,level,contains,name,pi_lot,certificate,certificate_to,nhsa_codes,withdrawn\n"
UNIT = "06901234500028,,sale_unit,1,lens,是,国械注准1,2027-01-01,C1;C2,\n"
CASE = "16901234500025,06901234500028,case,10,lens case,,,,,\n"
RECALLS = "order,kind,di,lots,serials\nR1,recall,06901234500028,A1;A2,\n"
BAD = {
    "level": (UNIT.replace("sale_unit,1", "crate,1"), "level = 'crate'"),
    "contains": (CASE.replace(",10,", ",0,"), "contains = '0'"),
    "flag": (UNIT.replace("是", "maybe"), "pi_lot = 'maybe'"),
    "date": (UNIT.replace("2027-01-01", "1/1/27"), "certificate_to = '1/1/27'"),
    "no name": (UNIT.replace("lens", ""), "name is empty"),
    "twice": (UNIT + UNIT, "stands in 2 rows"),
}


def make(folder: Path, rows: str, recalls: str | None = None) -> Path:
    source, out = folder / "p.csv", folder / "catalogue.sqlite3"
    source.write_text(HEAD + rows, encoding="utf-8")
    orders = folder / "r.csv"
    orders.write_text(recalls or "order,kind,di,lots,serials\n", encoding="utf-8")
    build(source, out, recalls=orders)
    return out


def test_any_level_is_found_with_its_recalls(tmp_path: Path) -> None:
    catalog = Catalog.open(make(tmp_path, UNIT + CASE, RECALLS))
    unit, case = catalog.lookup("06901234500028"), catalog.lookup("16901234500025")
    assert unit is not None
    assert case is not None
    assert (unit.level, [each.code for each in unit.nhsa], unit.pi.lot) == (Level.SALE_UNIT, ["C1", "C2"], True)
    assert (case.level, case.contains, case.sale_unit) == (Level.CASE, 10, "06901234500028")
    (order,) = catalog.orders([case.sale_unit])
    assert order.hits(lot="A2", serial=None)
    assert not order.hits(lot="B", serial=None)
    assert catalog.lookup("0") is None
    assert (catalog.rows, len(catalog.digest)) == (2, 64)
    catalog.close()


@pytest.mark.parametrize(("rows", "told"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_named_and_the_old_file_stays(tmp_path: Path, rows: str, told: str) -> None:
    before = make(tmp_path, UNIT).read_bytes()
    with pytest.raises(CatalogueError, match=f"(?s){told}.*expected"):
        make(tmp_path, rows)
    assert (tmp_path / "catalogue.sqlite3").read_bytes() == before


def test_an_unknown_column_is_named(tmp_path: Path) -> None:
    source = tmp_path / "p.csv"
    source.write_text("di,name,colour\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match="colour"):
        build(source, tmp_path / "out")


@pytest.mark.parametrize("content", [None, b"", b"garbage" * 100], ids=["absent", "empty", "garbage"])
def test_what_is_no_catalogue_is_told(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "c"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CatalogueError, match="catalog import"):
        Catalog.open(file)


def test_the_commands(tmp_path: Path) -> None:
    out = make(tmp_path, UNIT)
    run = CliRunner().invoke
    assert run(main, ["catalog", "import", str(tmp_path / "p.csv"), str(tmp_path / "new")]).exit_code == 0
    assert "1 DIs" in run(main, ["catalog", "stats", str(out)]).stdout
    assert '"name": "lens"' in run(main, ["catalog", "lookup", str(out), "06901234500028"]).stdout
    assert run(main, ["catalog", "lookup", str(out), "1"]).exit_code == 1
