"""The hub's half of the fleet, against the agents' own way of reading it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge import wire
from edge.hub.cli import main
from edge.hub.documents.notices import Signer
from edge.hub.fleet import asking, machines
from edge.hub.fleet.desk import AT_ONCE, CLEARED, LOOK_NS, TIME, TIME_NS, FleetDesk
from edge.hub.store import Store
from edge.sign import new_key, public_half
from firmware_service.clock.hub_time import read_hub_time
from firmware_service.remote.commands import Command, CommandDesk, CommandFailed
from firmware_service.remote.desired import Desired, read_desired
from firmware_service.remote.link import Topics
from hardware.host.clock import ClockReading, Quality

AT = datetime(2026, 11, 26, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = new_key()
KEYS = {"it": public_half(KEY)}
TOPICS = Topics("OR-03")


class Site:
    """A hub's desk, the retained messages of a broker, and the agent of one machine."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.at, self.quality = AT, "ntp"
        self.mono_ns = 0
        self.broker: dict[str, bytes] = {}
        self.folder = folder
        self.done: list[dict[str, str]] = []
        self.hub = FleetDesk(store, self.now, Signer("it", KEY))
        self.agent = self.start_agent()
        self.hub.begin(0)

    def now(self) -> ClockReading:
        quality: Quality = self.quality  # type: ignore[assignment]
        return ClockReading(self.at, quality, "boot", self.mono_ns)

    def start_agent(self) -> CommandDesk:
        runs = {"restart": self.restart, "selftest": self.fail}
        return CommandDesk(self.folder / "commands.json", runs, self.now, self.agent_says)

    def restart(self, command: Command) -> str:
        self.done.append(dict(command.args))
        return "done"

    def fail(self, _command: Command) -> str:
        raise CommandFailed("蜂鸣器不响 / the buzzer is silent")

    def agent_says(self, kind: str, ident: str, payload: bytes) -> None:
        if payload:
            self.broker[TOPICS.command(kind, ident)] = payload
            self.hub.heard(TOPICS.command(kind, ident), payload)

    def look(self, *, agent: bool = True) -> list[str]:
        """A second goes by: the hub speaks, the agent hears it and acts."""
        self.mono_ns += LOOK_NS
        said = [each for each in self.hub.due(self.mono_ns) if each[0] != TIME]
        for topic, payload in said:
            self.broker[topic] = payload
            if payload == CLEARED:
                del self.broker[topic]
            command = TOPICS.command_of(topic)
            if agent and command is not None:
                self.agent.hear(*command, payload)
                self.agent.tick()
        return [topic for topic, _ in said]

    def ask(self, kind: str = "restart", **args: str) -> str:
        with self.store.begin() as connection:
            return asking.ask(connection, "OR-03", kind, args, at=self.at, expires=self.at + HOUR)

    def want(self, body: str, station: str = "OR-03") -> int:
        with self.store.begin() as connection:
            return asking.want(connection, station, body, self.at, by="it", key=KEY)

    def states(self) -> list[tuple[str, str]]:
        with self.store.read() as connection:
            return [(each.status, each.said) for each in asking.commands(connection)]


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Site:
    return Site(store, tmp_path)


def test_a_command_is_asked_done_told_and_cleared(site: Site) -> None:
    site.ask(unit="station")
    for _ in range(3):
        site.look()
    assert site.done == [{"unit": "station"}]
    assert site.states() == [("successful", "done")]
    assert site.broker == {}


def test_what_could_not_be_done_says_why(site: Site) -> None:
    site.ask("selftest")
    for _ in range(3):
        site.look()
    assert site.states() == [("failed", "蜂鸣器不响 / the buzzer is silent")]


def test_a_command_for_a_machine_that_is_away_ends_by_its_expiry(site: Site) -> None:
    site.ask()
    site.look(agent=False)
    assert len(site.broker) == 1
    site.at += HOUR
    for _ in range(2):
        site.look(agent=False)
    assert site.states() == [("expired", "")]
    assert site.broker == {}
    site.look()
    assert site.done == []


