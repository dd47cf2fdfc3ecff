"""An MQTT v5 broker inside the demo's process tree: rumqttd, as carried by the iotcore wheel."""

from __future__ import annotations

import socket
from pathlib import Path

from iotcore import Broker

_RUMQTTD = """\
id = 0

[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 2000
max_segment_size = 104857600
max_segment_count = 10

[v5.1]
name = "v5"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 1000
dynamic_filters = true
"""
"""rumqttd's own configuration: its default payload limit of 20 KiB would cut off batches of 64 KiB."""


class EmbeddedBroker:
    """A broker that can be taken away and brought back. Nothing is kept on disk: retained messages go with it."""

    def __init__(self, folder: Path) -> None:
        """Choose a free loopback port; `folder` takes the configuration file."""
        self.port = free_port()
        self._config = folder / "rumqttd.toml"
        self._config.write_text(_RUMQTTD.format(port=self.port), encoding="utf-8")
        self._broker: Broker | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._broker = Broker(config_path=str(self._config)).start()

    def stop(self) -> None:
        """Take it away at once; harmless when it is not running."""
        if self._broker is not None:
            self._broker.stop()
            self._broker = None


def free_port() -> int:
    """A TCP port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
