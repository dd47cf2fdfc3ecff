"""Orders: one exact form, two signatures, the highest version."""

from __future__ import annotations

import contextlib
import json
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.catalog.notices import MOST_BYTES, Notice, is_new, read_notice
from edge.catalog.orders import OrderError, SiteOrder, decode, encode, withdrawal
from edge.catalog.product import LotRange, Order
from edge.sign import sign
from tests.edge.test_wire import schema, validator
from tests.support.orders import AUTHORITIES, BOTH, DI, ISSUED, KEYS, altered, order, payload, signed

LETTERS = st.characters(whitelist_categories=("Lu", "Ll", "Lo", "Nd", "Po"), blacklist_characters='"\\')
TEXTS = st.text(LETTERS, min_size=1, max_size=20)
DAYS = st.none() | st.dates(date(2020, 1, 1), date(2040, 1, 1))


@st.composite
def _lots(draw: st.DrawFn) -> LotRange:
    length = draw(st.integers(1, 6))
    both = st.text("0123456789ABC", min_size=length, max_size=length)
    first, last = sorted((draw(both), draw(both)))
    return LotRange(first, last)


@st.composite
def _days(draw: st.DrawFn) -> tuple[date | None, date | None]:
    first, last = draw(DAYS), draw(DAYS)
    return (last, first) if first and last and first > last else (first, last)


@st.composite
def orders(draw: st.DrawFn) -> SiteOrder:
    made, expires = draw(_days()), draw(_days())
    what = Order(
        draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)),
        draw(st.sampled_from(("recall", "stop_use", "hold"))),
        tuple(draw(st.lists(TEXTS, min_size=1, max_size=4))),
        tuple(draw(st.lists(_lots(), max_size=4))),
        tuple(draw(st.lists(TEXTS, max_size=4))),
        *made,
        *expires,
    )
    return SiteOrder(what, draw(st.integers(1, 2**31 - 1)), ISSUED, draw(TEXTS), draw(DAYS), draw(st.booleans()))


@given(orders())
def test_an_order_survives_the_way(said: SiteOrder) -> None:
    assert decode(encode(said)) == said
    sent = signed(said).encode()
    notice = read_notice(sent, said.order.order)
    assert notice == signed(said)
    assert notice.demand_signed(AUTHORITIES) == {*BOTH}
    assert notice.encode() == sent


@settings(max_examples=30)
@given(orders())
def test_notices_are_of_the_schema(said: SiteOrder) -> None:
    data = json.loads(signed(said).encode())
    validator("order-notice").validate(data)
    validator("order").validate(json.loads(data["body"]))
    assert list(json.loads(data["body"])) == list(schema("order")["properties"])


SENT = payload("R-1", "A1", ends=date(2027, 1, 1))
"""What no signature covers is only what repeats the signed: it has to say the same."""


@given(st.integers(0, len(SENT) - 1), st.integers(1, 255))
def test_a_changed_byte_changes_nothing_or_is_refused(place: int, change: int) -> None:
    changed = bytearray(SENT)
    changed[place] ^= change
    with contextlib.suppress(OrderError):
        notice = read_notice(bytes(changed), "R-1")
        notice.demand_signed(AUTHORITIES)
        assert notice.body == signed(order("R-1", "A1", ends=date(2027, 1, 1))).body


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_every_changed_byte_of_what_was_signed_is_refused(place: int, change: int) -> None:
    notice = signed(order())
    changed = bytearray(notice.body)
    changed[place % len(changed)] ^= change
    with pytest.raises(OrderError):
        Notice(notice.said, bytes(changed), notice.signatures).demand_signed(AUTHORITIES)


