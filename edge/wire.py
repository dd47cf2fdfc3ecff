"""What station and hub say to each other: schema 1.

JSON Schema and AsyncAPI files stand beside this module in `edge/schema`; they are the law, and a test holds every
published message against them. An event is one line of UTF-8 JSON with its keys in the order of `Draft.encode`:
the envelope, the body of its kind, and `chain` last. The journaled bytes are the sent bytes and the bytes
the hub keeps.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec

SCHEMA = 1
MAX_EVENT_BYTES = 16 * 1024
MAX_BATCH_BYTES = 64 * 1024
MAX_BATCH_EVENTS = 50
WINDOW_EVENTS = 2_000
PRESSURE_WARNING = 0.8
"""The used fraction of a journal's capacity from which on a person should look."""

HUB_PRESENCE = "udi/site/hub"
ORDERS = "udi/site/order/+"
"""Notices of recalls, stop-use orders and holds; the last level is the order's number."""
CATALOGUE = "udi/site/catalogue/current"
"""The catalogue that the hub offers."""


class Kind(StrEnum):
    """Event kinds; the value is the name on the wire."""

    SCAN = "scan"
    CORRECTION = "correction"
    SESSION = "session"
    DOCUMENT = "document"
    CLOCK = "clock"
    STATION = "station"


class WireError(ValueError):
    """Bytes that are not a message of this schema."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before the journal gives it epoch, seq and chain."""

    event_id: str
    """UUIDv7, fixed for good: it stays the same when the event is journaled again in a new epoch."""
    station: str
    kind: Kind
    at: str
    """UTC, ISO 8601 with microseconds and Z."""
    clock: Mapping[str, Any]
    """``{quality, boot, mono_ns}``."""
    organisation: Mapping[str, str]
    """``{id, role}``."""
    place: str
    body: Mapping[str, Any]
    """The fields of the kind, in wire order."""
    operator: str | None = None
    witness: str | None = None
    task: str | None = None
    training: bool = False

    def encode(self, epoch: str, seq: int, chain: str | None) -> bytes:
        """The exact bytes to journal and to send.

        Args:
            epoch: the journal's epoch, 16 hex digits.
            seq: gapless within the epoch, from 1.
            chain: `digest` of the bytes of the event before; None for an epoch's first event.

        Raises:
            WireError: the event would exceed `MAX_EVENT_BYTES`.
        """
        line = _dump(
            {
                "schema": SCHEMA,
                "event_id": self.event_id,
                "station": self.station,
                "epoch": epoch,
                "seq": seq,
                "kind": self.kind.value,
                "at": self.at,
                "clock": self.clock,
                "organisation": self.organisation,
                "place": self.place,
                "operator": self.operator,
                "witness": self.witness,
                "task": self.task,
                "training": self.training,
                **self.body,
                "chain": chain,
            }
        )
        if len(line) > MAX_EVENT_BYTES:
            raise WireError(f"event {self.event_id} has {len(line)} bytes, at most {MAX_EVENT_BYTES} can be journaled")
        return line


def replace_place(line: bytes, *, epoch: str, seq: int, chain: str | None) -> bytes:
    """The same event, under its old id, at another place of another epoch (after a fork or a salvage)."""
    return _dump({**json.loads(line), "epoch": epoch, "seq": seq, "chain": chain})


