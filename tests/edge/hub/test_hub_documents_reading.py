"""Documents from tables: what offices write is understood, every fault is named, and no bytes break it."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.catalog.columns import read_map
from edge.catalog.write import CatalogueError
from edge.documents import Document, DocumentKind, Line
from edge.hub.documents.form import LINES
from edge.hub.documents.reading import Reading, read_documents
from tests.support.documents import DI
from tests.support.xlsx import write_xlsx

RECEIPTS = Reading(kind=DocumentKind.RECEIPT)
HEAD = "采购订单号,供应商,行号,物资编码,产品标识,产品名称,数量\n"
ROWS = f"PO-1,某某医疗,1,000123,{DI},导管,10\nPO-1,某某医疗,2,000124,{DI},导丝,5\nPO-2,另一家,1,,{DI},支架,1\n"
GOOD = HEAD + ROWS
FOUND = [
    Document(
        "PO-1",
        DocumentKind.RECEIPT,
        "某某医疗",
        None,
        (Line(1, "导管", 10, di=DI, item="000123"), Line(2, "导丝", 5, di=DI, item="000124")),
    ),
    Document("PO-2", DocumentKind.RECEIPT, "另一家", None, (Line(1, "支架", 1, di=DI),)),
]


def written(folder: Path, content: str | bytes) -> Path:
    file = folder / "d.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


SAME = {
    "UTF-8": GOOD.encode(),
    "GBK": GOOD.encode("gbk"),
    "UTF-16": GOOD.replace(",", "\t").encode("utf-16"),
    "the GTIN with 13 digits": GOOD.replace(DI, DI[1:]).encode(),
    "English": GOOD.replace(HEAD, "Order No.,Supplier,Line number,Item number,GTIN,Product,Qty\n").encode(),
    "a kind in each row": (HEAD.replace("数量", "数量,单据类型") + ROWS.replace("\n", ",采购订单\n")).encode(),
    "a supplier only in the first row": GOOD.replace("PO-1,某某医疗,2", "PO-1,,2").encode(),
}


@pytest.mark.parametrize("content", SAME.values(), ids=SAME.keys())
def test_the_same_documents_in_many_forms(content: bytes, tmp_path: Path) -> None:
    assert read_documents(written(tmp_path, content), RECEIPTS) == FOUND


def test_a_workbook_with_numbers_and_dates(tmp_path: Path) -> None:
    head = ["单据号", "产品标识", "数量", "生产日期", "应带码", "储存条件", "单据有效期"]
    file = write_xlsx(
        tmp_path / "d.xlsx", [head, ["PO-3", DI, 12, date(2024, 6, 30), "是", "2-8℃", date(2026, 12, 31)]]
    )
    line = Line(1, DI, 12, di=DI, in_scope=True, made=date(2024, 6, 30), storage="2-8℃")
    expected = Document("PO-3", DocumentKind.RECEIPT, None, None, (line,), expires=date(2026, 12, 31))
    assert read_documents(file, RECEIPTS) == [expected]


def test_a_sites_own_headings(tmp_path: Path) -> None:
    map_file = tmp_path / "map.toml"
    map_file.write_text('[columns]\ndocument = "VBELN"\ncounterparty = "KUNNR"\n', encoding="utf-8")
    file = written(tmp_path, GOOD.replace("采购订单号,供应商", "VBELN,KUNNR"))
    assert read_documents(file, replace(RECEIPTS, mapping=read_map(map_file, (LINES,)))) == FOUND


SERIALS = "单号,行号,产品标识,序列号,数量\n"


@pytest.mark.parametrize("each", ["1", "3"], ids=["one in each row", "the whole in each row"])
def test_a_row_for_each_serial(each: str, tmp_path: Path) -> None:
    rows = "".join(f"ASN-1,7,{DI},S{number},{each}\n" for number in range(3))
    (found,) = read_documents(written(tmp_path, SERIALS + rows), RECEIPTS)
    assert found.lines == (Line(7, DI, 3, di=DI, serials=("S0", "S1", "S2")),)


def test_rows_without_line_numbers_are_numbered(tmp_path: Path) -> None:
    rows = f"单号,产品标识,数量\nA,{DI},1\nB,{DI},2\nA,{DI},3\n"
    first, second = read_documents(written(tmp_path, rows), RECEIPTS)
    assert [(line.number, line.quantity) for line in first.lines] == [(1, 1), (2, 3)]
    assert [(line.number, line.quantity) for line in second.lines] == [(1, 2)]


ITEMS = {"000123": (DI,), "000124": ("06901234567908", DI)}


def test_an_item_code_stands_for_its_di(tmp_path: Path) -> None:
    known = replace(RECEIPTS, items=lambda item: ITEMS.get(item, ()))
    rows = "单号,物资编码,数量\nA,000123,1\nA,000124,1\n"
    (found,) = read_documents(written(tmp_path, rows), known)
    assert [(line.di, line.item) for line in found.lines] == [(DI, "000123"), (None, "000124")]
    with pytest.raises(CatalogueError, match=r"row 2: item = '000125': expected an item code that the site's tables"):
        read_documents(written(tmp_path, rows.replace("000123", "000125")), known)


def test_a_loaner_kit_may_name_its_screws_by_code_or_by_name_alone(tmp_path: Path) -> None:
    rows = f"单号,单据类型,产品标识,物资编码,品名,数量\nK-1,外来器械清单,{DI},,髓内钉,2\n"
    rows += "K-1,,,S-35,螺钉 3.5,10\nK-1,,,,螺钉 4.0,6\n"
    (found,) = read_documents(written(tmp_path, rows), Reading())
    assert found.kind is DocumentKind.KIT
    assert [(line.di, line.item, line.name, line.quantity) for line in found.lines] == [
        (DI, None, "髓内钉", 2),
        (None, "S-35", "螺钉 3.5", 10),
        (None, "螺钉 4.0", "螺钉 4.0", 6),
    ]
    with pytest.raises(CatalogueError, match="row 2: di = '': expected a DI"):
        read_documents(written(tmp_path, "单号,单据类型,品名,数量\nK-1,外来器械,,2\n"), Reading())


PLAIN = f"单号,行号,产品标识,序列号,数量\nA,1,{DI},,5\n"
REFUSED = {
    "nothing": ("", "empty; expected a heading"),
    "no rows": ("单号,产品标识,数量\n", "no row below the heading"),
    "no quantity": (f"单号,产品标识\nA,{DI}\n", "no column for quantity"),
    "a document's number with a slash": (PLAIN.replace("A,", "A/1,"), "row 2: document = 'A/1': expected a document's"),
    "no product": (PLAIN.replace(DI, ""), "row 2: di = '': expected a DI, or an item code"),
    "a wrong check digit": (PLAIN.replace(DI, DI[:-1] + "3"), "row 2: di = .*expected check digit 2"),
    "half a piece": (PLAIN.replace(",5\n", ",0.5\n"), "row 2: quantity = '0.5': expected a whole number"),
    "none": (PLAIN.replace(",5\n", ",0\n"), "row 2: quantity = '0': expected a whole number"),
    "a serial for five": (PLAIN.replace(",,5", ",S1,5"), "row 2: quantity = 5: expected 1 in each row with a serial"),
    "the same line twice": (PLAIN + PLAIN[PLAIN.index("A,") :], "row 2: serial = '': expected one, for another row"),
    "a serial twice": (
        PLAIN.replace(",,5", ",S1,2") + f"A,1,{DI},S1,2\n",
        "row 2: document A: serials: 'S1' stands there twice",
    ),
    "two products in a line": (PLAIN + "A,1,06901234567908,,5\n", f"row 3: di = '06901234567908': expected '{DI}'"),
    "a line without a number": (PLAIN + f"A,,{DI},,5\n", "row 3: line = '': expected a number"),
    "a kind nobody knows": (
        PLAIN.replace("序列号", "单据类型").replace(",,5", ",礼品,5"),
        "row 2: kind = '礼品': expected one of receipt",
    ),
}


@pytest.mark.parametrize(("content", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_a_fault_is_named(content: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=why) as found:
        read_documents(written(tmp_path, content), RECEIPTS)
    assert str(tmp_path / "d.csv") in str(found.value)


def test_a_document_of_no_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="row 2: kind = '': expected 单据类型 in document PO-1, or --kind"):
        read_documents(written(tmp_path, GOOD), Reading())


ONE_FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
CELLS = st.one_of(st.sampled_from(("A", "1", "10", DI, "S1", "", "是", "2026-11-26")), st.text(max_size=6))


@ONE_FILE
@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda data: HEAD.encode() + data))
def test_any_bytes_are_documents_or_an_error(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(CatalogueError):
        assert read_documents(written(tmp_path, data), RECEIPTS)


@ONE_FILE
@given(st.lists(st.lists(CELLS, max_size=17), max_size=5))
def test_any_rows_are_documents_or_an_error(tmp_path: Path, rows: Sequence[Sequence[str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([[column.name for column in LINES.columns], *rows])
    with contextlib.suppress(CatalogueError):
        assert read_documents(written(tmp_path, out.getvalue().encode(errors="replace")), RECEIPTS)
