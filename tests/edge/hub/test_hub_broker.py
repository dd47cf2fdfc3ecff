from __future__ import annotations

import contextlib
import signal
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.hub.broker.mosquitto import MOST_PACKET
from edge.hub.cli import main
from edge.wire import MAX_BATCH_BYTES
from hardware.host.link import Connected, Disconnected, NotConnected, Tls, Will
from tests.support.pki import NOW, Authority
from tests.support.secure import ADMIN, Peer, SecureBroker, answer, context, is_connack
from tests.support.site import MOSQUITTO, free_port, wait_for

STATIONS = ["OR-01", "OR-02"]
EVERYBODY = ["hub", "OR-01", "OR-02", "OR-01.fw", "OR-99", "site"]
"""OR-99 and site have certificates of the site's authority and stand on no list."""
LEAVES = ["scan", "ack", "status", "health", "photo/ab12", "photo-ack", "photo/a/b", "scan/more", "other"]
AGENT_LEAVES = ["health", "status", "scan", "ack", "config/desired", "config/reported", "cmd/reboot/7", "cmd/reboot"]
AGENT_LEAVES += ["diagnostics", "diagnostics/more"]
TOPICS = [
    *(f"udi/{name}/{leaf}" for name in (*STATIONS, "OR-99", "site", "hub") for leaf in LEAVES),
    *(f"udi/{name}.fw/{leaf}" for name in STATIONS for leaf in AGENT_LEAVES),
    *(f"udi/OR-01/{leaf}" for leaf in ("config/desired", "config/reported", "cmd/reboot/7", "diagnostics")),
    *("udi/site/hub", "udi/site/recalls/12", "udi/site/order/R-1", "udi/OR-01", "udi", "other", "$SYS/broker/uptime"),
]
OTHER_NAMES = ["OR-01", "OR-02", "OR-99", "site", "hub"]
SITE_TOPICS = {topic for topic in TOPICS if topic.startswith("udi/site/")}
MAY_WRITE = {
    "OR-01": {f"udi/OR-01/{leaf}" for leaf in ("scan", "status", "health", "photo/ab12")},
    "OR-02": {f"udi/OR-02/{leaf}" for leaf in ("scan", "status", "health", "photo/ab12")},
    "OR-01.fw": {f"udi/OR-01.fw/{leaf}" for leaf in ("health", "config/reported", "cmd/reboot/7", "diagnostics")},
    "hub": SITE_TOPICS
    | {f"udi/{name}/{leaf}" for name in OTHER_NAMES for leaf in ("ack", "photo-ack")}
    | {f"udi/{name}.fw/{leaf}" for name in STATIONS for leaf in ("ack", "config/desired", "cmd/reboot/7")}
    | {"udi/OR-01/config/desired", "udi/OR-01/cmd/reboot/7"},
}
MAY_READ = {
    "OR-01": SITE_TOPICS | {f"udi/OR-01/{leaf}" for leaf in ("ack", "photo-ack", "status")},
    "OR-02": SITE_TOPICS | {f"udi/OR-02/{leaf}" for leaf in ("ack", "photo-ack", "status")},
    "OR-01.fw": {f"udi/OR-01.fw/{leaf}" for leaf in ("config/desired", "cmd/reboot/7")},
    "hub": {"udi/site/hub", "udi/site/order/R-1", "udi/OR-01/config/reported", "udi/OR-01/cmd/reboot/7"}
    | {"udi/OR-01/diagnostics"}
    | {f"udi/{name}/{leaf}" for name in OTHER_NAMES for leaf in ("scan", "status", "health", "photo/ab12")}
    | {
        f"udi/{name}.fw/{leaf}"
        for name in STATIONS
        for leaf in ("scan", "status", "health", "config/reported", "cmd/reboot/7", "diagnostics")
    },
}


def _need_mosquitto() -> None:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """One broker for all tests that leave it as it was."""
    _need_mosquitto()
    broker = SecureBroker(tmp_path_factory.mktemp("shared"), STATIONS)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[SecureBroker]:
    _need_mosquitto()
    broker = SecureBroker(tmp_path, STATIONS)
    broker.start()
    yield broker
    broker.stop(signal.SIGKILL)


