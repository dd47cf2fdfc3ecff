import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge import wire
from edge.station.journal.store import Journal, JournalError, JournalFull, JournalReader
from tests.support.events import draft, opening


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


def lines(path: Path) -> list[wire.Event]:
    reader = JournalReader.open(path)
    try:
        return [wire.Event.decode(row.line) for row in reader.after(0, 100_000)]
    finally:
        reader.close()


def ack(journal: Journal, path: Path, through: int) -> wire.Ack:
    line = next(event.line for event in lines(path) if event.seq == through)
    return wire.Ack(journal.head.epoch, through, wire.digest(line))


def test_events_are_gapless_and_chained(path: Path) -> None:
    journal = Journal.open(path, opening=opening)
    journal.append([draft(), draft()])
    journal.append([draft()])
    events = lines(path)
    assert [event.seq for event in events] == [1, 2, 3, 4]
    assert [event.chain for event in events] == [None, *(wire.digest(event.line) for event in events[:-1])]
    assert journal.verify() == []
    journal.close()


def test_a_reopened_journal_goes_on(path: Path) -> None:
    first = Journal.open(path, opening=opening)
    first.append([draft()])
    head = first.head
    first.close()
    second = Journal.open(path, opening=opening)
    assert second.head == head
    second.append([draft()])
    assert second.verify() == []
    second.close()


def kept_in(path: Path) -> bytes | None:
    with JournalReader.snapshot(path) as reader:
        return reader.kept()


@pytest.mark.parametrize(
    "states",
    [
        [b"{}", b'{"n":1}', b'{"n":2}'],
        [b"x" * 1024, b"x" * 1025, b"x"],
        [b"", b"1", b""],
        [b"1", None, b"2"],
        [b"1", b"1", b"2"],
    ],
    ids=["small", "over a step and back", "empty", "left as it is", "the same again"],
)
def test_what_the_tasks_know_is_kept_with_the_event(path: Path, states: list[bytes | None]) -> None:
    journal = Journal.open(path, opening=opening)
    assert kept_in(path) is None
    told: bytes | None = None
    for state in states:
        journal.append([draft()], state)
        told = told if state is None else state
        assert kept_in(path) == told
    journal.close()
    again = Journal.open(path, opening=opening)
    assert kept_in(path) == told
    again.append([draft()], told)
    assert kept_in(path) == told
    again.close()


def test_what_the_tasks_know_costs_nothing_while_it_stays(path: Path) -> None:
    journal = Journal.open(path, opening=opening)
    journal.append([draft()], b'{"n":1}')
    said: list[str] = []
    journal._conn.set_trace_callback(said.append)
    journal.append([draft()], b'{"n":1}')
    assert [each for each in said if "kept" in each] == []
    journal.append([draft()], b'{"n":2}')
    assert [each for each in said if "kept" in each] != []
    journal.close()


def test_what_was_not_committed_is_kept_with_the_next_event(path: Path) -> None:
    fail = False

    def after_step(step: str) -> None:
        if fail and step == "inserted":
            raise sqlite3.OperationalError("disk I/O error")

    journal = Journal.open(path, opening=opening, after_step=after_step)
    journal.append([draft()], b'{"n":1}')
    fail = True
    with pytest.raises(JournalError):
        journal.append([draft()], b'{"n":2}')
    assert kept_in(path) == b'{"n":1}'
    fail = False
    journal.append([draft()], b'{"n":2}')
    assert kept_in(path) == b'{"n":2}'
    journal.close()


def test_a_watermark_prunes_but_never_the_newest(path: Path) -> None:
    journal = Journal.open(path, opening=opening)
    journal.append([draft() for _ in range(120)])
    assert journal.acknowledge(ack(journal, path, 121)) == "pruned"
    assert journal.unacknowledged == 0
    assert [event.seq for event in lines(path)] == [121]
    assert journal.acknowledge(wire.Ack(journal.head.epoch, 121, journal.head.last_digest or "")) == "same"
    journal.append([draft()])
    assert journal.head.last_seq == 122
    journal.close()


