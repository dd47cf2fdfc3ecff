from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.catalog.product import Pack, Storage
from edge.catalog.release import DeviceRecord
from edge.catalog.udid_fields import PACKING, Device, Fault, device_record, registered_class
from edge.udi.recover import PiFlags
from tests.support.udid_parts import DI, faulty, one

CERTIFICATES = {
    "国械注准20233131234": 3,
    "鄂械注准20252185501": 2,
    "国械注进20152460123": 2,
    "国械注许20213160001": 3,
    "粤潮械备20140023": 1,
    "国械备20150001号": 1,
    "国食药监械(准)字2013第3460001号": 3,
    "浙食药监械（准）字2012第2640123号": 2,
    "国械注准20192140001,国械注准20193140002": 3,
    "": None,
    "国械注准2023": None,
    "国械注准20239131234": None,
    "不适用": None,
}
CLASSES = {
    "三类": 3,
    "第二类": 2,
    "Ⅰ类": 1,
    "III类": 3,
    "器械": None,
    "体外诊断试剂": None,
    "1": None,
    "2": None,
    "": None,
}


@pytest.mark.parametrize(("number", "expected"), CERTIFICATES.items())
def test_class_of_a_registration(number: str, expected: int | None) -> None:
    assert registered_class(number) == expected


@pytest.mark.parametrize(("text", "expected"), CLASSES.items())
def test_class_by_name_where_the_number_tells_nothing(text: str, expected: int | None) -> None:
    assert one(f"<qxlb>{text}</qxlb>").device_class == expected
    assert one(f"<qxlb>{text}</qxlb><zczbhhzbapzbh>国械注准20233131234</zczbhhzbapzbh>").device_class == 3


def test_every_field() -> None:
    record = one(
        "<cpbsbmtxmc>GS1</cpbsbmtxmc><cpbsfbrq>2025-08-22</cpbsfbrq><zxxsdyzsydydsl>10</zxxsdyzsydydsl>"
        "<sydycpbs>06942221705088</sydycpbs><zcbacpbs>R</zcbacpbs><btcpbs>B</btcpbs><cpmctymc>带线锚钉</cpmctymc>"
        "<spmc>牌</spmc><ggxh>SM400</ggxh><cphhhbh>N1</cphhhbh><qxlb>器械</qxlb><flbm>13-02-01</flbm>"
        "<ybbm>C03010207602002012345</ybbm><ylqxzcrbarmc>宁波公司</ylqxzcrbarmc><tyshxydm>9133020158396090XB</tyshxydm>"
        "<zczbhhzbapzbh>国械注准20243131971</zczbhhzbapzbh><sfbjwycxsy>是</sfbjwycxsy><sfwwjbz>否</sfwwjbz>"
        "<scbssfbhph>是</scbssfbhph><scbssfbhxlh>否</scbssfbhxlh><scbssfbhscrq/><scbssfbhsxrq>是</scbssfbhsxrq>"
        "<tsrq>2026-01-31</tsrq><versionNumber>2</versionNumber><versionTime>2025-09-01</versionTime>"
        "<versionStauts>更新</versionStauts><deviceRecordKey>K1</deviceRecordKey>"
        "<packingList><packing><bzcpbs>16942221705078</bzcpbs><cpbzjb>盒</cpbzjb><bznhxyjcpbssl>10</bznhxyjcpbssl>"
        f"<bznhxyjbzcpbs>{DI}</bznhxyjbzcpbs></packing><packing><bzcpbs>26942221705075</bzcpbs><cpbzjb>箱</cpbzjb>"
        "<bznhxyjcpbssl>20</bznhxyjcpbssl><bznhxyjbzcpbs>16942221705078</bznhxyjbzcpbs></packing></packingList>"
        "<storageList><storage><cchcztj>冷藏</cchcztj><zdz>2</zdz><zgz>8.5</zgz><jldw>℃</jldw></storage>"
        "<storage><cchcztj>避光</cchcztj><zdz/><zgz/><jldw/></storage></storageList>"
    )
    assert record == DeviceRecord(
        DI, "changed", "K1", "GS1", date(2025, 8, 22), "06942221705088", 10, "R", "B", "带线锚钉", "牌", "SM400", "N1",
        3, "13-02-01", ("C03010207602002012345",), "宁波公司", "9133020158396090XB", "国械注准20243131971", True, False,
        PiFlags(True, False, None, True), date(2026, 1, 31), "2", date(2025, 9, 1),
        (Pack("16942221705078", "盒", 10, DI), Pack("26942221705075", "箱", 20, "16942221705078")),
        (Storage("冷藏", 2.0, 8.5, "℃"), Storage("避光")),
    )  # fmt: skip


CODES = {
    "": (),
    " ": (),
    "C1": ("C1",),
    "C1;C2": ("C1", "C2"),
    "C1, C2、C3，C4；C5\tC6\nC7": ("C1", "C2", "C3", "C4", "C5", "C6", "C7"),
    ";;C1;": ("C1",),
    "无": ("无",),
}


@pytest.mark.parametrize(("text", "expected"), CODES.items())
def test_insurance_codes(text: str, expected: tuple[str, ...]) -> None:
    assert one(f"<ybbm>{text}</ybbm>").nhsa_codes == expected


STATUS = {"新增": "added", "更新": "changed", "变更": "changed", "删除": "deleted", "": "added", " 更新 ": "changed"}


