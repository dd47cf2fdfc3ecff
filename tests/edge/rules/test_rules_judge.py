"""What holds for every verdict, whatever is judged."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.catalog.product import Certificate, Level, NhsaCode, Order, Product, Storage
from edge.rules.decisions import DECISIONS, RANK
from edge.rules.judge import RULES, Step, judge
from edge.rules.reasons import TEXTS, say
from edge.rules.regions import known_regions, site_rules
from edge.rules.verdict import Audience, Circumstances, Declared, Made, Outcome, TaskName
from edge.udi.findings import finding
from edge.udi.presentation import Presentation, Shape
from edge.udi.recover import PiFlags
from tests.support.judged import DAY, RECALL, TODAY, Item, now, product, udi

GREEN = (Outcome.ACCEPTED, Outcome.CHECKED)
SITES = [site_rules(region, "hospital") for region in known_regions()]
QUALITIES = ["none", "floor", "rtc", "https", "ntp"]
flags = st.sampled_from([None, True, False])
days = st.one_of(st.none(), st.dates(TODAY - 400 * DAY, TODAY + 400 * DAY))
products = st.one_of(
    st.none(),
    st.builds(
        product,
        level=st.sampled_from(Level),
        contains=st.sampled_from([1, 10]),
        device_class=st.sampled_from([None, 1, 2, 3]),
        single_use=flags,
        pi=st.builds(PiFlags, flags, flags, flags, flags),
        certificate=st.one_of(st.none(), st.builds(Certificate, st.just("C"), days, days)),
        storage=st.sampled_from([(), (Storage("冷藏", 2, 8, "℃"),), (Storage("常温"),)]),
        nhsa=st.lists(st.builds(NhsaCode, st.sampled_from("AB"), st.just("table"), days, days)).map(tuple),
        withdrawn=days,
        scopes=st.sets(st.sampled_from(["batch-1", "batch-3"])).map(frozenset),
        watched=st.sampled_from([None, "集采"]),
    ),
)
circumstances = st.builds(
    Circumstances,
    orders=st.sampled_from([(), (RECALL,), (Order("R", "stop_use", ("0",)),), (Order("H", "hold", ("0",)),)]),
    declared=st.one_of(st.none(), st.builds(Declared, flags, st.one_of(st.sampled_from(Made), st.just(TODAY)))),
    serial_seen=st.sampled_from([None, "use", "receipt"]),
    catalogue_age_days=st.sampled_from([None, 0, 400]),
    measured=st.booleans(),
)
presentations = st.builds(
    Presentation,
    st.sampled_from(Shape),
    udi=st.one_of(
        st.none(),
        st.builds(
            udi,
            lot=st.sampled_from([None, "A1", "B2"]),
            serial=st.sampled_from([None, "S1"]),
            expires=days,
            manufactured=days,
        ),
    ),
    findings=st.sampled_from(
        [(), (finding("half_apart"),), (finding("symbols_disagree"),), (finding("dates_reversed"),)]
    ),
)
items = st.builds(
    Item,
    product=products,
    around=circumstances,
    quality=st.sampled_from(QUALITIES),
    presentation=presentations,
    half_pending=st.booleans(),
)
tasks, sites = st.sampled_from(TaskName), st.sampled_from(SITES)


@given(items, tasks, sites)
def test_any_doubt_is_never_green(item: Item, task: TaskName, site: object) -> None:
    verdict = item.judged(task, site)  # type: ignore[arg-type] # hypothesis does not say
    if verdict.outcome not in GREEN:
        return
    shown = item.presentation
    assert shown is not None
    assert shown.udi is not None
    by_design = shown.shape is Shape.DI_ONLY and item.product is not None and item.product.pi.none_expected
    assert shown.shape is Shape.COMPLETE or by_design
    assert not any(each.code == "half_apart" for each in shown.findings)
    if DECISIONS.stage[task] == "away":
        return  # that it is expired or recalled is why it leaves
    assert shown.udi.expires is None or (shown.udi.expires >= TODAY and item.quality != "none")
    assert not any(each.hits(lot=shown.udi.lot, serial=shown.udi.serial) for each in item.around.orders)


@given(items, tasks, sites)
def test_the_outcome_is_the_worst_of_the_persons_reasons(item: Item, task: TaskName, site: object) -> None:
    verdict = item.judged(task, site)  # type: ignore[arg-type]
    cells = DECISIONS.cells[DECISIONS.stage[task]]
    wanted = [cells[each.code] for each in verdict.reasons if each.audience is Audience.PERSON]
    outcomes = [each.outcome for each in wanted if each is not None and each.outcome is not None]
    good = Outcome.CHECKED if DECISIONS.stage[task] == "look" else Outcome.ACCEPTED
    assert verdict.outcome is min(outcomes, key=RANK.index, default=good)
    assert outcomes == sorted(outcomes, key=RANK.index)
    assert len({each.code for each in verdict.reasons}) == len(verdict.reasons)


@given(items, tasks, sites)
def test_what_only_the_hub_is_told_never_changes_the_light(item: Item, task: TaskName, site: object) -> None:
    """The same item without a watch list, an old catalogue, flags to differ from and 医保 codes."""
    verdict = item.judged(task, site)  # type: ignore[arg-type]
    plain = replace(item, around=replace(item.around, catalogue_age_days=None), product=_plain(item.product))
    assert plain.judged(task, site).outcome is verdict.outcome  # type: ignore[arg-type]
    assert plain.judged(task, site).overridable is verdict.overridable  # type: ignore[arg-type]


def _plain(known: Product | None) -> Product | None:
    return None if known is None else replace(known, watched=None, nhsa=(NhsaCode("A", "table"),))


@given(items, tasks, sites)
def test_an_explanation_changes_no_verdict_and_tells_every_reason(item: Item, task: TaskName, site: object) -> None:
    steps: list[Step] = []
    assert item.presentation is not None
    clock = now(item.quality)
    verdict = judge(
        item.presentation, item.product, task, site, clock, item.around,  # type: ignore[arg-type]
        half_pending=item.half_pending, steps=steps,
    )  # fmt: skip
    assert verdict == item.judged(task, site)  # type: ignore[arg-type]
    told = {each.code for step in steps for each in step.found}
    assert {each.code for each in verdict.reasons} <= told
    assert [step.rule for step in steps] == [name for name in RULES if name in {step.rule for step in steps}]


@given(items, sites)
def test_only_a_check_is_checked_and_no_case_is_booked_on_a_patient(item: Item, site: object) -> None:
    for task in TaskName:
        verdict = item.judged(task, site)  # type: ignore[arg-type]
        assert (verdict.outcome is Outcome.CHECKED) <= (DECISIONS.stage[task] == "look")
        assert (verdict.outcome is Outcome.ACCEPTED) <= (DECISIONS.stage[task] != "look")
    used = item.judged(TaskName.USE, site)  # type: ignore[arg-type]
    assert used.outcome not in (Outcome.ACCEPTED, Outcome.ATTENTION) or (item.product or product()).contains == 1


@pytest.mark.parametrize("code", TEXTS)
def test_every_reason_has_words_and_a_short_phrase(code: str) -> None:
    text = TEXTS[code]
    assert all((text.zh, text.en, text.zh_next, text.en_next))
    assert 0 < len(text.voice) <= 8
    assert say(code, "en") != code


def test_an_unknown_reason_is_given_as_it_is() -> None:
    assert say("of_a_newer_station") == "of_a_newer_station"