def acked_in(path: Path) -> int:
    with JournalReader.snapshot(path) as reader:
        return reader.head().acked_seq


def test_a_watermark_costs_no_flush_until_there_is_a_range_to_prune(path: Path) -> None:
    steps: list[str] = []
    journal = Journal.open(path, opening=opening, after_step=steps.append)
    for seq in range(2, 61):
        journal.append([draft()])
        del steps[:]
        assert journal.acknowledge(ack(journal, path, seq)) == "pruned"
        assert (journal.unacknowledged, steps.count("committed")) == (0, 1 if seq == 51 else 0)
    assert (acked_in(path), lines(path)[0].seq) == (51, 51)
    journal.close()
    assert acked_in(path) == 60


def test_after_a_kill_the_cursor_lags_and_the_hubs_watermark_brings_it_back(path: Path, tmp_path: Path) -> None:
    journal = Journal.open(path, opening=opening)
    journal.append([draft() for _ in range(9)])
    said = ack(journal, path, 8)
    assert journal.acknowledge(said) == "pruned"
    (tmp_path / "card").mkdir()
    for file in tmp_path.glob("journal.sqlite3*"):
        (tmp_path / "card" / file.name).write_bytes(file.read_bytes())
    journal.close()
    again = Journal.open(tmp_path / "card" / path.name, opening=opening)
    assert again.unacknowledged == 10
    assert again.acknowledge(said) == "pruned"
    assert again.unacknowledged == 2
    assert again.acknowledge(wire.Ack(said.epoch, 9, "0" * 64)) == "fork"
    again.close()


@pytest.mark.parametrize("through", [3, 9], ids=["another chain", "ahead of this card"])
def test_a_watermark_of_another_life_of_this_card_is_a_fork(path: Path, through: int) -> None:
    journal = Journal.open(path, opening=opening)
    journal.append([draft() for _ in range(4)])
    journal.acknowledge(ack(journal, path, 2))
    before = lines(path)
    epoch = journal.head.epoch
    assert journal.acknowledge(wire.Ack(epoch, through, "0" * 64)) == "fork"
    after = lines(path)
    assert journal.head.epoch != epoch
    assert [event.event_id for event in after[1:]] == [event.event_id for event in before if event.seq > 2]
    assert after[0].data["change"]["previous"]["epoch"] == epoch
    assert journal.verify() == []
    journal.close()


def test_a_watermark_of_another_epoch_changes_nothing(path: Path) -> None:
    journal = Journal.open(path, opening=opening)
    assert journal.acknowledge(wire.Ack("0" * 16, 1, "0" * 64)) == "foreign"
    assert journal.unacknowledged == 1
    journal.close()


def test_a_full_journal_refuses_and_overwrites_nothing(path: Path) -> None:
    journal = Journal.open(path, opening=opening)
    journal.capacity = 3
    journal.append([draft(), draft()])
    with pytest.raises(JournalFull, match="3 of 3"):
        journal.append([draft()])
    assert len(lines(path)) == 3
    journal.close()


