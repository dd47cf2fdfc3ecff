"""A card counts once for each showing, by whichever reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.station.context import REPEAT_NS
from edge.station.house import HouseCodes
from edge.station.no_code import Persons
from edge.station.patients import Patients
from edge.station.patterns import PatternsTable, PatternTable
from edge.station.reception import Reception
from edge.station.tasks.said import Badge, Document, Item, Patient
from edge.udi.read import Read
from tests.support.tasks import NoCards

PATTERNS = PatternsTable(
    badge=PatternTable("N", (4, 4)), wristband=PatternTable("ZY", (6, 10)), document=PatternTable("DN-", (3, 12))
)
S = 1_000_000_000
BOX = b"010690123456789210A1"


@pytest.fixture
def reception(tmp_path: Path) -> Reception:
    return Reception(PATTERNS, NoCards(), Patients(tmp_path, None), Persons(PATTERNS), HouseCodes)


def by_camera(reception: Reception, t0_ns: int, *payloads: bytes) -> list[object]:
    reads = [Read(payload, "]C0", "camera", t0_ns) for payload in payloads]
    return list(reception.seen(reads, t0_ns)[0])


def by_hand(reception: Reception, t0_ns: int, payload: bytes) -> object:
    return reception.scanned(Read(payload, "]C0", "scanner", t0_ns))


def test_what_lies_in_view_is_heard_once_whatever_comes_beside_it(reception: Reception) -> None:
    assert by_camera(reception, S, b"DN-2026") == [Document("2026")]
    assert by_camera(reception, 30 * S, b"DN-2026", BOX) == []
    assert by_camera(reception, 60 * S, b"DN-2026") == []


def test_shown_again_it_is_heard_again(reception: Reception) -> None:
    assert len(by_camera(reception, S, b"ZY20261234")) == 1
    by_camera(reception, 60 * S)
    assert by_camera(reception, 60 * S + S // 2, b"ZY20261234") == [], "a hand passed over it"
    by_camera(reception, 61 * S)
    assert len(by_camera(reception, 64 * S, b"ZY20261234")) == 1


def test_one_trigger_of_a_scanner_is_one_showing(reception: Reception) -> None:
    assert by_hand(reception, S, b"N1207") == Badge("1207")
    assert by_hand(reception, S + REPEAT_NS["scanner"] - 1, b"N1207") is None
    assert by_hand(reception, 3 * S, b"N1207") == Badge("1207")


def test_with_something_else_in_between_it_is_another_showing(reception: Reception) -> None:
    assert by_hand(reception, S, b"N1207") == Badge("1207")
    by_hand(reception, S + 1, BOX)
    assert by_hand(reception, S + 2, b"N1207") == Badge("1207")


def test_a_package_is_no_word(reception: Reception) -> None:
    read = Read(BOX, "]d2", "scanner", S)
    assert reception.scanned(read) == read
    assert reception.seen([read], S) == ([], [read])


def test_a_patient_is_named_and_not_told(reception: Reception) -> None:
    heard = by_hand(reception, S, b"ZY20261234")
    assert isinstance(heard, Patient)
    assert "20261234" not in repr(heard)


def test_a_card_that_nobody_signed_is_refused(reception: Reception) -> None:
    heard = by_hand(reception, S, b"UC1:ACT:WASTE::K1:AAAA:BBBB")
    assert isinstance(heard, Item)
    assert [reason.code for reason in heard.verdict.reasons] == ["card_forged"]
