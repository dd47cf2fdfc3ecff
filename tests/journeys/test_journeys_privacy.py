"""A patient's number is nowhere: not on the card, the wire or a command line, not at the hub, in a log or an answer."""

from __future__ import annotations

import getpass
import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from urllib.request import urlopen

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.hub.keys import KeyFolder
from edge.station.context import REPEAT_NS
from tests.support.leaks import contents, forms, leaks, plant
from tests.support.site import MOSQUITTO, ROOT, Running, Site, command, udi, wait_for

pytestmark = pytest.mark.journey

NUMBERS = ["7390451826", "5081627394"]
"""As long as patterns allow: a number of ten digits is in no timestamp by chance."""
LOOKED_FOR = [*NUMBERS, *(f"ZY{number}" for number in NUMBERS)]
BADGE = b"]C0N1207"
UNKNOWN_TO_PATTERNS = b"]C0ZY99887766554433"
"""A wristband longer than the site said wristbands are."""


def wristband(number: str) -> bytes:
    return b"]C0ZY" + number.encode()


class Recorder:
    """Subscribed to everything; its session stays at the broker when it leaves, which keeps messages for it on disk."""

    def __init__(self, port: int) -> None:
        self.heard: list[bytes] = []
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "recorder", protocol=mqtt.MQTTv5)
        self._client.on_message = lambda _client, _data, message: self._hear(message)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        stays = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        stays.SessionExpiryInterval = 3600
        self._client.connect("127.0.0.1", port, clean_start=False, properties=stays)
        self._client.subscribe([("#", SubscribeOptions(qos=1)), ("$SYS/broker/clients/#", SubscribeOptions(qos=0))])
        self._client.loop_start()
        assert self._subscribed.wait(10)

    def _hear(self, message: mqtt.MQTTMessage) -> None:
        said = str(message.properties)
        self.heard.append(b"\n".join([message.topic.encode(), said.encode(), message.payload]))

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """As everywhere, with a broker that logs everything and keeps what it holds on disk. The hub is not started."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    site = Site(tmp_path)
    state = tmp_path / "broker-state"
    state.mkdir()
    with site.broker._config.open("a", encoding="ascii") as config:
        config.write(
            f"user {getpass.getuser()}\npersistence true\npersistence_location {state}/\nautosave_interval 1\n"
        )
        config.write(f"log_type all\nlog_dest file {tmp_path}/broker.log\n")
    try:
        site.broker.start()
        yield site
    finally:
        site.close()


def said(module: str, *words: str, text: str = "") -> tuple[int, bytes]:
    done = subprocess.run([*command(module), *words], input=text.encode(), capture_output=True, cwd=ROOT, check=False)
    return done.returncode, done.stdout + done.stderr


def scan(station: Running, site: Site, *payloads: bytes) -> list[str]:
    """Scan one after the other; what each showed."""
    before = len(station.shown())
    for count, payload in enumerate(payloads, start=1):
        site._terminals[0].send(payload)
        station.wait_shown(before + count)
    return station.shown()[before:]


def other_patient(station: Running, site: Site, number: str) -> list[str]:
    """With items pending the band is shown, and a moment later again."""
    asked = scan(station, site, wristband(number))
    time.sleep(REPEAT_NS["scanner"] / 1e9 + 0.1)
    return asked + scan(station, site, wristband(number))


def processes(site: Site, station: Running) -> dict[str, bytes]:
    """What anybody on the machine may see of them."""
    found = {}
    for name, process in (("station", station.process), ("hub", site._hub), ("broker", site.broker._process)):
        assert process is not None
        for file in ("cmdline", "environ", "comm", "status"):
            found[f"{name} {file}"] = Path(f"/proc/{process.pid}/{file}").read_bytes()
    return found


def answers(site: Site) -> dict[str, bytes]:
    """What the commands and the hub's pages say, by the words that asked."""
    home, hub = site.station_home("OR-01"), ["--config", str(site.hub_file)]
    asked = {f"journal {what}": ("edge.cli", ["journal", what], "") for what in ("list", "stats", "verify")}
    asked |= {
        "journal list --json": ("edge.cli", ["journal", "list", "--json"], ""),
        "journal export": ("edge.cli", ["journal", "export", str(site.folder / "exported.jsonl")], ""),
    }
    found = {}
    for name, (module, words, text) in asked.items():
        found[name] = said(module, *words, "--state-dir", str(home), text=text)
    for more in ([], ["--json"]):
        name = " ".join(more)
        found[f"status {name}"] = said("edge.cli", "status", "--run-dir", str(home), *more)
        found[f"trace serial {name}"] = said("edge.hub.cli", "trace", *hub, "--serial", "S1", *more)
        found[f"trace patient {name}"] = said("edge.hub.cli", "trace", *hub, "--patient", *more, text=f"{NUMBERS[0]}\n")
        found[f"hub status {name}"] = said("edge.hub.cli", "status", *hub, *more)
        found[f"hub week {name}"] = said("edge.hub.cli", "week", *hub, *more)
    assert {name: code for name, (code, _) in found.items() if code} == {}
    (page,) = re.findall(r"page=(http://\S+)", (site.folder / "hub.log").read_text(encoding="utf-8"))[-1:]
    for path in ("/", "/station/OR-01", "/week"):
        with urlopen(page + path) as response:  # noqa: S310 - the hub of this test
            found[f"page {path}"] = (0, response.read())
    return {name: output for name, (_, output) in found.items()}


