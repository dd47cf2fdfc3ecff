"""Documents as tables: what is written is read again as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.catalog.columns import PLAIN, ColumnMap, read_map
from edge.catalog.tables import raw_rows
from edge.documents import Document
from edge.hub.documents.form import LINES, rows_of
from edge.hub.documents.moves import MOVES
from edge.hub.documents.reading import Reading, read_documents
from edge.hub.documents.sheets import Format, Value, write_table
from tests.support.documents import document, documents

AMBIGUOUS = Reading(items=lambda _item: ("1", "2"))
OWN = ColumnMap(tables={"documents": {column.name: f"Z{column.name}" for column in reversed(LINES.columns)}})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(
    st.lists(documents(), min_size=1, max_size=3, unique_by=lambda said: said.ident),
    st.sampled_from(("csv", "xlsx")),
    st.sampled_from((PLAIN, OWN)),
)
def test_what_is_written_is_read_as_it_was(
    tmp_path: Path, found: list[Document], as_: Format, mapping: ColumnMap
) -> None:
    file = tmp_path / "out"
    write_table(file, LINES, mapping, (row for said in found for row in rows_of(said)), as_)
    assert read_documents(file, replace(AMBIGUOUS, mapping=mapping)) == [replace(said, version=1) for said in found]


@pytest.mark.parametrize("as_", ["csv", "xlsx"])
def test_a_map_says_which_columns_in_which_order(as_: Format, tmp_path: Path) -> None:
    map_file = tmp_path / "map.toml"
    map_file.write_text(
        '[columns]\ndocument = "VBELN"\n[moves.columns]\ncount = "MENGE"\ndocument = "EBELN"\n', encoding="utf-8"
    )
    mapping = read_map(map_file, (LINES, MOVES))
    file = tmp_path / "out"
    assert write_table(file, MOVES, mapping, [{"document": "00012", "count": 3, "di": "1"}], as_) == 1
    assert [[str(cell).removesuffix(".0") for cell in row] for row in raw_rows(file)] == [
        ["MENGE", "EBELN"],
        ["3", "00012"],
    ]
    write_table(file, LINES, mapping, rows_of(document()), as_)
    heading, _ = raw_rows(file)
    assert heading[:2] == ["VBELN", "单据类型"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    file.write_text("before", encoding="utf-8")

    def broken() -> Iterator[dict[str, Value]]:
        yield from rows_of(document())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_table(file, LINES, PLAIN, broken(), "csv")
    assert (file.read_text(encoding="utf-8"), [*tmp_path.iterdir()]) == ("before", [file])
