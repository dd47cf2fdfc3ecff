"""The tables that a site keeps, with the headings that Chinese and English offices give their columns."""

from __future__ import annotations

from edge.catalog import cells
from edge.catalog.columns import Column, Form

_DI = ("产品标识", "UDI-DI", "DI", "UDIDI", "最小销售单元产品标识", "主码", "产品标识DI", "GTIN")
_FROM = ("有效期起", "生效日期", "开始日期", "起始日期", "批准日期", "valid from", "from")
_TO = ("有效期止", "有效期至", "失效日期", "终止日期", "结束日期", "截止日期", "valid to", "to")
_REGISTRANT = (
    "注册人",
    "注册人名称",
    "生产企业",
    "企业名称",
    "医疗器械注册人/备案人名称",
    "注册人/备案人",
    "registrant",
)
_CERTIFICATE = ("注册证号", "注册证编号", "注册备案号", "注册证/备案号", "注册证编号或者备案凭证编号", "certificate")
_VALID = (Column("valid_from", _FROM, cells.day), Column("valid_to", _TO, cells.day))

ITEMS = Form(
    "items",
    (
        Column(
            "item",
            ("物资编码", "物资编号", "院内编码", "院内物资编码", "item number"),
            cells.ident,
            needed=True,
        ),
        Column("di", _DI, cells.di, needed=True),
    ),
)
HOUSE_CODES = Form(
    "house_codes",
    (
        Column("code", ("院内码", "高值码", "院内条码", "高值条码", "house code"), cells.ident, needed=True),
        Column("udi", ("UDI", "UDI码", "完整UDI", "唯一标识"), cells.ident),
        Column("di", _DI, cells.di),
        Column("lot", ("批号", "生产批号", "lot", "batch"), cells.ident),
        Column("serial", ("序列号", "serial", "SN"), cells.ident),
        Column("manufactured", ("生产日期", "made", "manufactured"), cells.day),
        Column("expires", ("有效期至", "失效日期", "有效期", "效期", "expiry", "expires"), cells.day),
    ),
)
NHSA = Form(
    "nhsa",
    (
        Column("di", _DI, cells.di, needed=True),
        Column(
            "code",
            ("医保编码", "医保码", "医保医用耗材编码", "医保耗材编码", "医保医用耗材代码", "耗材代码", "NHSA code"),
            cells.nhsa_code,
            needed=True,
        ),
        *_VALID,
        Column("source", ("来源", "数据来源", "source"), cells.text),
        Column("name", ("产品名称", "注册名称", "通用名", "产品名称/通用名", "name"), cells.text),
        Column("model", ("规格型号", "型号", "型号规格", "model"), cells.text),
        Column("spec", ("规格", "specification", "spec"), cells.text),
        Column("certificate", _CERTIFICATE, cells.text),
        Column("registrant", _REGISTRANT, cells.text),
    ),
)
SCOPE = Form(
    "scope",
    (
        Column("main", ("分类目录编号", "目录编号"), cells.two_digits),
        Column("first", ("一级序号", "一级产品类别序号"), cells.two_digits),
        Column("second", ("二级序号", "二级产品类别序号"), cells.two_digits),
        Column("category", ("分类编码", "flbm", "category"), cells.category),
        Column("group", ("一级类别", "一级产品类别"), cells.text),
        Column("title", ("二级类别", "二级产品类别", "品种", "产品名称", "title", "name"), cells.text),
        Column("classes", ("管理类别", "class"), cells.classes),
        Column("di", _DI, cells.di),
    ),
)
WATCH = Form(
    "watch",
    (
        Column("list", ("集采名称", "集采项目", "清单", "清单名称", "目录名称", "list"), cells.text, needed=True),
        Column("di", _DI, cells.di),
        Column("registrant", (*_REGISTRANT, "中选企业", "中选生产企业"), cells.text),
        Column("credit_code", ("统一社会信用代码", "信用代码", "credit code"), cells.ident),
        *_VALID,
    ),
)
CERTIFICATES = Form("certificates", (Column("number", (*_CERTIFICATE, "number"), cells.text, needed=True), *_VALID))
FORMS = (ITEMS, HOUSE_CODES, NHSA, SCOPE, WATCH, CERTIFICATES)
