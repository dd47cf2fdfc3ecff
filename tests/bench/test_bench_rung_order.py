from tests.bench.rung_order import Place, Step, Tried, alone, ranked

READ, NOT = Tried(1.0, right=True), Tried(1.0)
DEAR = Tried(4.0, right=True)


def names(steps: list[Step]) -> list[str]:
    return [step.rung for step in steps]


def test_the_rung_that_reads_most_for_its_time_comes_first() -> None:
    places = [Place({"dear": DEAR, "cheap": READ}), Place({"dear": DEAR, "cheap": NOT})]
    steps, left = ranked(places, ("dear", "cheap"))
    assert [(each.rung, each.gained, each.tried) for each in steps] == [("cheap", 1, 2), ("dear", 1, 1)]
    assert left == []


def test_what_is_met_seldom_counts_little() -> None:
    often, seldom = {"often": READ, "seldom": NOT}, {"often": NOT, "seldom": READ}
    assert names(ranked([Place(often, 0.1), Place(seldom)], ("often", "seldom"))[0]) == ["seldom", "often"]
    assert names(ranked([Place(often), Place(seldom, 0.1)], ("often", "seldom"))[0]) == ["often", "seldom"]


def test_a_rung_that_adds_nothing_is_left_out_and_what_nobody_reads_stays() -> None:
    places = [Place({"a": READ, "b": READ}), Place({"a": NOT, "b": NOT})]
    steps, left = ranked(places, ("a", "b"))
    assert names(steps) == ["a"]
    assert left == [places[1]]


def test_a_rung_that_reads_wrong_is_not_worth_its_reads() -> None:
    places = [Place({"liar": READ}), Place({"liar": Tried(1.0, wrong=1)})]
    assert ranked(places, ("liar",)) == ([], places)


def test_a_rung_that_declines_costs_nothing() -> None:
    step = alone([Place({"a": READ}), Place({})], "a")
    assert (step.gained, step.tried, step.ms, step.worth) == (1, 1, 1.0, 1.0)