@pytest.mark.parametrize("who", EVERYBODY)
def test_what_each_may_write(shared: SecureBroker, who: str) -> None:
    writer, admin = shared.peer(who), shared.peer(ADMIN)
    admin.subscribe("#", "$SYS/#")
    answers = {topic: writer.publish(topic, b"said") for topic in TOPICS}
    assert {topic for topic, answer in answers.items() if answer.ok} == MAY_WRITE.get(who, set())
    assert {answer.reason for answer in answers.values() if not answer.ok} == {"Not authorized"}
    assert {message.topic for message in admin.heard()} == MAY_WRITE.get(who, set())


@pytest.mark.parametrize("wildcard", [False, True], ids=["by name", "by wildcard"])
@pytest.mark.parametrize("who", EVERYBODY)
def test_what_each_may_read(shared: SecureBroker, who: str, wildcard: bool) -> None:
    """mosquitto confirms every subscription and then keeps silent: what counts is what arrives."""
    topics = [topic for topic in TOPICS if not topic.startswith("$")]
    reader, admin = shared.peer(who), shared.peer(ADMIN)
    for topic in topics:
        admin.publish(topic, b"kept", retain=True)
    reader.subscribe(*(["#"] if wildcard else topics))
    kept = reader.heard()
    for topic in topics:
        admin.publish(topic, b"", retain=True)
    live = reader.heard()
    for heard in (kept, live):
        assert {message.topic for message in heard} == MAY_READ.get(who, set())
    assert {(message.payload, message.retained) for message in kept} <= {(b"kept", True)}


def test_a_will_is_bound_by_the_same_rights(shared: SecureBroker) -> None:
    admin = shared.peer(ADMIN)
    admin.subscribe("udi/+/status")
    for topic in ("udi/OR-02/status", "udi/OR-01/status"):
        shared.peer("OR-01", will=Will(topic, b"lost", retain=False)).lose()
        shared.peer("OR-01")  # the broker ends the former connection before it answers
    assert [message.topic for message in admin.heard()] == ["udi/OR-01/status"]


def test_the_certificate_decides_the_client_id(shared: SecureBroker) -> None:
    victim = shared.peer("OR-01")
    thief = shared.peer("OR-02", client_id="OR-01")
    assert victim.publish("udi/OR-01/scan", b"still here").ok
    assert not thief.publish("udi/OR-01/scan", b"as another").ok
    assert thief.publish("udi/OR-02/scan", b"as itself").ok
    shared.peer("OR-02", client_id="some other")
    thief.until(Disconnected)
    assert victim.publish("udi/OR-01/scan", b"still here").ok


def test_a_client_of_version_3_1_1_cannot_take_an_id_either(shared: SecureBroker) -> None:
    victim, tls, codes = shared.peer("OR-01"), shared.authority.identity("OR-02"), list[int]()
    thief = mqtt.Client(CallbackAPIVersion.VERSION2, "OR-01", protocol=mqtt.MQTTv311)
    thief.tls_set(str(tls.ca), str(tls.certificate), str(tls.key))
    thief.on_connect = lambda _c, _u, _f, reason, _p: codes.append(reason.value)
    thief.connect("127.0.0.1", shared.port)
    wait_for(lambda: thief.loop(0.05) or codes, "CONNACK")
    assert codes == [0]
    assert victim.publish("udi/OR-01/scan", b"still here").ok
    thief.disconnect()


ANNOUNCED = {
    "maximum QoS 1": "2401",
    "server keepalive 60 s": "13003c",
    "receive maximum 1000": "2103e8",
    "maximum packet size": f"27{MOST_PACKET:08x}",
}