@pytest.mark.parametrize(("text", "expected"), STATUS.items())
@pytest.mark.parametrize("name", ["versionStauts", "versionStatus"])
def test_status_in_both_spellings(name: str, text: str, expected: str) -> None:
    assert one(f"<{name}>{text}</{name}>").status == expected


def packing(di: str, contains: str, of: str) -> str:
    fields = zip(PACKING, (di, "", contains, of), strict=True)
    return f"<packing>{''.join(f'<{name}>{text}</{name}>' for name, text in fields)}</packing>"


def storage(condition: str, low: str, high: str) -> str:
    return f"<storage><cchcztj>{condition}</cchcztj><zdz>{low}</zdz><zgz>{high}</zgz></storage>"


# fields, what is kept of them, the problem
KEPT = {
    "impossible publication": ("<cpbsfbrq>2023-02-30</cpbsfbrq>", "published", None, "cpbsfbrq"),
    "a date in another form": ("<versionTime>20230228</versionTime>", "version_date", None, "versionTime"),
    "full-width digits": ("<versionTime>２０２３-02-28</versionTime>", "version_date", None, "versionTime"),
    "year 0": ("<cpbsfbrq>0000-01-01</cpbsfbrq>", "published", None, "cpbsfbrq"),
    "quantity in words": ("<zxxsdyzsydydsl>若干</zxxsdyzsydydsl>", "use_units", None, "zxxsdyzsydydsl"),
    "quantity 0": ("<zxxsdyzsydydsl>0</zxxsdyzsydydsl>", "use_units", None, "zxxsdyzsydydsl"),
    "negative": ("<zxxsdyzsydydsl>-1</zxxsdyzsydydsl>", "use_units", None, "zxxsdyzsydydsl"),
    "no number of this world": (f"<zxxsdyzsydydsl>{'9' * 40}</zxxsdyzsydydsl>", "use_units", None, "zxxsdyzsydydsl"),
    "neither yes nor no": ("<sfwwjbz>不适用</sfwwjbz>", "sterile", None, "sfwwjbz"),
    "a PI flag": ("<scbssfbhph>有</scbssfbhph><scbssfbhxlh>是</scbssfbhxlh>", "pi", PiFlags(serial=True), "scbssfbhph"),
    "a package without number": (
        packing("2", "一箱", "1") + packing("3", "5", "1"), "packs", (Pack("3", "", 5, "1"),), "packing.bznhxyjcpbssl",
    ),
    "a package without quantity": (packing("2", "", "1"), "packs", (), "packing.bznhxyjcpbssl"),
    "a package of nothing": (packing("2", "5", ""), "packs", (), "packing.bznhxyjbzcpbs"),
    "a package without DI": (packing("", "5", "1"), "packs", (), "packing.bzcpbs"),
    "a bound in words": (storage("冷藏", "零下", "8"), "storage", (Storage("冷藏", None, 8.0),), "storage.zdz"),
    "a bound that is none": (storage("x", "", "nan"), "storage", (Storage("x"),), "storage.zgz"),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "name", "expected", "field"), KEPT.values(), ids=KEPT)
def test_a_field_that_cannot_be_read_is_unknown(fields: str, name: str, expected: object, field: str) -> None:
    record, problems = faulty(fields)
    assert getattr(record, name) == expected
    assert [(each, skipped) for each, _, skipped in problems] == [(field, False)]


# What the last problem is
LEFT_OUT = {
    "no DI": ("<zxxsdycpbs> </zxxsdycpbs>", ("zxxsdycpbs", "", True)),
    "impossible withdrawal": ("<tsrq>2026-13-01</tsrq>", ("tsrq", "2026-13-01", True)),
    "a status that may mean deletion": ("<versionStauts>注销</versionStauts>", ("versionStauts", "注销", True)),
    "two reasons": ("<tsrq>x</tsrq><zxxsdycpbs/><zxxsdycpbs> </zxxsdycpbs>", ("zxxsdycpbs", "", True)),
    "among others": ("<tsrq>?</tsrq><versionTime>?</versionTime><sfwwjbz>?</sfwwjbz>", ("tsrq", "?", True)),
}


@pytest.mark.parametrize(("fields", "decided"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_record_that_would_mislead_is_left_out(fields: str, decided: tuple[str, str, bool]) -> None:
    record, problems = faulty(fields)
    assert record is None
    assert problems[-1] == decided
    assert not any(skipped for _, _, skipped in problems[:-1])


def test_long_values_are_cut_in_messages() -> None:
    _, problems = faulty(f"<tsrq>{'9' * 5_000}</tsrq>")
    assert problems == [("tsrq", "9" * 80, True)]


_KEYS = "zxxsdycpbs tsrq cpbsfbrq zxxsdyzsydydsl versionStauts ybbm zczbhhzbapzbh qxlb sfwwjbz x"
_names = st.sampled_from(_KEYS.split())
_list = st.dictionaries(
    st.sampled_from(["bzcpbs", "bznhxyjcpbssl", "bznhxyjbzcpbs", "zdz", "zgz"]), st.text(max_size=5)
)


@given(st.dictionaries(_names, st.text(max_size=12)), st.lists(_list, max_size=3), st.lists(_list, max_size=3))
def test_any_texts_give_a_record_or_say_why_not(
    fields: dict[str, str], packings: list[dict[str, str]], storages: list[dict[str, str]]
) -> None:
    faults: list[Fault] = []
    record = device_record(Device(fields, packings, storages), faults)
    assert record is not None or faults[-1].field in ("zxxsdycpbs", "tsrq", "versionStauts")
    assert record is None or record.sale_unit == fields["zxxsdycpbs"].strip()
