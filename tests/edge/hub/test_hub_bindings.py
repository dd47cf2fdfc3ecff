"""House codes and the UDIs that stations bound to them: kept, in conflict, told to a broker that forgets."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from edge import wire
from edge.bindings import Symbol, page_of, read_page
from edge.hub import bindings
from edge.hub.binding_notices import LOOK_NS, PREFIX, BindingNotices
from edge.hub.cli import main
from edge.hub.documents.notices import Signer
from edge.hub.inbox import store as store_messages
from edge.hub.patients import no_index
from edge.hub.projector import project_all, rebuild
from edge.hub.reading import Incoming
from edge.hub.tables import binding, binding_page, unprojected
from edge.hub.trace import Question, trace
from edge.sign import Authority, new_key, public_half
from edge.udi.assemble import assemble
from edge.udi.read import Read
from tests.edge.hub.conftest import FakeJournal

if TYPE_CHECKING:
    from edge.hub.store import Store

KEY = new_key()
HUB = [Authority("HUB", public_half(KEY), frozenset({"bindings"}))]
START = datetime(2026, 11, 26, 8, tzinfo=UTC)
GTIN = b"0106901234567892"
A, B = GTIN + b"21S1", GTIN + b"21S2"


def entry(payload: bytes) -> dict[str, Any]:
    return {"bytes": base64.b64encode(payload).decode(), "symbology": symbology(payload), "took_ms": 1.0}


def symbology(payload: bytes) -> str:
    return "]d1" if payload.startswith(b"MA") else "]d2"


class Site:
    """Two stations that bind, and the hub's store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.journals = {name: FakeJournal(name) for name in ("OR-03", "OR-04")}

    def bind(self, code: str | None, *payloads: bytes, at: str = "OR-03", task: str = "BIND", **changed: Any) -> str:
        reads = [Read(each, symbology(each), "scanner", 1) for each in payloads]
        udi = assemble(reads, today=date(2026, 11, 26), joined_by_time=True).udi
        assert udi is not None
        parts = {name: getattr(udi, name) for name in ("di", "lot", "serial", "trace_key")}
        said = {**parts, "issuer": udi.issuer.value, "manufactured": None, "expires": None, "findings": []}
        seen = [*payloads, *([] if code is None else [code.encode()])]
        fields = {"task": task, **changed.pop("fields", {})}
        body = {"outcome": "CHECKED", "count": None, "reads": list(map(entry, seen)), "udi": said, **changed}
        line = self.journals[at].scan(house_code=code, fields=fields, **body)
        return wire.Event.decode(line).event_id

    def undo(self, event: str, at: str = "OR-03", why: str = "undo") -> None:
        self.journals[at].add(wire.Kind.CORRECTION, {"reason": why, "corrects": event})

    def take(self) -> None:
        for journal in self.journals.values():
            incoming = [Incoming(journal.topic, line, {}) for line in journal.lines]
            store_messages(self.store, incoming, wire.iso(START))
        project_all(self.store, no_index)

    def found(self) -> list[bindings.Binding]:
        self.take()
        with self.store.read() as connection:
            return bindings.listed(connection)

    def told(self) -> dict[str, Symbol | None]:
        self.take()
        with self.store.read() as connection:
            pages = bindings.changes(connection)
            assert pages is not None
            found = [bindings.told(connection, page) for page in pages]
        return {code: symbol for page in found for code, symbol in page.items()}

    def end(self, event: str) -> None:
        with self.store.begin() as connection:
            bindings.end(connection, event, wire.iso(START))


@pytest.fixture
def site(store: Store) -> Site:
    return Site(store)


def test_a_binding_is_what_a_symbol_of_the_udi_holds_and_is_made_again_from_the_inbox(site: Site) -> None:
    event = site.bind("HV1", GTIN + b"17271231" + b"10A1\x1d21S1")
    before = site.found()
    assert [(each.event_id, each.house_code, each.trace_key, each.standing) for each in before] == [
        (event, "HV1", "GS1|06901234567892|S|S1", "counts")
    ]
    assert before[0].symbol == Symbol(GTIN + b"1727123110A1\x1d21S1", "]d2")
    rebuild(site.store, no_index)
    assert site.found() == before


