from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import wire
from edge.station.journal.ahead import ReadAhead
from edge.station.journal.store import Journal, JournalReader
from tests.support.events import draft, opening

EVENTS = 130


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    journal = Journal.open(tmp_path_factory.mktemp("ahead") / "journal.sqlite3", opening=opening)
    journal.append([draft() for _ in range(EVENTS - 1)])
    yield journal
    journal.close()


@pytest.fixture(scope="module")
def reader(journal: Journal) -> Iterator[JournalReader]:
    reader = JournalReader.open(journal._path)
    yield reader
    reader.close()


ASKED = st.tuples(st.integers(-1, EVENTS), st.integers(1, 50), st.integers(1, 5_000) | st.just(wire.MAX_BATCH_BYTES))


@given(st.lists(ASKED, max_size=30))
def test_whatever_is_asked_it_is_what_the_journal_holds(
    reader: JournalReader, asked: list[tuple[int, int, int]]
) -> None:
    ahead, seq = ReadAhead(reader), 0
    for place, limit, size in asked:
        seq = seq if place < 0 else place  # mostly it goes on from where it was
        lines = ahead.after(seq, limit, size)
        assert lines == as_one_batch([row.line for row in reader.after(seq, limit)], size)
        seq += len(lines)


def as_one_batch(lines: list[bytes], size: int) -> list[bytes]:
    while len(lines) > 1 and len(wire.batch(lines)) + 1 > size:
        lines = lines[:-1]
    return lines


def test_what_is_journaled_later_is_found(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    journal = Journal.open(path, opening=opening)
    reader = JournalReader.open(path)
    ahead = ReadAhead(reader)
    assert len(ahead.after(0, 50, wire.MAX_BATCH_BYTES)) == 1
    assert ahead.after(1, 50, wire.MAX_BATCH_BYTES) == []
    rows = journal.append([draft(), draft()])
    assert ahead.after(1, 1, wire.MAX_BATCH_BYTES) == [rows[0].line]
    assert ahead.after(2, 50, wire.MAX_BATCH_BYTES) == [rows[1].line]
    reader.close()
    journal.close()


def test_what_was_pruned_is_not_taken_for_what_follows(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    journal = Journal.open(path, opening=opening)
    rows = journal.append([draft() for _ in range(200)])
    line = rows[-2].line
    journal.acknowledge(wire.Ack(journal.head.epoch, rows[-2].seq, wire.digest(line)))
    reader = JournalReader.open(path)
    assert reader.after(0, 1)[0].seq > 2
    assert ReadAhead(reader).after(0, 50, wire.MAX_BATCH_BYTES) == []
    reader.close()
    journal.close()


def test_a_new_epoch_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    journal = Journal.open(path, opening=opening)
    journal.append([draft() for _ in range(5)])
    reader = JournalReader.open(path)
    ahead = ReadAhead(reader)
    ahead.after(0, 2, wire.MAX_BATCH_BYTES)
    assert journal.acknowledge(wire.Ack(journal.head.epoch, 99, "0" * 64)) == "fork"
    ahead.forget()
    (line,) = ahead.after(2, 1, wire.MAX_BATCH_BYTES)
    assert wire.Event.decode(line).epoch == journal.head.epoch
    reader.close()
    journal.close()