@pytest.mark.parametrize("case", ANNOUNCED)
def test_what_the_broker_announces(shared: SecureBroker, case: str) -> None:
    connack = answer(shared.port, context(shared.authority.file, shared.authority.identity("OR-01")))
    assert isinstance(connack, bytes)
    assert bytes.fromhex(ANNOUNCED[case]) in connack, connack.hex()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_who_gets_in(shared: SecureBroker, tmp_path: Path, version: ssl.TLSVersion) -> None:
    """The broker hangs up at once, so that its alert does not always arrive: only who gets in is certain."""
    ours = shared.authority
    cases: dict[str, Tls | None] = {
        "good": ours.identity("OR-01"),
        "no certificate": None,
        "another authority": Authority(tmp_path / "another", "another authority").identity("OR-01"),
        "another authority of the same name": Authority(tmp_path / "same", "site authority").identity("OR-01"),
        "expired": ours.identity("OR-01", until=NOW - timedelta(hours=1)),
    }
    found = {name: answer(shared.port, context(ours.file, tls, version)) for name, tls in cases.items()}
    assert [name for name, each in found.items() if is_connack(each)] == ["good"]
    assert "CERTIFICATE_VERIFY_FAILED" not in found.values(), "the client must not be the one that refuses"


def test_without_tls_nothing_is_answered(shared: SecureBroker) -> None:
    assert answer(shared.port, None) in {b"", "ConnectionResetError"}


def test_old_versions_of_tls_are_refused(shared: SecureBroker) -> None:
    old = context(shared.authority.file, shared.authority.identity("OR-01"), ssl.TLSVersion.TLSv1_1)
    assert answer(shared.port, old) == "TLSV1_ALERT_PROTOCOL_VERSION"


def test_a_stolen_card_is_locked_out_at_the_next_reload(own: SecureBroker) -> None:
    stolen, fresh = own.authority.identity("OR-01"), own.authority.identity("OR-01")
    bystander = own.peer("OR-02")
    assert not own.refuses(stolen)
    own.authority.revoke(stolen)
    own.reload()
    wait_for(lambda: own.refuses(stolen), "the list of revoked certificates to be read")
    assert not own.refuses(fresh)
    assert bystander.publish("udi/OR-02/scan", b"not disturbed").ok


def test_a_station_taken_off_the_list_loses_its_rights_at_once(own: SecureBroker) -> None:
    gone, stays = own.peer("OR-01"), own.peer("OR-02")
    assert gone.publish("udi/OR-01/scan", b"one of us").ok
    own.configure(["OR-02", "OR-03"])
    own.reload()
    wait_for(lambda: not gone.publish("udi/OR-01/scan", b"no more").ok, "the new rights to be read")
    assert stays.publish("udi/OR-02/scan", b"as before").ok
    assert own.peer("OR-03").publish("udi/OR-03/scan", b"the new one").ok