BODY = encode(order("R-1", "A1")).decode()
BAD_BODIES = {
    "spaces": BODY.replace(",", ", "),
    "another order of keys": json.dumps(json.loads(BODY), sort_keys=True, separators=(",", ":")),
    "an unknown key": BODY.replace('"schema":1', '"schema":1,"more":2'),
    "another schema": BODY.replace('"schema":1', '"schema":2'),
    "an escape": BODY.replace("NMPA", "\\u004eMPA"),
    "twice the same key": BODY.replace('"version":1', '"version":1,"version":1'),
    "version 0": BODY.replace('"version":1', '"version":0'),
    "version true": BODY.replace('"version":1', '"version":true'),
    "an unknown kind": BODY.replace('"recall"', '"advice"'),
    "no DI": BODY.replace(f'["{DI}"]', "[]"),
    "a DI that is no text": BODY.replace(f'["{DI}"]', "[1]"),
    "DIs that are a text": BODY.replace(f'["{DI}"]', f'"{DI}"'),
    "a name with a slash": BODY.replace('"R-1"', '"R/1"'),
    "a range of two lengths": BODY.replace('["A1","A1"]', '["A9","A10"]'),
    "a range the wrong way": BODY.replace('["A1","A1"]', '["A2","A1"]'),
    "a lot of three": BODY.replace('["A1","A1"]', '["A1","A1","A1"]'),
    "dates the wrong way": BODY.replace('"made":[null,null]', '"made":["2026-02-01","2026-01-01"]'),
    "no date": BODY.replace('"made":[null,null]', '"made":["yesterday",null]'),
    "no day of issue": BODY.replace(ISSUED, "2026-13-01T00:00:00.000000Z"),
    "a control character": BODY.replace("NMPA", "NM\\u0000PA"),
    "half a surrogate pair": BODY.replace("NMPA", "NM\\ud800PA"),
    "a missing key": BODY.replace('"serials":[],', ""),
    "nothing": "",
    "a list": "[]",
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_another_form_is_no_order(body: str) -> None:
    assert body != BODY
    with pytest.raises(OrderError):
        decode(body.encode())


BAD_NOTICES = {
    "no JSON": b"\xff",
    "a list": b"[]",
    "another schema": altered(SENT, schema=2),
    "another kind": altered(SENT, kind="rules"),
    "another id": altered(SENT, id="R-2"),
    "another version": altered(SENT, version=2),
    "another end": altered(SENT, expires=None),
    "another digest": altered(SENT, sha256="0" * 64),
    "no body": altered(SENT, body=None),
    "half a surrogate pair": SENT.replace(b"NMPA", b"\\ud800"),
    "signatures that are none": altered(SENT, sig=["quality"]),
    "too long": SENT + b" " * MOST_BYTES,
}


@pytest.mark.parametrize("sent", BAD_NOTICES.values(), ids=BAD_NOTICES.keys())
def test_another_notice_is_refused(sent: bytes) -> None:
    with pytest.raises(OrderError):
        read_notice(sent, "R-1").demand_signed(AUTHORITIES)


def test_a_notice_counts_under_its_own_name_only() -> None:
    with pytest.raises(OrderError, match="R-2"):
        read_notice(SENT, "R-2")


SIGNERS = {
    "nobody": ((), "not signed"),
    "one": (("quality",), "quality alone"),
    "one, twice": (("quality", "quality"), "quality alone"),
    "a stranger beside one": (("quality", "stranger"), "may not sign"),
    "a stranger beside two": (("quality", "director", "stranger"), "may not sign"),
}


@pytest.mark.parametrize(("by", "why"), SIGNERS.values(), ids=SIGNERS.keys())
def test_two_known_authorities_have_to_sign(by: tuple[str, ...], why: str) -> None:
    with pytest.raises(OrderError, match=why):
        read_notice(payload(by=by), "R-1").demand_signed(AUTHORITIES)


def test_a_signature_of_something_else_does_not_count() -> None:
    body = encode(order())
    other = [sign("catalogue", body, by=name, key=KEYS[name]) for name in BOTH]
    with pytest.raises(OrderError, match="does not fit"):
        Notice(order(), body, tuple(other)).demand_signed(AUTHORITIES)


def test_an_order_that_is_too_long_says_so_before_it_is_signed_away() -> None:
    long = signed(order(serials=tuple(f"S{number:08d}" for number in range(3000))))
    with pytest.raises(OrderError, match="make several orders"):
        long.encode()


@given(st.permutations(range(1, 7)), st.lists(st.integers(1, 6), max_size=6))
def test_versions_in_any_order_end_in_the_highest(first: list[int], more: list[int]) -> None:
    known: Notice | None = None
    for version in [*first, *more]:
        sent = signed(order("R-1", f"A{version}", version=version))
        with contextlib.suppress(OrderError):
            known = sent if is_new(sent, known) else known
    assert known is not None
    assert known.said.version == 6


def test_what_is_older_or_of_the_same_version_with_another_content_is_refused() -> None:
    known = signed(order("R-1", "A2", version=2))
    assert not is_new(signed(order("R-1", "A2", version=2)), known)
    with pytest.raises(OrderError, match="version 1 is older than version 2"):
        is_new(signed(order("R-1", "A1")), known)
    with pytest.raises(OrderError, match="another content"):
        is_new(signed(order("R-1", "A3", version=2)), known)


def test_an_order_ends_with_its_last_day_and_with_its_withdrawal() -> None:
    last = date(2027, 1, 1)
    said = order(ends=last)
    assert said.holds(last)
    assert not said.holds(last + timedelta(days=1))
    assert said.holds(None), "who does not know the day lets nothing end"
    back = withdrawal(said, version=2, issued=ISSUED, ends=None)
    assert not back.holds(None)
    assert back.order == said.order


@given(st.lists(_lots(), min_size=1, max_size=3), st.text("0123456789ABC", min_size=1, max_size=6))
def test_a_range_means_lots_of_its_own_length(lots: list[LotRange], lot: str) -> None:
    what = Order("R", "recall", (DI,), tuple(lots))
    within = any(len(each.first) == len(lot) and each.first <= lot <= each.last for each in lots)
    assert what.hits(lot=lot, serial=None) == within
    assert what.hits(lot=None, serial="S1"), "an unknown lot cannot be excluded"


@given(_days(), _days(), st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_dates_bound_with_both_ends(
    made: tuple[date | None, date | None], expires: tuple[date | None, date | None], day: date
) -> None:
    what = Order("R", "recall", (DI,), (), (), *made, *expires)

    def within(bounds: tuple[date | None, date | None]) -> bool:
        return (bounds[0] or day) <= day <= (bounds[1] or day)

    assert what.hits(lot="A", serial=None, manufactured=day) == within(made)
    assert what.hits(lot="A", serial=None, expires=day) == within(expires)
    assert what.hits(lot="A", serial=None)
