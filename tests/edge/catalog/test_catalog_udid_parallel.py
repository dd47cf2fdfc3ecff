from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.catalog.release import DeviceRecord, ReleaseError
from edge.catalog.udid_parallel import read_parallel
from edge.catalog.udid_zip import open_release
from tests.support.udid_release import Made, write_full


def names(records: Iterator[DeviceRecord]) -> list[str]:
    return [record.sale_unit for record in records]


def die(_records: Iterator[DeviceRecord]) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_full(Made(12_000), tmp_path_factory.mktemp("release"), per_part=1_000)


@pytest.mark.parametrize("processes", [1, 2])
def test_parts_come_in_order_with_what_was_found(full: Path, processes: int) -> None:
    made = Made(12_000)
    with open_release(full) as release:
        done = list(read_parallel(release, names, processes, after=1))
        assert [each.part for each in done] == list(release.parts[1:])
    assert [di for each in done for di in each.result] == [
        record.sale_unit for k in range(1_000, 12_000) if (record := made.record(k))
    ]
    assert [each.tally.records for each in done] == [1_000] * 11
    assert [(each.part[:24], each.record) for one in done for each in one.problems] == [
        ("UDID_FULL_DOWNLOAD_PART5", 712),
        ("UDID_FULL_DOWNLOAD_PART1", 985),
    ]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_part_that_fails_is_named_behind_those_before_it(full: Path, tmp_path: Path, processes: int) -> None:
    damaged = tmp_path / full.name
    data = full.read_bytes()
    at = data.index(b"UDID_FULL_DOWNLOAD_PART3_") + 1_000
    damaged.write_bytes(data[:at] + bytes(100) + data[at + 100 :])
    with open_release(damaged) as release:
        results = read_parallel(release, names, processes)
        assert [len(next(results).result) for _ in range(2)] == [1_000, 1_000]
        with pytest.raises(ReleaseError, match="PART3_Of_12"):
            next(results)


def test_a_process_that_dies_is_an_error(full: Path) -> None:
    with open_release(full) as release, pytest.raises(ReleaseError, match="a process that read it died"):
        list(read_parallel(release, die, 2))


def test_who_stops_early_leaves_nothing_behind(full: Path) -> None:
    with open_release(full) as release:
        results = read_parallel(release, names, 2)
        next(results)
        results.close()
        assert list(results) == []
