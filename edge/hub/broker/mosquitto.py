"""The files that make mosquitto (2.0.11 or newer) the broker of one site. Pure: a site's table in, texts out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from edge.hub.broker.config import BrokerTable
from edge.hub.broker.lines import MADE, SPARE_CONNECTIONS, Line, block, connections, text, unit
from edge.hub.broker.rights import Identity, Right, hub_rights, identities

CONFIG, RIGHTS, LOOPBACK_RIGHTS = "mosquitto.conf", "stations.acl", "loopback.acl"
UNIT = "mosquitto.service.d/udi.conf"
PICTURE_BYTES = 150 * 1024
MOST_PACKET = PICTURE_BYTES * 4 // 3 + 4096
"""Bytes of the largest message: a sealed picture in base64, and its head. A batch of events (64 KiB) is smaller."""
QUEUED_BYTES = 256 * 1024 * 1024
KEEPALIVE_S = 60
LEAST_CHANGES, CHANGES_PER_STATION = 100, 10


def files(site: BrokerTable, folder: Path) -> Mapping[str, str]:
    """The text of each file, by name.

    Args:
        site: what the site says; its stations decide who has rights.
        folder: where the files will lie when the broker reads them, absolute.
    """
    made = {
        CONFIG: text([*_common(site), *_limits(), *_kept(site), *_tls_listener(site, folder / RIGHTS)]),
        RIGHTS: _rights(identities(site.hubs, site.stations)),
        UNIT: unit(site),
    }
    if site.loopback_port is not None:
        made[CONFIG] += block(_loopback_listener(site.loopback_port, folder / LOOPBACK_RIGHTS))
        made[LOOPBACK_RIGHTS] = text(_topics(hub_rights()))
    return made


def _common(site: BrokerTable) -> Iterator[Line]:
    if site.loopback_port is not None:
        yield "per_listener_settings true", "The loopback listener has rights of its own."
    yield "log_dest stderr", "The journal of the machine keeps and rotates it, and stamps the time."
    yield "log_timestamp false", "See above."
    yield "log_type error", "What the broker cannot do."
    yield "log_type warning", "What it had to put right."
    yield "log_type notice", "Who came and went: a name that does so every few seconds is a copied card. No payloads."
    yield "sys_interval 0", "Nobody here may read $SYS; this saves a write to it each ten seconds."


def _limits() -> Iterator[Line]:
    yield (
        f"max_packet_size {MOST_PACKET}",
        "A sealed picture of 150 KiB in base64; a batch of events is 64 KiB. Larger: the sender is disconnected.",
    )
    yield "max_inflight_messages 1000", "The hub commits up to 1000 messages at once; the default of 20 starves it."
    yield (
        "max_queued_messages 100000",
        "For a hub slower than its stations. The default of 1000 drops silently, 0 is read as `none` by 2.0.16.",
    )
    yield f"max_queued_bytes {QUEUED_BYTES}", "Bounds memory. What is dropped here is sent again by its station."
    yield (
        "set_tcp_nodelay true",
        "An answer is not held back until the one before it is confirmed: a backlog drains a third faster.",
    )
    yield f"max_keepalive {KEEPALIVE_S}", "Seconds: a dead connection is noticed, and its will sent, after 1.5 of them."
    yield (
        "persistent_client_expiration 1d",
        "Hub and stations keep no session here; one that somebody left behind must not gather messages for ever.",
    )


def _kept(site: BrokerTable) -> Iterator[Line]:
    yield (
        "persistence true",
        "Retained messages outlive a restart. They are a convenience: no station forgets an event because of them.",
    )
    yield f"persistence_location {site.state_folder}/", "The file is written whole each time: keep it off a weak card."
    yield "autosave_on_changes true", "Counted, not timed: an idle broker writes nothing."
    yield (
        f"autosave_interval {max(LEAST_CHANGES, CHANGES_PER_STATION * len(site.stations))}",
        "So many at most are lost when the broker is killed. More stations: a larger file, written less often.",
    )


def _tls_listener(site: BrokerTable, rights: Path) -> Iterator[Line]:
    yield f"listener {site.port}{_on(site)}", "The only way in from the network."
    yield "tls_version tlsv1.2", "The least version; 1.3 is used where the other side has it."
    yield (
        f"cafile {site.ca}",
        "Who signs the certificates of hub, stations and agents; two while one replaces the other.",
    )
    yield f"certfile {site.certificate}", "The broker's own identity: stations check its host name."
    yield f"keyfile {site.key}", "Its key: mode 0600, owned by the user mosquitto, who reads it."
    if site.revoked is not None:
        yield (
            f"crlfile {site.revoked}",
            "Stolen and retired devices. Reload after a change. A list past its `next update` locks out everybody.",
        )
    yield "require_certificate true", "No certificate, no connection."
    yield "use_identity_as_username true", "The common name of the certificate is who the client is."
    yield (
        "use_username_as_clientid true",
        "Whatever client id is asked for, this name is taken: no station can throw another one out.",
    )
    yield "allow_anonymous false", "Nobody without a name."
    yield f"acl_file {rights}", "Who may read and write what. Reload after a change: live connections obey at once."
    yield "max_qos 1", "QoS 2 is not used, and its state would be kept for a sender that never finishes."
    yield (
        f"max_connections {connections(site)}",
        "Two for a station, two for its agent, 64 spare. Read at a restart only. LimitNOFILE= of the unit is above it.",
    )


def _loopback_listener(port: int, rights: Path) -> Iterator[Line]:
    yield f"listener {port} 127.0.0.1", "For a hub on this machine; never seen by the network."
    yield "allow_anonymous true", "Without TLS there is no name: whoever is logged in on this machine can be the hub."
    yield f"acl_file {rights}", "The rights of the hub and no others."
    yield "max_qos 1", "As above."
    yield f"max_connections {SPARE_CONNECTIONS}", "One hub and a few onlookers."


def _on(site: BrokerTable) -> str:
    return "" if site.listen is None else f" {site.listen}"


def _rights(everybody: Iterable[Identity]) -> str:
    """A block for each identity; a name without one may connect and do nothing."""
    made = f"# {MADE}\n"
    for identity in everybody:
        made += block([(f"user {identity.name}", f"{identity.who}:"), *_topics(identity.rights)])
    return made


def _topics(rights: Iterable[Right]) -> Iterator[Line]:
    return ((f"topic {right.access} {right.topic}", right.why) for right in rights)
