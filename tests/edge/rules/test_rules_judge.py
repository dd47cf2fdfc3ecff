from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.catalog.product import Level, LotRange, NhsaCode, Order, Product
from edge.rules.judge import judge
from edge.rules.reasons import TEXTS, say
from edge.rules.regions import UnknownRegionError, known_regions, load_region, site_rules
from edge.rules.verdict import Audience, Circumstances, Now, Outcome, Site, TaskName
from edge.udi.findings import finding
from edge.udi.model import Issuer, Udi
from edge.udi.parse import parse
from edge.udi.presentation import Presentation, Shape
from edge.udi.recover import PiFlags

TODAY = date(2026, 11, 24)
SITE = Site("national", "hospital", "digest")
CHECK, RECEIVE, USE = TaskName.CHECK, TaskName.RECEIVE, TaskName.USE
O = Outcome  # noqa: E741 - a table is read faster with one letter


def now(quality: str = "ntp") -> Now:
    return Now(datetime(2026, 11, 24, 8, tzinfo=UTC), TODAY, quality)  # type: ignore[arg-type]


def udi(expires: date | None = date(2029, 1, 1), lot: str | None = "A1", serial: str | None = None) -> Udi:
    return Udi(b"x", "]d2", Issuer.GS1, "element_string", di="06901234567892", lot=lot, serial=serial, expires=expires)


def run_together() -> Udi:
    result = parse("0106901234567892" + "10LOT2024A21SN0012345", "]d2", today=TODAY)
    assert isinstance(result, Udi)
    return result


def shown(what: Udi | None, shape: Shape = Shape.COMPLETE) -> Presentation:
    return Presentation(shape, udi=what)


def product(**changes: object) -> Product:
    base: dict[str, object] = {"nhsa": (NhsaCode("C0", "udid"),)}
    fields = {**base, **changes}
    return Product("06901234567892", "06901234567892", Level.SALE_UNIT, 1, "n", "m", "r", **fields)  # type: ignore[arg-type]


