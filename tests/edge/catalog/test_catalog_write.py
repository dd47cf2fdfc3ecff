import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.catalog.importing import import_base
from edge.catalog.layer import Layer
from edge.catalog.pool import Pool
from edge.catalog.product import Level, Pack, Storage
from edge.catalog.release import DeviceRecord
from edge.catalog.store import Catalog
from edge.catalog.tree import di_of, key_of
from edge.catalog.write import About, CatalogueError, Source, Writer
from edge.udi.recover import PiFlags
from tests.support.disk import SmallDisk
from tests.support.needs import MissingError
from tests.support.records import BASE_DAY, Given, box, carton, full, record, sale_unit
from tests.support.site import ROOT

ABOUT = About("base", BASE_DAY, (Source("part", 1, 0),))
_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_maybe = st.none() | st.text("AZ09.", min_size=1, max_size=20)
_di = st.integers(0, 10**14 - 1).map(lambda number: f"{number:014}") | st.text("AZ.M", min_size=1, max_size=9)
_flag = st.none() | st.booleans()
_day = st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1))
_number = st.none() | st.integers(0, 5)
records = st.builds(
    DeviceRecord,
    sale_unit=_di,
    status=st.sampled_from(["added", "changed", "deleted"]),
    system=_text,
    use_unit=st.none() | _di,
    use_units=_number,
    registered=st.none() | _di,
    body=st.none() | _di,
    name=_text,
    brand=_text,
    model=_text,
    catalogue_number=_maybe,
    device_class=_number,
    category=_maybe,
    nhsa_codes=st.lists(_text | st.integers(0, 10**19 - 1).map(lambda number: f"C{number:019}"), max_size=3).map(tuple),
    registrant=_text,
    credit_code=_maybe,
    certificate=_maybe,
    single_use=_flag,
    sterile=_flag,
    pi=st.builds(PiFlags, _flag, _flag, _flag, _flag),
    withdrawn=_day,
    version=_maybe | st.just("1") | st.just("01"),
    version_date=_day,
    packs=st.lists(st.builds(Pack, _di, _text, st.integers(-1, 50), _di), max_size=3).map(tuple),
    storage=st.lists(st.builds(Storage, _text, st.none() | st.floats(-80, 80)), max_size=2).map(tuple),
    implant=_flag,
    certificate_from=_day,
    certificate_to=_day,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_record=records)
def test_a_record_reads_back_as_it_was(tmp_path: Path, given_record: DeviceRecord) -> None:
    with Writer(tmp_path / "one", ABOUT) as writer:
        writer.add(given_record)
        made = writer.finish()
    layer = Layer.open(tmp_path / "one")
    assert list(layer.all_records()) == [given_record]
    assert made.records == layer.records == 1
    named = [given_record.sale_unit, *(pack.di for pack in given_record.packs)]
    named += [di for di in (given_record.use_unit, given_record.body, given_record.registered) if di]
    assert made.dis == len({key_of(di) for di in named})
    assert all(layer.hits(key_of(di))[0].record() == given_record for di in named)
    layer.close()


def make(out: Path, *given_records: DeviceRecord) -> tuple[Catalog, str]:
    made = import_base(full(*given_records), out)
    return Catalog.open(out), "\n".join(made.problems)


def test_every_level_is_found_in_any_form(tmp_path: Path) -> None:
    catalog, _ = make(tmp_path / "c", record(1, use_unit="A123BJC5D6E71", body="B-1", registered="MA.156.M0.1"))
    found = {
        sale_unit(1): (Level.SALE_UNIT, 1),
        sale_unit(1)[1:]: (Level.SALE_UNIT, 1),
        "A123BJC5D6E71": (Level.USE_UNIT, 1),
        "B-1": (Level.BODY, 1),
        "MA.156.M0.1": (Level.SALE_UNIT, 1),
        box(1): (Level.INNER_PACK, 10),
        carton(1): (Level.CASE, 200),
    }
    for di, expected in found.items():
        product = catalog.lookup(di)
        assert product is not None, di
        assert (product.level, product.contains) == expected, di
        assert (product.di, product.sale_unit) == (di_of(key_of(di)), sale_unit(1)), di
    assert (catalog.lookup("a123bjc5d6e71"), catalog.lookup("")) == (None, None)
    catalog.close()


