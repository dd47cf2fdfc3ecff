"""The written files against three real NATS servers: rights, wills, retained messages, strangers."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from edge.hub.broker.nats import subjects
from hardware.host.link import Connected, Disconnected, Tls, Will
from tests.edge.hub.test_hub_broker import MAY_READ, MAY_WRITE, STATIONS, TOPICS
from tests.support.cluster import NATS, Cluster
from tests.support.pki import NOW, Authority
from tests.support.secure import ADMIN, Peer, answer, context
from tests.support.site import free_port, wait_for

WHO = ["hub", *STATIONS, "OR-01.fw"]
SAID = [topic for topic in TOPICS if topic.startswith("udi/")]
NOT_THIS_VERSION = b"\x20\x02\x00\x01"
"""The CONNACK for a CONNECT of version 5."""
REFUSED = ["#", "udi/#", "+/+/ack", "udi/+/ack", "$MQTT/#", "$MQTT/sub/#", "$MQTT/sub/+", "$JS/#", "$SYS/#"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if NATS is None:
        pytest.skip("nats-server is not installed: apt-get install nats-server")
    cluster = Cluster(tmp_path_factory.mktemp("nats"), STATIONS)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop(signal.SIGKILL)


@pytest.mark.parametrize("who", WHO)
def test_what_each_may_write(cluster: Cluster, who: str) -> None:
    """3.1.1 has no answer that says no: the broker takes the message and drops it, so what counts is what arrives."""
    writer, admin = cluster.peer(who, "n2"), cluster.peer(ADMIN, "n3")
    assert admin.granted(["udi/#"]) == {"udi/#"}
    writer.publish_all(SAID, who.encode())
    admin.publish("udi/fence", b"")
    heard = {message.topic for message in admin.until_topic("udi/fence")}
    assert heard - {"udi/fence"} == MAY_WRITE[who] & set(SAID)


@pytest.mark.parametrize("who", ["hub", "OR-01", "OR-01.fw"])
def test_what_each_may_read(cluster: Cluster, who: str) -> None:
    """Not every topic: each that is granted costs NATS a third of a second."""
    places = [*STATIONS, "OR-01.fw"]
    topics = [topic for topic in SAID if topic.split("/")[1] in places] + ["udi/site/hub", "udi/site/scan"]
    reader, admin = cluster.peer(who, "n1"), cluster.peer(ADMIN, "n2")
    admin.publish_all(topics, b"kept", retain=True)
    may = MAY_READ[who] & set(topics)
    assert reader.granted(topics) == may
    assert {(topic, b"kept", True) for topic in may} == reader.heard_of(may)
    admin.publish_all(topics, b"", retain=True)
    assert {(topic, b"", False) for topic in may} == reader.heard_of(may)


@pytest.mark.parametrize("who", WHO)
def test_no_wildcard_and_nothing_of_the_brokers_own(cluster: Cluster, who: str) -> None:
    assert cluster.peer(who).granted(REFUSED) == set()


def test_notices_come_by_the_stations_one_wildcard(cluster: Cluster) -> None:
    hub = cluster.peer("hub", "n2")
    hub.publish("udi/site/hub", b"here", retain=True)
    hub.publish("udi/site/recalls/12", b"stop", retain=True)
    station = cluster.peer("OR-01", "n1")
    assert station.granted(["udi/site/#"]) == {"udi/site/#"}
    notices = {"udi/site/hub", "udi/site/recalls/12"}
    assert station.heard_of(notices) == {("udi/site/hub", b"here", True), ("udi/site/recalls/12", b"stop", True)}
    for topic in notices:
        hub.publish(topic, b"", retain=True)


def test_the_number_of_a_document_may_be_anything(cluster: Cluster) -> None:
    """NATS 2.9 ends the connection of whoever names a topic with a dot or a space, again and again."""
    numbers = ("XS-2026.11.27", "国械 2026.1", "A!d", ".", "a*b>c")
    topics = {f"udi/site/document/{number}" for number in numbers}
    hub, station = cluster.peer("hub", "n2"), cluster.peer("OR-01", "n1")
    assert station.granted(["udi/site/#"]) == {"udi/site/#"}
    for payload in (b"goods", b""):
        hub.publish_all(topics, payload, retain=True)
        assert station.heard_of(topics) == {(topic, payload, False) for topic in topics}


@pytest.mark.parametrize("who", ["OR-99", "site", "OR-01.fw.x", "broker"])
def test_a_name_without_rights_is_not_let_in(cluster: Cluster, who: str) -> None:
    peer = Peer(cluster.ports["n1"], cluster.authority.identity(who), who)
    assert "Not authorized" in [peer.until(Disconnected).reason for _ in range(2)][-1]


def test_a_will_is_bound_by_the_same_rights(cluster: Cluster) -> None:
    admin = cluster.peer(ADMIN, "n3")
    admin.granted(["udi/#"])
    for topic in ("udi/OR-02/status", "udi/OR-01/ack", "udi/OR-01/status"):
        cluster.peer("OR-01", will=Will(topic, b"lost", retain=False)).lose()
    assert {message.topic for message in admin.until_topic("udi/OR-01/status")} == {"udi/OR-01/status"}


def test_a_taken_client_id_disturbs_and_gives_no_right(cluster: Cluster) -> None:
    """NATS does not tie the client id to the certificate: a listed station can interrupt another one, no more."""
    victim, admin = cluster.peer("OR-01", "n1"), cluster.peer(ADMIN, "n3")
    admin.granted(["udi/#"])
    thief = cluster.peer("OR-02", "n2", client_id="OR-01")
    victim.until(Disconnected)
    assert thief.granted(["udi/OR-01/ack"]) == set()
    thief.publish("udi/OR-01/scan", b"forged")
    thief.publish("udi/OR-02/scan", b"its own")
    assert [message.payload for message in admin.until_topic("udi/OR-02/scan")] == [b"its own"]
    victim.until(Connected)
    victim.publish("udi/OR-01/scan", b"back")
    assert [message.payload for message in admin.until_topic("udi/OR-01/scan")] == [b"back"]


def test_who_gets_as_far_as_a_first_answer(cluster: Cluster, tmp_path: Path) -> None:
    ours = cluster.authority
    cases: dict[str, Tls | None] = {
        "good": ours.identity("OR-01"),
        "no certificate": None,
        "another authority of the same name": Authority(tmp_path / "same", "site authority").identity("OR-01"),
        "expired": ours.identity("OR-01", until=NOW - timedelta(hours=1)),
    }
    found = {name: answer(cluster.ports["n1"], context(ours.file, tls)) for name, tls in cases.items()}
    assert [name for name, each in found.items() if each == NOT_THIS_VERSION] == ["good"]


def test_a_station_is_no_node(cluster: Cluster, tmp_path: Path) -> None:
    """Whoever joins as a node may do everything: a good certificate of a station must not suffice."""
    assert NATS is not None
    config = (cluster.files / "n1" / "nats-server.conf").read_text(encoding="utf-8")
    own, taken = cluster.node_tls, cluster.authority.identity("OR-01")
    rogue = config.replace(str(own.certificate), str(taken.certificate)).replace(str(own.key), str(taken.key))
    for port in (cluster.ports["n1"], cluster.cluster_ports["n1"]):
        rogue = rogue.replace(f'listen: "127.0.0.1:{port}"', f'listen: "127.0.0.1:{free_port()}"')
    file = cluster.files / "n1" / "rogue.conf"
    file.write_text(rogue.replace('"n1"', '"rogue"').replace("state-n1", "state-rogue"), encoding="utf-8")
    log = tmp_path / "rogue.log"
    with log.open("wb") as out:
        process = subprocess.Popen([NATS, "-c", str(file)], stderr=out)
    try:
        wait_for(lambda: "Authorization Violation" in log.read_text(encoding="utf-8"), "a refusal")
        assert "Authentication Failure" in cluster.log("n1")
    finally:
        process.kill()
        process.wait()


def test_a_station_taken_off_the_list_loses_its_rights_at_once(cluster: Cluster) -> None:
    gone, stays = cluster.peer("OR-01", "n1"), cluster.peer("OR-02", "n1")
    cluster.configure(["OR-02", "OR-03"])
    cluster.reload()
    gone.until(Disconnected)
    wait_for(lambda: "Not authorized" in gone.until(Disconnected).reason, "the door to be closed")
    assert cluster.peer("OR-03", "n2").publish("udi/OR-03/scan", b"the new one").ok
    assert stays.publish("udi/OR-02/scan", b"as before").ok


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("udi/OR-01/ack", ["udi.OR-01.ack"]),
        ("udi/+/photo/+", ["udi.*.photo.*"]),
        ("udi/site/#", ["udi.site.>", "udi.site"]),
        ("udi/OR-01.fw/cmd/+/+", ["udi.OR-01!dfw.cmd.*.*"]),
    ],
)
def test_subjects(topic: str, expected: list[str]) -> None:
    assert subjects(topic) == expected