DAY = timedelta(days=1)
RECALL = Order("R1", "recall", ("0",), lots=(LotRange("A1", "A1"),))
STOPPED = Order("R", "stop_use", ("0",))
ORDERED: dict[str, tuple[Presentation, Order, Outcome, list[str]]] = {
    "recalled lot": (shown(udi()), RECALL, O.STOP, ["recalled"]),
    "another lot": (shown(udi(lot="B")), RECALL, O.ACCEPTED, []),
    "lot unknown": (shown(udi(lot=None, serial="S")), RECALL, O.STOP, ["recalled"]),
    "stop use": (shown(udi()), STOPPED, O.STOP, ["stop_use"]),
    "DI alone": (shown(udi(None, None), Shape.DI_ONLY), RECALL, O.STOP, ["recalled", "pi_missing"]),
}
CASES: dict[str, tuple[Presentation, Product | None, TaskName, Outcome, list[str]]] = {
    "good at use": (shown(udi()), product(), USE, O.ACCEPTED, []),
    "good at check": (shown(udi()), product(), CHECK, O.CHECKED, []),
    "unknown product": (shown(udi()), None, USE, O.ACCEPTED, ["unknown_di"]),
    "last day of use": (shown(udi(TODAY)), product(), USE, O.ACCEPTED, ["near_expiry"]),
    "expired yesterday": (shown(udi(TODAY - DAY)), product(), USE, O.STOP, ["expired"]),
    "expired at check": (shown(udi(TODAY - DAY)), product(), CHECK, O.STOP, ["expired"]),
    "near expiry at receipt": (shown(udi(TODAY + DAY)), product(), RECEIVE, O.ATTENTION, ["near_expiry"]),
    "near expiry at use": (shown(udi(TODAY + DAY)), product(), USE, O.ACCEPTED, ["near_expiry"]),
    "just not near": (shown(udi(TODAY + 91 * DAY)), product(), RECEIVE, O.ACCEPTED, []),
    "withdrawn at receipt": (shown(udi()), product(withdrawn=TODAY), RECEIVE, O.ATTENTION, ["withdrawn_di"]),
    "withdrawn at use": (shown(udi()), product(withdrawn=TODAY), USE, O.ACCEPTED, ["withdrawn_di"]),
    "flag mismatch": (shown(udi()), product(pi=PiFlags(serial=True)), USE, O.ACCEPTED, ["pi_flag_mismatch"]),
    "no 医保 code": (shown(udi()), product(nhsa=()), USE, O.ACCEPTED, ["nhsa_missing"]),
    "DI alone": (shown(udi(None, None), Shape.DI_ONLY), None, USE, O.ATTENTION, ["pi_missing", "unknown_di"]),
    "DI alone by design": (
        shown(udi(None, None), Shape.DI_ONLY), product(pi=PiFlags(False, False, False, False)), USE, O.ACCEPTED, [],
    ),
    "lot and serial run together, as UDID shows": (
        shown(run_together()), product(pi=PiFlags(lot=True, serial=True)), USE, O.ATTENTION,
        ["separator_missing", "pi_flag_mismatch"],
    ),
    "lot and serial run together, nobody knows": (
        shown(run_together()), product(), USE, O.ACCEPTED, ["label_fault"],
    ),
    "such a lot by design": (
        shown(run_together()), product(pi=PiFlags(lot=True, serial=False)), USE, O.ACCEPTED, [],
    ),
    "half a code beside it": (
        Presentation(Shape.COMPLETE, udi=udi(), findings=(finding("half_apart"),)), product(), USE, O.ATTENTION,
        ["half_apart"],
    ),
    "PI alone": (shown(udi(), Shape.PI_ONLY), None, USE, O.INCOMPLETE, ["half"]),
    "two packages": (shown(None, Shape.SEVERAL), None, USE, O.REDO, ["several_packages"]),
    "not a UDI": (shown(None, Shape.OTHER), None, USE, O.REDO, ["not_a_udi"]),
    "nothing": (shown(None, Shape.NOTHING), None, USE, O.MISSING, ["no_udi"]),
    "wrong": (shown(udi(), Shape.INVALID), None, USE, O.REDO, ["invalid"]),
    "disagreeing": (
        Presentation(Shape.INVALID, udi=udi(), findings=(finding("symbols_disagree"),)), None, USE, O.STOP,
        ["symbols_disagree"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("what", "known", "task", "outcome", "codes"), CASES.values(), ids=CASES.keys())
def test_decisions(
    what: Presentation, known: Product | None, task: TaskName, outcome: Outcome, codes: list[str]
) -> None:
    verdict = judge(what, known, task, SITE, now())
    assert (verdict.outcome, [reason.code for reason in verdict.reasons]) == (outcome, codes)


@pytest.mark.parametrize(("what", "order", "outcome", "codes"), ORDERED.values(), ids=ORDERED.keys())
@pytest.mark.parametrize("known", [product(), None])
def test_an_order_stops_also_what_the_catalogue_does_not_know(
    what: Presentation, order: Order, outcome: Outcome, codes: list[str], known: Product | None
) -> None:
    verdict = judge(what, known, USE, SITE, now(), Circumstances(orders=(order,)))
    assert verdict.outcome is outcome
    assert [reason.code for reason in verdict.reasons if reason.code != "unknown_di"] == codes


@pytest.mark.parametrize("shape", [Shape.DI_ONLY, Shape.PI_ONLY])
def test_a_half_that_waits_is_incomplete(shape: Shape) -> None:
    assert judge(shown(udi(None), shape), None, USE, SITE, now(), half_pending=True).outcome is O.INCOMPLETE


CLOCKS = [("none", TODAY + DAY, O.ATTENTION), ("none", TODAY - DAY, O.STOP), ("floor", TODAY + 400 * DAY, O.ACCEPTED)]


@pytest.mark.parametrize(("quality", "expires", "outcome"), CLOCKS)
def test_an_expiry_is_judged_as_far_as_the_clock_can_be_trusted(quality: str, expires: date, outcome: Outcome) -> None:
    verdict = judge(shown(udi(expires)), product(), USE, SITE, now(quality))
    assert verdict.outcome is outcome
    assert outcome is O.STOP or verdict.reasons[0].code == ("clock_unset" if quality == "none" else "clock_untrusted")


@given(
    st.sampled_from(Shape),
    st.one_of(st.none(), st.dates(TODAY - 400 * DAY, TODAY + 400 * DAY)),
    st.sampled_from([None, "A1", "B2"]),
    st.sampled_from([None, product(), product(pi=PiFlags(False, False, False, False))]),
    st.sampled_from([(), (RECALL,), (STOPPED,)]),
    st.sampled_from(TaskName),
    st.sampled_from(["none", "floor", "rtc", "https", "ntp"]),
    st.booleans(),
)
def test_any_doubt_is_never_green(
    shape: Shape,
    expires: date | None,
    lot: str | None,
    known: Product | None,
    orders: tuple[Order, ...],
    task: TaskName,
    quality: str,
    pending: bool,
) -> None:
    around = Circumstances(orders=orders)
    verdict = judge(shown(udi(expires, lot), shape), known, task, SITE, now(quality), around, half_pending=pending)
    if verdict.outcome in (O.ACCEPTED, O.CHECKED):
        assert shape is Shape.COMPLETE or (shape is Shape.DI_ONLY and known is not None and known.pi.none_expected)
        assert expires is None or (expires >= TODAY and quality != "none")
        assert not any(order.hits(lot=lot, serial=None) for order in orders)
    assert (verdict.outcome is O.CHECKED) <= (task is CHECK)


def test_reasons_for_the_hub_never_change_the_light() -> None:
    verdict = judge(shown(udi(TODAY + DAY)), product(nhsa=()), USE, SITE, now("floor"))
    assert verdict.outcome is O.ACCEPTED
    assert {reason.audience for reason in verdict.reasons} == {Audience.HUB}


@pytest.mark.parametrize("code", TEXTS)
def test_every_reason_has_words_and_a_short_phrase(code: str) -> None:
    text = TEXTS[code]
    assert all((text.zh, text.en, text.zh_next, text.en_next))
    assert 0 < len(text.voice) <= 8
    assert say(code, "en") != code


def test_an_unknown_reason_is_given_as_it_is() -> None:
    assert say("of_a_newer_station") == "of_a_newer_station"


@pytest.mark.parametrize("name", known_regions())
def test_every_region_names_its_source(name: str) -> None:
    region = load_region(name)
    assert region.source
    assert all(cutoff.article for cutoff in region.cutoff)
    assert len(site_rules(name, "hospital").digest) == 64


def test_an_unknown_region_names_the_known_ones() -> None:
    with pytest.raises(UnknownRegionError, match="jincheng-2024, jincheng-2024-subcounty, national"):
        load_region("atlantis")
