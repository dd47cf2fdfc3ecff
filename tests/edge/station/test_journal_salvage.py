"""Events of full size, which stand in several pages each, out of files that SQLite cannot read any more."""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge import wire
from edge.station.journal.salvage import salvage
from edge.station.journal.store import Journal, JournalReader
from hardware.host import sqlite as storage
from tests.bench import fixture

FILE = "journal.sqlite3"
EVENTS = 300
ACKNOWLEDGED = (51, 101)
PRUNED = 100
"""The newest event stays even where it is acknowledged."""


def _lines(path: Path) -> dict[str, bytes]:
    with JournalReader.snapshot(path) as reader:
        return {wire.Event.decode(row.line).event_id: row.line for row in reader.from_seq(1)}


def _make(folder: Path) -> dict[str, bytes]:
    """A journal as it lies on a card after a power cut, pruned at first; returns what is in it by event id."""
    live = folder / "live" / FILE
    journal = Journal.open(live, opening=fixture.opening)
    for seq, each in enumerate(_drafts(), start=2):
        row = journal.append([each])[0]
        if seq in ACKNOWLEDGED:
            assert journal.acknowledge(wire.Ack(journal.head.epoch, seq, wire.digest(row.line))) == "pruned"
    known = _lines(live)
    for part in (FILE, f"{FILE}-wal"):
        shutil.copy(live.with_name(part), folder / part)
    journal.close()
    return known


def _drafts() -> Iterator[wire.Draft]:
    """Scans as they are; every tenth is longer, by up to nine kilobytes."""
    for number, each in enumerate(fixture.drafts(EVENTS, fixture.sealer())):
        more = {"reason": "x" * (number * 37 % 9000)} if number % 10 == 0 else {}
        yield replace(each, body={**each.body, **more})


@pytest.fixture(scope="module", params=[512, 4096], ids=["small pages", "pages of an older version"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("made")
    (folder / "live").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "PAGE_BYTES", request.param)
        known = _make(folder)
    assert len(known) == 1 + EVENTS - PRUNED
    return folder, known


@pytest.fixture
def card(made: tuple[Path, dict[str, bytes]], tmp_path: Path) -> Path:
    for part in (FILE, f"{FILE}-wal"):
        shutil.copy(made[0] / part, tmp_path / part)
    return tmp_path / FILE


def _log(path: Path) -> Path:
    return path.with_name(f"{FILE}-wal")


def _overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def _headers(path: Path) -> None:
    for part in (path, _log(path)):
        _overwrite(part, 0, bytes(512))


def _brought_in(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _roots(path: Path, tables: set[str]) -> None:
    """Everything stands in the file, but the pages that lead to it are gone."""
    with contextlib.closing(sqlite3.connect(path)) as conn:
        found = conn.execute("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'").fetchall()
        size = conn.execute("PRAGMA page_size").fetchone()[0]
    for name, root in found:
        if name in tables:
            _overwrite(path, (root - 1) * size, bytes(size))


def _tree(path: Path) -> None:
    _roots(path, {"outbox"})


def _header_and_trees(path: Path) -> None:
    _roots(path, {"outbox", "cursor", "_sqlite_migrations"})
    _overwrite(path, 0, bytes(512))


def _half_of_the_log(path: Path) -> None:
    _overwrite(path, 0, bytes(100))
    _overwrite(_log(path), 0, bytes(100))
    _overwrite(_log(path), 2 * (_log(path).stat().st_size // 3), b"\xff" * 4096)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "both headers": _headers,
    "no log, no header, no roots": _header_and_trees,
    "the root of the events": _tree,
    "headers, and a block of the log's old part": _half_of_the_log,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_every_event_is_found_without_the_tree(
    made: tuple[Path, dict[str, bytes]], card: Path, damage: Callable[[Path], None]
) -> None:
    damage(card)
    found = salvage(card)
    by_id = {wire.Event.decode(line).event_id: line for line in found.lines}
    unsent = {key: line for key, line in made[1].items() if wire.Event.decode(line).seq > ACKNOWLEDGED[-1]}
    assert by_id.items() >= unsent.items()
    assert len(found.lines) == len(by_id)
    assert found.lost == []


def test_what_was_pruned_is_not_in_the_file_any_more(made: tuple[Path, dict[str, bytes]], card: Path) -> None:
    _brought_in(card)
    _overwrite(card, 0, bytes(512))
    _log(card).unlink(missing_ok=True)
    assert {wire.Event.decode(line).event_id for line in salvage(card).lines} == made[1].keys()


def test_a_journal_keeps_its_pages_and_goes_on(made: tuple[Path, dict[str, bytes]], card: Path) -> None:
    size = int.from_bytes(card.read_bytes()[16:18], "big")
    journal = Journal.open(card, opening=fixture.opening, reserve_bytes=9_000_000)
    journal.append(list(fixture.drafts(3, fixture.sealer(), seed=2)))
    assert journal.verify() == []
    assert journal.head.last_seq == EVENTS + 4
    room = journal.room()
    assert room.file_bytes >= 9_000_000
    assert room.free_bytes + room.events * 1000 < room.file_bytes
    journal.close()
    assert _lines(card).items() >= made[1].items()
    assert int.from_bytes(card.read_bytes()[16:18], "big") == size


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=6), log=st.booleans())
def test_no_event_is_put_together_of_two(
    made: tuple[Path, dict[str, bytes]], tmp_path: Path, where: list[float], *, log: bool
) -> None:
    """Whatever blocks are lost: a line is one that was journaled, or it is not found."""
    path = tmp_path / FILE
    for name in (FILE, f"{FILE}-wal"):
        shutil.copy(made[0] / name, tmp_path / name)
    _overwrite(path, 0, bytes(100))
    part = _log(path) if log else path
    for each in where:
        _overwrite(part, int(each * part.stat().st_size) // 4096 * 4096, bytes(4096))
    for line in salvage(path).lines:
        event = wire.Event.decode(line)
        assert made[1].get(event.event_id, line) == line
