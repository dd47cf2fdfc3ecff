"""UDID releases of any size, made up: the real one cannot be shipped.

Every record is a function of its number and the seed, so what a release holds can be said without reading or keeping
it: `Made.record(k)` is the truth about record k, `dis` names every DI of it. Deltas follow the full release day by day.

    python -m tests.support.udid_release --records 100000 --seed 7 --out FOLDER [--days 7 --changes 10000]
"""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape

from edge.catalog.product import Pack, Storage
from edge.catalog.release import DeviceRecord
from edge.udi.recover import PiFlags

RELEASED = date(2026, 5, 1)
PER_PART = 4_850
FAMILY = 40
"""Records of one name and certificate, in as many sizes."""
WOVEN = 16
"""Families that stand among one another, as they do in a release."""
FAMILIES = 12
"""Of one registrant."""
STRIDE = 97
"""A record changes on one day in so many at most."""

_MASK = (1 << 64) - 1
_FIRST_DAY = date(2019, 10, 1)
_PROVINCES = "京津冀晋辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川黔云陕甘"
_CITIES = ("杭州", "苏州", "深圳", "常州", "武汉", "成都", "上海", "北京", "天津", "济南", "宁波", "厦门")
_TRADES = ("康瑞", "华科", "博仁", "润达", "明视", "安捷", "正泰", "新源", "维尔", "百辰", "佳和", "力鼎")
_KINDS = ("医疗器械有限公司", "医疗科技股份有限公司", "生物科技有限公司", "骨科材料有限公司")
_PRODUCTS = (
    ("软性亲水接触镜", "16-06-01", 3), ("金属接骨螺钉", "13-01-01", 3), ("金属锁定接骨板", "13-01-01", 3),
    ("一次性使用输液器 带针", "14-02-05", 3), ("一次性使用无菌注射器 带针", "14-01-01", 3),
    ("PTCA球囊扩张导管", "03-13-06", 3), ("髋关节假体 股骨柄", "13-04-01", 3), ("聚醚醚酮带线锚钉", "13-02-01", 3),
    ("医用外科口罩", "14-13-01", 2), ("一次性使用导尿管", "14-05-01", 2), ("牙科树脂充填材料", "17-05-02", 2),
    ("电子血压计", "07-03-03", 2), ("糖化血红蛋白测定试剂盒(胶体金法)", "6840-021", 2), ("医用退热贴", "09-02-03", 1),
    ("弹性绷带", "14-10-01", 1), ("检查手套", "14-14-02", 2),
)  # fmt: skip
_STORAGE = (
    (), (), (),
    (Storage("冷藏", 2.0, 8.0, "℃"),),
    (Storage("常温干燥", 0.0, 30.0, "℃"), Storage("相对湿度", None, 80.0, "%RH")),
    (Storage("避光", None, None, None),),
)  # fmt: skip
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<udid version="1.0"><header><numberRkeyecordXML>{}</numberRkeyecordXML>'
    "</header><devices>\n"
)
_TAIL = "</devices></udid>\n"