def test_the_largest_messages_pass_and_larger_ones_harm_nobody_else(shared: SecureBroker) -> None:
    station, other, hub = shared.peer("OR-01"), shared.peer("OR-02"), shared.peer("hub")
    hub.subscribe("udi/+/scan", "udi/+/photo/+")
    batch, picture = b"b" * MAX_BATCH_BYTES, b"p" * (150 * 1024 * 4 // 3 + 2048)
    assert station.link.maximum_packet_size == MOST_PACKET
    assert station.publish("udi/OR-01/scan", batch).ok
    assert station.publish("udi/OR-01/photo/ab12", picture).ok
    with contextlib.suppress(NotConnected):  # thrown out in the middle of it, or just after
        station.link.publish("udi/OR-01/photo/ab12", b"x" * 10_000_000)
    station.until(Disconnected)
    assert "disconnected due to oversize packet" in shared.log.read_text(encoding="utf-8")
    assert other.publish("udi/OR-02/scan", b"not disturbed").ok
    station.until(Connected)
    assert station.publish("udi/OR-01/scan", b"back").ok
    assert [message.payload for message in hub.heard()] == [batch, picture, b"not disturbed", b"back"]


def test_a_slow_hub_misses_nothing(shared: SecureBroker) -> None:
    """More than the 1000 in flight and the 1000 queued that mosquitto would hold by itself."""
    station, hub = shared.peer("OR-01"), shared.peer("hub")
    hub.subscribe("udi/+/scan")
    sent = [b"%d" % number for number in range(2_500)]
    assert all(station.publish("udi/OR-01/scan", payload).ok for payload in sent)
    assert hub.wait_heard(len(sent)) == sent


def test_connections_are_counted(own: SecureBroker) -> None:
    most = 4 * len(STATIONS) + 64
    with contextlib.ExitStack() as stack:
        for _ in range(most):
            stack.enter_context(socket.create_connection(("127.0.0.1", own.port)))
        wait_for(lambda: own.refuses(own.authority.identity("OR-01")), "the broker to be full")
    wait_for(lambda: not own.refuses(own.authority.identity("OR-01")), "room for a station")
    assert "max_connections exceeded" in own.log.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A site with two hubs."""
    _need_mosquitto()
    broker = SecureBroker(tmp_path_factory.mktemp("many"), STATIONS, hubs=HUBS)
    broker.start()
    yield broker
    broker.stop()


HUBS = ["hub-a", "hub-b"]
SHARED = "$share/hubs/udi/+/scan"


def test_each_hub_has_the_rights_of_a_hub(many: SecureBroker) -> None:
    hubs, station = [many.peer(name) for name in HUBS], many.peer("OR-01")
    station.subscribe("udi/OR-01/ack")
    for hub in hubs:
        hub.subscribe("udi/+/scan")
        assert hub.publish("udi/OR-01/ack", b"w").ok
        assert not hub.publish("udi/OR-01/scan", b"as a station").ok
    assert station.publish("udi/OR-01/scan", b"s").ok
    assert [message.payload for hub in hubs for message in hub.heard()] == [b"s", b"s"]
    assert [message.payload for message in station.heard()] == [b"w", b"w"]
    assert many.peer("hub").publish("udi/OR-01/ack", b"no such hub here").reason == "Not authorized"


def test_hubs_share_what_stations_send(many: SecureBroker) -> None:
    hubs, station = [many.peer(name) for name in HUBS], many.peer("OR-01")
    for hub in hubs:
        hub.subscribe(SHARED)
    sent = [b"%d" % number for number in range(20)]
    assert all(station.publish("udi/OR-01/scan", payload).ok for payload in sent)
    parts = [[message.payload for message in hub.heard()] for hub in hubs]
    assert all(parts)
    assert sorted(parts[0] + parts[1], key=int) == sent


def test_a_stranger_in_the_group_sees_nothing_and_takes_its_share_away(many: SecureBroker) -> None:
    """mosquitto asks for the right to read only when it hands out: the group's name must not be guessable."""
    hub, stranger, station = many.peer("hub-a"), many.peer("OR-02"), many.peer("OR-01")
    for each in (hub, stranger):
        each.subscribe("$share/guessed/udi/+/scan")
    sent = [b"%d" % number for number in range(10)]
    assert all(station.publish("udi/OR-01/scan", payload).ok for payload in sent)
    assert stranger.heard() == []
    assert len(hub.heard()) == len(sent) // 2


def test_a_dead_member_gets_nothing_more(many: SecureBroker) -> None:
    """What it had and did not acknowledge is gone with it: the station sends that again, the watermark stands still."""
    dying, staying, station = many.peer("hub-a"), many.peer("hub-b"), many.peer("OR-01")
    for hub in (dying, staying):
        hub.subscribe("$share/mortal/udi/+/scan")
    dying.lose()
    many.peer("hub-a")  # the broker ends the former connection before it answers
    sent = [b"%d" % number for number in range(10)]
    assert all(station.publish("udi/OR-01/scan", payload).ok for payload in sent)
    assert [message.payload for message in staying.heard()] == sent


def _db(broker: SecureBroker) -> int:
    file = broker.state / "mosquitto.db"
    return file.stat().st_mtime_ns if file.exists() else 0


def test_what_a_killed_broker_still_knows(own: SecureBroker) -> None:
    """Retained messages up to the last write of its file; what came after is lost, and no PUBACK told so."""
    hub = own.peer("hub")
    hub.publish("udi/OR-01/ack", b"old", retain=True)
    written, count = _db(own), 0
    while _db(own) == written:
        assert hub.publish("udi/OR-02/ack", b"%d" % count, retain=True).ok
        count += 1
        assert count < 1000, "nothing was written"
    assert 90 <= count <= 300
    assert hub.publish("udi/OR-01/ack", b"new", retain=True).ok
    own.stop(signal.SIGKILL)
    own.start()
    station = own.peer("OR-01")
    station.subscribe("udi/OR-01/ack")
    assert [(message.payload, message.retained) for message in station.heard()] == [(b"old", True)]


def test_a_stopped_broker_keeps_all(own: SecureBroker) -> None:
    own.peer("hub").publish("udi/OR-01/ack", b"new", retain=True)
    own.stop()
    own.start()
    station = own.peer("OR-01")
    station.subscribe("udi/OR-01/ack")
    assert [message.payload for message in station.heard()] == [b"new"]


def test_the_log_names_clients_and_holds_no_payload(own: SecureBroker) -> None:
    station = own.peer("OR-01")
    station.publish("udi/OR-01/scan", b"payload-that-is-nobodys-business", retain=True)
    station.lose()
    own.stop()
    log = own.log.read_text(encoding="utf-8")
    assert "OR-01" in log
    assert "payload-that" not in log


def test_a_hub_on_this_machine_may_go_without_tls(tmp_path: Path) -> None:
    _need_mosquitto()
    port = free_port()
    broker = SecureBroker(tmp_path, STATIONS, more=f"loopback_port = {port}\n")
    broker.start()
    try:
        local, station = Peer(port, None, "hub"), broker.peer("OR-01")
        local.until(Connected)
        station.subscribe("udi/OR-01/ack")
        local.subscribe("udi/+/scan", "udi/OR-01/ack")
        assert local.publish("udi/OR-01/ack", b"w", retain=True).ok
        assert local.publish("udi/OR-01/scan", b"as a station").reason == "Not authorized"
        assert station.publish("udi/OR-01/scan", b"s").ok
        assert station.publish("udi/OR-01/ack", b"own").reason == "Not authorized"
        assert [message.payload for message in local.heard()] == [b"s"]
        assert [message.payload for message in station.heard()] == [b"w"]
    finally:
        broker.stop()


SITE = """\
[broker]
ca = "/c/ca.pem"
certificate = "/c/broker.pem"
key = "/c/broker.key"
"""


NODE = '[[broker.node]]\nname = "{0}"\nhost = "{0}.site"\n'
NATS_SITE = SITE + 'kind = "nats"\n'


def _write(folder: Path, text: str, *words: str) -> Result:
    file = folder / "broker.toml"
    file.write_text(text, encoding="utf-8")
    return CliRunner().invoke(main, ["broker-config", "--site", str(file), "--out", str(folder / "out"), *words])


BAD = {
    "no station": (SITE, [], "broker.stations"),
    "reserved": (SITE, ["site"], "station = 'site': expected 1 to 31 capital letters"),
    "an agent's name": (SITE, ["OR-01.fw"], "station = 'OR-01.fw'"),
    "too long": (SITE, ["A" * 32], "station = 'AAAA"),
    "a wildcard": (SITE, ["+"], "station = '+'"),
    "a second line": (SITE, ["A\ntopic #"], r"station = 'A\ntopic #'"),
    "in the file": (SITE + 'stations = ["OR-01", "or-02"]\n', [], "broker.stations[1] = 'or-02'"),
    "a hub like a station": (SITE + 'hubs = ["HUB"]\n', ["A"], "broker.hubs[0] = 'HUB'"),
    "a hub called site": (SITE + 'hubs = ["hub", "site"]\n', ["A"], "broker.hubs[1] = 'site'"),
    "a hub called like the nodes": (SITE + 'hubs = ["broker"]\n', ["A"], "broker.hubs[0] = 'broker'"),
    "two hubs of one name": (SITE + 'hubs = ["hub-a", "hub-a"]\n', ["A"], "broker.hubs[1] = 'hub-a'"),
    "no hub": (SITE + "hubs = []\n", ["A"], "broker.hubs = []"),
    "one hub as a text": (SITE + 'hub = "hub"\n', ["A"], "broker.hub is not a known key: did you mean hubs?"),
    "an unknown broker": (
        SITE + 'kind = "rabbitmq"\n',
        ["A"],
        "broker.kind = 'rabbitmq': expected one of mosquitto",
    ),
    "nodes of mosquitto": (SITE + NODE.format("n1"), ["A"], "broker.node = 1: expected no nodes"),
    "nats alone": (NATS_SITE, ["A"], "broker.node = 0: expected 3 or 5 nodes"),
    "two nodes": (NATS_SITE + NODE.format("n1") + NODE.format("n2"), ["A"], "broker.node = 2: expected 3 or 5 nodes"),
    "nodes of one name": (NATS_SITE + NODE.format("n1") * 3, ["A"], "expected a name for each node"),
    "nodes in one place": (
        NATS_SITE + "".join(NODE.format(n).replace(f"{n}.site", "10.0.0.1") for n in ("a", "b", "c")),
        ["A"],
        "expected a host and port for each listener",
    ),
    "a node that is a path": (NATS_SITE + NODE.format("../n1"), ["A"], "broker.node[0].name = '../n1'"),
    "what NATS cannot do": (
        NATS_SITE + 'revoked = "/c/crl.pem"\n' + "".join(map(NODE.format, ("a", "b", "c"))),
        ["A"],
        "broker.revoked = ",
    ),
    "a relative path": (SITE + 'revoked = "crl.pem"\n', ["A"], "broker.revoked = 'crl.pem': expected an absolute path"),
    "a path of two lines": (SITE + 'state = "/a\\nallow_anonymous true"\n', ["A"], "broker.state = "),
    "one port twice": (SITE + "loopback_port = 8883\n", ["A"], "broker.loopback_port = 8883"),
    "a password": (SITE + 'password = "x"\n', ["A"], "broker.password is not a known key"),
    "no list": (SITE, ["--stations", "/nowhere/list"], "/nowhere/list"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_site_is_refused_and_nothing_written(tmp_path: Path, case: str) -> None:
    text, words, message = BAD[case]
    done = _write(tmp_path, text, *words)
    assert (done.exit_code, message in done.stderr) == (2, True), done.output
    assert not (tmp_path / "out").exists()


def test_stations_come_from_the_file_a_list_and_the_command_line(tmp_path: Path) -> None:
    listed = tmp_path / "list"
    listed.write_text("# the wards\nW-1\n\nW-2  # upstairs\nOR-01\n", encoding="utf-8")
    done = _write(tmp_path, SITE + 'stations = ["OR-01"]\n', "--stations", str(listed), "D-1")
    assert done.exit_code == 0
    rights = (tmp_path / "out/stations.acl").read_text(encoding="utf-8")
    users = [line.removeprefix("user ") for line in rights.splitlines() if line.startswith("user ")]
    assert users == ["hub", *(f"{name}{agent}" for agent in ("", ".fw") for name in ("OR-01", "W-1", "W-2", "D-1"))]


WRITTEN = {
    "mosquitto": (
        SITE + 'revoked = "/c/crl"\nloopback_port = 1883\n',
        ["loopback.acl", "mosquitto.conf", "mosquitto.service.d/udi.conf", "stations.acl"],
    ),
    "nats": (
        NATS_SITE + "".join(map(NODE.format, ("n1", "n2", "n3"))),
        [
            f"{node}/nats-{name}"
            for node in ("n1", "n2", "n3")
            for name in ("rights.conf", "server.conf", "server.service.d/udi.conf")
        ],
    ),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_every_line_says_why(tmp_path: Path, kind: str) -> None:
    text, expected = WRITTEN[kind]
    done = _write(tmp_path, text, "OR-01")
    assert done.exit_code == 0, done.output
    files = sorted(path for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert [str(file.relative_to(tmp_path / "out")) for file in files] == expected
    for file in files:
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip("{}[] ")]
        bare = [line for before, line in pairwise(lines) if "#" not in {before[0], line[0]}]
        assert [line for line in bare if not line.startswith(("publish:", "subscribe:"))] == []


def test_the_unit_allows_as_many_files_as_the_broker_connections(tmp_path: Path) -> None:
    _write(tmp_path, SITE, *(f"W-{number}" for number in range(1000)))
    unit = (tmp_path / "out/mosquitto.service.d/udi.conf").read_text(encoding="utf-8")
    config = (tmp_path / "out/mosquitto.conf").read_text(encoding="utf-8")
    assert "[Service]" in unit.splitlines()
    files, most = (
        int(line.split(by)[1])
        for text, key, by in ((unit, "LimitNOFILE", "="), (config, "max_connections", " "))
        for line in text.splitlines()
        if line.startswith(key)
    )
    assert files > most > 4000


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    done = _write(tmp_path, SITE, "OR-01")
    assert done.exit_code == 1
    assert "not written" in done.stderr