def everything(site: Site, station: Running, recorder: Recorder) -> Iterator[tuple[str, bytes]]:
    """Two patients, one station; everything that was written, sent, logged, answered or can be seen."""
    assert scan(station, site, BADGE, wristband(NUMBERS[0]), udi("S1")) == ["CONTEXT", "CONTEXT", "CHECKED"]
    for name, content in contents(site.station_home("OR-01")):
        yield f"unsent {name}", content  # the hub was not there yet
    site.start_hub()
    assert other_patient(station, site, NUMBERS[1]) == ["ASK", "CONTEXT"]
    assert scan(station, site, udi("S2")) == ["CHECKED"]
    site.wait_delivered(station.recorded())
    wait_for(lambda: any(b"|S|S2" in each for each in recorder.heard), "the recorder to hear it")
    recorder.leave()
    scan(station, site, udi("S3"), b"]C0SHELF-4-12")
    assert other_patient(station, site, NUMBERS[0]) == ["ASK", "CONTEXT"]
    assert scan(station, site, udi("S4")) == ["CHECKED"]
    site.wait_delivered(station.recorded())
    yield from processes(site, station).items()
    yield from answers(site).items()
    for name, content in contents(site.folder):
        yield f"running {name}", content
    assert station.stop() == 0
    assert site.stop_hub() == 0
    site.broker.stop()
    for name, content in contents(site.folder):
        yield f"stopped {name}", content
    yield "wire", b"\n".join(recorder.heard)
    yield "station's log and lamps", "\n".join([*station.logs, *map(str, station.signals)]).encode()


MUST_HOLD = {
    "unsent OR-01/journal.sqlite3-wal": b"|S|S1",
    "unsent rows of OR-01/journal.sqlite3": b"|S|S1",
    "unsent OR-01/patient.key": b"",
    "running rows of hub.sqlite3": b"|S|S4",
    "stopped rows of hub.sqlite3": b"|S|S4",
    "stopped broker-state/mosquitto.db": b"|S|S3",
    "stopped exported.jsonl": b'"patient":{"kid":"k1"',
    "running broker.log": b"udi/OR-01/scan",
    "running hub.log": b"hub=ready",
    "wire": b"first_seq",
    "station's log and lamps": b"context=ContextCode(wristband",
    "journal list": b"S4",
    "status --json": b'"unacknowledged"',
    "trace serial --json": b"S1",
    "trace patient --json": b"S4",
    "page /station/OR-01": b"S4",
    "station cmdline": b"run",
    "hub environ": b"PATH=",
}
"""Something that has to be there, so that an empty content is not called clean."""


def _with_home(found: Mapping[str, bytes]) -> dict[str, bytes]:
    """Names of the station's own folder as those of the site's."""
    return {re.sub(r"^(unsent (?:rows of )?)(?!OR-01)", r"\1OR-01/", name): data for name, data in found.items()}


def test_a_patient_is_nowhere_in_any_form(site: Site) -> None:
    site.prepare("OR-01", task="USE")
    recorder = Recorder(site.broker.port)
    station = site.start_station("OR-01")
    found = {name.strip(): data for name, data in _with_home(dict(everything(site, station, recorder))).items()}
    assert {
        name: found.get(name, b"")[:200] for name, part in MUST_HOLD.items() if part not in found.get(name, b"")
    } == {}
    assert {name: where for name, data in found.items() if (where := leaks(data, LOOKED_FOR))} == {}
    _can_find(found)


def _can_find(found: Mapping[str, bytes]) -> None:
    """The same search finds each form, and finds something in each content."""
    every_form = [form for number in LOOKED_FOR for form in forms(number).values()]
    places = [*found, *list(found)[: max(0, len(every_form) - len(found))]]
    for name, form in zip(places, cycle(every_form), strict=False):
        assert leaks(plant(found, name, form)[name], LOOKED_FOR), (name, form)
    smallest = min(found, key=lambda name: len(found[name]))
    assert all(leaks(plant(found, smallest, form)[smallest], LOOKED_FOR) for form in every_form)


def test_a_code_that_no_pattern_knows_is_stored_open_and_this_search_sees_it(site: Site) -> None:
    """What patterns do not cover is an unknown code like any other: the limit of what a station can know."""
    site.prepare("OR-01", task="USE")
    site.start_hub()
    station = site.start_station("OR-01")
    assert scan(station, site, BADGE, UNKNOWN_TO_PATTERNS) == ["CONTEXT", "REDO"]
    site.wait_delivered(station.recorded())
    assert station.stop() == 0
    found = dict(contents(site.folder))
    open_value = [UNKNOWN_TO_PATTERNS[3:].decode()]
    assert leaks(found["rows of OR-01/journal.sqlite3"], open_value)
    assert leaks(found["rows of hub.sqlite3"], open_value)
    said_by_station = "\n".join(station.logs).encode()
    assert leaks(said_by_station + found["hub.log"] + found["broker.log"], open_value) == [], "logs hold no content"


def test_a_station_goes_over_to_a_new_key_and_a_trace_finds_both_sides(site: Site) -> None:
    site.prepare("OR-01", task="USE")
    new = KeyFolder(site.keys).new("k2", datetime.now(UTC))
    site.start_hub()
    station = site.start_station("OR-01")
    scan(station, site, BADGE, wristband(NUMBERS[0]), udi("S1"))
    assert station.stop() == 0
    file = site.station_home("OR-01") / "station.toml"
    text = file.read_text(encoding="utf-8").replace('"k1"', '"k2"').replace(site.public_key, new.public)
    file.write_text(text, encoding="utf-8")
    after = site.start_station("OR-01")
    scan(after, site, wristband(NUMBERS[0]), udi("S2"))
    other_patient(after, site, NUMBERS[1])
    scan(after, site, udi("S3"))
    site.wait_delivered(station.recorded() | after.recorded())
    code, rows = said("edge.hub.cli", "trace", "--config", str(site.hub_file), "--patient", "--json", text=NUMBERS[0])
    assert (code, [row["serial"] for row in json.loads(rows)]) == (0, ["S1", "S2"])
