from tests.bench.rung_order import Step, Tried, alone, ranked

READ, NOT = Tried(1.0, right=True), Tried(1.0)


def names(steps: list[Step]) -> list[str]:
    return [step.rung for step in steps]


def test_the_rung_that_reads_most_for_its_time_comes_first() -> None:
    places = [{"dear": Tried(4.0, right=True), "cheap": READ}, {"dear": Tried(4.0, right=True), "cheap": NOT}]
    steps, left = ranked(places, ("dear", "cheap"))
    assert [(each.rung, each.gained, each.tried) for each in steps] == [("cheap", 1, 2), ("dear", 1, 1)]
    assert left == []


def test_a_rung_that_adds_nothing_is_left_out_and_what_nobody_reads_stays() -> None:
    places = [{"a": READ, "b": READ}, {"a": NOT, "b": NOT}]
    steps, left = ranked(places, ("a", "b"))
    assert names(steps) == ["a"]
    assert left == [places[1]]


def test_a_rung_that_reads_wrong_is_not_worth_its_reads() -> None:
    places = [{"liar": READ}, {"liar": Tried(1.0, wrong=1)}]
    assert ranked(places, ("liar",)) == ([], places)


def test_a_rung_that_declines_costs_nothing() -> None:
    assert alone([{"a": READ}, {}], "a") == Step("a", gained=1, tried=1, ms=1.0, wrong=0)
