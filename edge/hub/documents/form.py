"""The table of documents as ERP, WMS and SPD write it: a row for each line, or for each serial of a line."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace

from edge.catalog import cells
from edge.catalog.cells import Cell
from edge.catalog.columns import Column, Form
from edge.catalog.fold import fold
from edge.catalog.site_forms import HOUSE_CODES, ITEMS
from edge.documents import MOST_QUANTITY, MOST_TEXT, NAME, Document, DocumentKind
from edge.hub.documents.sheets import Value
from edge.udi.checks import has_mod10, is_digits

_KINDS = {
    DocumentKind.RECEIPT: "到货 到货单 采购 采购单 采购订单 采购入库 入库 入库单 送货 送货单 到货通知 ASN PO delivery",
    DocumentKind.SHIPMENT: "销售 销售单 销售出库 销售出库单 出库 出库单 发货 发货单 随货同行单 sale ship",
    DocumentKind.ISSUE: "领用 领用单 领料 领料单 发放 科室领用 科室申领",
    DocumentKind.RETURN: "退货 退货单 退库 退库单 采购退货 销售退货",
    DocumentKind.KIT: "外来器械 外来器械清单 外来器械包 器械清单 loaner loan",
    DocumentKind.COUNT: "盘点 盘点单 盘点表 库存盘点 盘库",
}
_KIND = {fold(word): kind for kind, words in _KINDS.items() for word in (kind.value, *words.split())}
_TRUTH = {
    **dict.fromkeys(("是", "有", "应", "y", "yes", "true", "1"), True),
    **dict.fromkeys(("否", "无", "不", "n", "no", "false", "0"), False),
}
_SSCC = 18


def text(cell: Cell) -> str:
    """Words for people, of a length that a document takes."""
    found = cells.text(cell)
    if len(found) > MOST_TEXT or not found.isprintable():
        raise ValueError(f"at most {MOST_TEXT} printable characters on one line")
    return found


def ident(cell: Cell) -> str:
    """A number that is a name, of a length that a document takes."""
    found = cells.ident(cell)
    if len(found) > MOST_TEXT:
        raise ValueError(f"at most {MOST_TEXT} printable characters")
    return found


def document(cell: Cell) -> str:
    """A document's number."""
    found = unicodedata.normalize("NFKC", ident(cell))
    if not NAME.fullmatch(found):
        raise ValueError("a document's number of 1 to 64 letters, digits, dots, hyphens and underscores")
    return found


def kind(cell: Cell) -> DocumentKind:
    """What happens to the goods."""
    found = _KIND.get(fold(str(cell)))
    if found is None:
        raise ValueError(f"one of {', '.join(DocumentKind)}, or 到货, 销售出库, 领用, 退货, 外来器械, 盘点")
    return found


def number(cell: Cell) -> int:
    """A whole number from 1."""
    found = unicodedata.normalize("NFKC", cells.text(cell))
    whole, _, rest = found.partition(".")
    if isinstance(cell, bool) or not (is_digits(whole) and not rest.strip("0")) or not 1 <= int(whole) <= MOST_QUANTITY:
        raise ValueError(f"a whole number from 1 to {MOST_QUANTITY}")
    return int(whole)


def truth(cell: Cell) -> bool:
    """Yes or no."""
    found = _TRUTH.get(fold(cells.text(cell)))
    if found is None:
        raise ValueError("是 or 否")
    return found


def sscc(cell: Cell) -> str:
    """A serial shipping container code, without its identifier 00."""
    found = unicodedata.normalize("NFKC", ident(cell))
    if len(found) != _SSCC or not is_digits(found) or not has_mod10(found):
        raise ValueError(f"an SSCC of {_SSCC} digits with its right check digit")
    return found


def _as(form: Form, name: str, read: Callable[[Cell], object] | None = None) -> Column:
    """A column that offices call as in another table."""
    (column,) = (each for each in form.columns if each.name == name)
    return replace(column, needed=False, read=read or column.read)


LINES = Form(
    "documents",
    (
        Column(
            "document",
            (
                *("单据号", "单号", "单据编号", "单据号码", "采购单号", "采购订单号", "订单号", "订单编号", "送货单号"),
                *("随货同行单号", "出库单号", "销售出库单号", "发货单号", "领用单号", "退货单号", "入库单号"),
                *("document number", "order number", "order no", "PO number", "delivery note"),
            ),
            document,
            needed=True,
        ),
        Column("kind", ("单据类型", "业务类型", "单据种类", "document type", "type"), kind),
        Column(
            "counterparty",
            (
                *("往来单位", "供应商", "供应商名称", "供货单位", "供货者", "客户", "客户名称", "购货单位", "购货者"),
                *("收货单位", "领用科室", "科室", "supplier", "customer", "ward", "department"),
            ),
            text,
        ),
        Column("owner", ("货主", "货主名称", "委托方", "consignor"), text),
        Column("until", ("单据有效期", "单据有效期至", "截止日期", "有效至", "document valid to"), cells.day),
        Column("line", ("行号", "序号", "行项目", "明细行号", "line number", "line no", "item no"), number),
        Column("name", ("产品名称", "品名", "商品名称", "物资名称", "名称", "product", "description"), text),
        Column(
            "quantity",
            (
                *(
                    "数量",
                    "采购数量",
                    "订单数量",
                    "订购数量",
                    "送货数量",
                    "到货数量",
                    "应发数量",
                    "出库数量",
                    "发货数量",
                ),
                *("领用数量", "退货数量", "最小销售单元数量", "qty"),
            ),
            number,
            needed=True,
        ),
        _as(ITEMS, "di"),
        _as(ITEMS, "item", ident),
        _as(HOUSE_CODES, "lot", ident),
        _as(HOUSE_CODES, "serial", ident),
        Column("sscc", ("物流单元", "托盘码", "SSCC码"), sscc),
        Column("box", ("箱码", "箱号", "箱条码", "carton", "box code"), ident),
        Column("in_scope", ("应带码", "是否应带码", "是否实施UDI", "UDI实施", "in scope"), truth),
        Column("made", ("生产日期", "manufactured", "production date"), cells.day),
        Column("storage", ("储存条件", "贮存条件", "储运条件", "运输储存条件", "storage condition"), text),
    ),
)


def rows_of(said: Document) -> Iterator[dict[str, Value]]:
    """A document as rows of this table: one for each line, or for each serial of it."""
    for line in said.lines:
        row: dict[str, Value] = {
            "document": said.ident,
            "kind": said.kind.value,
            "counterparty": said.counterparty,
            "owner": said.owner,
            "until": said.expires,
            "line": line.number,
            "quantity": 1 if line.serials else line.quantity,
        }
        same = ("name", "di", "item", "lot", "sscc", "box", "in_scope", "made", "storage")
        row |= {name: getattr(line, name) for name in same}
        yield from ({**row, "serial": serial} for serial in line.serials or (None,))
