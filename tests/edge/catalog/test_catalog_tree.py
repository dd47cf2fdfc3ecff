import pytest

from edge.catalog.product import Pack
from edge.catalog.release import DeviceRecord
from edge.catalog.tree import BODY, CASE, INNER, REGISTERED, SALE, USE, claims, di_of, key_of

SALE_DI, BOX, CARTON, PALLET, UNIT = (f"{n}6901234500028"[:14] for n in (0, 1, 2, 3, 7))
KEYS = {
    "GTIN-14": ("06901234500028", 6901234500028),
    "EAN-13": ("6901234500028", 6901234500028),
    "UPC": ("012345678905", 12345678905),
    "EAN-8": ("12345670", 12345670),
    "nine digits are no GTIN": ("123456789", "123456789"),
    "MA": ("MA.156.M0.100350.01004YA1", "MA.156.M0.100350.01004YA1"),
    "HIBC": ("A123BJC5D6E71", "A123BJC5D6E71"),
    "full-width digits are no GTIN": ("１２３４５６７０", "１２３４５６７０"),
    "empty": ("", ""),
}
# name: (packs, {DI: (level, contains)} beside the sale unit, words of the problem or None)
TREES = {
    "one level": ([Pack(BOX, "盒", 10, SALE_DI)], {BOX: (CASE, 10)}, None),
    "three levels multiply": (
        [Pack(PALLET, "托盘", 4, CARTON), Pack(BOX, "盒", 10, SALE_DI), Pack(CARTON, "箱", 20, BOX)],
        {PALLET: (CASE, 800), BOX: (INNER, 10), CARTON: (INNER, 200)},
        None,
    ),
    "our own words": ([Pack(BOX, "inner_pack", 5, SALE_DI)], {BOX: (INNER, 5)}, None),
    "the level below in 13 digits": ([Pack(BOX, "盒", 10, SALE_DI[1:])], {BOX: (CASE, 10)}, None),
    "a circle": (
        [Pack(BOX, "盒", 10, CARTON), Pack(CARTON, "箱", 2, BOX)],
        {BOX: (INNER, 1), CARTON: (INNER, 1)},
        "holds itself",
    ),
    "itself": ([Pack(BOX, "盒", 10, BOX)], {BOX: (INNER, 1)}, "holds itself"),
    "a missing level": ([Pack(CARTON, "箱", 20, BOX)], {CARTON: (CASE, 1)}, "is no level of this record"),
    "no level named": ([Pack(CARTON, "箱", 20, "")], {CARTON: (CASE, 1)}, "is no level of this record"),
    "nothing in it": ([Pack(BOX, "盒", 0, SALE_DI)], {BOX: (CASE, 1)}, "expected at least 1"),
    "absurd": (
        [Pack(BOX, "盒", 10**6, SALE_DI), Pack(CARTON, "箱", 10**6, BOX)],
        {BOX: (INNER, 10**6), CARTON: (CASE, 1)},
        "expected at most",
    ),
    "the sale unit as a package": ([Pack(SALE_DI, "盒", 10, SALE_DI)], {}, "is a package and sale_unit"),
    "declared twice": (
        [Pack(BOX, "盒", 10, SALE_DI), Pack(BOX, "箱", 20, SALE_DI)],
        {BOX: (CASE, 10)},
        "more than once",
    ),
}


@pytest.mark.parametrize(("di", "key"), KEYS.values(), ids=KEYS.keys())
def test_gtins_of_any_length_meet_in_one_number(di: str, key: int | str) -> None:
    assert key_of(di) == key
    assert key_of(di_of(key)) == key


@pytest.mark.parametrize(("packs", "expected", "told"), TREES.values(), ids=TREES.keys())
def test_the_content_of_each_package(packs: list[Pack], expected: dict[str, tuple[int, int]], told: str | None) -> None:
    problems: list[str] = []
    found = claims(DeviceRecord(SALE_DI, packs=tuple(packs)), lambda _field, problem: problems.append(problem))
    assert found[0] == (key_of(SALE_DI), SALE, 1)
    assert {di_of(each.key): (each.level, each.contains) for each in found[1:]} == expected
    assert bool(problems) == (told is not None)
    assert told is None or any(told in problem for problem in problems)


def test_other_dis_of_a_record_count_one_and_a_di_stands_once() -> None:
    record = DeviceRecord(SALE_DI, use_unit=UNIT, body=UNIT, registered="MA.156.M0.1")
    found = [(each.level, each.contains) for each in claims(record, lambda *_: None)]
    assert found == [(SALE, 1), (USE, 1), (REGISTERED, 1)]
    same = DeviceRecord(SALE_DI, use_unit=SALE_DI[1:], body="B1")
    assert [each.level for each in claims(same, lambda *_: None)] == [SALE, BODY]
