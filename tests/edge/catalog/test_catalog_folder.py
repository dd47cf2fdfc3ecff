import json
import shutil
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from edge.catalog.folder import Signer, changing, install, merge, put_in, sign_folder, verify
from edge.catalog.importing import BASE, import_base, import_into, update
from edge.catalog.manifest import MANIFEST, read_manifest, write_manifest
from edge.catalog.store import Catalog
from edge.catalog.write import CatalogueError
from edge.sign import Authority, new_key, public_half
from hardware.host.sqlite import open_immutable
from tests.support.records import BASE_DAY, Given, box, carton, daily, full, record, sale_unit

KEY, OTHER = new_key(), new_key()
CHIEF = Authority("chief", public_half(KEY), frozenset({"catalogue"}))
SIGNER = Signer("chief", KEY)
NEWER = date(2026, 6, 1)


def site(folder: Path, signer: Signer | None = None) -> Path:
    """A base of three and one overlay."""
    import_into(full(record(1), record(2), record(3)), folder, signer)
    update(daily(1, record(2, model="new", version="2", packs=()), record(4)), folder, signer)
    return folder


def models(folder: Path, *dis: str) -> list[str | None]:
    catalog = Catalog.open(folder)
    products = [catalog.lookup(di) for di in dis]
    catalog.close()
    return [None if product is None else product.model for product in products]


def test_an_overlay_lies_over_the_base(tmp_path: Path) -> None:
    folder = site(tmp_path / "c")
    dis = sale_unit(1), sale_unit(2), box(2), carton(3), sale_unit(4), sale_unit(5)
    assert models(folder, *dis) == ["M1", "new", None, "M3", "M4", None]
    catalog = Catalog.open(folder)
    assert [each.sale_unit for each in catalog.records()] == [sale_unit(n) for n in (1, 3, 2, 4)]
    assert catalog.release == BASE_DAY + timedelta(days=1)
    assert [catalog.age_days(catalog.release + timedelta(days=days)) for days in (-3, 0, 40)] == [0, 0, 40]
    assert catalog.digest == read_manifest(folder, None).digest
    catalog.close()


def test_what_was_deleted_is_found_as_last_known_and_withdrawn(tmp_path: Path) -> None:
    folder = site(tmp_path / "c")
    gone = record(3, status="deleted", name="", model="", packs=(), version="3", version_date=date(2026, 5, 3))
    unheard = record(9, status="deleted", name="", version_date=None)
    update(daily(2, gone, unheard), folder, None)
    catalog = Catalog.open(folder)
    for di in (sale_unit(3), carton(3)):
        product = catalog.lookup(di)
        assert product is not None
        assert (product.model, product.withdrawn, product.version) == ("M3", date(2026, 5, 3), "3")
    never = catalog.lookup(sale_unit(9))
    assert never is not None
    assert never.withdrawn == BASE_DAY + timedelta(days=2)
    catalog.close()
    update(daily(3, record(3, model="back", version="4")), folder, None)
    assert models(folder, carton(3)) == ["back"]


def test_merged_nothing_changes_for_who_looks_up(tmp_path: Path) -> None:
    folder = site(tmp_path / "c", SIGNER)
    update(daily(2, record(1, body="MA.1", version="2"), record(4, body="MA.1")), folder, SIGNER)
    before = Catalog.open(folder, [CHIEF])
    dis = [di for n in range(6) for di in (sale_unit(n), box(n), carton(n))] + ["MA.1"]
    made = merge(folder, SIGNER)
    after = Catalog.open(folder, [CHIEF])
    assert made.records == len(list(before.records())) == 4
    assert [after.lookup(di) for di in dis] == [before.lookup(di) for di in dis]
    assert (len(before.layers), len(after.layers), after.release) == (3, 1, before.release)
    assert after.digest != before.digest
    before.close()
    after.close()
    with changing(folder):
        pass
    update(daily(3, record(5)), folder, SIGNER)
    assert sorted(folder.glob("*.sqlite3")) == sorted(folder / each.name for each in verify(folder, [CHIEF]).files)


def stranger(folder: Path) -> None:
    """An overlay that was made for the base of May meets that of June."""
    elsewhere = folder.with_name("elsewhere")
    shutil.copytree(folder, elsewhere)
    import_into(Given(NEWER, {"p": [record(1)]}), folder, None)
    (overlay,) = [each for each in read_manifest(elsewhere, None).files if each.kind == "overlay"]
    shutil.copy(elsewhere / overlay.name, folder / "stranger")
    state(folder, again=True)
    put_in(folder, folder / "stranger", None)


def both(folder: Path) -> None:
    with changing(folder):
        update(daily(2, record(9)), folder, None)


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a delta without a base": (lambda folder: update(daily(1), folder / "new", None), "has no base yet"),
    "a delta of before": (lambda folder: update(daily(0, record(9)), folder, None), "older than what"),
    "a full release as a delta": (lambda folder: update(full(record(9)), folder, None), "is a base and no update"),
    "a delta as a base": (lambda folder: import_into(daily(9, record(9)), folder, None), "needs a full release"),
    "a base of before": (lambda folder: import_into(full(record(9)), folder, None), "into an empty folder"),
    "the overlay of another base": (stranger, "follows a base of 2026-05-01"),
    "while another changes it": (both, "another command changes it"),
}


