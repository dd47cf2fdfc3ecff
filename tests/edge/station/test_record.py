import base64
import hashlib
import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from edge import wire
from edge.rules.verdict import Audience, Outcome, Reason, Verdict
from edge.station.record import MAX_READ_BYTES, Booking, picture_entry, scan_body
from edge.udi.model import Issuer, Udi
from edge.udi.read import Read

READ = Read(b"010690123456789210A1", "]d2", "scanner", 5, 2.94)
UDI = Udi(READ.payload, "]d2", Issuer.GS1, "element_string", di="06901234567892", lot="A1", expires=date(2027, 12, 31))
VERDICT = Verdict(Outcome.ACCEPTED, (Reason("near_expiry", Audience.HUB, "detail stays here"),))
ORDER = [
    *("reads", "udi", "product", "verdict", "count", "document", "line", "owner", "counterparty", "case", "patient"),
    *("house_code", "measurement", "override", "reason", "corrects"),
]


def body(*reads: Read) -> dict[str, object]:
    return scan_body(reads, UDI, None, VERDICT, Booking(count=1), patient=None, catalogue=None, rules="r")


def test_keys_stand_in_wire_order() -> None:
    assert list(body(READ)) == ORDER


def test_a_picture_stands_in_an_entry_like_a_read_of_nothing() -> None:
    entry = picture_entry("ab" * 32, 7)
    assert body(Read(b"", None, "camera", 7, picture="ab" * 32))["reads"] == [entry]
    assert list(entry)[-1] == "picture"
    assert (entry["bytes"], entry["t0_ns"], entry["picture"]) == ("", 7, "ab" * 32)


def test_the_verdict_carries_codes_and_audiences_only() -> None:
    assert body(READ)["verdict"] == {"outcome": "ACCEPTED", "reasons": [{"code": "near_expiry", "audience": "hub"}]}


def test_a_long_read_is_cut_with_length_and_digest() -> None:
    payload = b"x" * 65_536
    reads = body(Read(payload, None, "scanner", 1))["reads"]
    assert isinstance(reads, list)
    assert reads[0]["length"] == len(payload)
    assert reads[0]["sha256"] == hashlib.sha256(payload).hexdigest()
    assert len(base64.b64decode(reads[0]["bytes"])) == MAX_READ_BYTES


@given(st.lists(st.binary(max_size=20_000), max_size=20))
def test_any_reads_fit_into_one_event(payloads: list[bytes]) -> None:
    reads = [Read(payload, "]d2", "camera", 10**15, 3.3) for payload in payloads]
    draft = wire.Draft(
        event_id="0" * 36,
        station="A" * 31,
        kind=wire.Kind.SCAN,
        at="2026-11-24T00:00:00.000000Z",
        clock={},
        organisation={},
        place="p",
        body=body(*reads),
    )
    assert json.loads(draft.encode("0" * 16, 10**9, "0" * 64))["udi"]["trace_key"] == "GS1|06901234567892|L|A1"
