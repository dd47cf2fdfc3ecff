"""Rules about the item in hand: may it be used or taken in, is it the right piece, must something be done first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from edge.catalog.product import Level, Storage
from edge.rules.case import NOTHING, Case, Found
from edge.rules.verdict import TaskName

_ORDERS = {"recall": "recalled", "stop_use": "stop_use", "hold": "hold"}
_CELSIUS = ("℃", "°C", "C", "摄氏度")


def orders(case: Case) -> Sequence[Found]:
    """Recalls, stop-use orders and holds. They name DIs, whether or not the catalogue knows the product."""
    udi = case.udi
    return [
        Found(_ORDERS[each.kind], each.order)
        for each in case.circumstances.orders
        if each.hits(lot=udi.lot, serial=udi.serial, manufactured=udi.manufactured, expires=udi.expires)
    ]


def expiry(case: Case) -> Sequence[Found]:
    """The last day of use has passed. A clock that cannot be trusted is never ahead of its floor: passed is passed."""
    expires = case.udi.expires
    return [Found("expired", expires.isoformat())] if expires is not None and expires < case.now.today else NOTHING


def clock(case: Case) -> Sequence[Found]:
    """Whether an expiry that has not passed by this clock may have passed all the same."""
    expires = case.udi.expires
    if expires is None or expires < case.now.today or case.now.quality not in ("none", "floor"):
        return NOTHING
    return [Found("clock_unset" if case.now.quality == "none" else "clock_untrusted")]


def near_expiry(case: Case) -> Sequence[Found]:
    """The last day of use is near; how near is the region's to say, per stage."""
    expires, today = case.udi.expires, case.now.today
    if expires is None or expires < today or case.now.quality == "none":
        return NOTHING
    days = getattr(case.site.near_expiry_days, case.stage)
    return [Found("near_expiry", expires.isoformat())] if expires <= today + timedelta(days=days) else NOTHING


def serial(case: Case) -> Sequence[Found]:
    """One serial is one piece: it is received, used and counted once. Reusable devices are used again and again."""
    seen = case.circumstances.serial_seen
    if case.task is TaskName.COUNT:
        return [Found("counted_before")] if case.udi.serial is not None and seen is not None else NOTHING
    if case.udi.serial is None or seen is None or (case.product is not None and case.product.single_use is False):
        return NOTHING
    again = seen == "use" or case.stage == "goods"
    return [Found("serial_seen", seen)] if again else NOTHING


def level(case: Case) -> Sequence[Found]:
    """Whether the scanned level is one that is counted here.

    A case at a patient would book all it holds on one person; a unit of use at receipt would count as a sale unit.
    """
    product = case.product
    if product is None:
        return NOTHING
    if product.contains > 1:
        return [Found("wrong_level", str(product.contains))]
    loose = product.level is Level.USE_UNIT and product.di != product.sale_unit
    return [Found("loose_unit")] if loose else NOTHING


def storage(case: Case) -> Sequence[Found]:
    """Cold goods are not received without a reading of their temperature; later it is asked for once in a document."""
    if case.product is None or case.circumstances.measured:
        return NOTHING
    later = "reading_asked" if case.circumstances.reading_asked else "reading_due"
    code = "storage_reading" if case.task is TaskName.RECEIVE else later
    for each in case.product.storage:
        if is_cold(each, case.site.cold_up_to):
            return [Found(code, each.condition)]
    return NOTHING


def is_cold(storage: Storage, up_to: float) -> bool:
    """Whether goods with this condition come with a reading; `up_to` as `edge.rules.verdict.Site.cold_up_to`."""
    return storage.high is not None and storage.unit in _CELSIUS and storage.high <= up_to


def withdrawn(case: Case) -> Sequence[Found]:
    """The registrant has taken the DI back. What is on the shelf may still be used."""
    product = case.product
    if product is None or product.withdrawn is None or product.withdrawn > case.now.today:
        return NOTHING
    return [Found("withdrawn_di", product.withdrawn.isoformat())]


def certificate(case: Case) -> Sequence[Found]:
    """The registration certificate on the day of manufacture; without that day nothing can be said.

    A certificate that is renewed keeps its number and gets new dates: something made before they begin was made under
    its former dates, which nobody here knows. Only the hub is told.
    """
    made = case.udi.manufactured
    held = None if case.product is None else case.product.certificate
    if made is None or held is None:
        return NOTHING
    if held.valid_to is not None and made > held.valid_to:
        return [Found("certificate_ended", held.number)]
    if held.valid_from is not None and made < held.valid_from:
        return [Found("certificate_later", held.number)]
    return NOTHING
