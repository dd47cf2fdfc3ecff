"""What lies in the store as far as this station knows: what it received or put away itself, and did not let go.

It serves one hint, 先到期先出 (FEFO): something of the same product would expire earlier. What other stations did is
not known here, so nothing is ever refused for it, and no hint says nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from edge.rules.verdict import TaskName
from edge.station.tasks import held, lines
from edge.station.tasks.said import Item, Moment
from edge.station.tasks.state import State, Stock

FEFO = "fefo"
MOST_LOTS = 200
"""Beyond so many those that nothing was done with for longest are forgotten: all are written with each event."""
_COMES = (TaskName.RECEIVE, TaskName.STORE, TaskName.RETURN)
_GOES = (TaskName.ISSUE, TaskName.DISPENSE, TaskName.WASTE, TaskName.SEND_BACK, TaskName.SAMPLE)
"""Beside picking and shipping; nobody picks where items are used at a patient."""


def moved(state: State, item: Item, task: TaskName, units: int) -> State:
    """With so many more units of an item received, put away, picked ...; fewer, if below 0. Not in practice."""
    udi = item.udi
    if state.practice is not None or udi is None or udi.di is None or udi.expires is None:
        return state
    di = udi.di if item.product is None else item.product.sale_unit
    expires = udi.expires.isoformat()
    former = next((each for each in state.shelf if (each.di, each.lot, each.expires) == (di, udi.lot, expires)), None)
    if former is None and task not in _COMES:
        return state
    others = tuple(each for each in state.shelf if each is not former)
    now = _after(former or Stock(di, udi.lot, expires), task, units)
    return replace(state, shelf=(*others, now)[-MOST_LOTS:] if now.there > 0 else others)


def earlier(state: State, item: Item, moment: Moment) -> str | None:
    """The expiry of something of this product that lies here, may be used, and expires before the item."""
    udi = item.udi
    if udi is None or udi.expires is None:
        return None
    dis = lines.tree_of(item)
    days = [
        each.expires
        for each in state.shelf
        if each.di in dis and not held.holds_lot(state, dis | {each.di}, each.lot) and not _over(each, moment.today)
    ]
    first = min(days, default=None)
    return first if first is not None and first < udi.expires.isoformat() else None


def _over(stock: Stock, today: date | None) -> bool:
    return today is not None and stock.expires < today.isoformat()


def _after(stock: Stock, task: TaskName, units: int) -> Stock:
    match task:
        case TaskName.RECEIVE:
            return replace(stock, received=stock.received + units)
        case TaskName.STORE:
            return replace(stock, stored=stock.stored + units)
        case TaskName.PICK:
            return replace(stock, picked=stock.picked + units)
        case TaskName.SHIP:
            return replace(stock, shipped=stock.shipped + units)
        case TaskName.RETURN:
            return replace(stock, otherwise=stock.otherwise - units)
        case _ if task in _GOES:
            return replace(stock, otherwise=stock.otherwise + units)
        case _:
            return stock