def test_a_full_disk_refuses_and_recovers(path: Path) -> None:
    journal = Journal.open(path, opening=opening)
    pages = journal._conn.execute("PRAGMA page_count").fetchone()[0]
    journal._conn.execute("VACUUM")
    journal._conn.execute(f"PRAGMA max_page_count={journal._conn.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(JournalError, match="full"):
        journal.append([draft({"change": {"what": "x" * 4000}}) for _ in range(20)])
    assert journal.head.last_seq == 1
    journal._conn.execute(f"PRAGMA max_page_count={pages + 1000}")
    journal.append([draft()])
    assert journal.verify() == []
    journal.close()


def test_an_event_that_is_too_large_is_refused(path: Path) -> None:
    journal = Journal.open(path, opening=opening)
    with pytest.raises(wire.WireError, match="at most"):
        journal.append([draft({"change": {"what": "x" * 20_000}})])
    journal.close()


def _zero_headers(path: Path) -> None:
    for file in (path, path.with_name(path.name + "-wal")):
        file.write_bytes(b"\0" * 200 + file.read_bytes()[200:])


def _garbage(path: Path) -> None:
    path.write_bytes(b"garbage " * 1000)
    path.with_name(path.name + "-wal").unlink()


def _break_chain(path: Path) -> None:
    conn = sqlite3.connect(path)
    line = json.loads(conn.execute("SELECT line FROM outbox WHERE seq = 3").fetchone()[0])
    conn.execute("UPDATE outbox SET line = ? WHERE seq = 3", (json.dumps({**line, "place": "X"}).encode(),))
    conn.commit()
    conn.close()


DAMAGE: dict[str, tuple[Callable[[Path], None], int]] = {
    "headers overwritten": (_zero_headers, 6),
    "nothing but garbage": (_garbage, 0),
    "an event changed": (_break_chain, 6),
}


@pytest.mark.parametrize(("damage", "readable"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_journal_is_set_aside_and_readable_events_go_on(
    path: Path, tmp_path: Path, damage: Callable[[Path], None], readable: int
) -> None:
    journal = Journal.open(path, opening=opening)
    journal.append([draft() for _ in range(5)])
    known = {event.event_id for event in lines(path)}
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in tmp_path.glob("journal.sqlite3*"):
        (copy / file.name).write_bytes(file.read_bytes())
    journal.close()
    damage(copy / path.name)
    again = Journal.open(copy / path.name, opening=opening)
    events = lines(copy / path.name)
    assert (copy / f"{path.name}.quarantine-1").exists()
    assert events[0].data["change"]["why"] == "damaged"
    assert len(known & {event.event_id for event in events}) == readable
    assert again.verify() == []
    again.close()


def test_an_empty_file_becomes_a_journal(path: Path) -> None:
    path.touch()
    journal = Journal.open(path, opening=opening)
    assert journal.head.last_seq == 1
    journal.close()


class JournalMachine(RuleBasedStateMachine):
    """The journal against a list: whatever happens, unacknowledged events stay, in order, under their ids."""

    @initialize(folder=st.just(None))
    def begin(self, folder: None) -> None:  # noqa: ARG002 - hypothesis wants an argument
        import tempfile  # noqa: PLC0415 - one folder for each run

        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "journal.sqlite3"
        self.journal = Journal.open(self.path, opening=opening)
        self.unsent = [event.event_id for event in lines(self.path)]

    @rule(count=st.integers(1, 60))
    def append(self, count: int) -> None:
        drafts = [draft() for _ in range(count)]
        self.journal.append(drafts)
        self.unsent += [each.event_id for each in drafts]

    @precondition(lambda self: self.unsent)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        count = data.draw(st.integers(1, len(self.unsent)))
        through = self.journal.head.acked_seq + count
        assert self.journal.acknowledge(ack(self.journal, self.path, through)) == "pruned"
        del self.unsent[:count]

    @rule()
    def fork(self) -> None:
        head = self.journal.head
        if self.journal.acknowledge(wire.Ack(head.epoch, head.last_seq + 1, "f" * 64)) == "fork":
            first = lines(self.path)[0].event_id
            self.unsent = [first, *self.unsent]

    @rule()
    def reopen(self) -> None:
        self.journal.close()
        self.journal = Journal.open(self.path, opening=opening)

    @invariant()
    def nothing_is_lost(self) -> None:
        if hasattr(self, "journal"):
            acked = self.journal.head.acked_seq
            assert [e.event_id for e in lines(self.path) if e.seq > acked] == self.unsent
            assert self.journal.unacknowledged == len(self.unsent)

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            assert self.journal.verify() == []
            self.journal.close()
            self.folder.cleanup()


TestJournalMachine = JournalMachine.TestCase
TestJournalMachine.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
