"""What is said about a presentation: outcome and ranked reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from edge.catalog.product import Order


class Outcome(StrEnum):
    """The eight outcomes of architecture section 4; the value is the name on the wire."""

    ACCEPTED = "ACCEPTED"
    CHECKED = "CHECKED"
    ATTENTION = "ATTENTION"
    INCOMPLETE = "INCOMPLETE"
    REDO = "REDO"
    MISSING = "MISSING"
    STOP = "STOP"
    FAULT = "FAULT"


class TaskName(StrEnum):
    """What scans mean at a station: tasks, and acts that are a task for one item; the value is the name on the wire."""

    CHECK = "CHECK"
    """核对: nothing is booked."""
    RECEIVE = "RECEIVE"
    """带码入库."""
    USE = "USE"
    """使用登记."""
    STORE = "STORE"
    """上架."""
    PICK = "PICK"
    """拣货."""
    VERIFY = "VERIFY"
    """出库复核."""
    SHIP = "SHIP"
    """带码出库."""
    ISSUE = "ISSUE"
    """领用."""
    DISPENSE = "DISPENSE"
    """发药房的器械给病人,不记病历."""
    COUNT = "COUNT"
    """盘点."""
    TRAY = "TRAY"
    """外来器械: a loaner kit is counted in."""
    TRAY_BACK = "TRAY_BACK"
    """归还: what is left of it is counted out."""
    TRAY_MISSING = "TRAY_MISSING"
    """缺失: of it, and nobody knows where."""
    BIND = "BIND"
    """绑码."""
    RELEASE = "RELEASE"
    """放行."""
    QUARANTINE = "QUARANTINE"
    """隔离."""
    WASTE = "WASTE"
    """开封未用."""
    RETURN = "RETURN"
    """退库."""
    SEND_BACK = "SEND_BACK"
    """退货."""
    EXPLANT = "EXPLANT"
    """取出."""
    SAMPLE = "SAMPLE"
    """抽检."""


class Audience(StrEnum):
    """Who can act on a reason. Only `PERSON` changes the light."""

    PERSON = "person"
    HUB = "hub"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a verdict; texts in zh-CN and English are in `edge.rules.reasons`."""

    code: str
    audience: Audience
    detail: str = ""
    """The value concerned, for the message; never patient data. Not on the wire."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome with its reasons, the weightiest first."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    overridable: bool = False
    """Not booked, and a person may book it all the same by an act that is recorded; the verdict stays as it is."""


CATALOGUE_DAYS = 35
COLD_UP_TO = 10.0
"""℃: the upper limit of 冷处."""
Scope = Literal["batch-1", "batch-3", "class-3"]
Role = Literal["hospital", "pharmacy", "distributor", "third_party_logistics"]


@dataclass(frozen=True, slots=True)
class Cutoff:
    """Devices of a scope that were made since a day have to carry a UDI."""

    made_from: date
    scope: Scope
    article: str
    day_included: bool = True
    """Whether the day itself counts: 以后 does not say."""
    roles: tuple[Role, ...] = ("hospital", "pharmacy", "distributor", "third_party_logistics")
    """Whom the article concerns."""
    blocks_at: tuple[Literal["CHECK", "RECEIVE", "USE"], ...] = ()
    """Tasks at whose stage an item without UDI is stopped; elsewhere it is only missing one."""
    source: str = ""
    """The order; that of the region's file if empty."""

    def since(self, day: date) -> bool:
        """Whether something made on this day has to carry one."""
        return day > self.made_from or (self.day_included and day == self.made_from)


@dataclass(frozen=True, slots=True)
class Days:
    """Days per stage of a task, as `decisions.toml` names the stages."""

    look: int = 90
    goods: int = 90
    patient: int = 90
    away: int = 0


NEAR_EXPIRY = Days()


@dataclass(frozen=True, slots=True)
class Site:
    """The rules in force at this station."""

    region: str
    """Name of the region file, ``national`` when none was configured."""
    role: Role
    digest: str
    """SHA-256 (hex) of the region's files and the decision table, for the event."""
    mode: Literal["advise", "block"] = "advise"
    near_expiry_days: Days = NEAR_EXPIRY
    cutoffs: tuple[Cutoff, ...] = ()
    """Those that concern this role."""
    catalogue_days: int = CATALOGUE_DAYS
    """An older catalogue is said to be old."""
    cold_up_to: float = COLD_UP_TO
    """Goods with an upper limit of storage up to this many ℃ come with a reading."""


class Made(StrEnum):
    """When an item without UDI was made, as a card or a document line says (前、后、不明)."""

    BEFORE = "before"
    """Before the day from which it has to carry a UDI."""
    AFTER = "after"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a document line or cards say of an item that shows no UDI."""

    in_scope: bool | None = None
    """Whether it has to carry one at all; None: nobody said."""
    made: Made | date = Made.UNKNOWN


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a verdict needs beside package, product, task, site and time."""

    orders: tuple[Order, ...] = ()
    """Orders that name the DI or another one of its packaging tree, whether or not the catalogue knows it."""
    declared: Declared | None = None
    """Only for an item that shows no UDI."""
    serial_seen: str | None = None
    """Where this DI and serial was already booked, if it was: ``use`` or ``receipt``; that at the same task, too."""
    catalogue_age_days: int | None = None
    """Days since the catalogue's release; None without one."""
    measured: bool = False
    """A reading of the temperature was taken under this document, and lies in the range that the goods demand."""
    reading_asked: bool = False
    """It was asked for in this delivery; once is enough for the person, and the hub has it of each item."""


@dataclass(frozen=True, slots=True)
class Now:
    """The present as far as the station knows it."""

    at: datetime
    """UTC, aware."""
    today: date
    """The local calendar day."""
    quality: Literal["none", "floor", "rtc", "https", "ntp"]
