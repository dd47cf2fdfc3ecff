from __future__ import annotations

import json
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.catalog.product import Pack, Storage
from edge.catalog.release import DeviceRecord, Problem, ReleaseError, Tally
from edge.catalog.udid_api import LARGEST, read_page
from edge.catalog.udid_zip import open_release
from edge.udi.recover import PiFlags

DEVICE = {
    "zxxsdycpbs": "06942221705071", "deviceRecordKey": "K1", "versionStatus": "更新", "versionNumber": 2,
    "versionTime": "2026-08-11", "cpmctymc": "采样器", "zxxsdyzsydydsl": 10, "zczbhhzbapzbh": "国械注准20243131971",
    "sfwwjbz": "1", "sfbjwycxsy": 0, "scbssfbhph": 1, "scbssfbhxlh": "0", "scbssfbhscrq": None, "qxlb": "1",
    "tsrq": "", "contactList": [{"qylxrdh": "1"}],
}  # fmt: skip
PACKING = {"bzcpbs": "16942221705078", "cpbzjb": "盒", "bznhxyjcpbssl": 10, "bznhxyjbzcpbs": "06942221705071"}
STORAGE = {"cchcztj": "冷藏", "zdz": 2, "zgz": 8.5, "jldw": "℃"}
EXPECTED = DeviceRecord(
    "06942221705071", "changed", "K1", use_units=10, name="采样器", device_class=3, certificate="国械注准20243131971",
    single_use=False, sterile=True, pi=PiFlags(True, False), version="2", version_date=date(2026, 8, 11),
    packs=(Pack("16942221705078", "盒", 10, "06942221705071"),), storage=(Storage("冷藏", 2.0, 8.5, "℃"),),
)  # fmt: skip
KEY = {"deviceRecordKey": "K1"}
OTHER = {"deviceRecordKey": "K2"}
FORMS = {
    "beside one another": {
        "deviceInfo": [DEVICE], "packingInfo": [PACKING | OTHER, PACKING | KEY], "storageInfo": [STORAGE | KEY],
        "clinicalInfo": None,
    },
    "within one another": [DEVICE | {"packingList": [PACKING], "storageList": [STORAGE]}],
    "by the names of the submission": [DEVICE | {"devicePackage": [PACKING], "deviceStorage": [STORAGE]}],
}  # fmt: skip


def page(found: Any, code: Any = 1) -> bytes:
    return json.dumps({"returnCode": code, "totalRecordCount": "1", "currentPageNumber": 1, "dataSet": found}).encode()


def read(data: bytes) -> tuple[list[DeviceRecord], list[Problem]]:
    problems: list[Problem] = []
    return list(read_page(BytesIO(data), "page1.json", problems.append)), problems


@pytest.mark.parametrize("found", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("code", [1, "1"])
def test_a_page(found: Any, code: Any) -> None:
    assert read(page(found, code)) == ([EXPECTED], [])


@pytest.mark.parametrize("found", [None, [], {}, {"deviceInfo": None}])
def test_a_page_of_nothing(found: Any) -> None:
    assert read(page(found)) == ([], [])


def test_problems_are_those_of_the_xml() -> None:
    tally = Tally()
    reported: list[Problem] = []
    data = page([DEVICE | {"tsrq": "2026-02-30"}, DEVICE | {"sfwwjbz": 2}, {}])
    records = list(read_page(BytesIO(data), "page1.json", reported.append, tally))
    assert [record.sterile for record in records] == [None]
    assert [(each.record, each.field, each.skipped) for each in reported] == [
        (1, "tsrq", True),
        (2, "sfwwjbz", False),
        (3, "zxxsdycpbs", True),
    ]
    assert tally == Tally(records=3, skipped=2, problems=3)


def test_what_xml_cannot_hold_is_not_kept_from_json() -> None:
    data = page([DEVICE | {"cpmctymc": "a\x00\x01b\ud800c"}])
    assert read(data)[0][0].name == "abc"


REFUSED = {
    "empty": (b"", "expected JSON in UTF-8"),
    "cut off": (page([DEVICE])[:-9], "expected JSON in UTF-8"),
    "GBK": ('{"returnMsg": "成功"}'.encode("gbk"), "expected JSON in UTF-8"),
    "deep": (b"[" * 200_000, "expected JSON in UTF-8"),
    "a number too long": (b'{"returnCode": ' + b"1" * 9_999 + b"}", "expected JSON in UTF-8"),
    "a list": (b"[]", "expected an object with returnCode and dataSet, found list"),
    "refused by the API": (
        json.dumps({"returnCode": 0, "returnMsg": "令牌失效"}).encode(), r"returnCode 1\), found 0 \(令牌失效\)",
    ),
    "no code": (b"{}", "found None"),
    "a text for devices": (page("x"), "dataSet: expected a list of objects, found 'x'"),
    "texts for devices": (page({"deviceInfo": ["x"]}), "dataSet: expected a list of objects"),
    "a text for packages": (page([DEVICE | {"packingList": "x"}]), "dataSet: expected a list of objects"),
    "too large": (b" " * (LARGEST + 1), "a page of at most"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(ReleaseError, match=says) as refused:
        read(data)
    assert str(refused.value).startswith("page1.json: ")


def test_a_folder_of_pages_is_a_release(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        (tmp_path / f"page{number}.json").write_bytes(page([DEVICE | {"zxxsdycpbs": str(number)}]))
    with open_release(tmp_path, kind="daily", released=date(2026, 8, 11)) as release:
        found = [record for part in release.parts for record in release.read(part, lambda _: None)]
    assert [record.sale_unit for record in found] == ["1", "2", "10"]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*DEVICE, "packingList"]), inner),
    max_leaves=8,
)


@given(_json, _json)
def test_any_json_gives_records_or_the_one_error(found: Any, device: Any) -> None:
    for data in (
        page(found),
        page([device]),
        page({"deviceInfo": [device], "packingInfo": found}),
        json.dumps(found).encode(),
    ):
        try:
            assert all(record.sale_unit for record in read(data)[0])
        except ReleaseError:
            continue
