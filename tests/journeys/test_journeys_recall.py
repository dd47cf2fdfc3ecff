"""A recall, from its draft at the hub to the red light, with real processes."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from edge import wire
from edge.hub.store import Store
from edge.hub.tables import change
from edge.station.tasks.use import LOOK_NS
from hardware.host.link import Connected
from tests.support.orders import BOTH, TABLES, payload
from tests.support.recalls import RecallOffice
from tests.support.secure import Peer
from tests.support.site import GS, Running, Site, Terminal, wait_for

pytestmark = pytest.mark.journey

log = logging.getLogger(__name__)

WITHIN_S = 10.0


def package(lot: str, serial: str) -> bytes:
    return b"]d201069012345678921729123110%b%b21%b" % (lot.encode(), GS, serial.encode())


@pytest.fixture
def office(site: Site) -> RecallOffice:
    return RecallOffice(site.hub_file)


def scan(station: Running, terminal: Terminal, payload: bytes) -> str:
    before = len(station.shown())
    terminal.send(payload)
    station.wait_shown(before + 1)
    return station.shown()[-1]


def scan_until(station: Running, terminal: Terminal, lot: str, outcome: str, since: float) -> None:
    """Scan one after the other until the light says so, at most `WITHIN_S` after the command began."""
    count = 0
    while (shown := scan(station, terminal, package(lot, f"T{count}"))) != outcome:
        count += 1
        assert time.monotonic() - since < WITHIN_S, f"still {shown} after {WITHIN_S} s"
        time.sleep(0.02)  # a person, not a machine
    log.info("outcome=%s seconds=%.2f after the command", outcome, time.monotonic() - since)


def changes(site: Site, what: str, ident: str) -> list[dict[str, object]]:
    """The events of this kind that the hub has of an order."""
    store = Store.open_reader(site.store)
    try:
        with store.read() as connection:
            rows = connection.execute(change.select().where(change.c.what == what, change.c.ident == ident)).all()
            return [{"station": row.station, **row.detail} for row in rows]
    finally:
        store.close()


@contextlib.contextmanager
def hub_like(site: Site) -> Iterator[Peer]:
    """Somebody who may write what the hub may."""
    peer = Peer(site.broker.port, None, "hostile")
    peer.until(Connected)
    try:
        yield peer
    finally:
        peer.link.close()


def test_a_recall_stops_everywhere_lists_past_uses_at_the_hub_and_is_withdrawn_as_fast(
    site: Site, office: RecallOffice
) -> None:
    near, far = site.prepare("OR-01", "USE", TABLES), site.prepare("OR-02", extra=TABLES)
    station = site.start_station("OR-01")
    for card in (b"]C0N1207", b"]C0ZY20261234"):
        assert scan(station, near, card) == "CONTEXT"
    assert scan(station, near, package("A1", "S1")) == "CHECKED"
    time.sleep(LOOK_NS / 1e9 + 0.1)
    assert scan(station, near, package("A1", "S1")) == "ACCEPTED", "opened and used"
    site.wait_delivered(station.green())

    shown = office.draft("R-1", "A1..A5")["hits"]
    assert (shown["uses"], shown["cases"], shown["used_at"]) == (1, 1, {"OR-01": 1})
    office.sign("R-1", *BOTH)
    assert scan(station, near, package("A1", "S2")) == "CHECKED", "a draft stops nothing, signed or not"
    began = time.monotonic()
    office.publish("R-1")
    scan_until(station, near, "A1", "STOP", began)
    assert scan(station, near, package("A6", "S3")) == "CHECKED", "another lot"
    wait_for(lambda: office.hits("R-1"), "the projections")
    first = office.hits("R-1")[0]
    assert (first["what"], first["place"], first["lot"], first["serial"]) == ("use", "OR-01", "A1", "S1")
    assert first["case"] is not None
    assert "20261234" not in str(office.hits("R-1"))

    late = site.start_station("OR-02")
    late.wait_log("order=R-1")
    assert scan(late, far, package("A5", "S4")) == "STOP", "at first contact"
    wait_for(lambda: office.listed()["R-1"]["taken"] == ["OR-01", "OR-02"], "both stations to have said so")

    site.broker.stop()
    assert late.stop() == 0
    again = site.start_station("OR-02")
    assert scan(again, far, package("A5", "S5")) == "STOP", "after a start without network"
    site.broker.start()

    began = time.monotonic()
    office.withdraw("R-1")
    for each, passes in (((station, near), "CHECKED"), ((again, far), "ACCEPTED")):
        scan_until(*each, "A1", passes, began)
    assert office.listed()["R-1"]["state"] == "withdrawn"
    assert site.wait_projected().doubled == 0


@pytest.mark.parametrize("step", ["order", "order-written"])
def test_a_station_killed_while_it_takes_an_order_has_it_and_has_said_so(
    site: Site, office: RecallOffice, step: str
) -> None:
    """After ``order`` it comes again; after ``order-written`` it is on the card, and only the hub was not told yet."""
    terminal = site.prepare("OR-01", extra=TABLES)
    office.draft("R-1", "A1")
    office.sign("R-1", *BOTH)
    office.publish("R-1")
    first = site.start_station("OR-01", [sys.executable, "-m", "tests.faults.killed_station", step, "1"], ready=False)
    first.wait_death(step)
    assert first.stop() == -signal.SIGKILL
    second = site.start_station("OR-01")
    wait_for(lambda: office.listed()["R-1"]["taken"] == ["OR-01"], "the station to have said so")
    assert scan(second, terminal, package("A1", "S1")) == "STOP"


FORGED = {
    "signed by one": payload("R-1", "B1", version=2, by=("quality",)),
    "signed by a stranger": payload("R-1", "B1", version=2, by=("quality", "stranger")),
    "older, and with another content": payload("R-1", "B1", version=1),
    "no notice": b"stop everything",
}


def test_who_can_write_like_the_hub_changes_nothing_and_is_reported(site: Site, office: RecallOffice) -> None:
    terminal = site.prepare("OR-01", extra=TABLES)
    station = site.start_station("OR-01")
    office.draft("R-1", "A1")
    office.sign("R-1", *BOTH)
    office.publish("R-1")
    scan_until(station, terminal, "A1", "STOP", time.monotonic())
    topic = wire.ORDERS.replace("+", "R-1")
    with hub_like(site) as hostile:
        hostile.subscribe(topic)
        right = hostile.wait_heard(1)[0]
        for number, forged in enumerate(FORGED.values(), start=1):
            hostile.publish(topic, forged, retain=True)
            assert hostile.wait_heard(2 * number + 1)[-1] == right, "the hub puts it right"
        hostile.publish(topic, b"", retain=True)
        hostile.wait_heard(2 * len(FORGED) + 3)
    assert scan(station, terminal, package("A1", "S7")) == "STOP"
    assert scan(station, terminal, package("B1", "S8")) == "ACCEPTED"
    wait_for(lambda: len(changes(site, "order_refused", "R-1")) == len(FORGED), "the reports")
    whys = " ".join(str(each["why"]) for each in changes(site, "order_refused", "R-1"))
    for why in ("quality alone", "may not sign", "another content", "expected JSON"):
        assert why in whys


def test_a_broker_that_forgot_everything_and_a_store_that_lost_an_order_are_put_right(
    site: Site, office: RecallOffice
) -> None:
    site.stop_hub()
    site.start_hub()  # now with the site's authorities
    office.draft("R-1", "A1")
    office.sign("R-1", *BOTH)
    office.publish("R-1")
    topic = wire.ORDERS.replace("+", "R-1")
    with hub_like(site) as peer:
        peer.subscribe(topic)
        notice = peer.wait_heard(1)[0]
    site.broker.stop()  # it keeps nothing
    site.broker.start()
    with hub_like(site) as peer:
        peer.subscribe(topic)
        assert peer.wait_heard(1) == [notice]
        newer = payload("R-1", "A1", version=5)
        peer.publish(topic, newer, retain=True)
        wait_for(lambda: office.listed()["R-1"]["version"] == 5, "the hub to take it over")
        assert office.listed()["R-1"]["signed_by"] == sorted(BOTH)
        assert json.loads(peer.heard()[-1].payload)["version"] == 5
