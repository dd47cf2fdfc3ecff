import logging
from datetime import timedelta
from pathlib import Path

import pytest

from edge.catalog.folder import Signer
from edge.catalog.importing import import_into, update
from edge.catalog.store import Catalog
from edge.rules.regions import site_rules
from edge.sign import Authority, new_key, public_half
from edge.station.knowledge import Knowledge
from tests.support.records import BASE_DAY, daily, full, record, sale_unit

KEY = new_key()
CHIEF = Authority("chief", public_half(KEY), frozenset({"catalogue"}))
RULES = site_rules(None, "hospital")


def model(knowledge: Knowledge) -> str | None:
    product = knowledge.lookup(sale_unit(1))
    return None if product is None else product.model


def test_a_newer_catalogue_is_known_from_the_next_look_on(tmp_path: Path) -> None:
    import_into(full(record(1)), tmp_path / "c", None)
    before = Knowledge(Catalog.open(tmp_path / "c"), RULES)
    assert before.renewed() is before
    assert before.age_days(BASE_DAY + timedelta(days=40)) == 40
    update(daily(1, record(1, model="newer", version="2")), tmp_path / "c", None)
    after = before.renewed()
    assert (model(before), model(after)) == ("M1", "newer")
    assert after.age_days(BASE_DAY + timedelta(days=40)) == 39
    assert after.renewed() is after
    for each in (before, after):
        assert each.catalog is not None
        each.catalog.close()


def test_a_catalogue_that_nobody_signed_leaves_the_former_in_service(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import_into(full(record(1)), tmp_path / "c", Signer("chief", KEY))
    knowledge = Knowledge(Catalog.open(tmp_path / "c", [CHIEF]), RULES)
    update(daily(1, record(1, model="forged", version="2")), tmp_path / "c", None)
    with caplog.at_level(logging.ERROR):
        assert knowledge.renewed() is knowledge
        assert knowledge.renewed() is knowledge
    assert len(caplog.records) == 1
    assert "stays in service" in caplog.text
    assert "not signed" in caplog.text
    assert model(knowledge) == "M1"
    assert knowledge.catalog is not None
    knowledge.catalog.close()


def test_without_a_catalogue_nothing_has_an_age() -> None:
    knowledge = Knowledge(None, RULES)
    assert (knowledge.renewed() is knowledge, knowledge.age_days(BASE_DAY)) == (True, None)