def mixed(*numbers: int) -> int:
    """64 bits that look random and follow from the numbers (splitmix64)."""
    state = 0
    for number in numbers:
        state = (state + number * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def gtin(indicator: int, company: int, item: int) -> str:
    """GTIN-14 of a Chinese company prefix of 8 digits and an item of 4."""
    body = f"{indicator}69{company:06}{item:04}"
    return f"{body}{-(3 * _digits(body[::2]) + _digits(body[1::2])) % 10}"


def _digits(text: str) -> int:
    return sum(map(int, text))


@dataclass(frozen=True, slots=True)
class _Family:
    """What the sizes of one product have in common."""

    company: int
    ma: bool
    packed: bool
    units: int | None
    unit_di: bool
    bits: int
    pattern: DeviceRecord


def dis(record: DeviceRecord) -> tuple[str, ...]:
    """Every DI that finds the record, each once."""
    named = (record.sale_unit, record.use_unit, record.registered, record.body, *(pack.di for pack in record.packs))
    return tuple(dict.fromkeys(di for di in named if di))


class Made:
    """A release of so many records, and the days after it."""

    def __init__(self, records: int, seed: int = 1) -> None:
        self.records = records
        self.seed = seed
        self._family = lru_cache(maxsize=4 * WOVEN)(self._new_family)

    def record(self, k: int) -> DeviceRecord | None:
        """What a reader makes of record k of the full release; None for the few that have no DI."""
        return None if _without_di(k) else self._record(k)

    def day(self, day: int, changes: int) -> Iterator[DeviceRecord]:
        """What the delta of a day (from 1) says: additions, changes and deletions, a third each.

        No record changes twice within 96 days.
        """
        third = changes // 3
        for k in range(self.records + (day - 1) * third, self.records + day * third):
            yield self._record(k)
        usable = (k for k in range(day % STRIDE, self.records, STRIDE) if not _without_di(k))
        for at, k in zip(range(2 * third), usable, strict=False):
            yield self._later(k, day, deleted=at >= third)

    def _later(self, k: int, day: int, *, deleted: bool) -> DeviceRecord:
        record = self._record(k)
        when = RELEASED + timedelta(days=day)
        if deleted:
            return replace(record, status="deleted", version="9", version_date=when)
        return replace(record, status="changed", version="9", version_date=when, model=f"{record.model} V{day}")

    def _record(self, k: int) -> DeviceRecord:
        window, within = divmod(k, FAMILY * WOVEN)
        size, woven = divmod(within, WOVEN)
        family = self._family(window * WOVEN + woven)
        bits = mixed(self.seed, k)
        number = window * WOVEN + woven
        item = number % FAMILIES * FAMILY + size
        of = family.pattern
        di = _di(family, 0, item)
        day = _FIRST_DAY + timedelta(days=bits % 2_300)
        version = 1 + (bits >> 12) % 3
        return DeviceRecord(
            di, "added" if version == 1 else "changed", f"{di}{day:%Y%m%d}", of.system, day,
            _di(family, 0, 2_000 + item) if family.unit_di else None,
            None if k % 9_973 == 11 else family.units,
            _di(family, 0, 6_000 + item) if bits >> 16 & 63 == 0 else None,
            _di(family, 0, 4_000 + item) if bits >> 22 & 31 == 0 else None,
            of.name if k % 211 else f"{of.name} A&B", of.brand, f"{of.model}-{size // 8}×{12 + size % 8}",
            f"{of.catalogue_number}{item:04}" if bits >> 27 & 1 else None,
            of.device_class, of.category, of.nhsa_codes, of.registrant, of.credit_code, of.certificate, of.single_use,
            of.sterile, of.pi, RELEASED - timedelta(days=bits >> 28 & 255) if bits >> 36 & 127 == 0 else None,
            str(version), day + timedelta(days=version - 1), _packs(family, di, item) if family.packed else (),
            of.storage,
        )  # fmt: skip

    def _new_family(self, number: int) -> _Family:
        registrant, _ = divmod(number, FAMILIES)
        bits, theirs = mixed(self.seed, 1, number), mixed(self.seed, 2, registrant)
        company = (registrant * 387_420_489 + self.seed) % 1_000_000
        name, category, device_class = _PRODUCTS[bits % len(_PRODUCTS)]
        ma = theirs % 11 == 0
        implant = device_class == 3 and category.startswith("13")
        return _Family(
            company,
            ma,
            packed=bits >> 8 & 1023 < 307,
            units=(1, 1, 1, 10, 50, 100, 200, None)[bits >> 18 & 7],
            unit_di=bits >> 21 & 3 == 0,
            bits=bits,
            pattern=DeviceRecord(
                "",
                system="MA码(IDcode)" if ma else "GS1",
                name=name,
                brand="" if bits >> 23 & 3 else _TRADES[bits >> 25 & 7],
                model=f"{'ABCDEFGHKLMNPRST'[bits >> 28 & 15]}{bits >> 32 & 1023}",
                catalogue_number=f"{bits >> 42 & 255:03}",
                device_class=device_class,
                category=category,
                nhsa_codes=_nhsa(bits),
                registrant=_registrant(theirs, registrant),
                credit_code=f"9133{theirs >> 20 & 0xFFFFFFFF:010}MA{registrant % 100:02}",
                certificate=_certificate(device_class, bits, theirs),
                single_use=category[:2] not in ("07", "17"),
                sterile=implant or bits >> 50 & 1 == 1,
                pi=PiFlags(True, implant or bits >> 51 & 3 == 0, bits >> 53 & 1 == 1, bits >> 54 & 7 != 0),
                storage=_STORAGE[bits >> 57 & 7] if (bits >> 57 & 7) < len(_STORAGE) else (),
            ),
        )


def _di(family: _Family, level: int, item: int) -> str:
    if family.ma:
        return f"MA.156.M0.{100_000 + family.company % 900_000}.{level}{item:05}YA{family.bits % 10}"
    return gtin(level, family.company, item)


def _packs(family: _Family, di: str, item: int) -> tuple[Pack, ...]:
    """A box of sale units; two times in three cartons of boxes too, and now and then a pallet."""
    depth = 1 + (family.bits >> 40) % 3
    indicators = sorted({1 + (family.bits >> shift) % 8 for shift in (10, 14, 17, 20)})[:depth]
    packs = []
    for level, indicator in zip(("盒", "箱", "托盘"), indicators, strict=False):
        pack = Pack(_di(family, indicator, item), level, (5, 10, 20, 48)[family.bits >> indicator & 3], di)
        packs.append(pack)
        di = pack.di
    return tuple(packs)


def _nhsa(bits: int) -> tuple[str, ...]:
    count = (0, 0, 0, 1, 1, 1, 1, 2)[bits >> 46 & 7]
    return tuple(f"C{(bits >> 3 * at & _MASK >> 16) % 10**19:019}" for at in range(count))


def _registrant(bits: int, number: int) -> str:
    return f"{_CITIES[bits % 12]}{_TRADES[bits >> 4 & 7]}{number}{_KINDS[bits >> 8 & 3]}"


def _certificate(device_class: int, bits: int, theirs: int) -> str:
    year, serial = 2015 + (theirs >> 30) % 11, theirs % 10_000
    if device_class == 1:
        return f"{_PROVINCES[theirs % 26]}{_CITIES[theirs % 12][0]}械备{year}{serial:04}"
    where = "国" if device_class == 3 else _PROVINCES[theirs % 26]
    return f"{where}械注准{year}{device_class}{bits % 22 + 1:02}{serial:04}"


def _without_di(k: int) -> bool:
    return k % 20_011 == 4_711


@lru_cache(maxsize=16_384)
def _element(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text)}</{tag}>" if text else f"<{tag}/>"


