"""The one event of every bench: a USE scan with all that schema 1 has room for, made by the product's own functions."""

from __future__ import annotations

import hashlib
import random
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from edge import wire
from edge.catalog.product import Level, Product
from edge.rules.judge import judge
from edge.rules.regions import site_rules
from edge.rules.verdict import Now, Outcome, TaskName, Verdict
from edge.seal import Sealer, new_key, public_half
from edge.station.journal.store import OpenedEpoch
from edge.station.record import Booking, scan_body
from edge.station.tasks.keeping import keep
from edge.station.tasks.state import Case, State
from edge.udi.assemble import assemble
from edge.udi.build import element_string
from edge.udi.checks import mod10
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read
from edge.udi.recover import PiFlags
from tests.bench.figures import Figure, percentile

STATION = "OR-03"
SITE = "test"
FIRST_AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
RULES = site_rules(None, "hospital")
REASONS = 3
SIZED = 5_000
PIECES = 12
"""Used under one case."""
_SIGNS = string.ascii_uppercase + string.digits + "-/."


@dataclass(slots=True)
class Labels:
    """Random labels; the same seed gives the same ones."""

    seed: int
    _rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)  # noqa: S311 - labels keep no secret

    def di(self) -> str:
        body = "0690" + self.digits(9)
        return body + str(mod10(body))

    def digits(self, count: int) -> str:
        return "".join(self._rng.choices(string.digits, k=count))

    def text(self, least: int, most: int) -> str:
        return "".join(self._rng.choices(_SIGNS, k=self._rng.randint(least, most)))

    def day(self, first: int, last: int) -> date:
        return FIRST_AT.date() + timedelta(days=self._rng.randint(first, last))

    def udi(self, di: str) -> bytes:
        """GS1 content with every production identifier; near its expiry."""
        made, expires = self.day(-900, -300), self.day(5, 80)
        return element_string(
            [
                ("01", di),
                ("11", f"{made:%y%m%d}"),
                ("17", f"{expires:%y%m%d}"),
                ("10", self.text(4, 20)),
                ("21", self.text(4, 20)),
            ]
        )

    def took_ms(self) -> float:
        return self._rng.uniform(2.0, 40.0)


def sealer() -> Sealer:
    return Sealer("k1", public_half(new_key()))


def opening(opened: OpenedEpoch) -> wire.Draft:
    """The first event of a journal, for `Journal.open`."""
    change = wire.station_change(
        "epoch_opened", previous=opened.previous, lost=opened.lost, salvaged=opened.salvaged, why=opened.why
    )
    return _draft(FIRST_AT, 0, wire.Kind.STATION, change)


def drafts(count: int, seals: Sealer, seed: int = 1) -> Iterator[wire.Draft]:
    """Scan events: DataMatrix and 医保 code read by the camera, a sealed patient, three reasons."""
    labels = Labels(seed)
    for number in range(count):
        yield _scan(labels, seals, number)


def kept(number: int) -> bytes:
    """What the tasks know after so many of the `drafts`: a case whose pieces are used one by one, then the next one."""
    first = number - number % PIECES
    case = hashlib.sha256(str(first).encode()).hexdigest()[:16]
    used = tuple(f"GS1|0690{piece:010}|S|A{piece}" for piece in range(first, number))
    state = State(TaskName.USE, TaskName.USE, operator="N1207", rights="use", active=case)
    return keep(replace(state, cases=(Case(case, "patient", case[::-1], used=used),)))


def measure() -> list[Figure]:
    """How large the events are, as journaled."""
    sizes = [float(len(line)) for line in lines(list(drafts(SIZED, sealer())))]
    most = {"largest": max(sizes)}
    return [
        Figure("event.bytes_median", percentile(sizes, 0.5), "bytes", 1500, most),
        Figure("event.bytes_p99", percentile(sizes, 0.99), "bytes", 4096, most),
    ]


def lines(events: Sequence[wire.Draft]) -> Iterator[bytes]:
    """The events as they would stand in a journal."""
    chain = None
    for seq, draft in enumerate(events, start=1):
        line = draft.encode("0123456789abcdef", seq, chain)
        chain = wire.digest(line)
        yield line


def _scan(labels: Labels, seals: Sealer, number: int) -> wire.Draft:
    at = FIRST_AT + timedelta(seconds=20 * number)
    mono_ns = 86_400_000_000_000 + 20_000_000_000 * number
    di = labels.di()
    presentation = assemble(_reads(labels, di, mono_ns), today=FIRST_AT.date())
    product = _product(di)
    verdict = judge(presentation, product, TaskName.USE, RULES, Now(at, FIRST_AT.date(), "ntp"))
    case = hashlib.sha256(str(number).encode()).hexdigest()[:16]
    patient = seals.seal(f"ZY{labels.digits(8)}".encode(), site=SITE, case=case)
    booking = Booking(count=1, document=f"DN-{labels.digits(10)}", case=case)
    _check(presentation, verdict)
    body = scan_body(
        presentation.reads,
        presentation.udi,
        product,
        verdict,
        booking,
        patient=patient,
        catalogue=hashlib.sha256(b"catalogue").hexdigest(),
        rules=RULES.digest,
    )
    return _draft(at, mono_ns, wire.Kind.SCAN, body)


def _reads(labels: Labels, di: str, t0_ns: int) -> list[Read]:
    corners = ((400, 300), (560, 310), (550, 470), (390, 460))
    took_ms = labels.took_ms()
    return [
        Read(labels.udi(di), "]d2", "camera", t0_ns, took_ms, corners),
        Read(f"C{labels.digits(19)}".encode(), "]C0", "camera", t0_ns, took_ms, corners),
    ]


def _product(di: str) -> Product:
    """Withdrawn, and without a 医保 code in the catalogue: together with near expiry three reasons for the hub."""
    return Product(
        di=di,
        sale_unit=di,
        level=Level.SALE_UNIT,
        contains=1,
        name="Hip stem, cementless",
        model="HS-12",
        registrant="Example Medical",
        device_class=3,
        implant=True,
        pi=PiFlags(lot=True, serial=True, manufactured=True, expires=True),
        withdrawn=date(2026, 6, 1),
    )


def _draft(at: datetime, mono_ns: int, kind: wire.Kind, body: dict[str, object]) -> wire.Draft:
    return wire.Draft(
        event_id=wire.uuid7(at),
        station=STATION,
        kind=kind,
        at=wire.iso(at),
        clock={"quality": "ntp", "boot": "0b1f7ac5-6e0d-4c55-9a55-3c4b1d6a2f10", "mono_ns": mono_ns},
        organisation={"id": "H510104", "role": "hospital"},
        place="Operating room 3",
        operator="N1207",
        task=TaskName.USE.value,
        body=body,
    )


def _check(presentation: Presentation, verdict: Verdict) -> None:
    """A fixture that has become a smaller event would flatter every figure."""
    assert presentation.shape is Shape.COMPLETE, presentation
    assert len(presentation.companions) == 1, presentation
    assert verdict.outcome is Outcome.ACCEPTED, verdict
    assert len(verdict.reasons) >= REASONS, verdict  # a random lot may look like a lost separator
