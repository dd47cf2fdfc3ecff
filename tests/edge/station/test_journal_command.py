import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from edge import wire
from edge.cli import main
from edge.station.journal.check import inspect
from edge.station.journal.store import Journal, OpenedEpoch
from tests.bench import fixture
from tests.support.events import AT, draft, opening
from tests.support.site import ROOT, Site, command, udi

FILE = "journal.sqlite3"
Opening = Callable[[OpenedEpoch], wire.Draft]
EVENTS = 30


def ask(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["journal", words[0], "--state-dir", str(folder), *words[1:]])


def answer(folder: Path, *words: str) -> str:
    result = ask(folder, *words)
    assert result.exit_code == 0, result.output
    return result.stdout


def fill(folder: Path, drafts: Sequence[wire.Draft], acked: int = 0, opening: Opening = opening) -> list[bytes]:
    """A closed journal; returns its lines, the opening one included."""
    journal = Journal.open(folder / FILE, opening=opening)
    try:
        rows = journal.append(drafts) if drafts else []
        first = journal._conn.execute("SELECT line FROM outbox WHERE seq = 1").fetchone()[0]
        lines = [first, *(row.line for row in rows)]
        if acked:
            assert journal.acknowledge(wire.Ack(journal.head.epoch, acked, wire.digest(lines[acked - 1]))) == "pruned"
    finally:
        journal.close()
    return lines


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    fill(folder, [draft() for _ in range(EVENTS - 1)], acked=5)
    with contextlib.closing(sqlite3.connect(folder / FILE)) as conn:  # the last one to close: everything in one file
        conn.execute("SELECT count(*) FROM outbox").fetchone()
    assert not (folder / f"{FILE}-wal").exists()
    return folder


# -- beside a writer -------------------------------------------------------------------------------------------------

WRITER = """
import sys
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from edge import wire
from edge.station.journal.store import Journal, OpenedEpoch
from tests.support.events import draft, opening

journal = Journal.open(Path(sys.argv[1]), opening=opening)
while True:
    row = journal.append([draft()])[-1]
    if row.seq % 200 == 0:
        journal.acknowledge(wire.Ack(journal.head.epoch, row.seq - 20, journal._digest_at(row.seq - 20)))
    print(row.seq, flush=True)
"""


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Callable[[], int]]:
    """A process that appends as fast as it can; the function waits for its next event and says its seq."""
    words = [sys.executable, "-c", WRITER, str(tmp_path / FILE)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT, text=True, env=os.environ) as process:
        assert process.stdout is not None
        stream = process.stdout

        def following() -> int:
            return int(stream.readline())

        while following() < 400:
            pass
        yield following
        process.kill()


def test_every_command_answers_while_the_station_writes(tmp_path: Path, written: Callable[[], int]) -> None:
    for _ in range(10):
        floor = written()
        seqs = [json.loads(line)["seq"] for line in answer(tmp_path, "list", "--json", "--limit", "10").splitlines()]
        assert seqs == list(range(seqs[0], seqs[0] + 10))
        assert seqs[-1] >= floor
        checked = json.loads(answer(tmp_path, "verify", "--json"))
        assert (checked["good"], checked["wrong"]) == (True, [])
        counted = json.loads(answer(tmp_path, "stats", "--json"))
        assert counted["unsent"] == counted["last_seq"] - counted["acknowledged_through"]
        answer(tmp_path, "export", str(tmp_path / "out"))
        events = [wire.Event.decode(line) for line in (tmp_path / "out").read_bytes().splitlines()]
        assert all(b.chain == wire.digest(a.line) for a, b in pairwise(events))
        assert events[-1].seq >= floor


def test_an_open_snapshot_does_not_hold_the_writer_up(tmp_path: Path, written: Callable[[], int]) -> None:
    with contextlib.closing(sqlite3.connect(f"file:{tmp_path / FILE}?mode=ro", uri=True)) as conn:
        conn.execute("BEGIN")
        seen = conn.execute("SELECT max(seq) FROM outbox").fetchone()[0]
        while written() < seen + 1500:  # more than one checkpoint
            pass
        assert conn.execute("SELECT max(seq) FROM outbox").fetchone()[0] == seen
    assert json.loads(answer(tmp_path, "verify", "--json"))["good"]


