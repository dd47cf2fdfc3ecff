"""The decision table, a line for each situation: what CHECK, RECEIVE and USE say of it."""

import re
from dataclasses import replace
from datetime import date

import pytest

from edge.catalog.product import Certificate, Level, NhsaCode, Order, Storage
from edge.rules.decisions import DECISIONS, FILE
from edge.rules.judge import RULES
from edge.rules.reasons import TEXTS
from edge.rules.verdict import Audience, Circumstances, Days, Outcome, TaskName
from edge.udi.findings import finding
from edge.udi.parse import parse
from edge.udi.presentation import Presentation, Shape
from edge.udi.recover import PiFlags
from tests.support.judged import DAY, GOOD, KNOWN, NATIONAL, RECALL, TODAY, Item, line, product, udi

THREE = CHECK, RECEIVE, USE = TaskName.CHECK, TaskName.RECEIVE, TaskName.USE
NONE_CARRIED = PiFlags(lot=False, serial=False, manufactured=False, expires=False)
RUN_TOGETHER = parse("0106901234567892" + "10LOT2024A21SN0012345", "]d2", today=TODAY)
COLD = (Storage("冷藏", 2, 8, "℃"),)
MADE = TODAY - 300 * DAY


def found(code: str, shape: Shape = Shape.COMPLETE) -> Presentation:
    return Presentation(shape, udi=GOOD, findings=(finding(code),))


def ordered(kind: str) -> Circumstances:
    return Circumstances(orders=(Order("R", kind, ("0",)),))  # type: ignore[arg-type] # a row of the table


def codes(*each: tuple[str, int | None, int | None]) -> tuple[NhsaCode, ...]:
    """医保 codes in force from so many to so many days from today."""
    return tuple(NhsaCode(code, "table", _from(TODAY, first), _from(TODAY, last)) for code, first, last in each)


def certified(first: int | None, last: int | None) -> Certificate:
    """A certificate in force from so many to so many days from the day of manufacture."""
    return Certificate("国械注准", _from(MADE, first), _from(MADE, last))


def _from(day: date, days: int | None) -> date | None:
    return None if days is None else day + days * DAY


TABLE: dict[str, tuple[Item, str, str, str]] = {
    # what it is                           CHECK, RECEIVE, USE
    "nothing wrong": (Item(), "CHECKED", "ACCEPTED", "ACCEPTED"),
    "a valid UDI without a production date, which no cut-off asks for": (
        Item(udi(manufactured=None)), "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    "only the DI by design": (
        Item(udi(lot=None, expires=None), Shape.DI_ONLY, product(pi=NONE_CARRIED)), "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    # the codes
    "nothing read": (
        Item(None, Shape.NOTHING, None), "MISSING no_udi", "MISSING* no_udi", "MISSING* no_udi",
    ),
    "codes, no UDI among them": (Item(None, Shape.OTHER, None), *3 * ("REDO not_a_udi",)),
    "two packages": (Item(None, Shape.SEVERAL, None), *3 * ("REDO several_packages",)),
    "wrong check digit": (Item(presentation=found("check_digit", Shape.INVALID)), *3 * ("REDO invalid",)),
    "complete by name, nothing in it": (Item(None), *3 * ("REDO invalid",)),
    "codes that disagree": (
        Item(presentation=found("symbols_disagree", Shape.INVALID)), *3 * ("STOP symbols_disagree",),
    ),
    "PI half": (Item(udi(di=None), Shape.PI_ONLY, None), *3 * ("INCOMPLETE half",)),
    "DI half that waits": (
        Item(udi(lot=None, expires=None), Shape.DI_ONLY, half_pending=True), *3 * ("INCOMPLETE half",),
    ),
    "DI half, nobody knows of a second": (
        Item(udi(lot=None, expires=None), Shape.DI_ONLY), *3 * ("ATTENTION pi_missing",),
    ),
    "half a code beside it": (Item(presentation=found("half_apart")), *3 * ("ATTENTION half_apart",)),
    "lot and serial run together, UDID says so": (
        Item(RUN_TOGETHER, product=product(pi=PiFlags(lot=True, serial=True))),  # type: ignore[arg-type]
        *3 * ("ATTENTION separator_missing | pi_flag_mismatch",),
    ),
    "a fault of the label": (
        Item(presentation=found("dates_reversed")), "CHECKED | label_fault", *2 * ("ACCEPTED | label_fault",),
    ),
    # orders
    "recalled": (Item(around=ordered("recall")), *3 * ("STOP recalled",)),
    "stopped": (Item(around=ordered("stop_use")), *3 * ("STOP stop_use",)),
    "held": (Item(around=ordered("hold")), *3 * ("STOP hold",)),
    "recalled, not in the catalogue": (
        Item(product=None, around=ordered("recall")), *3 * ("STOP recalled | unknown_di",),
    ),
    "recalled lot": (Item(around=Circumstances(orders=(RECALL,))), *3 * ("STOP recalled",)),
    "another lot than the recalled one": (
        Item(udi(lot="B2"), around=Circumstances(orders=(RECALL,))), "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    "recalled, and no code to be read": (
        Item(None, Shape.NOTHING, around=ordered("recall")), *3 * ("STOP recalled no_udi",),
    ),
    "recalled and expired": (
        Item(udi(expires=TODAY - DAY), around=ordered("recall")), *3 * ("STOP recalled expired",),
    ),
    # dates
    "expired yesterday": (Item(udi(expires=TODAY - DAY)), *3 * ("STOP expired",)),
    "last day of use": (
        Item(udi(expires=TODAY)), "CHECKED | near_expiry", "ATTENTION near_expiry", "ACCEPTED | near_expiry",
    ),
    "90 days left": (
        Item(udi(expires=TODAY + 90 * DAY)),
        "CHECKED | near_expiry", "ATTENTION near_expiry", "ACCEPTED | near_expiry",
    ),
    "91 days left": (Item(udi(expires=TODAY + 91 * DAY)), "CHECKED", "ACCEPTED", "ACCEPTED"),
    "expired before a clock that was only kept": (
        Item(udi(expires=TODAY - DAY), quality="floor"), *3 * ("STOP expired",),
    ),
    "not expired by a clock that was only kept": (
        Item(quality="floor"), "CHECKED | clock_untrusted", *2 * ("ACCEPTED | clock_untrusted",),
    ),
    "expired, whatever the clock": (Item(udi(expires=TODAY - DAY), quality="none"), *3 * ("STOP expired",)),
    "a clock that was never set": (Item(quality="none"), *3 * ("ATTENTION clock_unset",)),
    "a clock that was never set, no expiry": (
        Item(udi(expires=None), quality="none"), "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    # the piece
    "used before": (
        Item(udi(serial="S1"), around=Circumstances(serial_seen="use")), *3 * ("REDO serial_seen",),
    ),
    "received before": (
        Item(udi(serial="S1"), around=Circumstances(serial_seen="receipt")),
        "CHECKED", "REDO serial_seen", "ACCEPTED",
    ),
    "a reusable one, used before": (
        Item(udi(serial="S1"), product=product(single_use=False), around=Circumstances(serial_seen="use")),
        "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    "a case of ten": (
        Item(product=product(level=Level.CASE, contains=10)), "CHECKED", "ACCEPTED", "REDO wrong_level",
    ),
    "an inner pack of ten": (
        Item(product=product(level=Level.INNER_PACK, contains=10)), "CHECKED", "ACCEPTED", "REDO wrong_level",
    ),
    "a pack of one": (
        Item(product=product(level=Level.INNER_PACK, contains=1)), "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    "a unit of use": (
        Item(product=product(level=Level.USE_UNIT, sale_unit="0")), "CHECKED", "ATTENTION loose_unit", "ACCEPTED",
    ),
    "marked on the device": (Item(product=product(level=Level.BODY)), "CHECKED", "ACCEPTED", "ACCEPTED"),
    "cold goods": (Item(product=product(storage=COLD)), "CHECKED", "REDO* storage_reading", "ACCEPTED"),
    "cold goods with a reading": (
        Item(product=product(storage=COLD), around=Circumstances(measured=True)), "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    "kept below 30 ℃": (
        Item(product=product(storage=(Storage("常温", 0, 30, "℃"),))), "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    "kept below 8 % of humidity": (
        Item(product=product(storage=(Storage("干燥", 0, 8, "%RH"),))), "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    # the register
    "withdrawn today": (
        Item(product=product(withdrawn=TODAY)),
        "CHECKED | withdrawn_di", "ATTENTION withdrawn_di", "ACCEPTED | withdrawn_di",
    ),
    "withdrawn tomorrow": (Item(product=product(withdrawn=TODAY + DAY)), "CHECKED", "ACCEPTED", "ACCEPTED"),
    "made on the certificate's last day": (
        Item(udi(manufactured=MADE), product=product(certificate=certified(-1800, 0))),
        "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    "made a day after the certificate": (
        Item(udi(manufactured=MADE), product=product(certificate=certified(-1800, -1))),
        "CHECKED | certificate_ended", "ATTENTION certificate_ended", "ACCEPTED | certificate_ended",
    ),
    "the certificate has ended since": (
        Item(udi(manufactured=MADE), product=product(certificate=certified(-1800, 100))),
        "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    "the certificate has ended, made nobody knows when": (
        Item(udi(manufactured=None), product=product(certificate=certified(-1800, -1))),
        "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    "made before the certificate's present dates": (
        Item(udi(manufactured=MADE), product=product(certificate=certified(1, None))),
        "CHECKED", "ACCEPTED | certificate_later", "ACCEPTED",
    ),
    "not in the catalogue": (Item(product=None), "CHECKED | unknown_di", *2 * ("ACCEPTED | unknown_di",)),
    "UDID says serial, the label has none": (
        Item(product=product(pi=PiFlags(lot=True, serial=True))),
        "CHECKED | pi_flag_mismatch", *2 * ("ACCEPTED | pi_flag_mismatch",),
    ),
    "UDID says no lot, the label has one": (
        Item(product=product(pi=PiFlags(lot=False))), "CHECKED | pi_flag_extra", *2 * ("ACCEPTED | pi_flag_extra",),
    ),
    "no 医保 code": (Item(product=product(nhsa=())), "CHECKED", "ACCEPTED", "ACCEPTED | nhsa_missing"),
    "a 医保 code that ended yesterday": (
        Item(product=product(nhsa=codes(("C1", None, -1)))), "CHECKED", "ACCEPTED", "ACCEPTED | nhsa_expired",
    ),
    "a 医保 code that ends today": (Item(product=product(nhsa=codes(("C1", 0, 0)))), "CHECKED", "ACCEPTED", "ACCEPTED"),
    "a 医保 code from tomorrow on": (
        Item(product=product(nhsa=codes(("C1", 1, None)))), "CHECKED", "ACCEPTED", "ACCEPTED | nhsa_missing",
    ),
    "an old 医保 code and a new one": (
        Item(product=product(nhsa=codes(("C1", None, -1), ("C2", 0, None)))), "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    "no 医保 code but words in UDID's field": (
        Item(product=product(nhsa=(NhsaCode("待定", "udid"),))), "CHECKED", "ACCEPTED", "ACCEPTED | nhsa_missing",
    ),
    "two 医保 codes at once": (
        Item(product=product(nhsa=codes(("C1", None, None), ("C2", None, None)))),
        "CHECKED", "ACCEPTED", "ACCEPTED | nhsa_ambiguous",
    ),
    "one 医保 code from two sources": (
        Item(product=product(nhsa=(*KNOWN.nhsa, *codes((KNOWN.nhsa[0].code, None, None))))),
        "CHECKED", "ACCEPTED", "ACCEPTED",
    ),
    "watched": (Item(product=product(watched="集采 2026")), "CHECKED | watched", *2 * ("ACCEPTED | watched",)),
    "a catalogue of 35 days": (Item(around=Circumstances(catalogue_age_days=35)), "CHECKED", "ACCEPTED", "ACCEPTED"),
    "a catalogue of 36 days": (
        Item(around=Circumstances(catalogue_age_days=36)),
        "CHECKED | catalogue_old", *2 * ("ACCEPTED | catalogue_old",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("task", THREE)
def test_each_situation_at_each_task(name: str, task: TaskName) -> None:
    item, *expected = TABLE[name]
    assert line(item.judged(task)) == expected[THREE.index(task)]


@pytest.mark.parametrize(("task", "days"), [(CHECK, 1), (RECEIVE, 180), (USE, 30)])
def test_how_near_an_expiry_is_depends_on_the_stage(task: TaskName, days: int) -> None:
    site = replace(NATIONAL, near_expiry_days=Days(look=1, goods=180, patient=30))
    told = [line(Item(udi(expires=TODAY + left * DAY)).judged(task, site)) for left in (days, days + 1)]
    assert ["near_expiry" in each for each in told] == [True, False]


LATER = {
    "a reading is asked for": (Circumstances(), "ATTENTION reading_due"),
    "once in a document": (Circumstances(reading_asked=True), "ACCEPTED | reading_asked"),
    "not where it was taken": (Circumstances(measured=True), "ACCEPTED"),
}


@pytest.mark.parametrize("name", LATER)
@pytest.mark.parametrize("task", [TaskName.STORE, TaskName.PICK, TaskName.VERIFY, TaskName.SHIP, TaskName.ISSUE])
def test_cold_goods_after_their_receipt(name: str, task: TaskName) -> None:
    around, expected = LATER[name]
    assert line(Item(product=product(storage=COLD), around=around).judged(task)) == expected


AGAIN = {
    "a serial": (Item(udi(serial="S1"), around=Circumstances(serial_seen="receipt")), "REDO counted_before"),
    "a serial that is used again and again": (
        Item(udi(serial="S1"), product=product(single_use=False), around=Circumstances(serial_seen="receipt")),
        "REDO counted_before",
    ),
    "a serial, for the first time": (Item(udi(serial="S1")), "CHECKED"),
}


@pytest.mark.parametrize(("item", "expected"), AGAIN.values(), ids=AGAIN.keys())
def test_a_piece_counts_once_in_a_stock_take(item: Item, expected: str) -> None:
    assert line(item.judged(TaskName.COUNT)) == expected


CUTOFFS = frozenset({"cutoff", "date_unknown", "scope_unknown", "udi_due", "before_cutoff", "out_of_scope"})
"""Shown in test_rules_cutoff.py."""


def test_every_reason_of_the_table_is_shown_by_a_situation() -> None:
    told = {code for _, *lines in TABLE.values() for each in lines for code in each.split()}
    assert set(DECISIONS.cells["look"]) - told == CUTOFFS | {"reading_due", "reading_asked", "counted_before"}


def test_every_reason_that_a_rule_can_give_has_a_row() -> None:
    texts = [file.read_text(encoding="utf-8") for file in FILE.parent.glob("*.py")]
    given = {code for text in texts for code in re.findall(r"Found\(\s*\"(\w+)\"", text)}
    assert len(given) > 20
    assert given <= set(DECISIONS.cells["look"])


def test_every_reason_has_words_and_every_rule_a_row() -> None:
    assert set(DECISIONS.cells["look"]) <= set(TEXTS)
    assert list(DECISIONS.rules) == list(RULES)
    assert all(row.source and row.zh and row.en and row.looks for row in DECISIONS.rules.values())
    assert set(DECISIONS.stage) == set(TaskName)


@pytest.mark.parametrize("code", [code for code, cell in DECISIONS.cells["patient"].items() if cell and cell.outcome])
def test_what_changes_the_light_at_use_tells_something_to_do(code: str) -> None:
    text = TEXTS[code]
    assert (text.zh_next, text.en_next) != ("不用处理", "nothing to do here")


def test_rows_of_the_table_stand_by_weight() -> None:
    for cells in DECISIONS.cells.values():
        kept = [cell for cell in cells.values() if cell is not None]
        lights = [cell for cell in kept if cell.outcome is not None]
        assert [cell.weight for cell in lights] == sorted(cell.weight for cell in lights)
        assert max(cell.weight for cell in lights) < min(cell.weight for cell in kept if cell.outcome is None)


@pytest.mark.parametrize("task", THREE)
def test_the_worst_reason_is_the_outcome_and_every_one_is_told(task: TaskName) -> None:
    item = Item(
        udi(expires=TODAY - DAY, serial="S1"),
        product=product(level=Level.CASE, contains=10, watched="集采", nhsa=(), storage=COLD, withdrawn=TODAY),
        around=Circumstances(orders=(RECALL,), serial_seen="use"),
        presentation=Presentation(
            Shape.COMPLETE, udi=udi(expires=TODAY - DAY, serial="S1"), findings=(finding("half_apart"),)
        ),
    )
    expected = {
        CHECK: "STOP recalled expired serial_seen half_apart | withdrawn_di watched",
        RECEIVE: "STOP recalled expired serial_seen storage_reading half_apart withdrawn_di | watched",
        USE: "STOP recalled expired serial_seen wrong_level half_apart | withdrawn_di nhsa_missing watched",
    }
    verdict = item.judged(task)
    assert line(verdict) == expected[task]
    assert verdict.outcome is Outcome.STOP
    assert {each.audience for each in verdict.reasons} == set(Audience)
