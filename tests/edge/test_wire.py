from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from edge import bindings, revocation, wire
from edge.catalog.product import Level, Product
from edge.document_notices import TOPICS
from edge.rules.verdict import Audience, Outcome, Reason, Verdict
from edge.seal import Sealed
from edge.station.record import Booking, correction_body, scan_body
from edge.udi.model import Finding, Grade, Issuer, Udi
from edge.udi.read import Read

SCHEMAS = Path(wire.__file__).with_name("schema")
NAMES = (
    "event",
    "ack",
    "photo-ack",
    "status",
    "hub",
    "order-notice",
    "order",
    "catalogue-offer",
    "document-notice",
    "document",
    "revoked-cards",
    "bindings-page",
)
AT = datetime(2026, 11, 24, 8, 15, 2, 123456, tzinfo=UTC)
EPOCH, CHAIN = "9f2c41d07be3a1c4", "ab" * 32


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return found


def validator(name: str) -> Draft202012Validator:
    resources = [(f"{each}.schema.json", Resource.from_contents(schema(each))) for each in NAMES]
    by_id = [(schema(each)["$id"], Resource.from_contents(schema(each))) for each in NAMES]
    registry: Registry[Any] = Registry().with_resources([*resources, *by_id])
    # Relative file names are resolved against the file, as an editor does it, not against the urn.
    return Draft202012Validator({k: v for k, v in schema(name).items() if k != "$id"}, registry=registry)


def draft(kind: wire.Kind, body: dict[str, Any], **fields: Any) -> wire.Draft:
    return wire.Draft(
        event_id=wire.uuid7(AT),
        station="OR-03",
        kind=kind,
        at=wire.iso(AT),
        clock={"quality": "ntp", "boot": "3d1f", "mono_ns": 81234567890},
        organisation={"id": "H510104", "role": "hospital"},
        place="OR-03",
        body=body,
        **fields,
    )


READ = Read(b"010690123456789210A1", "]d2", "camera", 81_230_000_000, 2.94)
UDI = Udi(
    READ.payload,
    "]d2",
    Issuer.GS1,
    "element_string",
    di="06901234567892",
    lot="A1",
    expires=date(2027, 12, 31),
    findings=(Finding("some_note", Grade.NOTE),),
)
PRODUCT = Product("06901234567892", "06901234567892", Level.SALE_UNIT, 1, "n", "m", "r")
VERDICT = Verdict(Outcome.ACCEPTED, (Reason("near_expiry", Audience.HUB),))
FULL = scan_body(
    [READ], UDI, PRODUCT, VERDICT,
    Booking(count=1, case="c7"), patient=Sealed("hub-2026", b"e" * 32, b"c" * 40), catalogue="sha256", rules="sha256",
)  # fmt: skip
NO_CODE = scan_body([], None, None, Verdict(Outcome.MISSING), Booking(), patient=None, catalogue=None, rules="r")
LONG = scan_body(
    [Read(b"x" * 65_536, None, "scanner", 1)],
    None,
    None,
    Verdict(Outcome.REDO),
    Booking(),
    patient=None,
    catalogue=None,
    rules="r",
)
OPENED = {
    "previous": {"epoch": "0" * 16, "seq": 7, "chain": CHAIN},
    "lost": [[8, 9]],
    "salvaged": [],
    "why": "quarantine",
}
EVENTS = {
    "scan": draft(wire.Kind.SCAN, FULL, operator="N1207", witness="N7", task="USE"),
    "scan without a code": draft(wire.Kind.SCAN, NO_CODE, task="CHECK", training=True),
    "scan of a long read": draft(wire.Kind.SCAN, LONG),
    "correction": draft(wire.Kind.CORRECTION, correction_body(wire.uuid7(AT), "undo")),
    "session": draft(wire.Kind.SESSION, wire.session_change("case", "suspended", "c7", "restart")),
    "completed later": draft(
        wire.Kind.SESSION,
        wire.session_change("case", "completed", "c7", "emergency E-1", Sealed("hub", b"e" * 32, b"c" * 40).to_json()),
    ),
    "document": draft(wire.Kind.DOCUMENT, wire.document_change("DN-1", "opened", 3)),
    **{
        what: draft(wire.Kind.DOCUMENT, wire.document_change("DN-1", what))
        for what in ("verified", "released", "shipped", "refused")
    },
    **{of: draft(wire.Kind.SESSION, wire.session_change(of, "opened", "x")) for of in ("tray", "training", "place")},
    "clock at boot": draft(wire.Kind.CLOCK, wire.clock_change("boot", quality_before=None, step_ns=None)),
    "clock step": draft(wire.Kind.CLOCK, wire.clock_change("step", quality_before="rtc", step_ns=-7)),
    "epoch": draft(wire.Kind.STATION, wire.station_change("epoch_opened", **OPENED)),
    "picture refused": draft(
        wire.Kind.STATION, wire.station_change("refused", picture=CHAIN, size=150_000, reason="Packet too large")
    ),
    "refused": draft(
        wire.Kind.STATION,
        wire.station_change("refused", seq=7, event_id=wire.uuid7(AT), size=9000, reason="Packet too large"),
    ),
    "duplicate": draft(wire.Kind.STATION, wire.station_change("duplicate_identity", client_id="OR-03", times=3)),
    "order taken": draft(wire.Kind.STATION, wire.station_change("order_taken", id="R-1", version=2, withdrawn=True)),
    "order refused": draft(
        wire.Kind.STATION, wire.station_change("order_refused", id="R-1", version=None, why="not JSON")
    ),
    "fault": draft(wire.Kind.STATION, wire.station_change("fault", why="disk")),
}