def test_a_machine_that_began_and_fell_silent(site: Site) -> None:
    ident = site.ask()
    site.look(agent=False)
    executing = b'{"schema": 1, "status": "executing", "said": ""}'
    site.hub.heard(TOPICS.command("restart", ident), executing)
    site.look(agent=False)
    site.at += 2 * HOUR
    site.look(agent=False)
    assert site.states() == [("executing", "")], "it may be a long one"
    site.at += 25 * HOUR
    site.look(agent=False)
    assert site.states() == [("expired", "")]


def test_a_broker_that_forgot_is_told_again_and_nothing_is_done_twice(site: Site) -> None:
    body = '[station]\nid = "OR-03"\n'
    site.want(body)
    site.ask()
    site.look()
    site.broker.clear()
    site.hub.begin(site.mono_ns)
    for _ in range(3):
        site.look()
    assert list(site.broker) == [TOPICS.desired]
    assert len(site.done) == 1


def test_the_agent_reads_what_the_hub_wants(site: Site) -> None:
    first = site.want("a = 1\n")
    second = site.want('place = "三号手术室"\n')
    assert second > first >= int(AT.timestamp())
    site.look()
    assert read_desired(site.broker[TOPICS.desired], "OR-03", KEYS) == Desired(second, 'place = "三号手术室"\n')


def test_forty_rooms_and_more_are_told_in_turn(site: Site) -> None:
    for number in range(AT_ONCE + 40):
        site.want("a = 1\n", f"ROOM-{number}")
    assert len(site.look()) == AT_ONCE
    assert len(site.look()) == 40
    assert site.look() == []


def test_what_machines_say_is_kept_and_nonsense_is_not(site: Site) -> None:
    site.hub.heard("udi/OR-03.fw/health", b'{"schema": 1, "checks": []}')
    site.hub.heard("udi/OR-03.fw/config/reported", b'{"schema": 1, "rev": 3, "status": "kept"}')
    for topic, payload in (
        ("udi/OR-03/health", b'{"schema": 1}'),
        ("udi/or-03.fw/health", b'{"schema": 1}'),
        ("udi/OR-04.fw/health", b'{"schema": 2}'),
        ("udi/OR-05.fw/health", b"[1]"),
        ("udi/OR-06.fw/health", b'{"schema": 1, "x": "\\u0000"}'),
        ("udi/OR-07.fw/health", b'{"schema": 1, "x": "' + b"y" * 20_000 + b'"}'),
        ("udi/OR-08.fw/cmd/restart/none", b'{"schema": 1, "status": "successful"}'),
    ):
        site.hub.heard(topic, payload)
    site.look()
    site.hub.heard("udi/OR-03.fw/health", b'{"schema": 1, "checks": [], "later": true}')
    site.at += HOUR
    site.look()
    with site.store.read() as connection:
        found = machines.machines(connection)
    assert [each.station for each in found] == ["OR-03"]
    assert found[0].health == {"schema": 1, "checks": [], "later": True}
    assert found[0].reported == {"schema": 1, "rev": 3, "status": "kept"}
    assert (found[0].health_at, found[0].reported_at) != (None, None)


def test_the_time_is_said_once_a_minute_if_the_hub_knows_it(site: Site) -> None:
    said = [payload for topic, payload in site.hub.due(TIME_NS) if topic == TIME]
    assert [read_hub_time(each, KEYS) for each in said] == [AT]
    assert list(site.hub.due(TIME_NS + 1)) == []
    site.quality = "floor"
    assert [topic for topic, _ in site.hub.due(3 * TIME_NS) if topic == TIME] == []
    silent = FleetDesk(site.store, site.now)
    assert list(silent.due(TIME_NS)) == []


