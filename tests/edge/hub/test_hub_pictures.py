"""Sealed pictures at the hub: stored once, answered, opened by one person, forgotten. On both stores, real broker."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, inspect, select, text

from edge import wire
from edge.hub import inbox, pictures, schema, tables
from edge.hub.cli import main
from edge.hub.collector import Collector, CollectorSettings
from edge.hub.keys import KeyFolder
from edge.hub.patients import no_index
from edge.hub.pictures_cli import OPENED
from edge.hub.projector import Projector
from edge.hub.reading import Incoming
from edge.hub.store import Store, StoreError
from edge.seal import MAX_PICTURE_BYTES, Sealer, picture_name, public_half
from tests.edge.hub.test_hub_collector import Peer, now, until
from tests.edge.hub.test_hub_several import in_threads
from tests.support.jpeg import noisy
from tests.support.keys import NOW
from tests.support.site import MOSQUITTO, Broker

if TYPE_CHECKING:
    from tests.edge.hub.conftest import FakeJournal

RECEIVED = "2026-11-24T00:00:00.000000Z"
SEALER = Sealer("k1", public_half(bytes(31) + b"\1"))
JPEG = noisy()


def sealed(jpeg: bytes = JPEG, station: str = "OR-03") -> bytes:
    return SEALER.seal_picture(jpeg, site="ward", station=station)


def message(payload: bytes, station: str = "OR-03", name: str | None = None) -> Incoming:
    return Incoming(wire.photo_topic(station, name or picture_name(payload)), payload, {})


def held(store: Store) -> dict[str, tuple[str, str, bytes]]:
    with store.read() as connection:
        rows = connection.execute(select(tables.picture)).all()
    return {row.sha256: (row.station, row.received, row.payload) for row in rows}


def count(store: Store, name: str) -> int:
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(tables.METADATA.tables[name])).scalar_one()


def test_a_picture_is_stored_once_and_answered_each_time(store: Store) -> None:
    first, second = sealed(), sealed()
    for later, messages in enumerate(([first], [second, first, second])):
        stored = pictures.store(store, [message(each) for each in messages], f"2026-11-2{later}T00:00:00.000000Z")
        assert stored == [("OR-03", name) for name in sorted({picture_name(each) for each in messages})]
    assert held(store) == {
        picture_name(first): ("OR-03", "2026-11-20T00:00:00.000000Z", first),
        picture_name(second): ("OR-03", "2026-11-21T00:00:00.000000Z", second),
    }
    with store.read() as connection:
        assert pictures.find(connection, picture_name(first)) == (
            picture_name(first),
            *held(store)[picture_name(first)],
        )
        assert pictures.find(connection, "0" * 64) is None


WRONG = {
    "another name": (message(sealed(), name="0" * 64), "does not name these"),
    "a name in capitals": (message(first := sealed(), name=picture_name(first).upper()), "does not name these"),
    "no station": (message(sealed(), station="or-03"), "names no station"),
    "an agent": (message(sealed(), station="OR-03.fw"), "names no station"),
    "too large": (message(b"UDIS\x01" + bytes(MAX_PICTURE_BYTES)), "expected at most 150000"),
    "not sealed": (message(JPEG), "no sealed value"),
    "cut": (message(sealed()[:30]), "was cut"),
    "nothing": (message(b""), "no sealed value"),
}


def test_what_is_no_picture_is_noted_and_not_kept(store: Store) -> None:
    """In one store, for each costs a database."""
    good = message(sealed())
    for _ in range(2):
        for name, (wrong, _why) in WRONG.items():
            assert pictures.store(store, [wrong, good], RECEIVED) == [("OR-03", picture_name(good.payload))], name
    assert list(held(store)) == [picture_name(good.payload)]
    with store.read() as connection:
        rows = {row.digest: row for row in connection.execute(select(tables.poison))}
    assert len(rows) == len(WRONG)
    for name, (wrong, why) in WRONG.items():
        row = rows[wire.digest(wrong.payload)]
        assert row.topic == wrong.topic, name
        assert row.payload == wrong.payload[: pictures.HEAD_BYTES], "what is kept for good must hold no picture"
        assert why in row.why, name


def storing(store: Store, messages: list[Incoming]) -> None:
    pictures.store(store, messages, RECEIVED)


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_two_hubs_store_the_same_pictures(place: str, store: Store) -> None:
    messages = [message(sealed()) for _ in range(30)]
    other = Store.open_writer(place)
    for first in range(0, 30, 3):
        part = messages[first : first + 3]
        in_threads(*(partial(storing, each, order) for each, order in ((store, part), (other, part[::-1]))))
    other.close()
    assert len(held(store)) == 30


def test_pictures_are_forgotten_and_nothing_else_is(
    store: Store, journal: FakeJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "EXPIRE_AT_ONCE", 2)
    inbox.store(store, [Incoming(journal.topic, journal.scan(), {})], "2020-01-01T00:00:00.000000Z")
    for day in range(1, 8):
        pictures.store(store, [message(sealed())], f"2026-11-0{day}T00:00:00.000000Z")
    assert pictures.expire(store, "2026-11-06T00:00:00.000000Z") == 5
    assert sorted(received[:10] for _, received, _ in held(store).values()) == ["2026-11-06", "2026-11-07"]
    assert pictures.expire(store, "2026-11-06T00:00:00.000000Z") == 0
    assert count(store, "inbox") == 1


def test_the_projector_forgets_them_while_it_has_nothing_to_do(store: Store, journal: FakeJournal) -> None:
    today = datetime(2026, 11, 24, tzinfo=UTC)
    young, old = sealed(), sealed()
    pictures.store(store, [message(young)], wire.iso(today - timedelta(days=89)))
    pictures.store(store, [message(old)], wire.iso(today - timedelta(days=91)))
    inbox.store(store, [Incoming(journal.topic, journal.scan(), {})], RECEIVED)
    quiet = threading.Event()
    quiet.set()
    projector = Projector(store, no_index, quiet, pictures.Expiry(store, 90, lambda: today))
    projector.worker.start()
    until(lambda: list(held(store)) == [picture_name(young)])
    projector.stop()
    assert projector.worker.error is None
    assert count(store, "scan") == 1


def test_they_are_looked_for_once_an_hour(store: Store) -> None:
    asked: list[float] = []

    def clock() -> datetime:
        asked.append(time.monotonic())
        return datetime.now(UTC)

    expiry = pictures.Expiry(store, 90, clock)
    for _ in range(5):
        expiry()
    assert len(asked) == 1


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


def test_the_collector_answers_what_is_stored_and_nothing_else(broker: Broker, store: Store) -> None:
    steps: list[str] = []
    running = Collector(CollectorSettings("127.0.0.1", broker.port), store, now, after_step=steps.append)
    running.worker.start()
    answers = wire.topic("OR-03", "photo-ack")
    good, wrong = sealed(noisy(380, 250)), sealed()
    name = picture_name(good)
    with closing(Peer(broker.port, answers, wire.HUB_PRESENCE)) as peer:
        peer.wait_for(wire.HUB_PRESENCE, present=True)
        peer.link.publish(wire.photo_topic("OR-03", "0" * 64), wrong)
        peer.link.publish(wire.photo_topic("OR-03", name), good)
        peer.wait_for(answers, schema=1, sha256=name)
        assert held(store)[name][2] == good, "stored before it is answered"
        peer.link.publish(wire.photo_topic("OR-03", name), good)
        peer.wait(lambda _events: [each.topic for each in peer.heard].count(answers) == 2)
        assert {each.payload for each in peer.heard if each.topic == answers} == {wire.PhotoAck(name).encode()}
    with closing(Peer(broker.port, answers, "fence")) as late:
        late.link.publish("fence", b"{}")
        late.wait(lambda _events: any(each.topic == "fence" for each in late.heard))
        assert [each.topic for each in late.heard] == ["fence"], "an answer is not retained"
    until(lambda: count(store, "poison") == 1)
    running.stop()
    assert running.worker.error is None
    assert steps.index("stored") < steps.index("acknowledged")
    assert (count(store, "picture"), count(store, "inbox")) == (1, 0)


def test_migrating_from_0001_keeps_what_is_there(place: str, tmp_path: Path, journal: FakeJournal) -> None:
    store = Store.open_for_migration(place)
    with store.begin() as connection:
        schema.create(connection, "0001")
        assert not inspect(connection).has_table("picture")
    line = journal.scan()
    inbox.store(store, [Incoming(journal.topic, line, {})], RECEIVED)
    store.close()
    with pytest.raises(StoreError, match=r"store version 0001, expected 0004: .*udi-hub db migrate"):
        Store.open_writer(place)
    config = tmp_path / "hub.toml"
    config.write_text(f'[hub]\nstore = "{place}"\n[link]\nhost = "x"\nport = 1883\nbench = true\n', encoding="utf-8")
    for before in ("0001", "0004"):
        done = CliRunner().invoke(main, ["db", "migrate", "--config", str(config)])
        assert (done.exit_code, f"version {before} before, 0004 now" in done.output) == (0, True), done.output
    migrated = Store.open_writer(place)
    pictures.store(migrated, [message(sealed())], RECEIVED)
    with migrated.read() as connection:
        assert connection.execute(select(tables.inbox.c.payload)).scalars().all() == [line]
        assert connection.execute(text("SELECT count(*) FROM event_key")).scalar() == 1
    assert len(held(migrated)) == 1
    migrated.close()


class PictureHub:
    """A store with one picture, the keys, and the command on them."""

    def __init__(self, home: Path, place: str, store: Store) -> None:
        self.home = home
        self.folder = KeyFolder(home / "keys")
        key = self.folder.new("k1", NOW)
        self.data = Sealer("k1", public_half(key.private)).seal_picture(JPEG, site="ward", station="OR-03")
        self.name = picture_name(self.data)
        pictures.store(store, [message(self.data)], RECEIVED)
        self.place = place
        self.out = home / "picture.jpg"
        self.configure(f'keys = "{self.folder.path}"')

    def configure(self, keys: str, site: str = "ward") -> None:
        self.config = self.home / "hub.toml"
        self.config.write_text(
            f'[hub]\nstore = "{self.place}"\nsite = "{site}"\n{keys}\n[link]\nhost = "x"\nport = 1883\nbench = true\n',
            encoding="utf-8",
        )

    def run(self, name: str | None = None, out: Path | str | None = None) -> Result:
        words = ["picture", name or self.name, "--out", str(out or self.out), "--config", str(self.config)]
        return CliRunner().invoke(main, words)

    def opened(self) -> list[dict[str, Any]]:
        file = self.folder.path / OPENED
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


@pytest.fixture
def hub(tmp_path: Path, place: str, store: Store) -> PictureHub:
    return PictureHub(tmp_path, place, store)


def test_a_person_opens_a_picture_and_that_is_noted(hub: PictureHub) -> None:
    done = hub.run()
    assert (done.exit_code, done.stdout) == (0, ""), done.output
    assert "from OR-03" in done.stderr
    assert hub.out.read_bytes() == JPEG
    assert hub.out.stat().st_mode & 0o777 == 0o600
    (entry,) = hub.opened()
    assert (entry["picture"], entry["station"], entry["out"]) == (hub.name, "OR-03", str(hub.out))
    assert entry["uid"] == os.getuid()
    assert (hub.folder.path / OPENED).stat().st_mode & 0o777 == 0o600
    assert [key.kid for key in hub.folder.read()] == ["k1"], "the log is no key"


def test_a_retired_key_still_opens_it(hub: PictureHub) -> None:
    hub.folder.new("k2", NOW)
    hub.folder.retire("k1")
    assert hub.run().exit_code == 0
    assert hub.out.read_bytes() == JPEG


REFUSALS: dict[str, tuple[Callable[[PictureHub], Result], int, str]] = {
    "a file that is there": (lambda hub: hub.run(out=hub.config), 1, "File exists"),
    "standard output": (lambda hub: hub.run(out="-"), 2, "not shown on a terminal"),
    "no such picture": (lambda hub: hub.run("0" * 64), 1, "may not have come yet, or its 90 days are over"),
    "no such folder": (lambda hub: hub.run(out=hub.home / "a" / "b"), 1, "No such file"),
}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("ask", "code", "why"), REFUSALS.values(), ids=REFUSALS.keys())
def test_what_is_refused_says_why(ask: Callable[[PictureHub], Result], code: int, why: str, hub: PictureHub) -> None:
    before = hub.config.read_bytes()
    done = ask(hub)
    assert (done.exit_code, why in done.output) == (code, True), done.output
    assert hub.config.read_bytes() == before
    assert not hub.out.exists()


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_terminal_gets_no_picture(hub: PictureHub) -> None:
    near, far = os.openpty()
    done = hub.run(out=os.ttyname(far))
    assert (done.exit_code, "not shown on a terminal" in done.output) == (2, True), done.output
    assert hub.opened() == []
    os.close(near)
    os.close(far)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_without_the_right_keys_it_stays_sealed(hub: PictureHub) -> None:
    cases: dict[str, Callable[[], None]] = {
        "[hub] keys": lambda: hub.configure(""),
        "does not open for site 'other'": lambda: hub.configure(f'keys = "{hub.folder.path}"', site="other"),
        "expected one of []": lambda: hub.configure(f'keys = "{hub.home}"'),
    }
    for why, change in cases.items():
        change()
        done = hub.run()
        assert done.exit_code != 0
        assert why in done.output
    assert not hub.out.exists()
    assert hub.opened() == []


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_if_it_cannot_be_noted_it_is_not_opened(hub: PictureHub) -> None:
    (hub.folder.path / OPENED).mkdir()
    assert hub.run().exit_code == 1
    assert not hub.out.exists()


@pytest.mark.parametrize("days", [0, 3651, -1])
def test_days_that_cannot_be_meant_are_refused(days: int, tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text(
        f'[hub]\nstore = "x"\npictures_days = {days}\n[link]\nhost = "x"\nport = 1\nbench = true\n', encoding="utf-8"
    )
    done = CliRunner().invoke(main, ["status", "--config", str(file)])
    assert done.exit_code == 2
    assert f"pictures_days = {days}" in done.output
