"""Care of the store, by command, on both kinds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, insert, select, update

from edge import wire
from edge.hub import tables
from edge.hub.cli import main
from edge.hub.inbox import store as store_messages
from edge.hub.patients import no_index
from edge.hub.projector import project_all
from edge.hub.reading import Incoming
from edge.hub.store import Store
from edge.hub.watermarks import Watermarks

if TYPE_CHECKING:
    from tests.edge.hub.conftest import FakeJournal

RECEIVED = "2026-11-24T00:00:00.000000Z"
Ask = Callable[..., Result]


@pytest.fixture
def ask(tmp_path: Path, place: str, store: Store) -> Ask:
    """Runs a command on a store that no collector holds."""
    config = tmp_path / "hub.toml"
    config.write_text(
        f'[hub]\nstore = "{place}"\nsite = "test"\n[link]\nhost = "x"\nport = 1883\nbench = true\n', encoding="utf-8"
    )
    store.close()

    def run(*words: str, status: int = 0) -> Result:
        done = CliRunner().invoke(main, [*words, "--config", str(config)])
        assert done.exit_code == status, done.output
        return done

    return run


def send(store: Store, journal: FakeJournal, *lines: bytes) -> None:
    store_messages(store, [Incoming(journal.topic, wire.batch(lines), {})], RECEIVED)
    project_all(store, no_index)


def findings(ask: Ask, status: int = 0) -> dict[str, int]:
    return {each["what"]: each["count"] for each in json.loads(ask("db", "check", "--json", status=status).output)}


def acknowledged(place: str, journal: FakeJournal) -> wire.Ack | None:
    store = Store.open_reader(place)
    with store.read() as connection:
        found = Watermarks().advance(connection, [(journal.station, journal.epoch)])
    store.close()
    return found[0][1] if found else None


def test_a_good_store_has_nothing_wrong(store: Store, journal: FakeJournal, ask: Ask) -> None:
    journal.scan()
    journal.add(wire.Kind.SESSION, wire.session_change("case", "opened", "c7"))
    send(store, journal, *journal.lines)
    store.close()
    assert findings(ask) == {}
    assert "nothing is wrong" in ask("db", "check").output
    assert "seq 1 to 2, 2 events: holds" in ask("db", "verify-chains").output


HARM: dict[str, tuple[Any, str]] = {
    "a message is gone": (delete(tables.inbox).where(tables.inbox.c.id == 1), "keys whose message is not there"),
    "a row of an answer is gone": (delete(tables.event), "events that no answer shows"),
    "a row too many": (
        insert(tables.correction).values(
            event_id="x", month="2026-11", corrects="y", station="OR-03", at=RECEIVED, operator=None, reason=None
        ),
        "rows of answers without an event",
    ),
    "a list that is wrong": (
        insert(tables.unprojected).values(inbox_id=99),
        "messages listed for projecting that are not there",
    ),
}


@pytest.mark.parametrize(("harm", "what"), HARM.values(), ids=HARM.keys())
def test_a_store_that_contradicts_itself_is_told(
    store: Store, journal: FakeJournal, ask: Ask, harm: Any, what: str
) -> None:
    journal.scan()
    send(store, journal, *journal.lines)
    with store.begin() as connection:
        connection.execute(harm)
    store.close()
    assert what in findings(ask, status=1)
    assert "something is wrong" in ask("db", "check", status=1).output


def test_rebuild_makes_the_answers_again(store: Store, journal: FakeJournal, ask: Ask, place: str) -> None:
    for lot in ("A1", "B2", "C3"):
        journal.scan(lot=lot)
    send(store, journal, *journal.lines)
    with store.begin() as connection:
        connection.execute(delete(tables.event))
        connection.execute(update(tables.scan).values(lot="wrong"))
    store.close()
    assert "3 events projected again" in ask("db", "rebuild").output
    again = Store.open_reader(place)
    with again.read() as connection:
        lots = connection.execute(select(tables.scan.c.lot).order_by(tables.scan.c.lot)).scalars().all()
    again.close()
    assert lots == ["A1", "B2", "C3"]
    assert findings(ask) == {}


def test_quarantine_is_counted_and_told(store: Store, journal: FakeJournal, ask: Ask) -> None:
    clone, fork = type(journal)(), type(journal)(epoch="00000000000000cc")
    send(store, journal, journal.scan(lot="A1"))
    other = clone.scan(lot="B2", fields={"event_id": "of the clone"})
    send(store, clone, other)
    send(store, fork, fork.again(other))
    with store.read() as connection:
        lots = connection.execute(select(tables.scan.c.lot).order_by(tables.scan.c.lot)).scalars().all()
    assert lots == ["A1", "B2"]
    store.close()
    ((what, count),) = findings(ask).items()
    assert (count, what.split(":")[0]) == (1, "quarantined")


CHANGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a byte of an event": (lambda payload: payload.replace(b"A1", b"A2", 1), "holds no bytes with SHA-256"),
    "the whole message": (lambda _payload: b"", "holds no bytes with SHA-256"),
}


@pytest.mark.parametrize(("spoil", "problem"), CHANGES.values(), ids=CHANGES.keys())
def test_changed_bytes_break_the_chain(
    store: Store, journal: FakeJournal, ask: Ask, spoil: Callable[[bytes], bytes], problem: str
) -> None:
    for _ in range(3):
        journal.scan(lot="A1")
    send(store, journal, *journal.lines)
    with store.begin() as connection:
        payload = spoil(wire.batch(journal.lines))
        connection.execute(update(tables.inbox).values(payload=payload))
    store.close()
    chain = json.loads(ask("db", "verify-chains", "--json", status=1).output)
    assert chain["wrong"] >= 1
    assert problem in chain["problems"][0]


def test_an_event_that_was_put_in_afterwards_breaks_the_chain(store: Store, journal: FakeJournal, ask: Ask) -> None:
    first, second, third = journal.scan(), journal.scan(), journal.scan()
    forged = wire.replace_place(second, epoch=journal.epoch, seq=2, chain="0" * 64)
    send(store, journal, first, forged, third)
    store.close()
    problems = json.loads(ask("db", "verify-chains", "--json", status=1).output)["problems"]
    assert len(problems) == 2
    assert all("is not the SHA-256 of seq" in problem for problem in problems)


def test_an_epoch_names_the_end_of_the_one_before(store: Store, journal: FakeJournal, ask: Ask) -> None:
    journal.scan()
    for chain, status in ((journal.chain, 0), ("0" * 64, 1)):
        after = type(journal)(epoch=f"00000000000000a{status}")
        previous = {"epoch": journal.epoch, "seq": 1, "chain": chain}
        opened = wire.station_change("epoch_opened", previous=previous, lost=[], salvaged=[], why="fork")
        reopened = Store.open_writer(store.name) if store.is_sqlite else store
        send(reopened, journal, *journal.lines)
        send(reopened, after, after.add(wire.Kind.STATION, opened))
        reopened.close()
        assert ("as the end of epoch" in ask("db", "verify-chains", status=status).output) == bool(status)


def test_a_gap_is_told_and_closed_by_a_person_only(store: Store, journal: FakeJournal, ask: Ask, place: str) -> None:
    lines = [journal.scan() for _ in range(9)]
    send(store, journal, *lines[:2], *lines[4:6], lines[8])
    store.close()
    assert acknowledged(place, journal) == wire.Ack(journal.epoch, 2, wire.digest(lines[1]))
    (told,) = findings(ask)
    assert told == f"OR-03 epoch {journal.epoch}: seq 3 to 4 are missing"
    assert "seq 3 to 4 are not stored" in ask("db", "verify-chains", status=1).output
    ask("db", "close-gap", "OR-03", "--why", "card burnt")
    assert acknowledged(place, journal) == wire.Ack(journal.epoch, 9, wire.digest(lines[8]))
    assert findings(ask) == {}
    ask("db", "verify-chains")
    assert "has no gap" in ask("db", "close-gap", "OR-03", "--why", "again", status=1).output


def test_a_restored_store_goes_on_where_a_pruned_station_stands(
    store: Store, journal: FakeJournal, ask: Ask, place: str
) -> None:
    """The store knows nothing of the epoch; the station has 1 to 5 no more."""
    lines = [journal.scan() for _ in range(7)]
    send(store, journal, *lines[5:])
    store.close()
    assert acknowledged(place, journal) is None
    ask("db", "close-gap", "OR-03", "--why", "the disk was lost")
    assert acknowledged(place, journal) == wire.Ack(journal.epoch, 7, wire.digest(lines[6]))


def test_an_exported_journal_fills_the_gap(
    store: Store, journal: FakeJournal, ask: Ask, tmp_path: Path, place: str
) -> None:
    lines = [journal.scan() for _ in range(120)]
    send(store, journal, *lines[:2], *lines[100:])
    store.close()
    file = tmp_path / "export.ndjson"
    file.write_bytes(wire.batch([*lines, b"not an event"]) + b"\n")
    for new in (98, 0):
        found = json.loads(ask("import", str(file), "--json").output)
        assert found == {
            "file": str(file), "lines": 121, "new": new, "quarantined": 0, "unreadable": int(new > 0),
        }  # fmt: skip
    assert acknowledged(place, journal) == wire.Ack(journal.epoch, 120, wire.digest(lines[-1]))
    assert findings(ask) == {"bytes set aside that cannot be read": 1}


def test_migrate_makes_the_tables_and_says_the_version(ask: Ask) -> None:
    assert "version 0004 before, 0004 now" in ask("db", "migrate").output


def test_a_running_collector_keeps_commands_that_write_out_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "hub.sqlite3"
    config = tmp_path / "hub.toml"
    config.write_text(f'[hub]\nstore = "{file}"\n[link]\nhost = "x"\nport = 1\nbench = true\n', encoding="utf-8")
    store = Store.open_writer(file)
    for words in (("db", "rebuild"), ("db", "migrate"), ("db", "close-gap", "OR-03", "--why", "x")):
        done = CliRunner().invoke(main, [*words, "--config", str(config)])
        assert (done.exit_code, "in use by another collector" in done.output) == (2, True), done.output
    assert CliRunner().invoke(main, ["db", "check", "--config", str(config)]).exit_code == 0
    store.close()