def _flag(tag: str, value: bool | None) -> str:
    return _element(tag, "" if value is None else "是" if value else "否")


_STATUS = {"added": "新增", "changed": "更新", "deleted": "删除"}


@lru_cache(maxsize=256)
def _description(name: str, model: str) -> str:
    """The fields that no reader keeps, as the release has them."""
    return (
        f"<bszt>一维码,二维码</bszt><sfyzcbayz>是</sfyzcbayz><sfwblztlcp>否</sfwblztlcp><cpms>{escape(name)}"
        f"由主体和附件组成{escape(model)}。</cpms><yflbm/><qxlb>器械</qxlb><ylqxzcrbarywmc/><cplb>耗材</cplb>"
        "<cgzmraqxgxx>说明书或标签上面不包含MR安全性信息</cgzmraqxgxx><zdcfsycs/><syqsfxyjxmj>否</syqsfxyjxmj><mjfs/>"
        "<qtxxdwzlj/><tscchcztj/><tsccsm/><correctionNumber>0</correctionNumber><correctionRemark/><correctionTime/>"
    )


def to_xml(record: DeviceRecord, *, units: str | None = None) -> str:
    """The record as published; `units` stands instead of the number of units of use."""
    count = units if units is not None else "" if record.use_units is None else str(record.use_units)
    return "".join((
        "<device>",
        _element("zxxsdycpbs", record.sale_unit), _element("cpbsbmtxmc", record.system),
        _element("cpbsfbrq", _iso(record.published)), _element("zxxsdyzsydydsl", count),
        _element("sydycpbs", record.use_unit or ""), _element("zcbacpbs", record.registered or ""),
        _flag("sfybtzjbs", record.body is not None), _element("btcpbs", record.body or ""),
        _element("cpmctymc", record.name), _element("spmc", record.brand), _element("ggxh", record.model),
        _description(record.name, record.model[:1]), _element("cphhhbh", record.catalogue_number or ""),
        _element("flbm", record.category or ""), _element("tyshxydm", record.credit_code or ""),
        _element("zczbhhzbapzbh", record.certificate or ""), _element("ylqxzcrbarmc", record.registrant),
        _element("ybbm", ";".join(record.nhsa_codes)), _flag("sfbjwycxsy", record.single_use),
        _flag("sfwwjbz", record.sterile), _element("tsrq", _iso(record.withdrawn)),
        _flag("scbssfbhph", record.pi.lot), _flag("scbssfbhxlh", record.pi.serial),
        _flag("scbssfbhscrq", record.pi.manufactured), _flag("scbssfbhsxrq", record.pi.expires),
        _element("versionNumber", record.version or ""), _element("versionTime", _iso(record.version_date)),
        _element("versionStauts", _STATUS[record.status]), _element("deviceRecordKey", record.record_key or ""),
        _list("packingList", map(_packing, record.packs)), _list("storageList", map(_storage, record.storage)),
        "<clinicalList/><contactList/></device>\n",
    ))  # fmt: skip


