"""Cold goods at a receipt: not booked before a temperature was keyed under their document, or somebody said why not.

One reading serves every item of the document whose range it lies in. The range is the catalogue's, as the verdict
names it, and that of the document's line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from edge.catalog.product import Product, Storage
from edge.documents import Line
from edge.rules.safety import is_cold
from edge.rules.verdict import COLD_UP_TO, Audience, Outcome, Reason, Verdict
from edge.station.tasks.said import Item
from edge.station.tasks.state import State, Work

READING, OUT = "storage_reading", "temperature_out"
"""No reading yet; one that lies outside the range."""
_DEGREES = re.compile(r"-?[0-9]{1,2}(\.[0-9]{1,2})?")
_NUMBER = r"(-?[0-9]+(?:\.[0-9]+)?)"
_UNIT = r"\s*(?:℃|°C|C|摄氏度)"
_BETWEEN = re.compile(rf"{_NUMBER}(?:{_UNIT})?\s*[-~\uFF5E–—至到]\s*{_NUMBER}{_UNIT}")
_AT_MOST = re.compile(rf"(?:≤|<=|不超过|不高于)\s*{_NUMBER}{_UNIT}|{_NUMBER}{_UNIT}以下")
_COLD = re.compile("冷藏|冷冻|冷链|冷处")


def degrees(text: str) -> Mapping[str, float | str] | None:
    """A temperature in ℃ as it was keyed, for the event; None: these digits are none."""
    if _DEGREES.fullmatch(text) is None:
        return None
    return {"quantity": "temperature", "value": float(text), "unit": "Cel"}


def waits(item: Item) -> bool:
    """Whether it is its temperature that keeps an item from being booked."""
    verdict = item.verdict
    return verdict.outcome is Outcome.REDO and verdict.overridable and verdict.reasons[0].code in (READING, OUT)


def answered(item: Item, reading: Mapping[str, float | str]) -> Item:
    """An item that waited, with its temperature: free of the reason, or out of the range."""
    measured = replace(item, measurement=reading)
    reason = item.verdict.reasons[0]
    if not _within(_range_of(item, reason.detail), float(reading["value"])):
        return _asked(measured, OUT, reason.detail)
    return replace(measured, verdict=_booking(_others(item.verdict)))


def despite(item: Item, why: str) -> Item:
    """An item that waited and is booked all the same; the reason stays."""
    return replace(item, override=why, verdict=replace(item.verdict, outcome=Outcome.ATTENTION, overridable=False))


def of_line(work: Work, line: Line, item: Item) -> Item:
    """An item as it waits for what its line demands; unchanged where nothing is demanded, or that was done."""
    demanded = None if line.storage is None else storage_of(line.storage)
    if demanded is None or item.override is not None:
        return item
    if item.measurement is not None and not _within(demanded, float(item.measurement["value"])):
        return _asked(item, OUT, demanded.condition)
    met = item.measurement is not None or any(_within(demanded, each) for each in work.readings)
    return item if met else _asked(item, READING, demanded.condition)


def measured(work: Work | None, product: Product | None, up_to: float) -> bool:
    """Whether a reading of this document lies in every range that the catalogue demands of a product.

    Args:
        work: the open document.
        product: as the catalogue knows it.
        up_to: as `edge.rules.verdict.Site.cold_up_to`.
    """
    readings = () if work is None else work.readings
    cold = [] if product is None else [each for each in product.storage if is_cold(each, up_to)]
    return bool(cold) and all(any(_within(each, reading) for reading in readings) for each in cold)


def noted(state: State, item: Item) -> State:
    """With the temperature that an item was received with, for those that follow."""
    work, reading = state.work, item.measurement
    if work is None or reading is None or item.override is not None:
        return state
    return replace(state, work=replace(work, readings=(*work.readings, float(reading["value"]))))


def storage_of(text: str) -> Storage | None:
    """What a document says of storage, if it says that the goods are cold.

    Without figures (冷藏) a reading is demanded and nobody here knows its range.
    """
    if (between := _BETWEEN.search(text)) is not None:
        low, high = sorted(map(float, between.groups()))
        return Storage(text, low, high, "℃") if high <= COLD_UP_TO else None
    if (most := _AT_MOST.search(text)) is not None:
        high = float(most[1] or most[2])
        return Storage(text, None, high, "℃") if high <= COLD_UP_TO else None
    return Storage(text) if _COLD.search(text) is not None else None


def _range_of(item: Item, condition: str) -> Storage:
    known = () if item.product is None else item.product.storage
    found = next((each for each in known if each.condition == condition), None)
    return found or storage_of(condition) or Storage(condition)


def _within(storage: Storage, reading: float) -> bool:
    return (storage.low is None or storage.low <= reading) and (storage.high is None or reading <= storage.high)


def _asked(item: Item, why: str, condition: str) -> Item:
    reasons = (Reason(why, Audience.PERSON, condition), *_others(item.verdict))
    return replace(item, verdict=Verdict(Outcome.REDO, reasons, overridable=True))


def _others(verdict: Verdict) -> tuple[Reason, ...]:
    return tuple(each for each in verdict.reasons if each.code not in (READING, OUT))


def _booking(reasons: tuple[Reason, ...]) -> Verdict:
    """What is left keeps nobody from booking it: whatever did would have come before the temperature, or with it."""
    doubted = any(each.audience is Audience.PERSON for each in reasons)
    return Verdict(Outcome.ATTENTION if doubted else Outcome.ACCEPTED, reasons)
