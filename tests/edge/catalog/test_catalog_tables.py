from __future__ import annotations

import csv
import io
import subprocess
import sys
import tracemalloc
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.catalog import cells, columns, site_forms, tables
from edge.catalog.columns import PLAIN, ColumnMap, Problems, read, read_map
from edge.catalog.fold import fold, heading
from edge.catalog.write import CatalogueError
from tests.support.site import ROOT
from tests.support.xlsx import Cell, Error, Number, write_sheet, write_xlsx

DI = "06901234567892"
GOOD = f"产品标识,医保编码,有效期至\n{DI},C1234567890123456789,2027-12-31\n"
VALUES = {"di": DI, "code": "C1234567890123456789", "valid_to": "2027-12-31"}


def rows_of(file: Path, form: columns.Form = site_forms.NHSA, mapping: ColumnMap = PLAIN) -> list[columns.Row]:
    problems = Problems()
    found = list(read(file, form, problems, mapping))
    problems.raise_if_any()
    return found


def written(folder: Path, content: str | bytes) -> Path:
    file = folder / "t.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


SAME = {
    "UTF-8": GOOD.encode(),
    "UTF-8 with BOM": GOOD.encode("utf-8-sig"),
    "UTF-16, as Excel's Unicode text": GOOD.replace(",", "\t").encode("utf-16"),
    "UTF-16, the other byte order": b"\xfe\xff" + GOOD.encode("utf-16-be"),
    "GB18030": GOOD.encode("gb18030"),
    "GBK": GOOD.encode("gbk"),
    "CRLF": GOOD.replace("\n", "\r\n").encode(),
    "old Mac line ends": GOOD.replace("\n", "\r").encode(),
    "tabs": GOOD.replace(",", "\t").encode(),
    "semicolons": GOOD.replace(",", ";").encode(),
    "quoted": ('"产品标识","医保编码","有效期至"\n"' + DI + '","C1234567890123456789","2027-12-31"').encode(),
    "empty rows": ("\n,,\n" + GOOD + "\n,,\n").encode(),
    "a title above": ("医保对照表,,\n" + GOOD).encode(),
    "full width": (
        "产品标识,医保编码,有效期至\n０６９０１２３４５６７８９２,ｃ1234567890123456789,2027-12-31\n"
    ).encode(),
    "English headings": GOOD.replace("产品标识", "UDI-DI").replace("医保编码", "NHSA Code").encode(),
    "headings with blanks and brackets": GOOD.replace("产品标识", "产品标识 (DI)").encode(),
    "13 digits and a slashed date": GOOD.replace(DI, DI[1:]).replace("2027-12-31", "2027/12/31").encode(),
}


@pytest.mark.parametrize("content", SAME.values(), ids=SAME.keys())
def test_the_same_table_in_many_forms(content: bytes, tmp_path: Path) -> None:
    (row,) = rows_of(written(tmp_path, content))
    assert {name: value for name, value in row.values.items() if value is not None} == VALUES


REFUSED = {
    "nothing at all": ("", "empty"),
    "only a heading that is missing one": ("产品标识\n" + DI, "no column for code .*医保编码"),
    "two columns for one": ("产品标识,DI,医保编码\n", "'产品标识' and 'DI' are both di"),
    "no text in any encoding": (b"\xe4\xba\xa7,\xff\xff\n\xff", "line 1: neither UTF-8 nor GB18030"),
    "UTF-16 that is cut off": (GOOD.encode("utf-16")[:-1], "expected utf-16: truncated data"),
    "an old xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "an old .xls file or one with a password"),
    "a quotation mark that never closes": (GOOD + '"' + DI + ",C1\n", "row 3: .*closed quotation marks"),
    "a row with more cells than the heading": (GOOD.replace("12-31", "12-31,x"), "row 2: 'x' stands behind"),
    "a DI that a spreadsheet rounded": (GOOD.replace(DI, "6.90123E+13"), "row 2: di = '6.90123E.13': expected all dig"),
    "its digits written out again": (GOOD.replace(DI, "69012300000000"), "these look rounded"),
    "a code that a spreadsheet rounded": (GOOD.replace("C1234567890123456789", "1.23E+19"), "code = .*every character"),
    "a wrong check digit": (GOOD.replace(DI, "06901234567893"), "expected check digit 2 at the end, found 3"),
    "a GTIN that lost two digits": (GOOD.replace(DI, DI[3:]), "8, 12, 13 or 14 digits; there are 11"),
    "a DI with its identifier": (GOOD.replace(DI, "01" + DI), f"without the identifier 01: {DI}"),
    "a DI with an apostrophe": (GOOD.replace(DI, "'" + DI), "di = .*without spaces"),
    "no DI": (GOOD.replace(DI, ""), "row 2: di = '': expected a value"),
    "an American date": (GOOD.replace("2027-12-31", "12/31/2027"), "valid_to = '12/31/2027': expected a date"),
    "an impossible date": (GOOD.replace("12-31", "02-30"), "expected a date such as"),
    "a NUL in a lot": (GOOD.replace("C12345", "C\x0012345"), "row 2"),
}


