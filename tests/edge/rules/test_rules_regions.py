"""The files of rules: each is read strictly and names its source."""

from datetime import date
from pathlib import Path

import pytest

from edge.rules import regions
from edge.rules.decisions import FILE, _File
from edge.rules.regions import NATIONAL, Region, UnknownRegionError, known_regions, load_region, site_rules
from hardware.host.toml import ConfigError, load, parse, read_table

SOURCES = {
    "jincheng-2024": "晋市市监〔2024〕107号",
    "jincheng-2024-subcounty": "晋市市监〔2024〕107号",
    "national": "国家药监局公告",
    "shenzhen-2021": "深圳市 2021 年试点通知(文号未见)",
    "urumqi-2021": "乌市监〔2021〕46号",
}
NATION = {("batch-1", date(2021, 1, 1)), ("class-3", date(2022, 6, 1)), ("batch-3", date(2024, 6, 1))}


def test_these_regions_are_shipped() -> None:
    assert {name: load_region(name).source for name in known_regions()} == SOURCES


@pytest.mark.parametrize("name", known_regions())
def test_every_cutoff_names_order_and_article(name: str) -> None:
    region = load_region(name)
    assert region.title
    assert all(each.article and each.source for each in region.cutoff)
    assert {(each.scope, each.made_from) for each in region.cutoff if each.source == SOURCES[NATIONAL]} == NATION
    assert (region.mode == "block") is (name == "jincheng-2024")


def test_without_a_region_the_national_dates_advise() -> None:
    site = site_rules(None, "hospital")
    assert (site.region, site.mode) == (NATIONAL, "advise")
    assert not any(each.blocks_at for each in site.cutoffs)


def test_an_article_concerns_its_roles_only() -> None:
    articles = {
        role: {each.article for each in site_rules("jincheng-2024", role).cutoffs if each.blocks_at}
        for role in ("hospital", "distributor")
    }
    assert articles == {"hospital": {"六(二)1"}, "distributor": {"六(二)1–3"}}


@pytest.mark.parametrize("included", [True, False])
def test_whether_the_day_itself_counts_is_a_field_of_the_rule(included: bool) -> None:
    row = {"made_from": date(2024, 7, 1), "scope": "class-3", "article": "a", "day_included": included}
    cutoff = parse({"title": "t", "source": "s", "mode": "advise", "cutoff": [row]}, Region).cutoff[0]
    assert [cutoff.since(date(2024, month, day)) for month, day in ((6, 30), (7, 1), (7, 2))] == [False, included, True]


def test_each_region_and_each_change_of_it_has_a_digest_of_its_own() -> None:
    digests = {site_rules(name, "hospital").digest for name in known_regions()}
    assert len(digests) == len(known_regions())
    assert all(len(each) == 64 for each in digests)


def test_an_unknown_region_names_the_known_ones() -> None:
    with pytest.raises(UnknownRegionError, match="jincheng-2024, jincheng-2024-subcounty, national"):
        load_region("atlantis")


ROW = {"made_from": date(2024, 7, 1), "scope": "class-3", "article": "a"}
WRONG: dict[str, tuple[dict[str, object], str]] = {
    "a mode that is none": ({"mode": "warn"}, "mode = 'warn': expected one of advise, block"),
    "blocks, and says nowhere where": ({"mode": "block"}, "mode = 'block': expected a cutoff with blocks_at"),
    "advises, and blocks": ({"cutoff": [{**ROW, "blocks_at": ["RECEIVE"]}]}, "mode = 'advise': expected no cutoff"),
    "an unknown task": ({"cutoff": [{**ROW, "blocks_at": ["BUY"]}]}, r"cutoff\[0\].blocks_at\[0\] = 'BUY'"),
    "an unknown scope": ({"cutoff": [{**ROW, "scope": "class-4"}]}, r"cutoff\[0\].scope = 'class-4'"),
    "a day that is a text": ({"cutoff": [{**ROW, "made_from": "2024-07-01"}]}, r"cutoff\[0\].made_from = '2024-07-01'"),
    "a misspelt key": ({"cutof": []}, "did you mean cutoff"),
    "an unknown stage": ({"near_expiry_days": {"use": 3}}, "near_expiry_days.use is not a known key"),
}


@pytest.mark.parametrize(("changed", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_is_refused_by_key(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse({"title": "t", "source": "s", "mode": "advise", **changed}, Region)


def test_the_decision_table_is_read_strictly(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    file = tmp_path / "decisions.toml"
    file.write_text(text.replace('patient = "STOP"', 'patient = "STOPP"', 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"reason\[0\].patient = 'STOPP': expected one of -, hub, ATTENTION"):
        load(file, _File)


@pytest.mark.parametrize(
    "file", sorted(Path(regions.__file__).with_name("regions").glob("*.toml")), ids=lambda f: f.stem
)
def test_a_file_that_extends_nothing_repeats_nothing(file: Path) -> None:
    table = read_table(file)
    assert (table.get("extends") is None) is (file.stem == NATIONAL)
