"""Every input that the fuzz run kept, once more."""

import pytest

from tests.fuzz.target import LEAST_KEPT, check, corpus


def test_there_is_a_corpus() -> None:
    assert len(corpus()) >= LEAST_KEPT


@pytest.mark.parametrize("data", corpus(), ids=lambda data: data.hex()[:24])
def test_promises_hold(data: bytes) -> None:
    check(data)
