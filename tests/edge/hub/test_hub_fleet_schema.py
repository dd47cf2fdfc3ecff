"""The form of what hub and agents say to each other, held against what both really say."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from edge.hub.broker.mosquitto import MOST_PACKET
from edge.hub.broker.rights import agent_rights
from edge.hub.documents.notices import Signer
from edge.hub.fleet import asking
from edge.hub.fleet import pieces as hub_pieces
from edge.hub.fleet.desk import LOOK_NS, TIME_NS, FleetDesk
from edge.hub.fleet.pieces import read_piece
from edge.hub.fleet.receiving import received
from edge.hub.store import Store
from edge.sign import new_key
from firmware_service.checks.look import take_look
from firmware_service.diagnostics.sending import MOST_BYTES, PIECE_BYTES, pieces, read_received
from firmware_service.health import read_health, retained
from firmware_service.places import Places
from firmware_service.remote.commands import CommandDesk
from firmware_service.remote.configuration import Progress, reported
from firmware_service.remote.link import Topics
from hardware.host.clock import ClockReading

FILE = Path(__file__).parents[3] / "edge/schema/fleet.asyncapi.yaml"
KEY = new_key()
NATS_MOST_PAYLOAD = 1024 * 1024
"""Its default; the written files leave it."""
AT = datetime(2026, 11, 26, 8, tzinfo=UTC)

pytestmark = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


def schema(name: str) -> Draft202012Validator:
    told = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(told["components"]["schemas"][name])
    return Draft202012Validator(told["components"]["schemas"][name])


def now() -> ClockReading:
    return ClockReading(AT, "ntp", "boot", 0)


def said_by_the_hub(store: Store) -> dict[str, Any]:
    with store.begin() as connection:
        asking.want(connection, "OR-03", "a = 1\n", AT, by="it", key=KEY)
        asking.ask(connection, "OR-03", "restart", {"unit": "station"}, at=AT, expires=AT + timedelta(hours=1))
    desk = FleetDesk(store, now, Signer("it", KEY))
    return {topic.split("/")[2]: json.loads(each) for topic, each in desk.due(TIME_NS + LOOK_NS)}


def test_what_the_hub_says(store: Store) -> None:
    said = said_by_the_hub(store)
    for topic, name in (("config", "desired"), ("cmd", "asked"), ("time", "time")):
        schema(name).validate(said[topic])


def test_what_a_machine_says(store: Store, tmp_path: Path) -> None:
    schema("health").validate(json.loads(retained(read_health(take_look(Places(tmp_path))))))
    for progress in (Progress(), Progress(kept=3, trying=4), Progress(kept=3, refused=4, errors=("no",))):
        schema("reported").validate(reported(progress))
    answers: list[bytes] = []
    desk = CommandDesk(tmp_path / "commands.json", {}, now, lambda _kind, _ident, payload: answers.append(payload))
    desk.hear("restart", "a1", json.dumps(said_by_the_hub(store)["cmd"]).encode())
    desk.tick()
    assert answers
    for each in answers:
        schema("answered").validate(json.loads(each))


def test_an_archive_on_its_way_and_that_it_is_here(store: Store) -> None:
    del store
    data = hashlib.shake_256(b"").digest(2 * PIECE_BYTES + 1)
    sent = pieces("0193-a1", data)
    for each in sent:
        schema("piece").validate(json.loads(each))
    assert b"".join(read_piece(each).data for each in sent) == data
    sha256 = hashlib.sha256(data).hexdigest()
    schema("received").validate(json.loads(received(sha256)))
    assert read_received(received(sha256)) == sha256
    assert (hub_pieces.PIECE_BYTES, hub_pieces.MOST_PIECES * hub_pieces.PIECE_BYTES) == (PIECE_BYTES, MOST_BYTES)
    assert max(map(len, sent)) <= hub_pieces.MOST_PAYLOAD < min(MOST_PACKET, NATS_MOST_PAYLOAD)


def test_the_topics_are_those_of_the_code(store: Store) -> None:
    del store
    told = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    addresses = {each["address"] for each in told["channels"].values()}
    topics = Topics("{station}")
    assert addresses == {
        topics.health,
        topics.desired,
        topics.reported,
        topics.diagnostics,
        topics.command("{kind}", "{ident}"),
        "udi/site/time",
    }
    rights = {each.topic.replace("OR-03", "{station}") for each in agent_rights("OR-03")}
    assert {each.replace("{kind}/{ident}", "+/+") for each in addresses} == rights