def test_a_running_station_is_looked_at(site: Site) -> None:
    terminal = site.prepare("OR-01")
    station = site.start_station("OR-01")
    terminal.send(udi("S1"))
    station.wait_shown(1)
    home = site.station_home("OR-01")
    words = [*command("edge.cli"), "journal", "list", "--state-dir", str(home), "--json"]
    listed = subprocess.run(words, check=True, capture_output=True, cwd=ROOT).stdout.splitlines()
    newest = json.loads(listed[-1])
    assert (newest["kind"], newest["outcome"], newest["trace_key"]) == ("scan", "ACCEPTED", "GS1|06901234567892|S|S1")
    words = [*command("edge.cli"), "status", "--run-dir", str(home), "--json"]
    status = json.loads(subprocess.run(words, check=True, capture_output=True, cwd=ROOT).stdout)
    assert status["capacity"] == 100_000
    assert status["pressure"] == wire.pressure(status["unacknowledged"], 100_000)


# -- what it may not do ----------------------------------------------------------------------------------------------


def _state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything but what SQLite's readers share in memory."""
    files = {each.name: (each.stat().st_mtime_ns, each.read_bytes()) for each in folder.iterdir()}
    return files | {f"{FILE}-shm": (0, b"")} if f"{FILE}-shm" in files else files


@pytest.mark.parametrize("log", [True, False], ids=["log kept", "without a log"])
@pytest.mark.parametrize("words", [("list",), ("stats",), ("verify",), ("export", "{out}")], ids=lambda words: words[0])
def test_nothing_is_written(tmp_path: Path, whole: Path, words: tuple[str, ...], *, log: bool) -> None:
    folder = tmp_path / "state"
    if log:
        folder.mkdir()
        fill(folder, [draft() for _ in range(40)])
    else:
        shutil.copytree(whole, folder)
    assert (folder / f"{FILE}-wal").exists() is log
    before = _state(folder)
    answer(folder, *(word.format(out=tmp_path / "out") for word in words))
    assert _state(folder) == before


@pytest.mark.parametrize("words", [("list",), ("stats",), ("verify",), ("export", "{out}")], ids=lambda words: words[0])
def test_no_journal_is_said_and_none_is_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = ask(tmp_path, *(word.format(out=tmp_path / "out") for word in words))
    assert result.exit_code == 2
    assert f"{tmp_path / FILE}: there is no journal" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_neither_reads_nor_patients_are_shown(tmp_path: Path) -> None:
    lines = fill(tmp_path, list(fixture.drafts(3, fixture.sealer())))
    scan = json.loads(lines[-1])
    secret = [scan["patient"]["ct"], scan["patient"]["enc"], *(read["bytes"] for read in scan["reads"])]
    for words in (("list",), ("list", "--json"), ("stats",), ("verify",)):
        shown = answer(tmp_path, *words)
        assert not [text for text in secret if text in shown]
    assert answer(tmp_path, "list").splitlines()[-1].endswith(scan["udi"]["trace_key"])


def test_what_a_file_holds_moves_no_cursor(tmp_path: Path) -> None:
    fill(tmp_path, [])
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as conn:
        line = json.loads(conn.execute("SELECT line FROM outbox").fetchone()[0])
        bad = {**line, "verdict": {"outcome": "\x1b[2J"}, "udi": {"trace_key": "\ud800"}}
        conn.execute("UPDATE outbox SET line = ?", (json.dumps(bad).encode(),))
        conn.commit()
    shown = answer(tmp_path, "list")
    assert "\x1b" not in shown
    assert r"'\x1b[2J'" in shown


# -- list and export -------------------------------------------------------------------------------------------------

TEXTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=40), max_size=40)


