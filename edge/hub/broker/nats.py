"""The files that make NATS JetStream (2.9.10 or newer) a site's broker of several nodes. Pure: a table in, texts out.

NATS takes MQTT 3.1.1 and calls a topic a subject. Why NATS and not RabbitMQ, whose 3.10 was tried too: RabbitMQ keeps a
retained message on the node it came to and gives none to ``udi/site/#``, so a station elsewhere never learns its
watermark, nor that the hub is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from edge.hub.broker.config import BrokerTable, Node
from edge.hub.broker.lines import MADE, Line, block, connections, text, unit
from edge.hub.broker.rights import NODE_NAME, Identity, Right, identities
from hardware.host.link_topics import spell

CONFIG, RIGHTS, UNIT = "nats-server.conf", "nats-rights.conf", "nats-server.service.d/udi.conf"
UNACKNOWLEDGED = 1000
ACK_WAIT_S = 30
DELIVERIES = "$MQTT.sub.>"


def files(site: BrokerTable, _folder: Path) -> Mapping[str, str]:
    """The text of each file, by name; a folder for each node, whose files go to /etc of that machine."""
    rights = _rights(identities(site.hubs, site.stations))
    made = {}
    for node in site.node:
        made[f"{node.name}/{CONFIG}"] = "".join(_config(site, node))
        made[f"{node.name}/{RIGHTS}"] = rights
        made[f"{node.name}/{UNIT}"] = unit(site, _service(site))
    return made


def _config(site: BrokerTable, node: Node) -> Iterator[str]:
    yield text(_common(site, node))
    yield _section("jetstream", "Sessions and retained messages, on disk.", _kept(site))
    yield _section("cluster", "The other nodes.", _cluster(site, node))
    yield _section("mqtt", "The only way in for stations and hubs.", _mqtt(site, node))
    yield _section("tls", "For the port of NATS' own protocol: the same certificates.", _tls(site))
    yield block([(f"include ./{RIGHTS}", "Who may read and write what. The same file on every node.")])


def _common(site: BrokerTable, node: Node) -> Iterator[Line]:
    yield f"server_name: {json.dumps(node.name)}", "Each node has its own."
    yield (
        'listen: "127.0.0.1:-1"',
        "NATS' own protocol cannot be switched off: any free port here, and rights for nobody.",
    )
    yield (
        f"max_connections: {connections(site)}",
        "Two for a station, two for its agent, 64 spare: one node may have all.",
    )


def _kept(site: BrokerTable) -> Iterator[Line]:
    yield (
        f"store_dir: {json.dumps(str(site.state_folder))}",
        "Each node keeps a copy; it is written behind, not at once.",
    )


def _cluster(site: BrokerTable, node: Node) -> Iterator[Line]:
    yield 'name: "udi"', "The same on every node."
    yield f'listen: "{node.host}:{node.cluster_port}"', "For the other nodes only: let the firewall say so too."
    routes = [f"nats://{other.host}:{other.cluster_port}" for other in site.node]
    yield f"routes: {json.dumps(routes)}", "Everybody, this node included: it knows itself."
    yield (
        f'authorization {{ user: "CN={NODE_NAME}", password: "" }}',
        f"A node's certificate has the common name {NODE_NAME}. A station with a good certificate is no node.",
    )
    yield f"tls {{ {_one_line(_tls(site))} }}", "Node to node; each certificate names its host too."


def _mqtt(site: BrokerTable, node: Node) -> Iterator[Line]:
    yield f'listen: "{node.host}:{node.mqtt_port(site.port)}"', "TLS only."
    yield f"stream_replicas: {len(site.node)}", "All nodes know every session and retained message: one may die."
    yield "consumer_memory_storage: true", "Hub and stations begin a new session each time: theirs need no disk."
    yield (
        f'ack_wait: "{ACK_WAIT_S}s"',
        "A hub that takes longer to commit gets its messages again, which harms nothing.",
    )
    yield f"max_ack_pending: {UNACKNOWLEDGED}", "The hub commits up to 1000 messages at once; the default is 100."
    yield f"tls {{ {_one_line(_tls(site))} }}", "No certificate, no connection. The subject decides who the client is."


def _tls(site: BrokerTable) -> Iterator[Line]:
    yield f"cert_file: {json.dumps(str(site.certificate))}", "This node's identity: stations check its host name."
    yield f"key_file: {json.dumps(str(site.key))}", "Its key: mode 0600, owned by the user nats."
    yield f"ca_file: {json.dumps(str(site.ca))}", "Who signs the certificates of nodes, hubs, stations and agents."
    yield "verify_and_map: true", "The subject, which is CN=<name> and nothing else, is the user."


def _service(site: BrokerTable) -> Iterator[Line]:
    if site.state_folder.parent == Path("/var/lib"):
        yield f"StateDirectory={site.state_folder.name}", "Debian's package makes none."
    yield "Restart=always", "Debian's unit leaves a dead node dead."
    yield "RestartSec=5", "Seconds: the others have chosen a leader by then."


def _rights(everybody: Iterable[Identity]) -> str:
    users = "".join(_user(identity) for identity in everybody)
    return f"# {MADE}\n\n# A name that is not listed may not connect.\nauthorization {{ users: [\n{users}] }}\n"


def _user(identity: Identity) -> str:
    writes = list(_subjects(identity.rights, "write"))
    reads = [
        *_subjects(identity.rights, "read"),
        (DELIVERIES, "how NATS hands out QoS 1; no MQTT client can ask for it"),
    ]
    return (
        f'\n# {identity.who}:\n{{ user: "CN={identity.name}", allowed_connection_types: ["MQTT"], permissions: {{\n'
        f"publish: {{ allow: [\n{_listed(writes)}] }}\nsubscribe: {{ allow: [\n{_listed(reads)}] }}\n}} }}\n"
    )


def _subjects(rights: Iterable[Right], access: str) -> Iterator[Line]:
    return ((each, right.why) for right in rights if access in right.access for each in subjects(right.topic))


def subjects(topic: str) -> list[str]:
    """The subjects that a topic filter means to NATS: ``a/#`` holds ``a`` too, and a dot is spelt."""
    words = {"+": "*", "#": ">"}
    levels = [words.get(level, spell(level)) for level in topic.split("/")]
    return [".".join(levels), *([".".join(levels[:-1])] if levels[-1] == ">" else [])]


def _listed(lines: Iterable[Line]) -> str:
    return "".join(f"# {why}\n{json.dumps(each)}\n" for each, why in lines)


def _one_line(lines: Iterable[Line]) -> str:
    return ", ".join(line for line, _ in lines)


def _section(name: str, why: str, lines: Iterable[Line]) -> str:
    return f"\n# {why}\n{name} {{{block(lines)}}}\n"
