"""What a site's own codes look like: badges, wristbands, bed labels, documents, house codes. Pure.

A pattern is a prefix and what may follow it. No text may be of two patterns, or of a pattern and of a UDI: that is
decided here, exactly, by their forms. Check characters do not count for it, so that a misread digit never makes
another code of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from edge.station.check_digits import HOLDS
from edge.station.forms import ALPHANUMERIC, ANY, DIGITS, LETTERS, Characters, Common, Form, common, exactly
from edge.station.reserved import reserved
from hardware.host.toml import Problem

MOST = 64
"""Characters behind a prefix."""
PatternName = Literal["badge", "wristband", "bed", "document", "house_code"]
NAMES: tuple[PatternName, ...] = ("badge", "wristband", "bed", "document", "house_code")

_CLASSES: Mapping[str, Characters] = {
    "digits": DIGITS,
    "letters": LETTERS,
    "alphanumeric": ALPHANUMERIC,
    "any": ANY,
}


def _is_prefix(text: str) -> bool:
    return text.isprintable() and text == text.strip()


def _are_identifiers(texts: tuple[str, ...]) -> bool:
    return all(re.fullmatch(r"\][A-Za-z][0-9A-Za-z]?", text) for text in texts)


@dataclass(frozen=True, slots=True)
class PatternTable:
    """How the codes of one kind look at this site."""

    prefix: str = field(
        default="",
        metadata={"check": _is_prefix, "expected": "characters that can be printed, no space at either end"},
    )
    length: tuple[int, int] = field(
        default=(1, 40),
        metadata={
            "check": lambda v: 0 < v[0] <= v[1] <= MOST,
            "expected": f"[least, most] characters within 1 to {MOST}",
        },
    )
    """Of what follows the prefix."""
    characters: Literal["digits", "letters", "alphanumeric", "any"] = "any"
    """Of what follows the prefix; letters are A to Z and a to z, any is whatever can be printed."""
    check: Literal["none", "mod10", "mod11", "gs1", "mod43", "mod97"] = "none"
    """Which check characters end what follows the prefix; see `edge.station.check_digits`."""
    symbology: tuple[str, ...] = field(
        default=(),
        metadata={"check": _are_identifiers, "expected": 'identifiers or their beginnings, such as ["]A", "]C0"]'},
    )
    """How the symbology identifiers begin; none: any. A reader that sends none may have read any of them."""

    @property
    def form(self) -> Form:
        """The texts of this pattern."""
        return Form(exactly(self.prefix), _CLASSES[self.characters], *self.length, self.symbology, self._holds)

    def value(self, text: str) -> str | None:
        """What a text of this form stands for, without the prefix; None if its check characters are wrong."""
        return text.removeprefix(self.prefix) if self._holds(text) else None

    def problems(self) -> Iterable[Problem]:
        """Without a prefix, everything else has to tell the code."""
        if self.prefix:
            return
        if not self.symbology:
            yield _problem("symbology", list(self.symbology), 'symbologies such as ["]A"], because there is no prefix')
        if self.characters == "any":
            yield _problem("characters", self.characters, "digits, letters or alphanumeric, because there is no prefix")

    def _holds(self, text: str) -> bool:
        return HOLDS[self.check](text.removeprefix(self.prefix))


@dataclass(frozen=True, slots=True)
class PatternsTable:
    """``[patterns]``: what the site's own codes look like."""

    badge: PatternTable | None = None
    wristband: PatternTable | None = None
    bed: PatternTable | None = None
    """A bed label: it says where a mobile station is, and nothing of a patient."""
    document: PatternTable | None = None
    house_code: PatternTable | None = None
    """Only to tell one that is bound to nothing from any other code: those in the site's tables need no pattern."""
    gsrn: tuple[Literal["badge", "wristband"], ...] = ()
    """Which of these are GS1's own numbers too: 8017 of staff, 8018 of patients. They need no pattern."""

    def named(self) -> Iterator[tuple[PatternName, PatternTable]]:
        """Those that the site has, by name."""
        for name in NAMES:
            pattern: PatternTable | None = getattr(self, name)
            if pattern is not None:
                yield name, pattern

    def knows(self, name: Literal["badge", "wristband"]) -> bool:
        """Whether codes of this kind can be recognised."""
        return name in self.gsrn or getattr(self, name) is not None

    def problems(self) -> Iterable[Problem]:
        """No text may be of two patterns, or of a pattern and a UDI: a code would be two things at once."""
        known = list(self.named())
        for number, (name, pattern) in enumerate(known):
            form = pattern.form
            for other, former in known[:number]:
                found = common(form, former.form)
                if found is not None:
                    yield _overlap(name, pattern, found, f"{other} {_described(former)}")
            for what, another in reserved():
                found = common(form, another)
                if found is not None:
                    yield _overlap(name, pattern, found, what)
                    break


def _overlap(name: str, pattern: PatternTable, found: Common, other: str) -> Problem:
    where = "" if found.symbology is None else f" in a symbol {found.symbology}"
    aside = "" if found.checked else " (check characters aside: a misread digit must not make another code of it)"
    expected = f"nothing that could also be {other}"
    message = (
        f"{name} = {_described(pattern)}: expected {expected}; {found.text!r}{where} fits both{aside}. "
        "Give one of them another prefix, length, characters or symbology"
    )
    return Problem(name, _described(pattern), expected, message)


def _described(pattern: PatternTable) -> str:
    shown = [f"prefix {pattern.prefix!r}", f"length {list(pattern.length)}"]
    shown += [pattern.characters] * (pattern.characters != "any") + [*pattern.symbology]
    shown += [f"check {pattern.check}"] * (pattern.check != "none")
    return f"({', '.join(shown)})"


def _problem(key: str, value: object, expected: str) -> Problem:
    return Problem(key, value, expected, f"{key} = {value!r}: expected {expected}")