@pytest.mark.parametrize("name", NAMES)
def test_each_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("chain", [None, CHAIN], ids=["first", "later"])
@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_events_are_of_the_schema(event: wire.Draft, chain: str | None) -> None:
    line = event.encode(EPOCH, 1, chain)
    validator("event").validate(json.loads(line))
    assert wire.Event.decode(line).key == ("OR-03", EPOCH, 1)


def test_the_keys_of_an_event_stand_in_the_order_of_the_schema() -> None:
    found = list(json.loads(EVENTS["scan"].encode(EPOCH, 1, None)))
    order = [*schema("event")["properties"], *schema("event")["$defs"]["scan"]["properties"]]
    order.remove("chain")
    assert found == [*order, "chain"]


BAD = {
    "unknown key": {"nonsense": 1},
    "other schema": {"schema": 2},
    "local time": {"at": "2026-11-24T08:15:02+08:00"},
    "seq 0": {"seq": 0},
    "open patient": {"patient": "ZY123456"},
    "unknown outcome": {"verdict": {"outcome": "FINE", "reasons": []}},
    "detail of a reason": {
        "verdict": {"outcome": "STOP", "reasons": [{"code": "expired", "audience": "person", "detail": "x"}]}
    },
    "reserved name": {"station": "site"},
    "refusal of a picture without its size": {
        "kind": "station",
        "change": {"what": "refused", "reason": "x", "picture": CHAIN},
    },
    "refusal of no event": {"kind": "station", "change": {"what": "refused", "reason": "x"}},
    "order without its version": {
        "kind": "station",
        "change": {"what": "order_taken", "id": "R-1", "withdrawn": False},
    },
    "refused order without a reason": {"kind": "station", "change": {"what": "order_refused", "id": "R", "version": 1}},
    "unknown change": {"kind": "station", "change": {"what": "nonsense"}},
    "open patient of a case completed later": {
        "kind": "session",
        "change": {"of": "case", "what": "completed", "id": "c7", "why": None, "patient": "ZY123456"},
    },
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD.keys())
def test_the_schema_refuses(change: dict[str, Any]) -> None:
    event = json.loads(EVENTS["scan"].encode(EPOCH, 1, None))
    assert not validator("event").is_valid({**event, **change})


def test_the_other_messages_are_of_their_schemas() -> None:
    status = wire.Status("b6", "ready", wire.iso(AT), "0.1.0", EPOCH, 0, 100_000, ("camera", "button"))
    validator("ack").validate(json.loads(wire.Ack(EPOCH, 4711, CHAIN).encode()))
    validator("photo-ack").validate(json.loads(wire.PhotoAck(CHAIN).encode()))
    validator("status").validate(json.loads(status.encode()))
    validator("hub").validate(json.loads(wire.HubPresence("s", present=True, since=wire.iso(AT)).encode()))


def test_ack_and_presence_survive_the_way() -> None:
    ack, presence = wire.Ack(EPOCH, 4711, CHAIN), wire.HubPresence("s", present=False, since=wire.iso(AT))
    assert wire.Ack.decode(ack.encode()) == ack
    assert wire.PhotoAck.decode(wire.PhotoAck(CHAIN).encode()) == wire.PhotoAck(CHAIN)
    assert wire.HubPresence.decode(presence.encode()) == presence


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"schema":2}', b"\xff", b"[" * 100_000])
def test_what_is_no_message_is_told(payload: bytes) -> None:
    for decode in (wire.Ack.decode, wire.PhotoAck.decode, wire.HubPresence.decode, wire.Event.decode):
        with pytest.raises(wire.WireError):
            decode(payload)


def refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from refs(value)


def asyncapi() -> Any:
    return yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("ref", sorted(set(refs(asyncapi()))))
def test_each_reference_of_asyncapi_resolves(ref: str) -> None:
    file, _, pointer = ref.partition("#")
    node = json.loads((SCHEMAS / file).read_text(encoding="utf-8")) if file else asyncapi()
    for part in pointer.strip("/").split("/") if pointer.strip("/") else []:
        node = node[part]
    assert node


def test_asyncapi_names_the_topics_of_the_code() -> None:
    addresses = {channel["address"] for channel in asyncapi()["channels"].values()}
    assert addresses == {
        wire.topic("{station}", "scan"),
        wire.topic("{station}", "ack"),
        wire.photo_topic("{station}", "{sha256}"),
        wire.topic("{station}", "photo-ack"),
        wire.topic("{station}", "status"),
        wire.HUB_PRESENCE,
        wire.ORDERS.replace("+", "{id}"),
        wire.CATALOGUE,
        revocation.TOPIC,
        TOPICS.replace("+", "{id}"),
        bindings.TOPICS.replace("+", "{page}"),
    }


@pytest.mark.parametrize(
    "line", [b'["ZY7390451826"]', b'{"patient":"ZY7390451826"}', b'"ZY7390451826"', b"ZY7390451826\xff"]
)
def test_what_is_no_event_is_not_repeated_in_the_error(line: bytes) -> None:
    with pytest.raises(wire.WireError) as caught:
        wire.Event.decode(line)
    assert "7390451826" not in "".join(traceback.format_exception(caught.value))