_states: dict[Path, bytes] = {}


def state(folder: Path, *, again: bool = False) -> bytes:
    """What is in service, as it was at the first look."""
    now = (folder / MANIFEST).read_bytes()
    if again:
        _states[folder] = now
    return _states.setdefault(folder, now)


@pytest.mark.parametrize(("act", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_fit_is_refused_and_the_former_stays(
    tmp_path: Path, act: Callable[[Path], object], told: str
) -> None:
    folder = site(tmp_path / "c")
    state(folder)
    with pytest.raises(CatalogueError, match=told):
        act(folder)
    assert (folder / MANIFEST).read_bytes() == state(folder)
    verify(folder, None)


def edit(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    envelope = json.loads((folder / MANIFEST).read_bytes())
    change(envelope)
    (folder / MANIFEST).write_text(json.dumps(envelope), encoding="utf-8")


def said(folder: Path, change: Callable[[list[dict[str, object]]], object]) -> None:
    """Change what the manifest says of its files; nobody signs that."""
    told = json.loads(read_manifest(folder, None).said)
    change(told["files"])
    write_manifest(folder, json.dumps(told).encode(), ())


def first(folder: Path) -> Path:
    return folder / read_manifest(folder, None).files[0].name


def last(folder: Path) -> Path:
    return folder / read_manifest(folder, None).files[-1].name


NINE = '{"format": 9, "files": []}'
BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda folder: (folder / MANIFEST).unlink(), "expected a folder"),
    "no JSON": (lambda folder: (folder / MANIFEST).write_bytes(b"{"), "damaged"),
    "no object": (lambda folder: (folder / MANIFEST).write_bytes(b"[]"), "damaged"),
    "no signature": (lambda folder: edit(folder, lambda it: it.update(signatures=[])), "not signed"),
    "another's": (lambda folder: sign_folder(folder, Signer("guest", OTHER)), "'guest' may not sign"),
    "forged": (lambda folder: sign_folder(folder, Signer("chief", OTHER)), "changed on the way, or forged"),
    "changed": (lambda folder: edit(folder, lambda it: it.update(said=f"{it['said']} ")), "forged"),
    "a path out": (lambda folder: said(folder, lambda files: files[0].update(sha256="../x")), "64 hex digits"),
    "another format": (lambda folder: edit(folder, lambda it: it.update(said=NINE)), "format 9"),
    "a file is gone": (lambda folder: first(folder).unlink(), "unable to open|No such file"),
    "a file is another": (lambda folder: shutil.copy(last(folder), first(folder)), "expects"),
}  # fmt: skip
UNSIGNED: dict[str, tuple[Callable[[Path], object], str]] = {
    "two bases": (lambda folder: said(folder, lambda files: files.append(files[0])), "expected one base, first"),
    "no base": (lambda folder: said(folder, lambda files: files.pop(0)), "expected one base, first"),
    "overlay of another": (lambda folder: said(folder, lambda it: it[1].update(follows="2026-04-01")), "not this one"),
    "out of order": (lambda folder: said(folder, lambda files: files[1].update(release="2026-04-01")), "oldest first"),
    "a day that is none": (lambda folder: said(folder, lambda files: files[1].update(release="1/5/26")), "damaged"),
    "nothing": (lambda folder: said(folder, lambda files: files.clear()), "names no base"),
}


@pytest.mark.parametrize(("act", "told"), [*BROKEN.values()], ids=BROKEN.keys())
def test_a_folder_that_is_not_as_it_was_signed_is_refused(
    tmp_path: Path, act: Callable[[Path], object], told: str
) -> None:
    folder = site(tmp_path / "c", SIGNER)
    Catalog.open(folder, [CHIEF]).close()
    act(folder)
    with pytest.raises(CatalogueError, match=told):
        Catalog.open(folder, [CHIEF])
    with pytest.raises(CatalogueError, match=told):
        install(folder, tmp_path / "elsewhere", [CHIEF])
    assert not (tmp_path / "elsewhere" / MANIFEST).exists()


@pytest.mark.parametrize(("act", "told"), UNSIGNED.values(), ids=UNSIGNED.keys())
def test_a_manifest_that_contradicts_itself_is_refused_unsigned_too(
    tmp_path: Path, act: Callable[[Path], object], told: str
) -> None:
    folder = site(tmp_path / "c")
    act(folder)
    with pytest.raises(CatalogueError, match=told):
        Catalog.open(folder)


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-4096])


