from __future__ import annotations

import struct
import zipfile
from collections import Counter
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.catalog.release import DeviceRecord, ReleaseError, Tally
from edge.catalog.udid_zip import MOST_RATIO, Part, Release, date_of, kind_of, open_release
from tests.support.udid_parts import as_part
from tests.support.udid_release import Made, write_day, write_full, write_week

RECORDS = [DeviceRecord(str(n)) for n in range(40)]


def content(release: Release) -> list[DeviceRecord]:
    return [record for part in release.parts for record in release.read(part, lambda _: None)]


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def full_part(n: int, of: int) -> str:
    return f"UDID_FULL_DOWNLOAD_PART{n}_Of_{of}_2026-05-01.xml"


NAMES = {
    "UDID_FULL_RELEASE_20260501.zip": ("full", date(2026, 5, 1)),
    "UDID_FULL_DOWNLOAD_PART26_Of_1136_2026-05-01.xml": ("full", date(2026, 5, 1)),
    "UDID_DAY_UPDATE_20260811.zip": ("daily", date(2026, 8, 11)),
    "UDID_INCREMENTAL_DOWNLOAD_PART1_Of_1_2026-08-10.xml": ("daily", date(2026, 8, 10)),
    "UDID_WEEKLY_UPDATE_20260810_20260816.zip": ("weekly", date(2026, 8, 16)),
    "UDID_WEEK_UPDATE_20260816.zip": ("weekly", date(2026, 8, 16)),
    "UDID_MONTH_UPDATE_202602.zip": ("monthly", date(2026, 2, 28)),
    "UDID_MONTHLY_UPDATE_20260801_20260831.zip": ("monthly", date(2026, 8, 31)),
    "udid_day_update_20260811 (1).zip": ("daily", date(2026, 8, 11)),
    "UDID_DAY_UPDATE_20261341.zip": ("daily", None),
    "UDID_FULL_DOWNLOAD_PART1136_Of_1136.xml": ("full", None),
    "products.zip": (None, None),
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_names(name: str, expected: tuple[str | None, date | None]) -> None:
    assert (kind_of(name), date_of(name)) == expected


def test_a_full_release(tmp_path: Path) -> None:
    made = Made(250, seed=4)
    with open_release(write_full(made, tmp_path, per_part=20)) as release:
        assert (release.kind, release.date) == ("full", date(2026, 5, 1))
        assert [part.name for part in release.parts] == [full_part(n, 13) for n in range(1, 14)]
        tally = Tally()
        records = [record for part in release.parts for record in release.read(part, lambda _: None, tally)]
    assert records == [record for k in range(250) if (record := made.record(k))]
    assert tally.records == 250


def test_parts_are_stable_and_can_be_read_alone(tmp_path: Path) -> None:
    path = write_full(Made(100), tmp_path, per_part=20)
    with open_release(path) as first, open_release(path) as again:
        assert first.parts == again.parts
        ahead, behind = (again.read(part, lambda _: None) for part in (again.parts[3], again.parts[1]))
        together = [record for pair in zip(ahead, behind, strict=True) for record in pair]  # both open at once
        assert together[1::2] == list(first.read(first.parts[1], lambda _: None))
        assert together[::2] == list(first.read(first.parts[3], lambda _: None))
        assert first.parts[1].size == zipfile.ZipFile(path).getinfo(first.parts[1].name).file_size


def test_days_in_a_week_come_in_their_order(tmp_path: Path) -> None:
    made = Made(1_000)
    with open_release(write_week(made, tmp_path, 3, 9)) as release:
        assert (release.kind, release.date) == ("weekly", date(2026, 5, 10))
        assert [part.name for part in release.parts] == [
            f"UDID_DAY_UPDATE_202605{day:02}.zip/UDID_INCREMENTAL_DOWNLOAD_PART1_Of_1_2026-05-{day:02}.xml"
            for day in range(4, 11)
        ]
        assert content(release) == [record for day in range(3, 10) for record in made.day(day, 9)]


def test_a_day(tmp_path: Path) -> None:
    made = Made(2_000)
    with open_release(write_day(made, tmp_path, 1, 30)) as release:
        assert (release.kind, release.date) == ("daily", date(2026, 5, 2))
        assert Counter(record.status for record in content(release)) == {"added": 10, "changed": 10, "deleted": 10}


def test_a_folder_and_a_bare_part(tmp_path: Path) -> None:
    folder = tmp_path / "UDID_FULL_RELEASE_20260501"
    folder.mkdir()
    for n, record in ((10, RECORDS[10]), (9, RECORDS[9]), (1, RECORDS[1])):
        (folder / full_part(n, 10)).write_bytes(as_part([record]))
    (folder / "readme.txt").write_text("not a part", encoding="utf-8")
    (folder / f"._{full_part(1, 10)}").write_bytes(b"macOS")
    with open_release(folder) as release:
        assert release.kind == "full"
        assert content(release) == [RECORDS[1], RECORDS[9], RECORDS[10]]
    with open_release(folder / full_part(9, 10)) as release:
        assert release.parts == (Part(full_part(9, 10), len(as_part([RECORDS[9]]))),)
        assert content(release) == [RECORDS[9]]


def test_a_part_of_another_release(tmp_path: Path) -> None:
    with (
        open_release(write_full(Made(10), tmp_path)) as release,
        pytest.raises(ReleaseError, match=r"holds no PART9\.xml of 1 bytes"),
    ):
        next(release.read(Part("PART9.xml", 1), lambda _: None))


def test_a_name_that_says_nothing_needs_kind_and_date(tmp_path: Path) -> None:
    path = zipped(tmp_path / "products.zip", {"a.xml": as_part(RECORDS[:1])})
    with pytest.raises(ReleaseError, match=r"products\.zip: the name does not tell.*UDID_FULL_RELEASE_20260501"):
        open_release(path)
    with open_release(path, kind="weekly", released=date(2026, 5, 3)) as release:
        assert (release.kind, release.date) == ("weekly", date(2026, 5, 3))
        assert content(release) == RECORDS[:1]


def overlapping(path: Path) -> Path:
    """Two members of one text, as bombs have thousands."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", as_part(RECORDS) + bytes(range(256)) * 40)
        twin = zipfile.ZipInfo("b.xml")
        first = archive.filelist[0]
        for name in ("compress_type", "CRC", "compress_size", "file_size", "header_offset"):
            setattr(twin, name, getattr(first, name))
        archive.filelist.append(twin)
    return path


def doubled(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.xml", as_part(RECORDS))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.xml", as_part(RECORDS))
    return path


def encrypted(path: Path) -> Path:
    data = bytearray(zipped(path, {"a.xml": as_part(RECORDS)}).read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    return path


def nested(path: Path) -> Path:
    data = as_part(RECORDS)
    for depth in range(4):
        file = BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("x.zip" if depth else "x.xml", data)
        data = file.getvalue()
    path.write_bytes(data)
    return path


def cut(path: Path) -> Path:
    path.write_bytes(zipped(path, {"a.xml": as_part(RECORDS)}).read_bytes()[:-100])
    return path


REFUSED = {
    "cut off": (cut, "damaged or cut off; fetch it again"),
    "no ZIP": (lambda path: path.write_bytes(b"<html>404</html>") and path, "damaged or cut off"),
    "empty": (lambda path: path.write_bytes(b"") or path, "damaged or cut off"),
    "not there": (lambda path: path, "there is no such file or folder"),
    "no parts": (lambda path: zipped(path, {"readme.txt": b""}), "found none"),
    "a bomb": (lambda path: zipped(path, {"a.xml": bytes(30 << 20)}), f"more than {MOST_RATIO} times"),
    "a bomb of overlaps": (overlapping, "overlap"),
    "a part twice": (doubled, "names a member twice"),
    "encrypted": (encrypted, "is encrypted"),
    "packed otherwise": (lambda path: zipped(path, {"a.xml": b"x"}, zipfile.ZIP_BZIP2), "method 12; expected deflate"),
    "ZIPs without end": (nested, "2 deep"),
}


@pytest.mark.parametrize(("make", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_at_once(make: object, says: str, tmp_path: Path) -> None:
    assert callable(make)
    path = make(tmp_path / "UDID_FULL_RELEASE_20260501.zip")
    with pytest.raises(ReleaseError, match=says) as refused:
        open_release(path)
    assert str(path) in str(refused.value)


def test_damage_within_a_part_is_found_at_its_end(tmp_path: Path) -> None:
    path = zipped(tmp_path / "UDID_FULL_RELEASE_20260501.zip", {full_part(1, 1): as_part(RECORDS)}, zipfile.ZIP_STORED)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"<zxxsdycpbs>3</", b"<zxxsdycpbs>4</"))
    with open_release(path) as release, pytest.raises(ReleaseError, match=r"PART1_Of_1.*Bad CRC-32.*fetch it again"):
        content(release)


def test_a_part_whose_stream_is_damaged(tmp_path: Path) -> None:
    path = zipped(tmp_path / "UDID_FULL_RELEASE_20260501.zip", {full_part(1, 1): as_part(RECORDS)})
    data = bytearray(path.read_bytes())
    data[200:260] = bytes(60)
    path.write_bytes(data)
    with open_release(path) as release, pytest.raises(ReleaseError, match="PART1_Of_1"):
        content(release)


def test_a_real_part_is_far_from_the_ratio_of_a_bomb(tmp_path: Path) -> None:
    """The most alike that records can be: one product in many sizes, packed as tightly as can be."""
    alike = as_part(
        DeviceRecord(f"0697573743{n:04}", record_key=f"0697573743{n:04}", model=f"A{n}") for n in range(3_000)
    )
    path = tmp_path / "UDID_FULL_RELEASE_20260501.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("a.xml", alike)
        (info,) = archive.infolist()
    assert info.file_size / info.compress_size < MOST_RATIO / 2
    with open_release(path) as release:
        assert len(content(release)) == 3_000


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_gives_records_or_the_one_error(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "UDID_FULL_RELEASE_20260501.zip"
    members = {full_part(1, 2): as_part(RECORDS[:3]), full_part(2, 2): as_part(RECORDS[3:5])}
    damaged = bytearray(zipped(path, members).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged[: data.draw(st.none() | st.integers(0, len(damaged)))])
    try:
        with open_release(path) as release:
            content(release)
    except ReleaseError as error:
        said = str(error)
    else:
        said = "PART"
    assert "PART" in said or str(path) in said


def test_a_part_of_30_gb_begins_at_once(tmp_path: Path) -> None:
    """A ZIP64 that names a part of 30 GB; only its beginning is there, and only its beginning is read."""
    path = tmp_path / "UDID_FULL_RELEASE_20260501.zip"
    zipped(path, {full_part(1, 1): as_part(RECORDS)}, zipfile.ZIP_STORED)
    size = 30 << 30
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    name = full_part(1, 1).encode()
    extra = struct.pack("<HHQQ", 1, 16, size, size)
    end = data.index(b"PK\x05\x06")
    entry = data[central : central + 46] + name + extra
    entry[20:28] = b"\xff" * 8
    entry[30:32] = struct.pack("<H", len(extra))
    with path.open("wb") as file:
        file.write(data[:central])
        file.seek(size + central)  # a hole
        file.write(entry)
        file.write(struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1, 1, len(entry), size + central))
        file.write(struct.pack("<IIQI", 0x07064B50, 0, size + central + len(entry), 1))
        file.write(data[end : end + 12] + b"\xff" * 8 + b"\0\0")
    with open_release(path) as release:
        (part,) = release.parts
        assert part.size == size
        assert next(release.read(part, lambda _: None)) == RECORDS[0]