BOUND: dict[str, tuple[tuple[bytes, ...], dict[str, Any], str | None]] = {
    "two symbols of one package": ((GTIN, b"1727123110A1"), {}, "GS1|06901234567892|L|A1"),
    "an MA code": ((b"MA.156.M0.100350.01004YA10017.LA1.SS1",), {}, "MA|MA.156.M0.100350.01004YA10017|S|S1"),
    "despite what the person could act on": ((A,), {"outcome": "ATTENTION"}, "GS1|06901234567892|S|S1"),
    "read at another task": ((A,), {"task": "CHECK"}, None),
    "refused": ((A,), {"outcome": "STOP"}, None),
    "neither lot nor serial": ((GTIN,), {}, None),
    "of other symbols than were read": ((A,), {"reads": [entry(B)]}, None),
    "cut": ((A,), {"reads": [{**entry(A), "length": 9000}]}, None),
    "no bytes": ((A,), {"reads": [{"bytes": 5}, {"bytes": "?"}]}, None),
}


@pytest.mark.parametrize("name", BOUND)
@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_what_binds(site: Site, name: str) -> None:
    payloads, changed, key = BOUND[name]
    site.bind("HV1", *payloads, **changed)
    assert [each.trace_key for each in site.found()] == ([] if key is None else [key])


def test_what_was_taken_back_practised_or_ended_does_not_count(site: Site) -> None:
    undone, practised, ended = (
        site.bind("HV1", A),
        site.bind("HV2", A, fields={"training": True}),
        site.bind("HV3", A),
    )
    promoted = site.bind("HV4", A, fields={"training": True})
    site.undo(undone)
    site.undo(promoted, why="promoted")
    site.take()
    site.end(ended)
    assert {each.event_id: each.standing for each in site.found()} == {
        undone: "undone",
        practised: "training",
        ended: "ended",
        promoted: "counts",
    }
    assert site.told() == {"HV4": Symbol(A, "]d2")}
    for wrong in (undone, ended, "nothing"):
        with pytest.raises(bindings.BindingEndError):
            site.end(wrong)


def test_two_udis_of_one_code_are_a_conflict_and_neither_counts_until_one_ends(site: Site) -> None:
    first, second = site.bind("HV1", A), site.bind("HV1", B, at="OR-04")
    site.bind("HV2", A), site.bind("HV2", A, at="OR-04")
    (found,) = bindings.conflicts(site.found())
    assert ({each.event_id for each in found.bindings}, found.open) == ({first, second}, True)
    assert site.told() == {"HV1": None, "HV2": Symbol(A, "]d2")}
    site.end(first)
    assert site.told() == {"HV1": Symbol(B, "]d2"), "HV2": Symbol(A, "]d2")}
    (found,) = bindings.conflicts(site.found())
    assert not found.open, "they overlapped, and it is settled"


def test_a_code_that_is_bound_again_after_it_was_taken_back_is_no_conflict(site: Site) -> None:
    site.undo(site.bind("HV1", A))
    site.bind("HV1", B)
    assert bindings.conflicts(site.found()) == []
    assert site.told() == {"HV1": Symbol(B, "]d2")}


def test_a_trace_by_house_code_finds_what_was_bound_and_every_scan_of_the_piece(site: Site) -> None:
    bound = site.bind("HV1", A)
    read = site.bind(None, A, task="USE")
    site.bind(None, B, task="USE")
    by_code = site.bind("HV1", A, task="CHECK")
    lot = site.bind("HV2", GTIN + b"10A1")
    site.bind(None, GTIN + b"10A1", task="USE")
    site.take()
    with site.store.read() as connection:
        found = [{each.event_id for each in trace(connection, Question(house_code=code))} for code in ("HV1", "HV2")]
        assert found == [{bound, read, by_code}, {lot}]
        assert trace(connection, Question(house_code="HV9")) == []