def one_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [truncated, one_bit, Path.unlink])
def test_a_damaged_file_is_noticed_when_it_is_verified_or_installed(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    folder, station = site(tmp_path / "stick", SIGNER), tmp_path / "station"
    install(folder, station, [CHIEF])
    update(daily(2, record(7)), folder, SIGNER)
    before = (station / MANIFEST).read_bytes()
    damage(last(folder))
    with pytest.raises(CatalogueError, match=r"expects|install the catalogue again"):
        verify(folder, [CHIEF])
    with pytest.raises((CatalogueError, OSError)):
        install(folder, station, [CHIEF])
    assert (station / MANIFEST).read_bytes() == before
    verify(station, [CHIEF])


def test_a_stick_brings_a_newer_catalogue_and_no_older_one(tmp_path: Path) -> None:
    stick, station = site(tmp_path / "stick", SIGNER), tmp_path / "station"
    install(stick, station, [CHIEF])
    before = set(station.glob("*.sqlite3"))
    update(daily(2, record(7)), stick, SIGNER)
    shutil.copytree(stick, tmp_path / "old stick")
    merge(stick, SIGNER)
    update(daily(3, record(8)), stick, SIGNER)
    install(stick, station, [CHIEF])
    assert models(station, sale_unit(1), sale_unit(8)) == ["M1", "M8"]
    install(stick, station, [CHIEF])
    assert not before & set(station.glob("*.sqlite3"))
    with pytest.raises(CatalogueError, match="older than what"):
        install(tmp_path / "old stick", station, [CHIEF])


def test_who_looks_between_two_scans_sees_the_swap_once(tmp_path: Path) -> None:
    folder = site(tmp_path / "c")
    catalog = Catalog.open(folder)
    assert not catalog.stale()
    update(daily(2, record(1, model="newer", version="5")), folder, None)
    assert catalog.stale()
    newer = catalog.refresh()
    assert not newer.stale()
    assert not catalog.stale()
    for opened, model in ((catalog, "M1"), (newer, "newer")):
        product = opened.lookup(sale_unit(1))
        assert product is not None
        assert product.model == model
        opened.close()


def test_a_bad_swap_is_tried_once_and_the_former_goes_on(tmp_path: Path) -> None:
    folder = site(tmp_path / "c", SIGNER)
    catalog = Catalog.open(folder, [CHIEF])
    update(daily(2, record(1, model="newer", version="5")), folder, None)
    assert catalog.stale()
    with pytest.raises(CatalogueError, match="not signed"):
        catalog.refresh()
    assert not catalog.stale()
    assert catalog.lookup(sale_unit(1)) is not None
    sign_folder(folder, SIGNER)
    assert catalog.stale()
    catalog.refresh().close()
    catalog.close()


def test_a_single_file_is_a_catalogue_and_never_stale(tmp_path: Path) -> None:
    import_base(full(record(1)), tmp_path / "c.sqlite3")
    catalog = Catalog.open(tmp_path / "c.sqlite3")
    assert (catalog.stale(), catalog.refresh(), catalog.rows) == (False, catalog, 3)
    catalog.close()


def test_files_of_other_parts_stay_in_the_manifest(tmp_path: Path) -> None:
    folder = site(tmp_path / "c")
    said(folder, lambda files: files.append(files[0] | {"kind": "items"}))
    update(daily(2, record(7)), folder, None)
    import_into(Given(NEWER, {"p": [record(1)]}), folder, None)
    assert [each.kind for each in read_manifest(folder, None).files] == ["base", "items"]
    assert models(folder, sale_unit(1), sale_unit(7)) == ["M1", None]


def test_look_ups_go_on_while_files_are_swapped_merged_and_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    import_into(full(*(record(number) for number in range(200))), folder, None)
    failures: list[str] = []
    versions: list[int] = []
    stop = threading.Event()

    def look_up() -> None:
        catalog, number = Catalog.open(folder), 0
        while not (stop.is_set() and not catalog.stale()):
            if catalog.stale():
                former, catalog = catalog, catalog.refresh()
                former.close()
            number = (number + 1) % 200
            product, first_one = catalog.lookup(carton(number)), catalog.lookup(sale_unit(0))
            if product is None or first_one is None:
                failures.append(carton(number))
            else:
                versions.append(int(first_one.version or 0))
        catalog.close()

    reader = threading.Thread(target=look_up)
    reader.start()
    for day in range(1, 9):
        update(daily(day, record(0, version=str(day + 1)), record(200 + day)), folder, None)
        if day % 3 == 0:
            merge(folder, None)
    stop.set()
    reader.join(20)
    assert not reader.is_alive()
    assert failures == []
    assert versions == sorted(versions)
    assert versions[-1] == 9
    assert len(list(folder.glob("*.sqlite3"))) <= 4


def test_a_base_that_was_made_and_not_put_in_service_does_no_harm(tmp_path: Path) -> None:
    folder = site(tmp_path / "c")
    import_base(Given(NEWER, {"p": [record(1)]}), folder / BASE)
    update(daily(2, record(7)), folder, None)
    assert models(folder, sale_unit(7)) == ["M7"]


def test_the_files_are_what_sqlite_calls_whole(tmp_path: Path) -> None:
    folder = site(tmp_path / "c")
    for file in folder.glob("*.sqlite3"):
        db = open_immutable(file)
        assert db.conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.conn.close()
