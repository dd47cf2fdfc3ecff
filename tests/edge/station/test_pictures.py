"""The folder of pictures: real files, real limits, a real full disk."""

from __future__ import annotations

import base64
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge.seal import MAX_PICTURE_BYTES, new_key, open_picture, picture_name, public_half
from edge.station.config import SealTable
from edge.station.jpeg import is_bare
from edge.station.pictures import Limits, PictureStore
from hardware.host.clock import ClockReading, Quality
from tests.support.jpeg import metadata_segments, noisy
from tests.support.site import ROOT

KEY = new_key()
SEAL = SealTable("k1", base64.b64encode(public_half(KEY)).decode(), "ward")
SMALL = noisy()
AT = datetime(2026, 12, 24, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def reading(at: datetime = AT, quality: Quality = "ntp") -> ClockReading:
    return ClockReading(at, quality, "b", 1)


def opened(folder: Path, quota: int = 50_000_000, spare: int = 0) -> PictureStore:
    return PictureStore(folder / "pictures", "OR-01", SEAL, Limits(quota_bytes=quota, spare_bytes=spare))


@pytest.fixture
def store(tmp_path: Path) -> PictureStore:
    return opened(tmp_path)


def kept(store: PictureStore, at: datetime = AT, jpeg: bytes = SMALL) -> str:
    name = store.keep(jpeg)
    assert name is not None
    os.utime(store._folder / name, (at.timestamp(), at.timestamp()))
    return name


def why(store: PictureStore) -> dict[str, int]:
    return {name: count for name, count in store.stats_json().items() if count and name not in ("waiting", "bytes")}


def test_a_picture_is_kept_sealed_and_goes_when_the_hub_has_it(store: PictureStore, tmp_path: Path) -> None:
    name = store.keep(SMALL)
    assert name is not None
    file = tmp_path / "pictures" / name
    data = store.read(name)
    assert data == file.read_bytes()
    assert picture_name(data) == name
    assert open_picture(data, {"k1": KEY}, site="ward", station="OR-01") == SMALL
    assert SMALL[-40:] not in data
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (store.names(), store.size(name)) == ([name], len(data))
    assert store.remove(name)
    assert (store.names(), store.read(name), store.size(name), store.remove(name)) == ([], None, None, False)


EXIF = Image.Exif()
EXIF[0x010E] = "ZY20261234"
REFUSED = {
    "EXIF": noisy(exif=EXIF),
    "a comment": noisy(comment=b"ZY20261234"),
    "a colour profile": noisy(icc_profile=bytes(200)),
    "a thumbnail": SMALL.replace(b"JFIF\0", b"JFXX\0"),
    "bytes behind the end": SMALL + b"ZY20261234",
    "cut in the image": SMALL[:-2],
    "cut in the head": SMALL[:300],
    "a segment that ends nowhere": SMALL[:2] + b"\xff\xdb\xff\xff" + SMALL[2:40],
    "no JPEG": b"\x89PNG" + SMALL,
    "nothing": b"",
    "too large": noisy(600, 400, quality=95),
}


@pytest.mark.parametrize("jpeg", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_leaves_nothing(jpeg: bytes, store: PictureStore, caplog: pytest.LogCaptureFixture) -> None:
    assert store.keep(jpeg) is None
    assert (store.names(), why(store)) == ([], {"refused": 1})
    assert "expected" in caplog.text
    assert "ZY2026" not in caplog.text


def test_the_largest_picture_is_measured_sealed(store: PictureStore) -> None:
    overhead = len(store.read(kept(store)) or b"") - len(SMALL)
    rest = MAX_PICTURE_BYTES - overhead - 4
    fitting = b"\xff\xd8\xff\xda" + b"\0\2" + b"x" * (rest - 4) + b"\xff\xd9"
    assert is_bare(fitting)
    assert store.size(kept(store, jpeg=fitting)) == MAX_PICTURE_BYTES
    assert store.keep(fitting.replace(b"x\xff", b"xx\xff")) is None


def test_without_a_key_nothing_is_kept(tmp_path: Path) -> None:
    assert PictureStore(tmp_path / "pictures", "OR-01").keep(SMALL) is None
    assert PictureStore.none().keep(SMALL) is None
    assert not (tmp_path / "pictures").exists()


GOOD = [SMALL, noisy(progressive=True), noisy(restart_marker_blocks=1), noisy(quality=95, subsampling=0)]


@pytest.mark.parametrize("jpeg", GOOD, ids=["baseline", "progressive", "restarts", "fine"])
def test_encoders_write_bare_pictures(jpeg: bytes) -> None:
    assert is_bare(jpeg)


@given(st.data(), st.sampled_from(GOOD))
def test_nothing_that_is_called_bare_holds_metadata(data: st.DataObject, jpeg: bytes) -> None:
    at = data.draw(st.one_of(st.integers(0, 700), st.integers(0, len(jpeg))))
    put = data.draw(st.one_of(st.binary(max_size=4), st.sampled_from([b"\xff\xfe\0\4ab", b"\xff\xe1\0\4ab", b"\xff"])))
    cut = data.draw(st.integers(0, 4))
    changed = jpeg[:at] + put + jpeg[at + cut :]
    if is_bare(changed):
        assert metadata_segments(changed) == []


def test_the_oldest_give_way_to_the_quota(tmp_path: Path) -> None:
    store = opened(tmp_path, quota=3 * (len(SMALL) + 100))
    names = [kept(store, AT + number * DAY) for number in (3, 1, 2)]
    newest = store.keep(SMALL)
    assert newest is not None
    assert set(store.names()) == {names[0], names[2], newest}
    assert why(store) == {"over_quota": 1}
    assert store.stats_json()["bytes"] <= 3 * (len(SMALL) + 100)
    smaller = opened(tmp_path, quota=len(SMALL) + 100)
    smaller.tidy(reading(quality="none"))
    assert len(smaller.names()) == 1, "also when the quota shrank"


AGES: dict[str, tuple[datetime, Quality, bool]] = {
    "young": (AT - 13 * DAY, "ntp", True),
    "old": (AT - 15 * DAY, "ntp", False),
    "old by a clock that is not right": (AT - 15 * DAY, "floor", True),
    "from 1970: the time was not known": (datetime(1970, 1, 2, tzinfo=UTC), "ntp", True),
    "from the future: the clock was wrong then": (AT + 120 * DAY, "rtc", True),
}


@pytest.mark.parametrize(("taken", "quality", "stays"), AGES.values(), ids=AGES.keys())
def test_age_is_judged_by_a_right_clock_only(
    taken: datetime, quality: Quality, stays: bool, store: PictureStore
) -> None:
    name = kept(store, taken)
    store.tidy(reading(quality=quality))
    assert (store.names() == [name]) is stays
    assert why(store) == ({} if stays else {"too_old": 1})
    store.tidy(reading(AT + 15 * DAY))
    assert store.names() == [], "whatever its file said, the age has begun by now"


def test_garbage_harms_nothing(tmp_path: Path, store: PictureStore, caplog: pytest.LogCaptureFixture) -> None:
    good = kept(store)
    folder = tmp_path / "pictures"
    (folder / ("a" * 64)).write_bytes(b"not what its name says")
    with (folder / ("b" * 64)).open("wb") as sparse:
        sparse.truncate(10**9)
    (folder / ("c" * 64)).mkdir()
    (folder / ("d" * 64)).symlink_to(folder / good)
    os.mkfifo(folder / ("e" * 64))
    (folder / f"{'f' * 64}.part").write_bytes(b"a power cut")
    (folder / "notes.txt").write_bytes(b"a technician")
    os.close(os.open(os.fsencode(folder) + b"/\xff\xfe", os.O_CREAT))
    again = opened(tmp_path, quota=2 * 10**9)
    again.tidy(reading(quality="none"))
    assert [again.read(name) for name in ("a" * 64, "b" * 64)] == [None, None]
    assert again.names() == [good]
    assert why(again) == {"damaged": 2}
    left = {os.fsencode(file.name) for file in folder.iterdir()}
    assert left == {good.encode(), *(letter * 64 for letter in (b"c", b"d", b"e")), b"notes.txt", b"\xff\xfe"}
    assert not again.remove("../journal.sqlite3")
    assert "damaged" in caplog.text


UNUSABLE: dict[str, Callable[[Path], object]] = {
    "not there": lambda _folder: None,
    "a file": lambda folder: folder.write_bytes(b""),
    "a link to nowhere": lambda folder: folder.symlink_to("/nowhere/at/all"),
}


@pytest.mark.parametrize("make", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_folder_that_is_none_has_no_pictures(make: Callable[[Path], object], tmp_path: Path) -> None:
    make(tmp_path / "pictures")
    store = opened(tmp_path)
    store.tidy(reading())
    assert (store.names(), store.read("a" * 64), store.remove("a" * 64)) == ([], None, False)
    assert (store.keep(SMALL) is None) is (tmp_path / "pictures").is_file() or (tmp_path / "pictures").is_symlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "udi", str(folder)], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip("a disk of its own needs root and mount: run as root to test a full disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_refuses_a_picture_and_keeps_those_before(disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = opened(disk)
    large = noisy(300, 200)
    names = []
    while (name := store.keep(large)) is not None:
        names.append(name)
        assert len(names) < 20
    assert "would be free" in caplog.text
    (disk / "filler").write_bytes(bytes(os.statvfs(disk).f_bavail * 4096))
    store._limits = Limits(spare_bytes=-1_000_000_000)
    assert store.keep(large) is None
    assert "No space left" in caplog.text
    assert sorted(store.names()) == sorted(names)
    assert all(store.read(name) for name in names), "none was touched"
    assert not list((disk / "pictures").glob("*.part"))


def test_the_disk_is_left_to_the_journal(disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = PictureStore(disk / "pictures", "OR-01", SEAL)
    assert store.keep(SMALL) is None
    assert f"expected {Limits().spare_bytes}" in caplog.text


LIMITED = """
import base64, resource, signal, sys
from pathlib import Path
from edge.station.config import SealTable
from edge.station.pictures import PictureStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
store = PictureStore(Path(sys.argv[1]), "OR-01", SealTable("k1", sys.argv[2]))
assert store.keep(sys.stdin.buffer.read()) is None
print(store.stats_json())
"""


def test_a_write_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    words = [sys.executable, "-c", LIMITED, str(tmp_path / "pictures"), SEAL.public_key]
    done = subprocess.run(words, input=SMALL, capture_output=True, cwd=ROOT, check=True)
    assert b"'refused': 1" in done.stdout
    assert b"File too large" in done.stderr
    assert list((tmp_path / "pictures").iterdir()) == []


def test_on_a_card_that_became_read_only_nothing_is_sent_for_ever(disk: Path) -> None:
    store = opened(disk)
    delivered, waiting = kept(store, AT - 20 * DAY), kept(store)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert store.remove(delivered), "the hub has it"
    assert store.names() == [waiting]
    store.tidy(reading())
    assert store.keep(SMALL) is None
    assert store.names() == [waiting]


def test_what_cannot_be_read_is_passed_over(
    store: PictureStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = kept(store), kept(store, AT + DAY)

    def broken(_path: Path) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", broken)
        assert store.read(bad) is None
    assert store.names() == [good]
    assert "Input/output error" in caplog.text
    assert caplog.records[-1].levelno == logging.WARNING


def test_it_takes_more_while_there_is_a_key_and_room(tmp_path: Path) -> None:
    assert opened(tmp_path).takes_more()
    assert not opened(tmp_path, spare=1 << 60).takes_more()
    assert not PictureStore(tmp_path / "pictures", "OR-01").takes_more()
    assert not opened(tmp_path / "gone", spare=1).takes_more()
    assert not PictureStore.none().takes_more()