@pytest.mark.parametrize(
    ("category", "said", "implant"),
    [("12-01-01", None, True), ("13-04-01", None, True), ("13-04-01", False, False), ("14-01", True, True),
     ("16-07-02", None, False), (None, None, False)],
)  # fmt: skip
def test_what_is_an_implant(tmp_path: Path, category: str | None, said: bool | None, implant: bool) -> None:
    catalog, _ = make(tmp_path / "c", record(1, category=category, implant=said))
    product = catalog.lookup(sale_unit(1))
    assert product is not None
    assert product.implant is implant
    catalog.close()


NEWER = {
    "by day": ({"version_date": date(2026, 2, 1)}, {"version_date": date(2026, 1, 1), "version": "9"}),
    "by number on one day": ({"version": "3"}, {"version": "2"}),
    "a day beats none": ({"version": "1"}, {"version": "9", "version_date": None}),
}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("newer", "older"), NEWER.values(), ids=NEWER.keys())
def test_the_newer_version_of_a_record_counts_with_its_own_dis_only(
    tmp_path: Path, newer: dict[str, object], older: dict[str, object], turned: bool
) -> None:
    pair = [record(1, model="new", packs=(), **newer), record(1, model="old", **older)]
    catalog, problems = make(tmp_path / "c", *(pair[::-1] if turned else pair))
    product = catalog.lookup(sale_unit(1))
    assert product is not None
    assert product.model == "new"
    assert catalog.lookup(box(1)) is None
    assert (catalog.rows, len(list(catalog.records()))) == (1, 1)
    assert "1 records are older versions" in problems
    catalog.close()


