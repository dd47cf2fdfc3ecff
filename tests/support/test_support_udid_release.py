from __future__ import annotations

import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from edge.udi.checks import mod10
from tests.support.udid_release import Made, dis, main, published, write_full

RECORDS = 30_000
MADE = Made(RECORDS, seed=3)
ALL = [MADE.record(k) for k in range(RECORDS)]
KEPT = [record for record in ALL if record is not None]


def test_a_record_follows_from_its_number_and_the_seed() -> None:
    assert [Made(9, seed=3).record(k) for k in (29_999, 5, 12_345)] == [ALL[k] for k in (29_999, 5, 12_345)]
    assert Made(RECORDS, seed=4).record(7) != ALL[7]


def test_no_di_stands_for_two_products() -> None:
    counted = Counter(di for record in KEPT for di in dis(record))
    assert counted.most_common(1)[0][1] == 1
    assert len(KEPT) == RECORDS - 2


def test_gtins_are_right_and_packages_have_indicators() -> None:
    gtins = [di for record in KEPT for di in dis(record) if not di.startswith("MA.")]
    assert all(len(di) == 14 and str(mod10(di[:13])) == di[13] for di in gtins)
    assert {pack.di[0] for record in KEPT for pack in record.packs if pack.di[0] != "M"} == set("12345678")
    assert all(pack.of == inner for record in KEPT for pack, inner in zip(record.packs, _inner(record), strict=True))


def _inner(record: object) -> list[str]:
    packs = getattr(record, "packs", ())
    return [getattr(record, "sale_unit", ""), *(pack.di for pack in packs)][: len(packs)]


SHARES = {
    "packed": (lambda record: bool(record.packs), 0.30, 0.05),
    "MA": (lambda record: record.sale_unit.startswith("MA."), 0.09, 0.03),
    "unit of use": (lambda record: record.use_unit is not None, 0.25, 0.05),
    "on the body": (lambda record: record.body is not None, 0.03, 0.01),
    "withdrawn": (lambda record: record.withdrawn is not None, 0.008, 0.004),
    "several insurance codes": (lambda record: len(record.nhsa_codes) > 1, 0.12, 0.05),
    "storage": (lambda record: bool(record.storage), 0.37, 0.06),
}


@pytest.mark.parametrize(("has", "share", "about"), SHARES.values(), ids=SHARES)
def test_shares(has: object, share: float, about: float) -> None:
    assert callable(has)
    assert sum(map(has, KEPT)) / len(KEPT) == pytest.approx(share, abs=about)


def test_a_record_has_the_size_of_a_real_one() -> None:
    assert sum(len(published(MADE, k).encode()) for k in range(2_000)) / 2_000 == pytest.approx(1_450, rel=0.08)


def test_a_certificate_is_shared() -> None:
    assert len({record.certificate for record in KEPT}) < RECORDS / 30


def test_no_record_changes_twice_in_a_quarter() -> None:
    changed = [
        record.sale_unit for day in range(1, 97) for record in Made(9_700).day(day, 30) if record.status != "added"
    ]
    assert len(set(changed)) == len(changed) == 96 * 20


def test_additions_go_on_behind_the_release() -> None:
    first, second = (list(Made(500).day(day, 9))[:3] for day in (1, 2))
    assert [record.sale_unit for record in first + second] == [
        record.sale_unit for k in range(500, 506) if (record := Made(1).record(k))
    ]
    assert {record.published for record in second} == {date(2026, 5, 3)}


def test_the_same_bytes_from_the_same_seed(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    one, two = (write_full(Made(300, seed=9), tmp_path / folder, per_part=100) for folder in ("a", "b"))
    assert one.read_bytes() == two.read_bytes()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--records", "200", "--seed", "5", "--out", str(tmp_path / "x"), "--days", "2", "--changes", "3"])
    written = [Path(line) for line in capsys.readouterr().out.split()]
    assert [path.name for path in written] == [
        "UDID_FULL_RELEASE_20260501.zip",
        "UDID_DAY_UPDATE_20260502.zip",
        "UDID_DAY_UPDATE_20260503.zip",
    ]
    assert all(zipfile.ZipFile(path).testzip() is None for path in written)
