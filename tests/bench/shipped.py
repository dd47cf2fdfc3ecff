"""mosquitto with what the shipped configuration tunes, but open to everybody on this machine: no TLS, no rights."""

from collections.abc import Sequence
from pathlib import Path

from edge.hub.broker.config import BrokerTable
from edge.hub.broker.mosquitto import CONFIG, files
from tests.support.site import Broker

TUNING = ("max_packet", "max_inflight", "max_queued", "max_keepalive", "set_tcp_nodelay", "persist", "autosave")


class ShippedBroker(Broker):
    """For these stations."""

    def __init__(self, folder: Path, stations: Sequence[str]) -> None:
        super().__init__(folder)
        nowhere = Path("/nowhere")
        shipped = files(BrokerTable(nowhere, nowhere, nowhere, tuple(stations), state=folder), nowhere)[CONFIG]
        lines = [line for line in shipped.splitlines() if line.startswith(TUNING)]
        with self._config.open("a", encoding="ascii") as config:
            config.write("\n".join(["user root", *lines, ""]))

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid
