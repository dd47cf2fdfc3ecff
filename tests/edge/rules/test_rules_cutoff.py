"""What an item without UDI is told, by region, role, task, scope and day of manufacture."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product as every

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.catalog.product import Product
from edge.rules.decisions import DECISIONS
from edge.rules.regions import known_regions, site_rules
from edge.rules.verdict import Circumstances, Declared, Made, Outcome, Role, Site, TaskName, Verdict
from edge.udi.presentation import Shape
from tests.support.judged import Item, line, product, udi

CHECK, RECEIVE, USE = TaskName.CHECK, TaskName.RECEIVE, TaskName.USE
ONE_OF_EACH = (CHECK, RECEIVE, TaskName.SHIP, USE, TaskName.WASTE)
"""Of each stage, and another one of goods: what a region says of RECEIVE holds there too."""
ROLES: tuple[Role, ...] = ("hospital", "pharmacy", "distributor", "third_party_logistics")
SITES = {(region, role): site_rules(region, role) for region in known_regions() for role in ROLES}
CITY, VILLAGE = SITES["jincheng-2024", "hospital"], SITES["jincheng-2024-subcounty", "hospital"]
NATIONAL = SITES["national", "hospital"]
DEPOT = SITES["jincheng-2024", "distributor"]
BATCH_3 = product(device_class=2, scopes=frozenset({"batch-3"}))
UNLISTED = product(device_class=2)
CLASS_3, CLASS_1 = product(device_class=3), product(device_class=1)
JUNE_30, JULY_1, JULY_2 = date(2024, 6, 30), date(2024, 7, 1), date(2024, 7, 2)
UNKNOWN = Made.UNKNOWN
PASSED = (Outcome.ACCEPTED, Outcome.CHECKED, Outcome.ATTENTION)


def bare(
    known: Product | None, in_scope: bool | None, made: Made | date, shape: Shape = Shape.NOTHING, *, said: bool = True
) -> Item:
    declared = Declared(in_scope, made) if said else None
    return Item(None, shape, known, Circumstances(declared=declared))


TABLE: dict[str, tuple[Site, TaskName, Product | None, bool | None, Made | date, str]] = {
    # region, task, product, said to be in scope, made: what is said
    "city, receipt, class 3, the day before": (CITY, RECEIVE, CLASS_3, None, JUNE_30, "MISSING* udi_due no_udi"),
    "city, receipt, class 3, the day": (CITY, RECEIVE, CLASS_3, None, JULY_1, "STOP cutoff no_udi"),
    "city, receipt, class 3, the day after": (CITY, RECEIVE, CLASS_3, None, JULY_2, "STOP cutoff no_udi"),
    "city, receipt, class 3, unknown day": (CITY, RECEIVE, CLASS_3, None, UNKNOWN, "MISSING date_unknown no_udi"),
    "city, receipt, class 3, 前": (CITY, RECEIVE, CLASS_3, None, Made.BEFORE, "MISSING* before_cutoff no_udi"),
    "city, receipt, class 3, 后": (CITY, RECEIVE, CLASS_3, None, Made.AFTER, "STOP cutoff no_udi"),
    "city, receipt, class 3, said to be out of scope": (CITY, RECEIVE, CLASS_3, False, JULY_1, "STOP cutoff no_udi"),
    "city, receipt, listed class 2, the day before": (CITY, RECEIVE, BATCH_3, None, JUNE_30, "MISSING* udi_due no_udi"),
    "city, receipt, listed class 2, the day": (CITY, RECEIVE, BATCH_3, None, JULY_1, "STOP cutoff no_udi"),
    "city, receipt, listed class 2, before every day": (
        CITY, RECEIVE, BATCH_3, None, date(2024, 5, 31), "MISSING* before_cutoff no_udi",
    ),
    "city, receipt, unlisted class 2": (CITY, RECEIVE, UNLISTED, None, JULY_1, "MISSING scope_unknown no_udi"),
    "the same, said to be in scope": (CITY, RECEIVE, UNLISTED, True, JULY_1, "STOP cutoff no_udi"),
    "the same, said to be out of scope": (CITY, RECEIVE, UNLISTED, False, JULY_1, "MISSING* out_of_scope no_udi"),
    "the same, made before": (CITY, RECEIVE, UNLISTED, None, Made.BEFORE, "MISSING* before_cutoff no_udi"),
    "city, receipt, class 1": (CITY, RECEIVE, CLASS_1, None, UNKNOWN, "MISSING* out_of_scope no_udi"),
    "city, receipt, a card: in scope, 后": (CITY, RECEIVE, None, True, Made.AFTER, "STOP cutoff no_udi"),
    "city, receipt, a card: in scope, 前": (CITY, RECEIVE, None, True, Made.BEFORE, "MISSING* before_cutoff no_udi"),
    "city, receipt, a card: in scope, 不明": (CITY, RECEIVE, None, True, UNKNOWN, "MISSING date_unknown no_udi"),
    "city, receipt, a card: 后 and no more": (CITY, RECEIVE, None, None, Made.AFTER, "MISSING scope_unknown no_udi"),
    "city, receipt, nobody knows anything": (CITY, RECEIVE, None, None, UNKNOWN, "MISSING scope_unknown no_udi"),
    "city, receipt, a card: out of scope": (CITY, RECEIVE, None, False, UNKNOWN, "MISSING* out_of_scope no_udi"),
    "depot, receipt, class 3, the day before": (DEPOT, RECEIVE, CLASS_3, None, JUNE_30, "MISSING* udi_due no_udi"),
    "depot, receipt, class 3, the day": (DEPOT, RECEIVE, CLASS_3, None, JULY_1, "STOP cutoff no_udi"),
    "city, use, class 3, the day": (CITY, USE, CLASS_3, None, JULY_1, "MISSING* udi_due no_udi"),
    "city, use, class 3, unknown day": (CITY, USE, CLASS_3, None, UNKNOWN, "MISSING* no_udi"),
    "city, check, class 3, the day": (CITY, CHECK, CLASS_3, None, JULY_1, "MISSING udi_due no_udi"),
    "village, receipt, class 3, the day": (VILLAGE, RECEIVE, CLASS_3, None, JULY_1, "MISSING* udi_due no_udi"),
    "village, receipt, class 3, unknown day": (VILLAGE, RECEIVE, CLASS_3, None, UNKNOWN, "MISSING* no_udi"),
    "nation, receipt, class 3, the day": (NATIONAL, RECEIVE, CLASS_3, None, JULY_1, "MISSING* udi_due no_udi"),
    "nation, class 3, its own day": (NATIONAL, RECEIVE, CLASS_3, None, date(2022, 6, 1), "MISSING* udi_due no_udi"),
    "nation, class 3, the day before, batch 1 or not": (
        NATIONAL, RECEIVE, CLASS_3, None, date(2022, 5, 31), "MISSING* no_udi",
    ),
    "nation, class 3, not of batch 1": (
        NATIONAL, RECEIVE, CLASS_3, False, date(2022, 5, 31), "MISSING* before_cutoff no_udi",
    ),
    "nation, class 3 of batch 1": (
        NATIONAL, RECEIVE, product(scopes=frozenset({"batch-1"})), None, date(2021, 1, 1), "MISSING* udi_due no_udi",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_each_boundary(name: str) -> None:
    site, task, known, in_scope, made, expected = TABLE[name]
    assert line(bare(known, in_scope, made).judged(task, site)) == expected


DAYS: tuple[Made | date, ...] = (
    *Made, JUNE_30, JULY_1, JULY_2, date(2020, 12, 31), date(2021, 1, 1), date(2022, 5, 31), date(2022, 6, 1),
    date(2024, 5, 31), date(2024, 6, 1),
)  # fmt: skip
PRODUCTS = (
    None,
    *(
        product(device_class=device_class, scopes=frozenset(scopes))
        for device_class, *scopes in ((None,), (None, "batch-3"), (1,), (2,), (2, "batch-3"), (3,), (3, "batch-1"))
    ),
)


def worlds(known: Product | None, in_scope: bool | None, made: Made | date) -> Iterator[tuple[frozenset[str], date]]:
    """Everything that may be so: the lists that hold the item, and the day on which it was made."""
    far = {Made.BEFORE: [date.min], Made.AFTER: [date.max], Made.UNKNOWN: [date.min, date.max]}
    days = [made] if isinstance(made, date) else far[made]
    for day, rest in every(days, [in_scope] if in_scope is not None else [True, False]):
        yield _lists(known, in_some_list=rest), day


def _lists(known: Product | None, *, in_some_list: bool) -> frozenset[str]:
    lists = {"batch-1", "batch-3", "class-3"} if in_some_list else set()
    if known is not None and known.device_class is not None:
        lists &= {1: set(), 2: {"batch-3"}, 3: {"batch-1"}}[known.device_class]
        lists |= {"class-3"} if known.device_class == 3 else set()
    return frozenset(lists | (set() if known is None else known.scopes))


NATIONAL_DAYS = {"batch-1": date(2021, 1, 1), "class-3": date(2022, 6, 1), "batch-3": date(2024, 6, 1)}
CITY_LISTS = {"class-3", "batch-3"}


def due(lists: frozenset[str], day: date) -> bool:
    return any(day >= first for name, first in NATIONAL_DAYS.items() if name in lists)


def blocked(lists: frozenset[str], day: date) -> bool:
    return day >= JULY_1 and bool(lists & CITY_LISTS)


def check_against_worlds(region: str, task: TaskName, all_worlds: list[tuple[frozenset[str], date]], told: str) -> None:
    outcome, *codes = told.split()
    stops = (
        [blocked(*world) for world in all_worlds]
        if region == "jincheng-2024" and DECISIONS.stage[task] == "goods"
        else [False]
    )
    assert (outcome == "STOP") is all(stops)
    assert ("cutoff" in codes) is all(stops)
    assert bool({"date_unknown", "scope_unknown"} & set(codes)) is (any(stops) and not all(stops))
    assert ("date_unknown" in codes) <= all(lists & CITY_LISTS for lists, _ in all_worlds)
    if not any(stops):
        owed = [due(*world) for world in all_worlds]
        assert ("udi_due" in codes) is all(owed)
        assert bool({"before_cutoff", "out_of_scope"} & set(codes)) is not any(owed)
        assert ("out_of_scope" in codes) is not any(lists for lists, _ in all_worlds)
    assert outcome.removesuffix("*") in ("STOP", "MISSING")
    if any(stops):
        assert not outcome.endswith("*")


@pytest.mark.parametrize(("region", "role"), SITES)
@pytest.mark.parametrize("task", ONE_OF_EACH)
def test_every_combination_says_what_holds_in_every_world(region: str, role: Role, task: TaskName) -> None:
    for known, in_scope, made in every(PRODUCTS, (True, False, None), DAYS):
        told = line(bare(known, in_scope, made).judged(task, SITES[region, role]))
        try:
            check_against_worlds(region, task, list(worlds(known, in_scope, made)), told)
        except AssertionError as error:
            error.add_note(f"{known}, in scope {in_scope}, made {made}: {told}")
            raise


def test_nobody_was_asked() -> None:
    assert line(bare(CLASS_3, None, UNKNOWN, said=False).judged(RECEIVE, CITY)) == "MISSING date_unknown no_udi"
    assert line(bare(None, None, UNKNOWN, said=False).judged(RECEIVE, CITY)) == "MISSING scope_unknown no_udi"


OTHER_CODES = {
    "codes of other kinds, nobody was asked": (Shape.OTHER, False, "REDO not_a_udi"),
    "codes of other kinds, declared": (Shape.OTHER, True, "STOP cutoff no_udi"),
    "a code that is wrong, nobody was asked": (Shape.INVALID, False, "REDO invalid"),
    "a code that is wrong, declared": (Shape.INVALID, True, "STOP cutoff invalid"),
}


@pytest.mark.parametrize(("shape", "said", "expected"), OTHER_CODES.values(), ids=OTHER_CODES.keys())
def test_what_can_be_read_again_is_read_again_first(shape: Shape, said: bool, expected: str) -> None:
    assert line(bare(None, True, JULY_1, shape, said=said).judged(RECEIVE, CITY)) == expected


def test_a_wrong_code_of_old_goods_is_still_read_again() -> None:
    told = bare(None, True, Made.BEFORE, Shape.INVALID).judged(RECEIVE, CITY)
    assert line(told) == "REDO invalid before_cutoff"


@pytest.mark.parametrize("made", [None, JUNE_30, JULY_1])
@pytest.mark.parametrize("known", PRODUCTS)
@pytest.mark.parametrize("task", ONE_OF_EACH)
def test_a_valid_udi_is_never_asked_for_a_date(made: date | None, known: Product | None, task: TaskName) -> None:
    declared = Circumstances(declared=Declared(True, Made.AFTER))
    told = Item(udi(manufactured=made), product=known, around=declared).judged(task, CITY)
    assert told.outcome is (Outcome.CHECKED if task is CHECK else Outcome.ACCEPTED)


anything = st.builds(
    bare,
    st.sampled_from(PRODUCTS),
    st.sampled_from([True, False, None]),
    st.one_of(st.sampled_from(list(Made)), st.dates(date(2015, 1, 1), date(2030, 1, 1))),
    st.sampled_from([Shape.NOTHING, Shape.OTHER, Shape.INVALID]),
    said=st.booleans(),
)


@given(anything, st.sampled_from(list(SITES.values())), st.sampled_from(TaskName))
def test_no_combination_of_unknowns_makes_a_missing_code_pass(item: Item, site: Site, task: TaskName) -> None:
    told = item.judged(task, site)
    assert told.outcome not in PASSED
    if site.mode == "block" and DECISIONS.stage[task] == "goods" and unsettled(told):
        assert not told.overridable


def unsettled(told: Verdict) -> bool:
    return bool({"cutoff", "date_unknown", "scope_unknown"} & {each.code for each in told.reasons})


@given(st.dates(JULY_1, JULY_1 + timedelta(days=4000)), st.sampled_from(ROLES))
def test_city_goods_in_scope_are_stopped_on_every_later_day(day: date, role: Role) -> None:
    told = bare(CLASS_3, None, day).judged(RECEIVE, SITES["jincheng-2024", role])
    assert told.outcome is Outcome.STOP