@settings(max_examples=25, deadline=None)
@given(texts=TEXTS, data=st.data())
def test_list_and_export_say_what_was_journaled(texts: list[str], data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        lines = fill(folder, [draft({"change": {"what": "configuration", "text": text}}) for text in texts])
        since = data.draw(st.none() | st.integers(1, len(lines) + 2), label="since")
        limit = data.draw(st.integers(1, 60), label="limit")
        first = [] if since is None else ["--since", str(since)]
        out = folder / "out"
        told = answer(folder, "export", str(out), *first)
        wanted = lines[(since or 1) - 1 :]
        assert out.read_bytes() == b"".join(line + b"\n" for line in wanted)
        assert wire.split(out.read_bytes()) == wanted
        assert f": {len(wanted)} events" in told
        seqs = [
            json.loads(row)["seq"]
            for row in answer(folder, "list", "--json", "--limit", str(limit), *first).split("\n")[:-1]
        ]
        numbers = list(range(since or 1, len(lines) + 1))
        assert seqs == (numbers[-limit:] if since is None else numbers[:limit])


def test_unsent_is_what_the_hub_has_not_confirmed(whole: Path) -> None:
    rows = [json.loads(row) for row in answer(whole, "list", "--unsent", "--json", "--limit", "1000").splitlines()]
    assert [row["seq"] for row in rows] == list(range(6, EVENTS + 1))
    rows = [json.loads(row) for row in answer(whole, "list", "--unsent", "--json", "--since", "3").splitlines()]
    assert rows[0]["seq"] == 6


def test_stats_count(whole: Path) -> None:
    found = json.loads(answer(whole, "stats", "--json"))
    assert (found["first_seq"], found["last_seq"], found["acknowledged_through"], found["unsent"]) == (1, 30, 5, 25)
    assert (found["opened_because"], len(found["epochs"]), found["pressure"]) == ("new", 1, 0.0003)
    assert (found["capacity"], found["can_still_take"]) == (100_000, 99_975)
    assert (found["events_per_day"], found["days_left"]) == (None, None)  # all of one instant


def test_stats_tell_the_days_left(tmp_path: Path) -> None:
    fill(tmp_path, list(fixture.drafts(11, fixture.sealer())), opening=fixture.opening)  # one each 20 s
    found = json.loads(answer(tmp_path, "stats", "--json"))
    assert found["events_per_day"] == pytest.approx(11 * 86_400 / 200, rel=0.01)
    assert found["days_left"] == pytest.approx(99_988 / found["events_per_day"], rel=0.01)


def _later(opened: OpenedEpoch) -> wire.Draft:
    minutes = {"new": 1, "fork": 2, "damaged": 3}[opened.why]
    return replace(opening(opened), event_id=wire.uuid7(AT + timedelta(minutes=minutes)))


def test_stats_note_forks_and_salvages(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / FILE, opening=_later)
    journal.append([draft() for _ in range(3)])
    epoch = journal.head.epoch
    assert journal.acknowledge(wire.Ack(epoch, 2, "0" * 64)) == "fork"
    journal.close()
    found = json.loads(answer(tmp_path, "stats", "--json"))
    assert (found["opened_because"], found["epochs"][0], len(found["epochs"])) == ("fork", epoch, 2)
    header = b"\0" * 200
    for name in (FILE, f"{FILE}-wal"):
        (tmp_path / name).write_bytes(header + (tmp_path / name).read_bytes()[200:])
    Journal.open(tmp_path / FILE, opening=_later).close()
    found = json.loads(answer(tmp_path, "stats", "--json"))
    assert (found["opened_because"], found["set_aside"]) == ("damaged", [f"{FILE}.quarantine-1"])
    assert found["salvaged"] == [[1, 5]]


def test_an_export_that_fails_leaves_the_former_file(whole: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(whole, tmp_path / "state")
    _set(folder, 20, lambda line: line[:50] + b"\n" + line[50:])
    (tmp_path / "out").write_bytes(b"former")
    result = ask(folder, "export", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "seq 20 is no event line; udi-station journal verify" in result.stderr
    assert (tmp_path / "out").read_bytes() == b"former"
    assert not (tmp_path / "out.part").exists()


# -- verify ----------------------------------------------------------------------------------------------------------


def _sql(folder: Path, text: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(folder / FILE)) as conn:
        conn.execute(text, values)
        conn.commit()


def _set(folder: Path, seq: int, change: Callable[[bytes], bytes]) -> None:
    with contextlib.closing(sqlite3.connect(folder / FILE)) as conn:
        line = conn.execute("SELECT line FROM outbox WHERE seq = ?", (seq,)).fetchone()[0]
        conn.execute("UPDATE outbox SET line = ? WHERE seq = ?", (change(line), seq))
        conn.commit()


def _unchain(folder: Path) -> None:
    _sql(folder, "DELETE FROM outbox WHERE seq <= 5")
    _sql(folder, "UPDATE cursor SET acked_chain = ?", "0" * 64)


def _rewrite(folder: Path, seq: int, **fields: object) -> None:
    """Change an event's fields and chain everything after it anew, as a forger would."""
    with contextlib.closing(sqlite3.connect(folder / FILE)) as conn:
        chain: str | None = None
        for number, line in conn.execute("SELECT seq, line FROM outbox WHERE seq >= ? ORDER BY seq", (seq,)).fetchall():
            data = {**json.loads(line), **(fields if number == seq else {"chain": chain})}
            new = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
            chain = wire.digest(new)
            conn.execute("UPDATE outbox SET line = ? WHERE seq = ?", (new, number))
        conn.execute("UPDATE cursor SET acked_seq = 0, acked_chain = NULL")
        conn.commit()


def _flip_in_page(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / FILE)) as conn:
        line: bytes = conn.execute("SELECT line FROM outbox WHERE seq = 7").fetchone()[0]
    content = bytearray((folder / FILE).read_bytes())
    content[content.index(line) + line.index(b"OR-01")] ^= 1
    (folder / FILE).write_bytes(content)


def _head(folder: Path, content: bytes) -> None:
    (folder / FILE).write_bytes(content + (folder / FILE).read_bytes()[len(content) :])


CHAIN = b'"chain":"'
Damage = Callable[[Path], object]
DAMAGE: dict[str, tuple[Damage, int | None, str]] = {
    "a bit flipped in the file": (_flip_in_page, 7, "seq 8 is not chained to the bytes of seq 7"),
    "an event changed": (lambda f: _set(f, 12, lambda x: x.replace(b"OR-01", b"OR-02")), 12, "seq 13 is not chained"),
    "an event is no JSON": (lambda f: _set(f, 4, lambda x: x[:-9]), 4, "seq 4 cannot be read"),
    "a chain value changed": (
        lambda f: _set(f, 12, lambda x: x[: x.index(CHAIN) + 9] + b"0" * 64 + b'"}'), 12, "seq 12 is not chained",
    ),
    "the newest's chain value changed": (
        lambda f: _set(f, 30, lambda x: x[: x.index(CHAIN) + 9] + b"0" * 64 + b'"}'), 29, "seq 30 is not chained",
    ),
    "a row is missing": (lambda f: _sql(f, "DELETE FROM outbox WHERE seq = 9"), 9, "seq 9 to 9 are missing"),
    "unsent rows are missing": (lambda f: _sql(f, "DELETE FROM outbox WHERE seq < 9"), 6, "seq 6 to 8 are missing"),
    "two rows are swapped": (
        lambda f: _sql(f, "UPDATE outbox SET line = (SELECT line FROM outbox WHERE seq = 11) WHERE seq = 10"),
        10, "seq 10 holds event 11",
    ),
    "another epoch in between": (lambda f: _rewrite(f, 15, epoch="0"), 15, "seq 15 is of epoch '0'"),
    "the epoch is not opened": (
        lambda f: _rewrite(f, 1, change={"what": "configuration"}), 1, "seq 1 does not open an epoch",
    ),
    "the first event is chained": (lambda f: _rewrite(f, 1, chain="0" * 64), 1, "seq 1 does not open an epoch"),
    "the hub confirmed another": (
        lambda f: _sql(f, "UPDATE cursor SET acked_chain = ?", "0" * 64), 5, "seq 5 is not what the hub confirmed",
    ),
    "pruned, and not chained to it": (
        _unchain, 6, "seq 6 is not chained",
    ),
    "the hub has more": (lambda f: _sql(f, "UPDATE cursor SET acked_seq = 99"), 31, "the journal ends at 30"),
    "no event at all": (lambda f: _sql(f, "DELETE FROM outbox"), 1, "the journal ends at 0"),
    "no cursor": (lambda f: _sql(f, "DELETE FROM cursor"), None, "expected one cursor, found 0"),
    "no table": (lambda f: _sql(f, "DROP TABLE outbox"), None, "no such table"),
    "the header overwritten": (lambda f: _head(f, b"\0" * 200), None, "begins with"),
    "nothing but garbage": (lambda f: (f / FILE).write_bytes(b"garbage " * 1000), None, "begins with"),
    "an empty file": (lambda f: (f / FILE).write_bytes(b""), None, "no such table"),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "first", "message"), DAMAGE.values(), ids=DAMAGE.keys())
def test_verify_names_the_first_wrong_event(
    whole: Path, tmp_path: Path, damage: Damage, first: int | None, message: str
) -> None:
    folder = shutil.copytree(whole, tmp_path / "state")
    assert json.loads(answer(folder, "verify", "--json"))["good"]
    damage(folder)
    result = ask(folder, "verify", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["good"], found["first_wrong_seq"]) == (1, False, first), found
    assert message in " ".join(each["message"] for each in found["wrong"])
    assert ask(folder, "verify").exit_code == 1


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_truncated_file_is_not_good(tmp_path: Path, part: float) -> None:
    fill(tmp_path, [draft({"change": {"what": "configuration", "text": "x" * 3000}}) for _ in range(50)])
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as conn:
        conn.execute("VACUUM")
    pages = (tmp_path / FILE).stat().st_size // 4096
    os.truncate(tmp_path / FILE, int(pages * part) * 4096)
    result = ask(tmp_path, "verify", "--json")
    assert (result.exit_code, json.loads(result.stdout)["good"]) == (1, False)


@settings(max_examples=60, deadline=None)
@given(seq=st.integers(1, EVENTS - 1), where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_found(whole: Path, seq: int, where: float, bit: int) -> None:
    def flip(line: bytes) -> bytes:
        at = int(where * len(line))
        return line[:at] + bytes([line[at] ^ 1 << bit]) + line[at + 1 :]

    with TemporaryDirectory() as name:
        folder = shutil.copytree(whole, Path(name) / "state")
        _set(folder, seq, flip)
        assert inspect(folder / FILE).first_wrong_seq == seq