class Broker:
    """The part of a hub that speaks of bindings, and the broker's retained messages."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.now = START
        self.mono_ns = 0
        self.kept: dict[str, bytes] = {}
        self.start()

    def start(self) -> None:
        self.notices = BindingNotices(self.site.store, Signer("HUB", KEY), lambda: self.now)
        self.notices.begin(self.mono_ns)
        for topic, payload in self.kept.items():
            self.notices.heard(topic, payload)

    def look(self) -> dict[str, Symbol | None]:
        """Some time goes by; gives what the pages say that were told anew."""
        self.mono_ns += 2 * LOOK_NS
        said = dict(self.notices.due(self.mono_ns))
        self.kept |= said
        found: dict[str, Symbol | None] = {}
        for topic, payload in said.items():
            page = read_page(payload, topic.removeprefix(PREFIX))
            page.demand_signed(HUB)
            found |= page.bindings
        return found

    def versions(self) -> dict[str, int]:
        return {topic: json.loads(payload)["version"] for topic, payload in self.kept.items()}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_pages_are_told_once_again_when_they_change_and_to_a_broker_that_forgot(site: Site) -> None:
    broker = Broker(site)
    first = site.bind("HV1", A)
    site.take()
    assert (broker.look(), broker.look()) == ({"HV1": Symbol(A, "]d2")}, {})
    broker.start()
    assert broker.look() == {}, "a hub that starts anew finds it standing there"
    before = broker.versions()
    site.undo(first)
    site.take()
    broker.now -= timedelta(days=2)
    broker.look()
    assert [json.loads(each)["bindings"] for each in broker.kept.values()] == [[]]
    assert all(broker.versions()[topic] > version for topic, version in before.items()), "though the clock went back"
    site.bind("HV1", B)
    site.take()
    broker.look()
    broker.kept.clear()
    broker.start()
    assert broker.look() == {"HV1": Symbol(B, "]d2")}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_strangers_page_is_replaced_and_a_hub_that_reads_its_inbox_again_takes_nothing_back(site: Site) -> None:
    broker = Broker(site)
    site.bind("HV1", A)
    site.take()
    broker.look()
    (topic,) = broker.kept
    broker.notices.heard(topic, b"{}")
    assert broker.look() == {"HV1": Symbol(A, "]d2")}
    with site.store.begin() as connection:
        connection.execute(binding.delete())
        connection.execute(binding_page.update().values(number=9))
        connection.execute(unprojected.insert().values(inbox_id=1))
    assert broker.look() == {}, "what is read again is not known yet"
    rebuild(site.store, no_index)
    assert broker.look() == {}
    assert site.told() == {"HV1": Symbol(A, "]d2")}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_more_pages_than_are_told_at_once_come_one_after_the_other(site: Site) -> None:
    codes = [f"HV{number}" for number in range(40)]
    for code in codes:
        site.bind(code, A)
    site.take()
    broker = Broker(site)
    looks = [broker.look() for _ in range(6)]
    assert {code for look in looks for code in look} == set(codes)
    assert looks[-1] == {}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_page_that_is_too_long_is_not_told_and_keeps_no_other_back(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    long = "HV" + "7" * 4000
    same = [f"{long}{number}" for number in range(3000) if page_of(f"{long}{number}") == page_of("HV1")][:10]
    for code in same:
        site.bind(code, A, reads=[entry(A)])
    other = next(f"HV{number}" for number in range(99) if page_of(f"HV{number}") != page_of("HV1"))
    site.bind(other, A)
    site.take()
    broker = Broker(site)
    assert broker.look() == {other: Symbol(A, "]d2")}
    assert broker.look() == {}
    assert caplog.text.count("cannot be told") == 1


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_people_list_what_is_bound_and_end_what_is_wrong(site: Site, place: str, tmp_path: Path) -> None:
    config = tmp_path / "hub.toml"
    config.write_text(f'[hub]\nstore = "{place}"\n\n[link]\nhost = "127.0.0.1"\nport = 1883\nbench = true\n')

    def ask(*words: str) -> Result:
        return CliRunner().invoke(main, ["bindings", *words, "--config", str(config)])

    assert ask("list").exit_code == 1, "nothing is bound"
    first, second, other = site.bind("HV1", A), site.bind("HV1", B, at="OR-04"), site.bind("HV2", A)
    site.take()
    lines = ask("list").output.splitlines()
    assert [(line.split()[0], "CONFLICT" in line) for line in lines] == [("HV1", True), ("HV1", True), ("HV2", False)]
    assert [each["event_id"] for each in json.loads(ask("list", "--code", "HV2", "--json").stdout)] == [other]
    assert ask("end", second).exit_code == 0
    done = ask("end", second)
    assert (done.exit_code, "it is ended" in done.output) == (1, True)
    found = json.loads(ask("list", "--conflicts", "--json").stdout)
    assert [(each["event_id"], each["standing"], each["conflict"]) for each in found] == [
        (first, "counts", False),
        (second, "ended", False),
    ]


def test_a_key_for_bindings_is_made_once_with_the_table_for_stations(tmp_path: Path) -> None:
    file = tmp_path / "b.key"
    made = CliRunner().invoke(main, ["bindings", "key", "HUB", "--out", str(file)])
    assert made.exit_code == 0
    assert 'may = ["bindings"]' in made.output
    assert file.stat().st_mode & 0o777 == 0o600
    assert CliRunner().invoke(main, ["bindings", "key", "HUB", "--out", str(file)]).exit_code == 1