@pytest.mark.parametrize("di", ["17777777777774", "MA.156.M0.7"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_di_of_two_records_is_named_and_the_newest_version_counts(tmp_path: Path, di: str, turned: bool) -> None:
    pair = [record(1, body=di, version="2"), record(2, body=di, version="3")]
    catalog, problems = make(tmp_path / "c", *(pair[::-1] if turned else pair))
    product = catalog.lookup(di)
    assert product is not None
    assert product.sale_unit == sale_unit(2)
    assert f"DI {di} stands in 2 records" in problems
    assert f"{sale_unit(2)} (version 3), {sale_unit(1)} (version 2); the first counts" in problems
    catalog.close()


def test_a_fault_of_the_packaging_names_the_record(tmp_path: Path) -> None:
    faulty = [record(number, packs=(Pack(box(number), "盒", 2, box(number)),)) for number in (1, 2)]
    catalog, problems = make(tmp_path / "c", *faulty)
    for number in (1, 2):  # a form that is known to be faulty is told of again
        assert f"record {sale_unit(number)}: bznhxyjbzcpbs: package {box(number)} holds itself" in problems
    catalog.close()


def test_a_pool_that_forgets_stores_again(tmp_path: Path) -> None:
    conn = sqlite3.connect(tmp_path / "p")
    conn.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, text)")
    pool = Pool(conn, "t", 1, kept=2)
    assert [pool.number((text,)) for text in "aabbc"] == [1, 1, 2, 2, 3]
    assert pool.number(("a",)) == 1  # remembered from before, and again for longer
    assert [pool.number((text,)) for text in "def"] == [4, 5, 6]
    assert pool.number(("b",)) == 7
    pool.flush()
    assert conn.execute("SELECT text FROM t ORDER BY id").fetchall() == [(text,) for text in "abcdefb"]
    conn.close()


PART = 500
EVERY = 2_000
KILLED = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from edge.catalog.importing import import_base
from test_catalog_write import EVERY, many
import_base(many(), Path(sys.argv[1]), lambda progress: print(progress.part, flush=True), commit_every=EVERY)
"""


def many(stop: Callable[[str, int], None] = lambda _part, _number: None) -> Given:
    """Ten parts."""
    parts = {f"p{at}": [record(at * PART + number) for number in range(PART)] for at in range(10)}
    return Given(BASE_DAY, parts, stop=stop)


def read_parts(release: Given, out: Path) -> list[str]:
    """Import what there is still to do; the parts that were read for it."""
    read: list[str] = []
    made = import_base(replace(release, stop=lambda part, _number: read.append(part)), out, commit_every=EVERY)
    assert (made.records, made.dis, made.problems) == (10 * PART, 30 * PART, ())
    return sorted(set(read))


def test_a_killed_import_goes_on_behind_the_last_committed_part(tmp_path: Path) -> None:
    out = tmp_path / "c.sqlite3"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(out)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line == "p5\n":
            process.send_signal(signal.SIGKILL)
            break
    process.stdout.close()
    process.wait()
    assert not out.exists()
    read = read_parts(many(), out)
    assert {"p8", "p9"} <= set(read) <= {"p4", "p5", "p6", "p7", "p8", "p9"}
    catalog = Catalog.open(out)
    assert list(catalog.records()) == [each for part in many().given.values() for each in part]
    catalog.close()
    assert [file.name for file in tmp_path.iterdir()] == [out.name]


@pytest.mark.parametrize("left", ["same", "other release", "other boot", "damaged", "half gone"])
def test_only_what_is_of_the_same_release_and_boot_is_gone_on_with(tmp_path: Path, left: str) -> None:
    out = tmp_path / "c"

    def stop(part: str, number: int) -> None:
        if (part, number) == ("p8", 3):
            raise OSError("the stick is gone")

    where = rf"p8, record 2 \({sale_unit(8 * PART + 1)}\): the stick is gone.*run this again"
    with pytest.raises(CatalogueError, match=where):
        import_base(many(stop), out, commit_every=EVERY)
    release = many()
    match left:
        case "other release":
            release = replace(release, given={"q0": release.given["p0"], **dict(list(release.given.items())[1:])})
        case "other boot":
            conn = sqlite3.connect(tmp_path / "c.work")
            conn.execute("UPDATE made SET boot = 'before the power cut'")
            conn.commit()
            conn.close()
        case "damaged":
            (tmp_path / "c.part").write_bytes(b"garbage" * 1_000)
        case "half gone":
            (tmp_path / "c.work").unlink()
    read = read_parts(release, out)
    assert read == (["p8", "p9"] if left == "same" else sorted(release.given))


@pytest.mark.parametrize(("kilobytes", "first"), [(150, "p0"), (600, "p8")])
def test_a_full_disk_names_the_place_and_the_run_goes_on_once_there_is_room(
    tmp_path: Path, kilobytes: int, first: str
) -> None:
    try:
        disk = SmallDisk(tmp_path / "disk")
    except MissingError as missing:
        pytest.skip(str(missing))
    try:
        out = disk.folder / "c.sqlite3"
        out.write_bytes(b"in service")
        disk.fill()
        os.truncate(disk.folder / "filler", (disk.folder / "filler").stat().st_size - (kilobytes << 10))
        with pytest.raises(CatalogueError, match=r"(part p|sorting).*disk is full: make room"):
            import_base(many(), out, commit_every=EVERY)
        assert out.read_bytes() == b"in service"
        disk.free()
        assert read_parts(many(), out)[0] == first
        Catalog.open(out).close()
    finally:
        disk.close()


def test_two_imports_of_one_catalogue_do_not_meet(tmp_path: Path) -> None:
    with Writer(tmp_path / "c", ABOUT) as writer:
        writer.add(record(1))
        with pytest.raises(CatalogueError, match=r"locked.*no other import"):
            Writer(tmp_path / "c", ABOUT)
        assert writer.finish().records == 1
