"""A table of products as offices keep it: CSV or XLSX, with their own headings or a column map."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from edge.catalog import cells
from edge.catalog.cells import Cell
from edge.catalog.columns import PLAIN, Column, ColumnMap, Form, Problems, read, read_map
from edge.catalog.product import Level

_LEVELS = {
    "使用单元": Level.USE_UNIT,
    "本体": Level.BODY,
    "最小销售单元": Level.SALE_UNIT,
    "销售单元": Level.SALE_UNIT,
    "盒": Level.INNER_PACK,
    "中包装": Level.INNER_PACK,
    "箱": Level.CASE,
    "大包装": Level.CASE,
}
_MOST = 1_000_000
"""Sale units in one package; more is a slip."""


def product_rows(path: Path, mapping: Path | None, problems: list[str]) -> list[dict[str, Any]]:
    """The good rows of a table, by the column names of `edge.catalog.build.COLUMNS`; what is bad goes to `problems`.

    Args:
        path: CSV in UTF-8 or GB 18030, or XLSX.
        mapping: the site's column map (TOML); None: the usual headings.
        problems: a line for each cell that cannot be used.

    Raises:
        CatalogueError: it cannot be read at all, or has no DI or no name.
    """
    found = Problems()
    own: ColumnMap = PLAIN if mapping is None else read_map(mapping, (PRODUCTS,))
    rows = [dict(row.values) for row in read(path, PRODUCTS, found, own)]
    problems += found.texts
    return rows


def _level(cell: Cell) -> str:
    said = cells.text(cell)
    if said in {level.value for level in Level}:
        return said
    if said in _LEVELS:
        return _LEVELS[said].value
    raise ValueError(f"one of {', '.join((*(level.value for level in Level), *_LEVELS))}")


def flag(said: str) -> bool:
    """Yes or no, as offices write it.

    Raises:
        ValueError: with what was expected.
    """
    if said.lower() in ("是", "yes", "true", "1"):
        return True
    if said.lower() in ("否", "no", "false", "0"):
        return False
    raise ValueError("是 or 否, yes or no")


def whole(said: str) -> int:
    """A count.

    Raises:
        ValueError: with what was expected.
    """
    if not (said.isascii() and said.isdigit() and 0 < int(said) <= _MOST):
        raise ValueError(f"a whole number above 0, at most {_MOST}")
    return int(said)


def _class(cell: Cell) -> int:
    found = cells.classes(cell)
    if len(found) != 1:
        raise ValueError("one class: Ⅰ, Ⅱ or Ⅲ")
    return found[0]


def _flag(cell: Cell) -> bool:
    return cell if isinstance(cell, bool) else flag(cells.text(cell))


def _whole(cell: Cell) -> int:
    return whole(cells.text(cell))


def _day(cell: Cell) -> date:
    return date.fromisoformat(cells.day(cell))


def _column(name: str, reader: Callable[[Cell], Any], *headings: str, needed: bool = False) -> Column:
    return Column(name, headings, reader, needed)


PRODUCTS = Form(
    "products",
    (
        _column("di", cells.di, "产品标识", "UDI-DI", "DI", "主码", "产品标识DI", "GTIN", needed=True),
        _column("sale_unit", cells.di, "最小销售单元产品标识", "销售单元产品标识"),
        _column("level", _level, "包装级别", "产品包装级别", "包装层级"),
        _column("contains", _whole, "包含销售单元数量", "含销售单元数", "包装内数量"),
        _column("name", cells.text, "产品名称", "通用名", "产品名称/通用名", "注册名称", needed=True),
        _column("model", cells.text, "规格型号", "型号规格", "型号", "规格"),
        _column(
            "registrant", cells.text, "注册人", "注册人名称", "生产企业", "注册人/备案人", "医疗器械注册人/备案人名称"
        ),
        _column("catalogue_number", cells.text, "货号", "产品货号或编号", "产品货号"),
        _column("device_class", _class, "管理类别", "器械类别", "产品类别"),
        _column("implant", _flag, "是否植入", "植入"),
        _column("single_use", _flag, "是否一次性使用", "是否标记为一次性使用", "一次性使用"),
        _column("pi_lot", _flag, "生产标识是否包含批号", "含批号"),
        _column("pi_serial", _flag, "生产标识是否包含序列号", "含序列号"),
        _column("pi_manufactured", _flag, "生产标识是否包含生产日期", "含生产日期"),
        _column("pi_expires", _flag, "生产标识是否包含失效日期", "含失效日期"),
        _column("certificate", cells.text, "注册证号", "注册证编号", "注册证/备案号", "注册证编号或者备案凭证编号"),
        _column("certificate_from", _day, "注册证批准日期", "注册证生效日期"),
        _column("certificate_to", _day, "注册证有效期至", "注册证失效日期"),
        _column("storage", cells.text, "储存条件", "特殊储存条件", "储运条件"),
        _column("nhsa_codes", cells.text, "医保编码", "医保码", "医保医用耗材编码", "医保耗材编码"),
        _column("withdrawn", _day, "退市日期"),
        _column("version", cells.text, "版本号", "版本"),
    ),
)
