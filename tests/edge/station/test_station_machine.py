import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.station.machine import IDENTITY, LOG_LEVEL, LOOK_S, SPOKEN, Machine
from firmware_service.identity.holding import Holding, Reason
from firmware_service.places import Places
from hardware.phrases import phrases


class Heard:
    """A machine whose folder is here, what it says aloud, and a clock that is moved."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.places = Places(folder)
        self.places.run.mkdir(parents=True)
        self.said: list[str] = []
        self.now_s = 0.0
        monkeypatch.setattr("time.monotonic", lambda: self.now_s)
        self.machine = Machine(self.places.run, self.said.extend)

    def look(self) -> tuple[str, ...]:
        self.now_s += LOOK_S
        self.machine.look()
        return self.machine.troubles


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Heard:
    return Heard(tmp_path, monkeypatch)


@pytest.fixture
def _level() -> Iterator[None]:
    before = logging.getLogger().level
    yield
    logging.getLogger().setLevel(before)


def test_a_copied_card_is_said_aloud_once_and_stays_a_trouble(heard: Heard) -> None:
    assert heard.look() == ()
    holding = Holding(heard.places)
    holding.remember(Reason("cloned", "1000", "2000"))
    holding.say()
    for _ in range(3):
        told = heard.look()
    assert heard.said == ["card_copied"]
    assert "复制" in told[0]
    assert "copied" in told[0]
    holding.forget_reason()
    holding.say()
    assert heard.look() == ()


def test_a_machine_that_was_taken_out_of_service_on_purpose_is_silent(heard: Heard) -> None:
    holding = Holding(heard.places)
    holding.remember(Reason("decommissioned"))
    holding.say()
    assert heard.look() == ()
    assert heard.said == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"reason": 1}', b'{"reason": {"why": "unknown"}}', b"\xff"])
def test_a_file_of_any_content_does_no_harm(heard: Heard, content: bytes) -> None:
    (heard.places.run / IDENTITY).write_bytes(content)
    assert heard.look() == ()


@pytest.mark.usefixtures("_level")
def test_the_log_level_that_the_hub_asked_for(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    (heard.places.run / LOG_LEVEL).write_text("debug\n", encoding="ascii")
    for _ in range(2):
        heard.look()
    assert logging.getLogger().level == logging.DEBUG
    assert caplog.text.count("log_level=debug") == 1
    (heard.places.run / LOG_LEVEL).write_bytes(b"shouting")
    heard.look()
    (heard.places.run / LOG_LEVEL).write_bytes(b"\xff")
    heard.look()
    assert logging.getLogger().level == logging.DEBUG


def test_everything_that_is_said_can_be_spoken() -> None:
    assert set(SPOKEN.values()) <= set(phrases())


def test_the_identity_file_is_read_as_the_agent_writes_it(heard: Heard) -> None:
    told = Holding(heard.places).say()
    assert json.loads((heard.places.run / IDENTITY).read_bytes()) == told