STATION = """\
[station]
id = "{station}"
organisation = { id = "H510104", role = "hospital" }
place = "{station}"
home_task = "CHECK"

[link]
host = "hub.site"
port = 8883
bench = true

[[scanner]]
kind = "serial"
device = "/dev/ttyACM0"
"""


class Desk:
    """The commands of a hub whose file is here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "hub.toml"
        store = folder / "hub.sqlite3"
        self.file.write_text(
            f'[hub]\nstore = "{store}"\n[link]\nhost = "localhost"\nport = 1883\nbench = true\n', encoding="utf-8"
        )
        Store.open_writer(store).close()
        (folder / "station.toml").write_text(STATION, encoding="utf-8")
        assert self("key", "it", "--out", str(folder / "it.key"), "--may", "configuration", config=False).exit_code == 0

    def __call__(self, *words: str, config: bool = True) -> Result:
        return CliRunner().invoke(main, ["fleet", *words, *(["--config", str(self.file)] if config else [])])

    def configure(self, *stations: str, file: str = "station.toml") -> Result:
        signer = ("--as", "it", "--key", str(self.folder / "it.key"))
        return self("configure", *stations, "--file", str(self.folder / file), *signer)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_one_file_for_many_rooms(desk: Desk) -> None:
    done = desk.configure("OR-03", "OR-04")
    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.output.splitlines()] == ["OR-03", "OR-04"]


BAD_FILES = {
    "an unknown key": (STATION + "[panl]\n", "OR-03: panl is not a known key"),
    "one name for two": (STATION.replace("{station}", "OR-03"), "OR-04: station.id = 'OR-03'"),
    "no TOML": ("=", "Invalid"),
}


@pytest.mark.parametrize(("text", "why"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_fault_that_shows_is_sent_to_nobody(desk: Desk, text: str, why: str) -> None:
    (desk.folder / "bad.toml").write_text(text, encoding="utf-8")
    done = desk.configure("OR-03", "OR-04", file="bad.toml")
    assert done.exit_code == 1
    assert why in done.output
    reader = Store.open_reader(str(desk.folder / "hub.sqlite3"))
    with reader.read() as connection:
        assert asking.wanted(connection) == {}
    reader.close()


def test_asking_by_command_and_what_is_known(desk: Desk) -> None:
    for words, said in (("commands", "nothing was asked"), ("status", "no machine has reported yet")):
        none = desk(words)
        assert (none.exit_code, said in none.stderr) == (1, True), none.output
    assert desk("ask", "restart", "OR-03", "OR-04", "--arg", "unit=station").exit_code == 0
    listed = json.loads(desk("commands", "OR-03", "--json").output)
    assert [(each["station"], each["kind"], each["status"]) for each in listed] == [("OR-03", "restart", "init")]
    store = Store.open_beside(str(desk.folder / "hub.sqlite3"))
    fault = {"check": "rtc", "state": "warn", "zh": "时钟电池没电", "en": "clock battery empty"}
    with store.begin() as connection:
        machines.note(
            connection, "OR-03", "health", json.dumps({"schema": 1, "checks": [fault]}), wire.iso(datetime.now(UTC))
        )
    store.close()
    shown = desk("status")
    assert shown.exit_code == 0
    assert "时钟电池没电 / clock battery empty" in shown.output
    assert json.loads(desk("status", "--json").output)[0]["station"] == "OR-03"


WRONG = {
    "no station's name": (("ask", "restart", "or-03"), "expected a station's name"),
    "an argument without a value": (("ask", "restart", "OR-03", "--arg", "unit"), "expected NAME=VALUE"),
    "an unknown thing": (("ask", "dance", "OR-03"), "'dance' is not one of"),
}


@pytest.mark.parametrize(("words", "why"), WRONG.values(), ids=WRONG.keys())
def test_usage(desk: Desk, words: tuple[str, ...], why: str) -> None:
    done = desk(*words)
    assert done.exit_code == 2
    assert why in done.output
