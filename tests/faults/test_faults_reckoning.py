"""The check itself: each kind of wrong is found, and nothing else is."""

from dataclasses import replace

import pytest

from edge import wire
from edge.hub.reconcile import Held
from tests.faults.reckoning import Kept, Reckoning, Told, broken_chains, reckon
from tests.support.events import draft

EPOCH = "0123456789abcdef"


def _rows(count: int, *, serials: tuple[str, ...] = ()) -> list[Kept]:
    """An opening event and so many scans, as the hub keeps them."""
    rows: list[Kept] = []
    for seq in range(1, count + 2):
        scan: dict[str, object] = {"udi": {"trace_key": serials[seq - 2] if serials else f"S{seq}"}}
        made = draft() if seq == 1 else draft(scan, wire.Kind.SCAN)
        before = rows[-1].line if rows else None
        line = made.encode(EPOCH, seq, None if before is None else wire.digest(before))
        rows.append(Kept("OR-01", EPOCH, seq, made.event_id, line))
    return rows


def _reckoned(
    rows: list[Kept], *, recorded: frozenset[str] = frozenset(), counted: tuple[str, ...] | None = None
) -> Reckoning:
    scans = tuple(row.event_id for row in rows[1:]) if counted is None else counted
    ids = frozenset(row.event_id for row in rows)
    held = Held(ids, scans, len(scans), 0)
    return reckon(Told(frozenset(scans[:1]), recorded or ids), held, rows, _all(rows))


def _all(rows: list[Kept]) -> dict[tuple[str, str], int]:
    """Watermarks at the end of everything."""
    return {(row.station, row.epoch): row.seq for row in rows}


def test_a_clean_hub() -> None:
    found = _reckoned(_rows(3))
    assert found == Reckoning(events=4)
    assert found.clean


def test_an_event_that_a_station_recorded_is_lost() -> None:
    rows = _rows(3)
    found = _reckoned(rows, recorded=frozenset({"gone", *(row.event_id for row in rows)}))
    assert found.lost == {"gone"}
    assert not found.clean


def test_a_scan_that_is_kept_and_not_counted_is_lost() -> None:
    rows = _rows(3)
    assert _reckoned(rows, counted=tuple(row.event_id for row in rows[2:])).lost == {rows[1].event_id}


def test_a_scan_that_is_counted_twice_is_doubled() -> None:
    rows = _rows(2)
    assert _reckoned(rows, counted=(rows[1].event_id, rows[2].event_id, rows[2].event_id)).doubled == 1


def test_a_package_that_became_two_events_is_doubled() -> None:
    assert _reckoned(_rows(3, serials=("A", "B", "A"))).doubled == 1


def test_an_event_that_no_station_recorded_is_foreign() -> None:
    rows = _rows(3)
    assert _reckoned(rows, recorded=frozenset(row.event_id for row in rows[:-1])).foreign == {rows[-1].event_id}


def test_a_repeat_in_a_later_epoch_is_neither_doubled_nor_foreign() -> None:
    rows = _rows(3)
    opening = draft().encode("f" * 16, 1, None)
    again = wire.replace_place(rows[3].line or b"", epoch="f" * 16, seq=2, chain=wire.digest(opening))
    opened = Kept("OR-01", "f" * 16, 1, wire.Event.decode(opening).event_id, opening)
    moved = Kept("OR-01", "f" * 16, 2, rows[3].event_id, again)
    found = _reckoned([*rows, opened, moved], counted=tuple(row.event_id for row in rows[1:]))
    assert found == Reckoning(events=5)


def test_what_stands_beyond_the_watermark_has_to_have_come_again() -> None:
    rows = _rows(3)
    watermarks = {("OR-01", EPOCH): 3, ("OR-01", "f" * 16): 2}
    assert broken_chains(rows, watermarks) == (f"OR-01/{EPOCH}/4:unconfirmed",)
    opening = draft().encode("f" * 16, 1, None)
    again = wire.replace_place(rows[3].line or b"", epoch="f" * 16, seq=2, chain=wire.digest(opening))
    opened = Kept("OR-01", "f" * 16, 1, wire.Event.decode(opening).event_id, opening)
    moved = Kept("OR-01", "f" * 16, 2, rows[3].event_id, again)
    assert broken_chains([*rows, opened, moved], watermarks) == ()


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        pytest.param(lambda rows: rows[1:], "2:follows-0", id="first missing"),
        pytest.param(lambda rows: rows[:2] + rows[3:], "4:follows-2", id="gap"),
        pytest.param(lambda rows: [*rows[:3], replace(rows[3], line=None)], "4:no-bytes", id="no bytes"),
        pytest.param(lambda rows: rows[:2] + _rows(3)[2:], "3:chain", id="another card's"),
        pytest.param(lambda rows: [*rows[:3], replace(rows[3], event_id="x")], "4:chain", id="another event"),
    ],
)
def test_a_broken_chain(spoil: object, where: str) -> None:
    assert callable(spoil)
    rows = spoil(_rows(3))
    found = broken_chains(rows, _all(rows))
    assert found[0] == f"OR-01/{EPOCH}/{where}"