@dataclass(frozen=True, slots=True)
class Event:
    """An event as received: its key fields typed, everything in `data`."""

    event_id: str
    station: str
    epoch: str
    seq: int
    kind: str
    chain: str | None
    line: bytes
    """The exact bytes."""
    data: Mapping[str, Any]

    @classmethod
    def decode(cls, line: bytes, loads: Callable[[bytes], Any] = json.loads) -> Event:
        """Read one line.

        Args:
            line: the exact bytes.
            loads: another reader of JSON; raises ValueError for what is not JSON.

        Raises:
            WireError: not JSON, or a key field is missing or of the wrong type.
        """
        try:
            data = loads(line)
            event = cls(
                event_id=data["event_id"],
                station=data["station"],
                epoch=data["epoch"],
                seq=data["seq"],
                kind=data["kind"],
                chain=data["chain"],
                line=line,
                data=data,
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            why = f"{type(error).__name__}: {error}"  # its repr would hold the line, and the line may hold a person
            raise WireError(f"not an event: {why}, in {len(line)} bytes") from None
        event.check()
        return event

    def check(self) -> None:
        """Check the types of the key fields.

        Raises:
            WireError: a key field has the wrong type.
        """
        texts = (self.event_id, self.station, self.epoch, self.kind)
        if not all(isinstance(text, str) and text for text in texts):
            raise WireError(f"an event's event_id, station, epoch and kind are text, found {texts!r}")
        if not isinstance(self.seq, int) or isinstance(self.seq, bool) or self.seq < 1:
            raise WireError(f"an event's seq is a whole number from 1, found {self.seq!r}")
        if not (self.chain is None or isinstance(self.chain, str)):
            raise WireError(f"an event's chain is text or null, found {self.chain!r}")

    @property
    def key(self) -> tuple[str, str, int]:
        """``(station, epoch, seq)``."""
        return (self.station, self.epoch, self.seq)


def digest(line: bytes) -> str:
    """SHA-256 of an event's exact bytes in lower-case hex: the chain value of the next event."""
    return hashlib.sha256(line).hexdigest()


def batch(lines: Sequence[bytes]) -> bytes:
    """NDJSON of the exact bytes, with no newline at the end."""
    return b"\n".join(lines)


def split(payload: bytes) -> list[bytes]:
    """The lines of an NDJSON payload; empty lines are passed over."""
    return [line for line in payload.split(b"\n") if line]


@dataclass(frozen=True, slots=True)
class Ack:
    """The hub's watermark for one station: everything of `epoch` up to `through` is stored."""

    epoch: str
    through: int
    chain_at_through: str
    """`digest` of the bytes of event `through`."""

    def encode(self) -> bytes:
        """The payload of ``udi/<station>/ack``."""
        place = {"epoch": self.epoch, "through": self.through, "chain_at_through": self.chain_at_through}
        return _dump({"schema": SCHEMA, **place})

    @classmethod
    def decode(cls, payload: bytes) -> Ack:
        """Read a watermark.

        Raises:
            WireError: not a watermark of schema 1.
        """
        data = _object(payload)
        match data:
            case {"schema": 1, "epoch": str(epoch), "through": int(through), "chain_at_through": str(chain)}:
                return cls(epoch, through, chain)
        raise WireError(f"not a watermark of schema {SCHEMA}: {payload[:120]!r}")


State = Literal["ready", "lost", "stopped", "fault"]


@dataclass(frozen=True, slots=True)
class Status:
    """The retained state of a station; the will is the same object with ``lost``."""

    session: str
    """Random for each start of the process: a late will of an older session is told apart by it."""
    state: State
    since: str
    version: str
    epoch: str
    unacknowledged: int
    capacity: int
    notices_missing_by: tuple[str, ...]
    """How this station can notice a package without a UDI: ``camera``, ``button``, ``no_read``; may be empty."""

    @property
    def pressure(self) -> float:
        """The used fraction of the capacity, 0 to 1; at 1 scans are refused."""
        return pressure(self.unacknowledged, self.capacity)

    def encode(self) -> bytes:
        """The payload of ``udi/<station>/status``."""
        return _dump(
            {
                "schema": SCHEMA,
                "session": self.session,
                "state": self.state,
                "since": self.since,
                "version": self.version,
                "epoch": self.epoch,
                "unacknowledged": self.unacknowledged,
                "capacity": self.capacity,
                "pressure": self.pressure,
                "notices_missing_by": list(self.notices_missing_by),
            }
        )


def pressure(unacknowledged: int, capacity: int) -> float:
    """The used fraction of a journal's capacity, 0 to 1."""
    return min(1.0, round(unacknowledged / capacity, 4)) if capacity > 0 else 1.0


def session_of(payload: bytes) -> str | None:
    """The session id of a status or presence message; None if it has none."""
    try:
        session = _object(payload).get("session")
    except WireError:
        return None
    return session if isinstance(session, str) else None


@dataclass(frozen=True, slots=True)
class HubPresence:
    """Retained presence of the hub at `HUB_PRESENCE`."""

    session: str
    present: bool
    since: str

    def encode(self) -> bytes:
        """The payload of ``udi/site/hub``."""
        return _dump({"schema": SCHEMA, "session": self.session, "present": self.present, "since": self.since})

    @classmethod
    def decode(cls, payload: bytes) -> HubPresence:
        """Read the hub's presence.

        Raises:
            WireError: not a presence message of schema 1.
        """
        match _object(payload):
            case {"schema": 1, "session": str(session), "present": bool(present), "since": str(since)}:
                return cls(session, present, since)
        raise WireError(f"not a hub presence of schema {SCHEMA}: {payload[:120]!r}")


@dataclass(frozen=True, slots=True)
class PhotoAck:
    """The hub has a picture for good: the station may delete it."""

    sha256: str
    """Of the sealed bytes, lower-case hex: the picture's name."""

    def encode(self) -> bytes:
        """The payload of ``udi/<station>/photo-ack``."""
        return _dump({"schema": SCHEMA, "sha256": self.sha256})

    @classmethod
    def decode(cls, payload: bytes) -> PhotoAck:
        """Read an answer.

        Raises:
            WireError: not an answer of schema 1.
        """
        match _object(payload):
            case {"schema": 1, "sha256": str(sha256)}:
                return cls(sha256)
        raise WireError(f"not an answer to a picture of schema {SCHEMA}: {payload[:120]!r}")


def topic(station: str, leaf: Literal["scan", "ack", "status", "health", "photo-ack"]) -> str:
    """The topic of a station, for example ``udi/OR-03/scan``."""
    return f"udi/{station}/{leaf}"


def photo_topic(station: str, sha256: str) -> str:
    """The topic of one sealed picture, named by the SHA-256 of its sealed bytes."""
    return f"udi/{station}/photo/{sha256}"


def iso(at: datetime) -> str:
    """UTC with microseconds and Z, as every time on the wire."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond:06d}Z"


def uuid7(at: datetime) -> str:
    """A UUID version 7 (RFC 9562, 5.7) for this instant."""
    value = (int(at.timestamp() * 1000) & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _object(payload: bytes) -> Mapping[str, Any]:
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {payload[:120]!r}") from error
    if not isinstance(data, dict):
        raise WireError(f"not a JSON object: {payload[:120]!r}")
    return data


_dump = msgspec.json.Encoder().encode
"""An eighth of the time that ``json`` needs: an event is made while a person waits for the answer."""


def station_change(what: str, **fields: Any) -> dict[str, Any]:
    """Body of a ``station`` event: what changed at the station itself.

    Args:
        what: one of those in ``event.schema.json``.
        fields: those that stand there for it, such as ``epoch_opened`` with ``previous`` ``{epoch, seq, chain}`` or
            None, ``lost`` and ``salvaged`` as lists of ``[first, last]``, and ``why``.
    """
    return {"change": {"what": what, **fields}}


def clock_change(why: str, *, quality_before: str | None, step_ns: int | None) -> dict[str, Any]:
    """Body of a ``clock`` event; ``why`` is ``boot``, ``step`` or ``quality``."""
    return {"change": {"why": why, "quality_before": quality_before, "step_ns": step_ns}}


def session_change(
    of: str, what: str, ident: str | None, why: str | None = None, patient: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Body of a ``session`` event.

    Args:
        of: ``case``, ``document``, ``operator`` or another one in ``event.schema.json``.
        what: ``opened``, ``suspended``, ``resumed``, ``closed`` or ``completed``.
        ident: case or document id, or the operator; never a patient.
        why: free reason, for example ``restart``.
        patient: sealed, of an emergency case that is ``completed``.
    """
    change = {"of": of, "what": what, "id": ident, "why": why}
    return {"change": change if patient is None else {**change, "patient": patient}}


def document_change(document: str, what: str, lines: int | None = None) -> dict[str, Any]:
    """Body of a ``document`` event: what became of it at the site; that somebody worked with it is a ``session``.

    ``lines`` is how many the document has, as far as the station knows.
    """
    return {"document": document, "change": {"what": what, "lines": lines}}
