"""A real mosquitto with the shipped files, certificates for everybody, and peers that talk to it over TLS."""

from __future__ import annotations

import contextlib
import getpass
import json
import signal
import socket
import ssl
import subprocess
import time
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from click.testing import CliRunner

from edge.hub.cli import main
from hardware.host.link import (
    Connected,
    Link,
    LinkEvent,
    LinkSettings,
    Message,
    Published,
    Subscribed,
    Tls,
    Will,
)
from tests.support.pki import Authority
from tests.support.site import MOSQUITTO, Broker, wait_for

E = TypeVar("E", bound=LinkEvent)
ADMIN = "admin"
"""Sees and says everything: the tests' own addition to the rights."""


class Peer:
    """One identity's connection, used step by step; what it hears is kept until asked for."""

    def __init__(self, port: int, tls: Tls | None, client_id: str, will: Will | None = None) -> None:
        self.link = Link(LinkSettings("127.0.0.1", port, client_id, tls, will=will))
        self._events: list[LinkEvent] = []
        self._messages: list[Message] = []

    def until(self, kind: type[E] | tuple[type[E], ...], seconds: float = 10.0) -> E:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            while self._events:
                event = self._events.pop(0)
                if isinstance(event, kind):
                    return event
                if isinstance(event, Message):
                    self._messages.append(event)
            self._events = self.link.step(0.05)
        raise AssertionError(f"no {kind} within {seconds} s")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> Published:
        mid = self.link.publish(topic, payload, retain=retain)
        answer = self.until(Published)
        assert answer.mid == mid
        return answer

    def subscribe(self, *topics: str) -> None:
        for topic in topics:
            self.link.subscribe(topic)
            assert self.until(Subscribed) == Subscribed(topic, ok=True)

    def heard(self) -> list[Message]:
        """Everything the broker has for this peer by now: its answer to a last request comes behind all of it."""
        self.subscribe("fence")
        messages, self._messages = self._messages, []
        return messages

    def wait_heard(self, count: int) -> list[bytes]:
        """The payloads of so many messages, in the order they came."""
        while len(self._messages) < count:
            self._messages.append(self.until(Message))
        return [message.payload for message in self._messages]

    def lose(self) -> None:
        """End as a power cut does: no goodbye."""
        session = self.link._session
        sock = None if session is None else session.client.socket()
        assert sock is not None
        sock.close()


class SecureBroker(Broker):
    """Configured by `udi-hub broker-config`; the test adds a writable state folder, a log file and `ADMIN`."""

    def __init__(
        self, folder: Path, stations: Iterable[str], *, hubs: Sequence[str] = ("hub",), more: str = ""
    ) -> None:
        super().__init__(folder)
        self.authority = Authority(folder / "pki")
        self.stations = list(stations)
        self.files = folder / "broker"
        self.state = folder / "state"
        self.state.mkdir()
        self.log = folder / "broker.log"
        self._site = folder / "broker.toml"
        own = self.authority.identity("broker")
        self._site.write_text(
            f'[broker]\nca = "{own.ca}"\ncertificate = "{own.certificate}"\nkey = "{own.key}"\n'
            f"hubs = {json.dumps(hubs)}\n"
            f'revoked = "{self.authority.revoke()}"\nlisten = "127.0.0.1"\nport = {self.port}\n'
            f'state = "{self.state}"\n{more}',
            encoding="utf-8",
        )
        self._config = self.files / "mosquitto.conf"
        self.configure(self.stations)

    def configure(self, stations: Iterable[str]) -> None:
        """Write the files anew for these stations; a running broker reads them at `reload`."""
        words = ["broker-config", "--site", str(self._site), "--out", str(self.files), *stations]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
        with self._config.open("a", encoding="ascii") as config:
            config.write(f"user {getpass.getuser()}\n")  # the test's folders are for this user only
        with (self.files / "stations.acl").open("a", encoding="ascii") as rights:
            rights.write(f"user {ADMIN}\ntopic readwrite #\n")

    def link(self, name: str) -> str:
        tls = self.authority.identity(name)
        return f'tls = {{ ca = "{tls.ca}", certificate = "{tls.certificate}", key = "{tls.key}" }}'

    def start(self) -> None:
        assert MOSQUITTO is not None
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stderr=log)
        wait_for(self._listens, "mosquitto to listen")

    def reload(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def peer(
        self, name: str, *, tls: Tls | None = None, client_id: str | None = None, will: Will | None = None
    ) -> Peer:
        """A connected identity; its certificate is made when none is given."""
        peer = Peer(self.port, tls or self.authority.identity(name), client_id or name, will)
        peer.until(Connected)
        return peer

    def refuses(self, tls: Tls) -> bool:
        """Whether a connection with this certificate is refused at this moment."""
        return not is_connack(answer(self.port, context(self.authority.file, tls)))


def context(ca: Path, tls: Tls | None, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """What a client brings along; with a version: that one only."""
    made = ssl.create_default_context(cafile=str(ca))
    if tls is not None:
        made.load_cert_chain(tls.certificate, tls.key)
    if version is not None:
        made.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            made.minimum_version = made.maximum_version = version
    return made


CONNECT = bytes.fromhex("101000044d5154540502ffff000003") + b"abc"
"""MQTT v5, clean start, a keepalive of 65535 s."""


def answer(port: int, tls: ssl.SSLContext | None) -> bytes | str:
    """What comes back for a CONNECT: bytes, or how TLS or TCP ended."""
    with contextlib.ExitStack() as stack:
        try:
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            if tls is not None:
                sock = stack.enter_context(tls.wrap_socket(sock, server_hostname="localhost"))
            sock.sendall(CONNECT)
            return sock.recv(256)
        except (ssl.SSLError, ConnectionError) as error:
            return getattr(error, "reason", None) or type(error).__name__


def is_connack(found: bytes | str) -> bool:
    """Whether it says: connected."""
    return isinstance(found, bytes) and found[:1] == b"\x20" and found[3] == 0