@pytest.mark.parametrize(("content", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_says_where_and_why(content: str | bytes, told: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=f"(?s)t.csv.*{told}"):
        rows_of(written(tmp_path, content))


def test_every_bad_row_is_named(tmp_path: Path) -> None:
    bad = "".join(f"{number},C1234567890123456789,\n" for number in range(3))
    with pytest.raises(CatalogueError) as caught:
        rows_of(written(tmp_path, GOOD + bad))
    assert [line.split(": ")[0][-5:] for line in str(caught.value).splitlines()] == ["row 3", "row 4", "row 5"]


def test_told_encoding_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="expected utf-8"):
        rows_of(written(tmp_path, GOOD.encode("gb18030")), mapping=ColumnMap(encoding="utf-8"))


SHEETS: dict[str, tuple[list[Cell], str | None]] = {
    "texts": ([DI, "C1234567890123456789", "2027-12-31"], None),
    "a DI as a number, its zero lost, and a real date": (
        [6901234567892, "C1234567890123456789", date(2027, 12, 31)],
        None,
    ),
    "a rounded number": ([Number("6.90123E+13"), "C1234567890123456789", None], "row 2: di .*look rounded"),
    "a number of 17 digits": ([12345678901234567, "C1", None], "a spreadsheet keeps only 15 digits"),
    "half a number": ([0.5, "C1", None], "in a text cell"),
    "true": ([True, "C1", None], "di = True: expected a device identifier"),
    "a code as a number": ([DI, 1234567890, None], "code = 1234567890.0: expected a text cell"),
    "a date that is a number": ([DI, "C1234567890123456789", 46752], "valid_to .*expected a date"),
    "an error": ([DI, "C1", Error()], "cell C2 holds an error such as #N/A"),
}


@pytest.mark.parametrize(("cells_", "told"), SHEETS.values(), ids=SHEETS.keys())
def test_a_spreadsheet(cells_: list[Cell], told: str | None, tmp_path: Path) -> None:
    file = write_xlsx(tmp_path / "t.xlsx", [["产品标识", "医保编码", "有效期至"], cells_])
    if told is None:
        (row,) = rows_of(file)
        assert {name: value for name, value in row.values.items() if value is not None} == VALUES
        return
    with pytest.raises(CatalogueError, match=told):
        rows_of(file)


def test_rows_of_a_spreadsheet_are_counted_as_the_person_sees_them(tmp_path: Path) -> None:
    heading_: list[Cell] = ["产品标识", "医保编码"]
    file = write_xlsx(tmp_path / "t.xlsx", [heading_, [DI, "C1"], [], ["x", "C1"]], first_row=4)
    with pytest.raises(CatalogueError, match="row 7: di = 'x'"):
        rows_of(file)


def test_one_stray_cell_does_not_take_the_memory_of_the_machine(tmp_path: Path) -> None:
    heading_ = '<row r="1"><c r="A1" t="inlineStr"><is><t>产品标识</t></is></c></row>'
    file = write_sheet(tmp_path / "t.xlsx", heading_ + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    with pytest.raises(CatalogueError, match=r"1048576 rows of 16384 columns.*delete stray cells"):
        rows_of(file)


@pytest.mark.parametrize("pad", range(0, 96, 5))
def test_a_cell_on_the_border_of_two_pieces_is_seen(pad: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_PIECE", 96)
    file = write_sheet(tmp_path / "t.xlsx", " " * pad + '<row r="9"><c r="B9" t="e"><v>#REF!</v></c></row>')
    with pytest.raises(CatalogueError, match="cell B9 holds an error"):
        rows_of(file)


def test_a_sheet_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_BYTES", 3_000_000)
    file = write_sheet(tmp_path / "t.xlsx", "<row>" + " " * 5_000_000 + "</row>")
    assert file.stat().st_size < 20_000
    with pytest.raises(CatalogueError, match="bytes unpacked"):
        rows_of(file)


@pytest.mark.parametrize("content", [b"PK\x03\x04" + bytes(99), b"PK\x05\x06" + bytes(18), b"PK"])
def test_a_broken_spreadsheet_is_a_fault_of_the_file(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="expected an XLSX file"):
        rows_of(written(tmp_path, content))


def test_a_spreadsheet_cut_anywhere_is_a_fault_of_the_file(tmp_path: Path) -> None:
    whole = write_xlsx(tmp_path / "whole.xlsx", [["产品标识", "医保编码"], [DI, "C1"]]).read_bytes()
    for end in range(1, len(whole), 37):
        with pytest.raises(CatalogueError):
            rows_of(written(tmp_path, whole[:end]))


def test_without_calamine_it_says_what_to_install(tmp_path: Path) -> None:
    file = write_xlsx(tmp_path / "t.xlsx", [["产品标识", "医保编码"], [DI, "C1"]])
    program = (
        "import sys; sys.modules['python_calamine'] = None\n"
        "from pathlib import Path; from edge.catalog.tables import raw_rows\n"
        f"list(raw_rows(Path({str(file)!r})))"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "pip install 'udi-station[hub]', or save it as CSV UTF-8" in ended.stderr


def test_a_large_csv_takes_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    with file.open("w", encoding="utf-8") as out:
        out.write("产品标识,医保编码\n")
        for _ in range(20_000):
            out.write(f"{DI},C1234567890123456789\n")
    tracemalloc.start()
    try:
        assert sum(1 for _ in read(file, site_forms.NHSA, Problems())) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="a line of 1000000 characters"):
        rows_of(written(tmp_path, GOOD + "x," * 600_000))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"gone\.csv: No such file"):
        rows_of(tmp_path / "gone.csv")


def test_unused_columns_are_told(tmp_path: Path) -> None:
    problems = Problems()
    list(read(written(tmp_path, GOOD.replace("有效期至", "有效其至")), site_forms.NHSA, problems))
    assert problems.warnings == [f"{tmp_path / 't.csv'}: columns not used: 有效其至"]


MAPS = {
    "everywhere": ('[columns]\ndi = "主标识"\n', "主标识", None),
    "one table": ('[nhsa.columns]\ndi = "主标识"\n', "主标识", None),
    "the table before all": ('[columns]\ndi = "x"\n[nhsa.columns]\ndi = "主标识"\n', "主标识", None),
    "a heading that is not there": ('[columns]\ndi = "主标识"\n', "主标志", "no column for di .主标识.; found 主标志"),
    "a heading that is not there, of a column that may be absent": (
        '[columns]\nvalid_to = "截至日"\n',
        "产品标识",
        "no column for valid_to .截至日.",
    ),
    "a column of no table": ('[columns]\nsdi = "x"\n', "x", "columns.sdi is not a known column"),
    "a column of another table": ('[items.columns]\nlot = "x"\n', "x", "items.columns.lot is not a known column"),
    "an unknown table": ('[item.columns]\ndi = "x"\n', "x", "item: expected .*items"),
    "no heading": ("[columns]\ndi = 3\n", "x", "columns.di = 3: expected a heading"),
    "no table": ("columns = 3\n", "x", "columns = 3: expected a table"),
    "an encoding": ('encoding = "big5"\n', "x", "encoding = 'big5': expected utf-8 or gb18030"),
    "no TOML": ("[", "x", "expected a readable TOML file"),
}


@pytest.mark.parametrize(("text", "title", "told"), MAPS.values(), ids=MAPS.keys())
def test_a_column_map(text: str, title: str, told: str | None, tmp_path: Path) -> None:
    file, table = tmp_path / "map.toml", written(tmp_path, GOOD.replace("产品标识", title))
    file.write_text(text, encoding="utf-8")
    if told is None:
        assert rows_of(table, mapping=read_map(file, site_forms.FORMS))[0].values["di"] == DI
        return
    with pytest.raises(CatalogueError, match=told):
        rows_of(table, mapping=read_map(file, site_forms.FORMS))


def test_a_wanted_column_is_taken_although_another_looks_like_it(tmp_path: Path) -> None:
    table = written(tmp_path, f"产品标识,DI,医保编码\nx,{DI},C1\n")
    assert rows_of(table, mapping=ColumnMap({"di": "DI"}))[0].values["di"] == DI


@given(text=st.text(), form=st.sampled_from(site_forms.FORMS))
@example(text="产品标识,医保编码\n\x00,", form=site_forms.NHSA)
@example(text='"', form=site_forms.ITEMS)
@example(text=GOOD + "\ufeff,\ud7ff,9999-99-99", form=site_forms.NHSA)
def test_any_text_gives_rows_or_a_catalogue_error(
    text: str, form: columns.Form, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    _rows_or_error(file, form)


_CELLS = st.one_of(st.sampled_from([DI, "C1234567890123456789", "2027-12-31", "III", "13-07-01", "7", ""]), st.text())


@given(data=st.data(), form=st.sampled_from(site_forms.FORMS))
def test_any_cells_under_known_headings_give_rows_or_a_catalogue_error(
    data: st.DataObject, form: columns.Form, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([column.headings[0] for column in form.columns])
    writer.writerow([data.draw(_CELLS) for _ in form.columns])
    file = tmp_path_factory.getbasetemp() / "cells.csv"
    file.write_bytes(out.getvalue().encode("utf-8", "surrogatepass"))
    for row in _rows_or_error(file, form):
        assert all(row.values[column.name] is not None for column in form.columns if column.needed)


@given(content=st.binary(max_size=400))
def test_any_bytes_give_rows_or_a_catalogue_error(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "bytes.csv"
    file.write_bytes(content)
    _rows_or_error(file, site_forms.NHSA)


def _rows_or_error(file: Path, form: columns.Form) -> list[columns.Row]:
    try:
        return list(read(file, form, Problems()))
    except CatalogueError:
        return []


_TOML = st.recursive(
    st.one_of(st.text(max_size=5), st.integers(), st.booleans()),
    lambda inner: st.dictionaries(st.sampled_from(["columns", "encoding", "nhsa", "di", "x"]), inner, max_size=3),
    max_leaves=6,
)


@given(table=st.dictionaries(st.sampled_from(["columns", "encoding", "nhsa", "di"]), _TOML, max_size=4))
def test_any_map_is_read_or_refused(table: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "map.toml"
    file.write_text(_toml(table), encoding="utf-8")
    try:
        found = read_map(file, site_forms.FORMS)
    except CatalogueError:
        return
    assert all(isinstance(text, str) for text in found.of(site_forms.NHSA).values())


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{name} = {_inline(inner)}" for name, inner in value.items())
    return _inline(value)


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_inline(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else "'" + "".join(c for c in str(value) if c.isalnum()) + "'"


@given(digits=st.text("0123456789", min_size=13, max_size=13))
def test_a_gtin_keeps_its_digits_or_is_refused(digits: str) -> None:
    try:
        found = cells.di(digits)
    except ValueError:
        return
    assert found == "0" + digits


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_a_gtin_with_all_its_digits_or_refused(number: float) -> None:
    try:
        found = cells.di(number)
    except ValueError:
        return
    assert int(found) == number


def test_a_date_with_a_time_is_no_day() -> None:
    assert cells.day(datetime(2027, 12, 31)) == cells.day("2027-12-31 00:00:00") == "2027-12-31"  # noqa: DTZ001
    for cell in (datetime(2027, 12, 31, 12), "2027-12-31 12:00:00"):  # noqa: DTZ001
        with pytest.raises(ValueError, match="a date"):
            cells.day(cell)


CLASSES = {"III": (3,), "Ⅲ": (3,), "三类": (3,), "第二类": (2,), "3": (3,), "Ⅱ/Ⅲ": (2, 3), "Ⅲ、Ⅱ": (3, 2), "iii": (3,)}


@pytest.mark.parametrize(("text", "found"), CLASSES.items())
def test_classes(text: str, found: tuple[int, ...]) -> None:
    assert cells.classes(text) == found


def test_what_is_certainly_the_same() -> None:
    assert fold("（ＡＢ－1）　x 【Ｙ】") == fold("(ab-1)X[y]")
    assert fold("10²") != fold("102")
    assert fold("A-1") != fold("A1")
    assert heading(" 有效期至 (Expiry)") == heading("有效期至EXPIRY")