def _list(tag: str, items: Iterable[str]) -> str:
    inner = "".join(items)
    return f"<{tag}>{inner}</{tag}>" if inner else f"<{tag}/>"


def _packing(pack: Pack) -> str:
    return (
        f"<packing><bzcpbs>{pack.di}</bzcpbs>{_element('cpbzjb', pack.level)}<bznhxyjcpbssl>{pack.contains}"
        f"</bznhxyjcpbssl><bznhxyjbzcpbs>{pack.of}</bznhxyjbzcpbs></packing>"
    )


@lru_cache(maxsize=1_024)
def _storage(storage: Storage) -> str:
    low, high = ("" if bound is None else f"{bound:g}" for bound in (storage.low, storage.high))
    fields = (("cchcztj", storage.condition), ("zdz", low), ("zgz", high), ("jldw", storage.unit or ""))
    return f"<storage>{''.join(_element(tag, text) for tag, text in fields)}</storage>"


@lru_cache(maxsize=16_384)
def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def published(made: Made, k: int) -> str:
    """Record k with the quirks of the real release: bare ampersands, control characters, quantities in words."""
    record = made._record(k)
    xml = to_xml(record, units="若干" if k % 9_973 == 11 else None)
    if k % 211 == 0:
        xml = xml.replace("&amp;", "&")
    if k % 307 == 0:
        xml = xml.replace("</ggxh>", "\x0b&#x1;</ggxh>")
    return xml.replace(record.sale_unit, "", 1) if _without_di(k) else xml


def part(texts: Sequence[str]) -> bytes:
    """One XML part of these records."""
    return f"{_HEAD.format(len(texts))}{''.join(texts)}{_TAIL}".encode()


def write_full(made: Made, folder: Path, *, per_part: int = PER_PART) -> Path:
    """Write the full release."""
    path = folder / f"UDID_FULL_RELEASE_{RELEASED:%Y%m%d}.zip"
    starts = range(0, made.records, per_part)
    parts = (
        (
            f"UDID_FULL_DOWNLOAD_PART{n}_Of_{len(starts)}_{RELEASED}.xml",
            part([published(made, k) for k in range(start, min(start + per_part, made.records))]),
        )
        for n, start in enumerate(starts, start=1)
    )
    with path.open("wb") as file:
        _write_zip(file, parts)
    return path


def write_day(made: Made, folder: Path, day: int, changes: int) -> Path:
    """Write the delta of a day."""
    path = folder / f"UDID_DAY_UPDATE_{RELEASED + timedelta(days=day):%Y%m%d}.zip"
    path.write_bytes(_daily(made, day, changes))
    return path


def write_week(made: Made, folder: Path, first: int, changes: int) -> Path:
    """Write the delta of seven days: a ZIP of their ZIPs."""
    days = [RELEASED + timedelta(days=first + at) for at in range(7)]
    path = folder / f"UDID_WEEKLY_UPDATE_{days[0]:%Y%m%d}_{days[-1]:%Y%m%d}.zip"
    with path.open("wb") as file:
        _write_zip(
            file,
            (
                (f"UDID_DAY_UPDATE_{day:%Y%m%d}.zip", _daily(made, first + at, changes))
                for at, day in reversed(list(enumerate(days)))
            ),
        )
    return path


def _daily(made: Made, day: int, changes: int) -> bytes:
    file = BytesIO()
    name = f"UDID_INCREMENTAL_DOWNLOAD_PART1_Of_1_{RELEASED + timedelta(days=day)}.xml"
    _write_zip(file, [(name, part([to_xml(record) for record in made.day(day, changes)]))])
    return file.getvalue()


def _write_zip(file: IO[bytes], members: Iterable[tuple[str, bytes]]) -> None:
    """Compresses one member while the next one is made."""
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        ThreadPoolExecutor(max_workers=1) as pool,
    ):
        before: Future[None] | None = None
        for name, data in members:
            if before is not None:
                before.result()
            before = pool.submit(archive.writestr, zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 1)
        if before is not None:
            before.result()


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.udid_release", description=__doc__)
    parser.add_argument("--records", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--days", type=int, default=0, help="daily deltas that follow")
    parser.add_argument("--changes", type=int, default=10_000, help="records in a delta")
    given = parser.parse_args(words)
    given.out.mkdir(parents=True, exist_ok=True)
    made = Made(given.records, given.seed)
    print(write_full(made, given.out))  # noqa: T201
    for day in range(1, given.days + 1):
        print(write_day(made, given.out, day, given.changes))  # noqa: T201


if __name__ == "__main__":
    main()
