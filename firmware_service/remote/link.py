"""The agent's connection to the broker: as ``<station>.fw``, in a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from firmware_service.clock.hub_time import TOPIC as TIME
from firmware_service.remote.outbox import Outbox
from hardware.host.link import (
    Connected,
    Disconnected,
    Link,
    LinkEvent,
    LinkSettings,
    Message,
    NotConnected,
    Published,
    Subscribed,
)
from hardware.host.worker import Worker

log = logging.getLogger(__name__)

STEP_S = 0.5


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one machine.

    Attributes:
        station: its station's name.
    """

    station: str

    @property
    def client(self) -> str:
        """Name of the client and of its certificate."""
        return f"{self.station}.fw"

    @property
    def health(self) -> str:
        """How the machine is."""
        return f"udi/{self.client}/health"

    @property
    def desired(self) -> str:
        """The configuration that the hub wants."""
        return f"udi/{self.client}/config/desired"

    @property
    def reported(self) -> str:
        """What became of it."""
        return f"udi/{self.client}/config/reported"

    @property
    def diagnostics(self) -> str:
        """An archive that the hub asked for, in pieces."""
        return f"udi/{self.client}/diagnostics"

    @property
    def commands(self) -> str:
        """All commands."""
        return f"udi/{self.client}/cmd/+/+"

    def command(self, kind: str, ident: str) -> str:
        """One command."""
        return f"udi/{self.client}/cmd/{kind}/{ident}"

    def command_of(self, topic: str) -> tuple[str, str] | None:
        """Kind and ident of a command's topic; None: another topic."""
        head, cmd, rest = topic.partition("/cmd/")
        kind, _, ident = rest.partition("/")
        return (kind, ident) if cmd and head == f"udi/{self.client}" and ident and "/" not in ident else None


class AgentLink:
    """Hears what the hub wants and says what is in the outbox."""

    def __init__(
        self,
        settings: LinkSettings,
        topics: Topics,
        outbox: Outbox,
        *,
        on_desired: Callable[[bytes], None],
        on_command: Callable[[str, str, bytes], None],
        on_time: Callable[[bytes], None],
        time_trusted: Callable[[], bool],
    ) -> None:
        """Prepare; the worker connects.

        Args:
            settings: the broker, and who this is.
            topics: of this machine.
            outbox: what is to be said.
            on_desired: told of a configuration; called in the link's thread, as the next two.
            on_command: told of a command: kind, ident, payload.
            on_time: told of a time.
            time_trusted: whether the clock can judge certificates.
        """
        self._topics = topics
        self._outbox = outbox
        self._on_desired = on_desired
        self._on_command = on_command
        self._on_time = on_time
        self._link = Link(settings, time_trusted=time_trusted)
        self.worker = Worker("agent link", self._step, fresh_within=60.0, on_stop=self._link.close)

    @property
    def connected(self) -> bool:
        """The broker has accepted us."""
        return self._link.connected

    def _step(self) -> None:
        for event in self._link.step(STEP_S):
            self._on(event)
        if not self._link.connected:
            return
        try:
            for topic, payload, stands in self._outbox.take():
                self._link.publish(topic, payload, retain=stands)
        except NotConnected:
            pass  # all of it is said again after the next connecting, and pieces with the next round

    def _on(self, event: LinkEvent) -> None:
        match event:
            case Connected():
                self._outbox.again()
                for topic in (self._topics.desired, self._topics.commands, TIME):
                    self._subscribe(topic)
            case Disconnected(reason):
                log.warning("broker=lost reason=%s", reason)
            case Subscribed(topic, ok=False):
                log.error("topic=%s refused by the broker: expected the rights of an agent", topic)
            case Published(ok=False, reason=reason):
                log.error("the broker refused what this machine said: %s; expected the rights of an agent", reason)
            case Message(topic=topic, payload=payload, retained=retained):
                self._hear(topic, payload, now=not retained)
            case _:
                pass

    def _subscribe(self, topic: str) -> None:
        try:
            self._link.subscribe(topic)
        except NotConnected as error:
            log.warning("broker=lost reason=%s", error)

    def _hear(self, topic: str, payload: bytes, *, now: bool) -> None:
        command = self._topics.command_of(topic)
        if topic == self._topics.desired:
            self._on_desired(payload)
        elif topic == TIME:
            if now:  # what stands at the broker was true once
                self._on_time(payload)
        elif command is not None:
            self._on_command(*command, payload)
