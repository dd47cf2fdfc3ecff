"""Three real NATS servers with the shipped files, behind one port as behind a site's balancer."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

from click.testing import CliRunner

from edge.hub.cli import main
from hardware.host.link import Connected, Message, Published, Subscribed, Tls, Will
from tests.support.pki import Authority
from tests.support.secure import ADMIN, Peer
from tests.support.site import Broker, free_port, wait_for

NATS = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/sbin")
NODES = ("n1", "n2", "n3")
_ADMIN = (
    f'{{ user: "CN={ADMIN}", allowed_connection_types: ["MQTT"], permissions: {{\n'
    'publish: ["udi.>"], subscribe: ["udi", "udi.>", "$MQTT.sub.>"] } }\n'
)
_NODE = '[[broker.node]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}\ncluster_port = {cluster_port}\n'


class Cluster(Broker):
    """Configured by `udi-hub broker-config`; the test adds `ADMIN`, and a state folder for each node."""

    def __init__(self, folder: Path, stations: Sequence[str], *, hubs: Sequence[str] = ("hub",)) -> None:
        super().__init__(folder)
        self.authority = Authority(folder / "pki")
        self.files = folder / "nats"
        self.ports = {name: free_port() for name in NODES}
        self.cluster_ports = {name: free_port() for name in NODES}
        self.node_tls = self.authority.identity("broker")
        self._folder = folder
        self._site = folder / "broker.toml"
        self._nodes: dict[str, subprocess.Popen[bytes]] = {}
        own = self.node_tls
        names = ", ".join(f'"{hub}"' for hub in hubs)
        nodes = (
            _NODE.format(name=name, port=self.ports[name], cluster_port=self.cluster_ports[name]) for name in NODES
        )
        self._site.write_text(
            f'[broker]\nkind = "nats"\nca = "{own.ca}"\ncertificate = "{own.certificate}"\nkey = "{own.key}"\n'
            f'hubs = [{names}]\nstate = "{folder}/state"\n{"".join(nodes)}',
            encoding="utf-8",
        )
        self.configure(stations)
        turns = itertools.cycle(self.ports.values())
        self._door = Door(lambda near: balance(near, turns), self.port)

    def configure(self, stations: Iterable[str]) -> None:
        """Write the files of all nodes anew for these stations."""
        words = ["broker-config", "--site", str(self._site), "--out", str(self.files), *stations]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
        for name in NODES:
            config, rights = self.files / name / "nats-server.conf", self.files / name / "nats-rights.conf"
            text = config.read_text(encoding="utf-8")
            config.write_text(text.replace(f"{self._folder}/state", f"{self._folder}/state-{name}"), encoding="utf-8")
            listed = rights.read_text(encoding="utf-8").removesuffix("] }\n")
            rights.write_text(f"{listed}{_ADMIN}] }}\n", encoding="utf-8")

    def link(self, name: str) -> str:
        tls = self.authority.identity(name)
        return f'tls = {{ ca = "{tls.ca}", certificate = "{tls.certificate}", key = "{tls.key}" }}'

    def log(self, name: str) -> str:
        """Everything a node said."""
        return (self._folder / f"{name}.log").read_text(encoding="utf-8")

    def start(self) -> None:
        for name in NODES:
            self.start_node(name)
        wait_for(lambda: any("new metadata leader" in self.log(name) for name in NODES), "a leader of the cluster")
        self._door.__enter__()

    def start_node(self, name: str) -> None:
        assert NATS is not None
        config = self.files / name / "nats-server.conf"
        with (self._folder / f"{name}.log").open("ab") as log:
            self._nodes[name] = subprocess.Popen([NATS, "-D", "-c", str(config)], stderr=log)
        port = self.ports[name]
        wait_for(lambda: listens(port), f"{name} to listen on {port}")

    def stop_node(self, name: str, number: int = signal.SIGKILL) -> None:
        node = self._nodes.pop(name)
        node.send_signal(number)
        node.wait()

    def serves(self, client_id: str) -> str:
        """The node that this client is connected to; it must have had no other so far."""
        (node,) = (name for name in NODES if f'- "{client_id}" - ' in self.log(name))
        return node

    def reload(self) -> None:
        for node in self._nodes.values():
            node.send_signal(signal.SIGHUP)

    def stop(self, number: int = signal.SIGTERM) -> None:
        self._door.shut()
        for name in list(self._nodes):
            self.stop_node(name, number)
        self._door.join()

    def peer(
        self,
        name: str,
        node: str = "n1",
        *,
        tls: Tls | None = None,
        client_id: str | None = None,
        will: Will | None = None,
    ) -> ClusterPeer:
        """An identity connected to one node."""
        peer = ClusterPeer(self.ports[node], tls or self.authority.identity(name), client_id or name, will)
        peer.until(Connected)
        return peer


class ClusterPeer(Peer):
    """NATS answers a subscription without a right with a refusal, where mosquitto says yes and keeps silent."""

    def taken(self) -> list[Message]:
        """What was heard on the way."""
        messages, self._messages = self._messages, []
        return messages

    def granted(self, topics: Iterable[str]) -> set[str]:
        """Ask for all at once; which were granted."""
        asked = list(topics)
        for topic in asked:
            self.link.subscribe(topic)
        answers = [self.until(Subscribed) for _ in asked]
        return {answer.topic for answer in answers if answer.ok}

    def publish_all(self, topics: Iterable[str], payload: bytes, *, retain: bool = False) -> None:
        """A message to each topic, all under way at once; the broker has taken them when this returns."""
        sent = [self.link.publish(topic, payload, retain=retain) for topic in topics]
        for _ in sent:
            self.until(Published)

    def until_topic(self, topic: str) -> list[Message]:
        """Everything that was heard up to the first message of this topic."""
        messages = list[Message]()
        while not messages or messages[-1].topic != topic:
            messages += self.taken() or [self.until(Message)]
        return messages

    def heard_of(self, topics: set[str]) -> set[tuple[str, bytes, bool]]:
        """The next message of each of these topics; any other topic fails."""
        messages = self.taken()
        while len({message.topic for message in messages}) < len(topics):
            messages.append(self.until(Message))
        return {(message.topic, message.payload, message.retained) for message in messages}


class Door:
    """A listener on loopback; each connection is dealt with by a thread of its own."""

    def __init__(self, serve: Callable[[socket.socket], None], port: int = 0) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._thread(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()
        self.join()

    def shut(self) -> None:
        """Let nobody in any more."""
        self._listener.shutdown(socket.SHUT_RDWR)

    def join(self) -> None:
        """Wait for the last connection to end."""
        for thread in self._threads:
            thread.join(10)

    def _thread(self, target: Callable[..., None], *args: socket.socket) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        with self._listener, contextlib.suppress(OSError):  # shut down
            while True:
                self._thread(self._serve, self._listener.accept()[0])


def balance(near: socket.socket, turns: Iterator[int]) -> None:
    """Lead a connection to the next of three nodes that takes it."""
    for port in itertools.islice(turns, len(NODES)):
        with contextlib.suppress(ConnectionRefusedError):
            lead(near, port)
            return
    near.close()


def lead(near: socket.socket, port: int) -> None:
    """Carry everything to a port and back until one side ends."""
    with socket.create_connection(("127.0.0.1", port)) as far, near:
        back = threading.Thread(target=pump, args=(far, near), daemon=True)
        back.start()
        pump(near, far)
        back.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Until one side ends; then both do."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for each in (source, sink):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def listens(port: int) -> bool:
    """Whether something does on this port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
