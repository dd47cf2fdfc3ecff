"""What the desk is told, by readers, camera, buttons, journal and the keeper of pictures; any thread may post it."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.station.journal.store import JournalError
from edge.station.journal.writer import Committed
from edge.udi.read import Read
from hardware.buttons import ButtonEvent
from hardware.scanner import ScannerRead


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scanner gave a read."""

    read: ScannerRead


@dataclass(frozen=True, slots=True)
class Seen:
    """The camera process gave every symbol of one frame; empty when they vanished."""

    reads: tuple[Read, ...]
    t0_ns: int


@dataclass(frozen=True, slots=True)
class Prompted:
    """Something lies still under the camera and does not read; `number` 2: for so long that turning it is no use."""

    number: int
    t0_ns: int


@dataclass(frozen=True, slots=True)
class Photographed:
    """The camera process answered a request for a picture."""

    ident: str
    jpeg: bytes | None = field(repr=False)
    """None: it had no frame to take it from."""
    reads: tuple[Read, ...] = field(repr=False)
    """Every symbol that lay in view in that very frame."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture was sealed and stored under a name, or refused."""

    ident: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button was pressed or held."""

    event: ButtonEvent
    t0_ns: int


@dataclass(frozen=True, slots=True)
class Written:
    """The journal finished with an event."""

    event_id: str
    result: Committed | JournalError


CAMERA = "camera"
"""The name of the camera among the readers."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Which readers are missing, and whether any is left."""

    missing: tuple[str, ...]
    any_left: bool


Message = Scanned | Seen | Prompted | Photographed | Kept | Pressed | Written | Readers
