"""Forms of texts, and whether two of them have a text in common. Pure.

A form is a number of places that each allow certain characters, then more characters of one class, in certain
symbologies. What two forms have in common is exact: place by place, at the shortest length that both allow.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, product

Characters = frozenset[str] | None
"""Those that a place allows; None: any that can be printed."""
DIGITS: Characters = frozenset(string.digits)
LETTERS: Characters = frozenset(string.ascii_letters)
ALPHANUMERIC: Characters = frozenset(string.digits + string.ascii_letters)
ANY: Characters = None
NO_END = 4096
"""Longer than any symbol holds."""

_PLAIN = string.digits + string.ascii_uppercase
_VARIED = 4
"""So many places of an example are varied until its check characters hold."""
_TRIES = 20_000


def _always(_text: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Form:
    """What texts of one kind look like."""

    head: tuple[Characters, ...]
    """The characters of each place in front."""
    rest: Characters = ANY
    """The characters of every place behind them."""
    least: int = 0
    """So many places at least stand behind the head."""
    most: int = NO_END
    symbologies: tuple[str, ...] = ()
    """How their symbology identifiers begin; none: all."""
    holds: Callable[[str], bool] = _always
    """Whether the check characters of a text of this form are right."""

    def fits(self, text: str, symbology: str | None) -> bool:
        """Whether a text is of this form, whatever its check characters.

        Args:
            text: the content.
            symbology: its identifier; None (the reader sends none): it may be any.
        """
        return (
            self.least <= len(text) - len(self.head) <= self.most
            and (not self.symbologies or symbology is None or symbology.startswith(self.symbologies))
            and all(_allows(self.at(place), character) for place, character in enumerate(text))
        )

    def at(self, place: int) -> Characters:
        """The characters that a place allows, counted from 0."""
        return self.head[place] if place < len(self.head) else self.rest


@dataclass(frozen=True, slots=True)
class Common:
    """A text of two forms."""

    text: str
    symbology: str | None
    """How the identifiers begin in which it is of both; None: in all."""
    checked: bool
    """The check characters of both are right in it; else none was found in which they are."""


def exactly(text: str) -> tuple[Characters, ...]:
    """The head that is this text."""
    return tuple(frozenset(character) for character in text)


def common(one: Form, other: Form) -> Common | None:
    """A text that is of both forms, their check characters aside; None only if there is none."""
    least = max(len(each.head) + each.least for each in (one, other))
    symbologies = _both(one.symbologies, other.symbologies)
    if symbologies is None or least > min(len(each.head) + each.most for each in (one, other)):
        return None
    places: list[Characters] = []
    for place in range(least):
        places.append(_meet(one.at(place), other.at(place)))
        if places[-1] == frozenset():
            return None
    symbology = next(iter(symbologies), None)
    checked = next((text for text in islice(_texts(places), _TRIES) if one.holds(text) and other.holds(text)), None)
    return Common(checked or next(_texts(places)), symbology, checked is not None)


def _allows(characters: Characters, character: str) -> bool:
    return character.isprintable() if characters is None else character in characters


def _meet(one: Characters, other: Characters) -> Characters:
    if one is None or other is None:
        known = other if one is None else one
        return known if known is None else frozenset(filter(str.isprintable, known))
    return one & other


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...] | None:
    """The symbologies that both have; None if they have none in common."""
    if not one or not other:
        return one or other
    met = [max(a, b, key=len) for a in one for b in other if a.startswith(b) or b.startswith(a)]
    return tuple(met) or None


def _texts(places: list[Characters]) -> Iterator[str]:
    """Examples, the plainest first; the last places that leave a choice are varied."""
    choices = [_some(place) for place in places]
    free = [number for number, some in enumerate(choices) if len(some) > 1][-_VARIED:]
    return map("".join, product(*(some if n in free else some[:1] for n, some in enumerate(choices))))


def _some(characters: Characters) -> str:
    """A choice of those a place allows, the plainest first."""
    if characters is None:
        return _PLAIN
    return "".join(c for c in _PLAIN if c in characters) or "".join(sorted(characters))
