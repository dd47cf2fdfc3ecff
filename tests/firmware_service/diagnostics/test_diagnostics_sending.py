"""An archive waits on the card until the hub has it, whatever happens in between."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmware_service.diagnostics.sending import (
    AGAIN_FIRST_S,
    AGAIN_MOST_S,
    GIVEN_UP,
    MOST_WAITING,
    PIECE_BYTES,
    ArchiveSender,
    pieces,
    read_received,
)
from hardware.host.clock import ClockReading, Quality

AT = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
DATA = hashlib.shake_256(b"").digest(2 * PIECE_BYTES + 1)


class Card:
    """A sender with its folder; what it says and how commands end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.at, self.mono_s = AT, 0.0
        self.quality: Quality = "ntp"
        self.online = True
        self.said: list[bytes] = []
        self.ended: list[tuple[str, str]] = []
        self.sender = self.start()

    def start(self) -> ArchiveSender:
        self.sender = ArchiveSender(
            self.folder, self.say, lambda command, how, _said: self.ended.append((command, how))
        )
        return self.sender

    def say(self, piece: bytes) -> bool:
        if self.online:
            self.said.append(piece)
        return self.online

    def keep(self, command: str = "a1", data: bytes = DATA) -> None:
        self.sender.keep(command, data)
        os.utime(self.folder / f"{command}.tar.gz", (self.at.timestamp(), self.at.timestamp()))

    def go(self, seconds: int) -> None:
        for _ in range(seconds):
            self.at += timedelta(seconds=1)
            self.mono_s += 1.0
            self.sender.tick(ClockReading(self.at, self.quality, "boot", int(self.mono_s * 1e9)))

    def numbers(self) -> list[tuple[str, int]]:
        told = [json.loads(each) for each in self.said]
        return [(each["command"], each["number"]) for each in told]


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path / "archives")


def received(data: bytes = DATA) -> bytes:
    return json.dumps({"schema": 1, "status": "received", "sha256": hashlib.sha256(data).hexdigest()}).encode()


def test_a_piece_at_a_time_and_again_until_the_hub_has_it(card: Card) -> None:
    card.keep()
    card.go(3)
    assert card.said == pieces("a1", DATA)
    card.go(int(AGAIN_FIRST_S) - 1)
    assert len(card.said) == 3, "the hub is given time"
    card.go(int(AGAIN_FIRST_S) + 4)
    assert len(card.said) == 6
    card.sender.hear("a1", received())
    assert card.ended == [("a1", "successful")]
    assert list(card.folder.iterdir()) == []
    card.go(3600)
    assert len(card.said) == 6


def test_a_hub_that_is_away_for_hours_is_not_flooded(card: Card) -> None:
    card.keep()
    card.go(6 * 3600)
    rounds = len(card.said) / 3
    assert 6 * 3600 / (AGAIN_MOST_S + AGAIN_FIRST_S + 3) <= rounds <= 6 * 3600 / AGAIN_FIRST_S / 5


def test_without_a_connection_nothing_is_skipped(card: Card) -> None:
    card.keep()
    card.go(1)
    card.online = False
    card.go(100)
    card.online = True
    card.go(2)
    assert card.numbers() == [("a1", 1), ("a1", 2), ("a1", 3)]


def test_it_goes_on_after_a_start(card: Card) -> None:
    card.keep()
    card.go(2)
    card.start()
    assert card.sender.holds("a1")
    card.said.clear()
    card.go(3)
    assert card.said == pieces("a1", DATA)


def test_after_a_day_it_says_that_nobody_took_it(card: Card) -> None:
    card.keep()
    card.quality = "floor"
    card.at += GIVEN_UP
    card.go(1)
    assert card.ended == [], "without the time nobody knows how long it was"
    card.quality = "ntp"
    card.go(1)
    assert card.ended == [("a1", "failed")]
    assert list(card.folder.iterdir()) == []


def test_one_after_the_other_and_no_more_than_a_few(card: Card) -> None:
    for number in range(MOST_WAITING):
        assert not card.sender.full
        card.keep(f"a{number}")
    assert card.sender.full
    card.go(9)
    assert card.numbers() == [(f"a{number}", piece) for number in range(MOST_WAITING) for piece in (1, 2, 3)]
    card.sender.hear("a1", received())
    assert not card.sender.full


ENDS = {
    "cleared by the hub": (b"", [], False),
    "another archive's hash": (received(b"other"), [], True),
    "what the hub asked": (b'{"schema": 1, "status": "init"}', [], True),
    "its own answer": (b'{"schema": 1, "status": "executing", "said": ""}', [], True),
    "nonsense": (b"\xff[", [], True),
    "another schema": (received().replace(b'"schema": 1', b'"schema": 2'), [], True),
    "the hub has it": (received(), [("a1", "successful")], False),
}


@pytest.mark.parametrize(("payload", "ended", "waits"), ENDS.values(), ids=ENDS.keys())
def test_what_ends_it(card: Card, payload: bytes, ended: list[tuple[str, str]], waits: bool) -> None:
    card.keep()
    card.go(1)
    card.sender.hear("a1", payload)
    card.sender.hear("a2", payload)
    assert (card.ended, card.sender.holds("a1")) == (ended, waits)
    card.go(2)
    assert len(card.said) == (3 if waits else 1), "no more of it is said in the midst of a round"


def test_an_archive_that_the_card_lost(card: Card) -> None:
    card.keep()
    (card.folder / "a1.tar.gz").unlink()
    card.go(1)
    assert card.ended == [("a1", "failed")]
    assert card.said == []


def test_what_no_command_waits_for_goes(card: Card) -> None:
    card.keep("a1")
    card.keep("a2")
    card.sender.forget_all_but({"a2"})
    assert [file.name for file in card.folder.iterdir()] == ["a2.tar.gz"]


@pytest.mark.parametrize("payload", [b"", b"[]", b"1", b"{}", b'{"schema": 1, "status": "received"}', b"[" * 100_000])
def test_what_the_hub_did_not_say(payload: bytes) -> None:
    assert read_received(payload) is None
