from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.catalog.build import build
from edge.catalog.product import Level, NhsaCode, Product
from edge.catalog.site import SiteTables
from edge.catalog.site_build import Sources, build_site
from edge.catalog.store import Catalog
from edge.hub.cli import main
from edge.hub.mapping import By, Completeness, completeness, unmapped

TODAY = date(2026, 11, 26)
A, B = "C1234567890123456789", "C1234567890123456780"
DIS = ("06901234567892", "06901234500028", "06901234567007", "06901234567014", "06901234567021")
SCOPE = (
    "分类目录编号,一级序号,一级类别,二级序号,二级类别,管理类别\n13,07,骨科,01,髋关节,III\n13,07,骨科,02,膝关节,III\n"
)


def product(at: int, device_class: int | None, category: str, registrant: str, *codes: str) -> Product:
    udid = tuple(NhsaCode(code, "udid") for code in codes)
    return Product(
        DIS[at], DIS[at], Level.SALE_UNIT, 1, f"n{at}", "m", registrant,
        device_class=device_class, category=category, nhsa=udid,
    )  # fmt: skip


PRODUCTS = (
    product(0, 3, "13-07-01", "甲", A),
    product(1, 3, "13-07-01", "乙", A, B),
    product(2, 3, "13-07-09", "乙"),
    product(3, 2, "13-07-01", "乙"),
    product(4, None, "", ""),
)
COUNTED: dict[By, list[tuple[str, int, int, int, int, int, float]]] = {
    "class": [
        ("?", 1, 0, 0, 0, 1, 0.0),
        ("II", 1, 0, 0, 1, 0, 0.0),
        ("III", 3, 2, 1, 0, 0, 66.6),
    ],
    "registrant": [("?", 1, 0, 0, 0, 1, 0.0), ("乙", 3, 1, 1, 1, 0, 33.3), ("甲", 1, 1, 0, 0, 0, 100.0)],
    "catalogue-row": [
        ("batch-1 13-07-02 III 膝关节", 0, 0, 0, 0, 0, 0.0),
        ("batch-1 13-07-01 III 髋关节", 2, 1, 1, 0, 0, 50.0),
    ],
    "watch": [("关节集采 乙", 3, 1, 1, 1, 0, 33.3)],
}


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    nhsa, scope, watch = tmp_path / "nhsa.csv", tmp_path / "scope.csv", tmp_path / "watch.csv"
    nhsa.write_text(f"DI,医保编码,有效期止\n{DIS[2]},{A},\n{DIS[3]},{A},2026-11-25\n", encoding="utf-8")
    scope.write_text(SCOPE, encoding="utf-8")
    watch.write_text("集采名称,注册人,有效期止\n关节集采,乙,\n旧集采,甲,2026-11-25\n", encoding="utf-8")
    build_site(tmp_path / "site", Sources(nhsa=nhsa, watch=watch, scopes={"batch-1": scope}), today=TODAY)
    return tmp_path / "site"


@pytest.mark.parametrize(("by", "counted"), COUNTED.items())
def test_completeness(by: By, counted: list[tuple[str, int, int, int, int, int, float]], tables: Path) -> None:
    assert completeness(PRODUCTS, SiteTables.open(tables), by, TODAY) == [Completeness(*each) for each in counted]


def test_nearly_all_is_not_all(tables: Path) -> None:
    many = [PRODUCTS[0]] * 1999 + [PRODUCTS[1]]
    assert completeness(many, SiteTables.open(tables), "class", TODAY)[0].percent == 99.9


def test_every_product_without_exactly_one_code_is_listed(tables: Path) -> None:
    found = list(unmapped(PRODUCTS, SiteTables.open(tables), TODAY))
    assert [(each.di, each.state, each.codes) for each in found] == [
        (DIS[1], "ambiguous", (A, B)),
        (DIS[3], "expired", (A,)),
        (DIS[4], "missing", ()),
    ]


def test_the_command(tables: Path, tmp_path: Path) -> None:
    source, catalogue = tmp_path / "p.csv", tmp_path / "catalogue"
    source.write_text(
        f"di,sale_unit,level,contains,name,device_class,nhsa_codes\n{DIS[0]},,,,n0,3,{A}\n{DIS[1]},,,,n1,3,\n"
        f"16901234567899,{DIS[0]},case,10,n0,3,\n",
        encoding="utf-8",
    )
    build(source, catalogue)
    assert sorted(each.di for each in Catalog.open(catalogue).products()) == sorted(DIS[:2])
    words = ["mapping", "--catalogue", str(catalogue), "--tables", str(tables)]
    run = CliRunner().invoke
    plain = "group=III  products=2  mapped=1  ambiguous=0  expired=0  missing=1  percent=50.0\n"
    assert run(main, words).stdout == plain
    assert json.loads(run(main, [*words, "--by", "catalogue-row", "--json"]).stdout)[0]["products"] == 0
    (listed,) = json.loads(run(main, [*words, "--list", "--json"]).stdout)
    assert (listed["di"], listed["state"]) == (DIS[1], "missing")
    assert run(main, [*words, "--by", "watch"]).exit_code == 1
    assert run(main, [*words, "--by", "x"]).exit_code == 2
    assert run(main, ["mapping", "--catalogue", str(tables), "--tables", str(tables)]).exit_code == 2
