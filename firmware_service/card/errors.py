"""What all of this package's errors are."""

from __future__ import annotations


class CardError(Exception):
    """A card that cannot be made or read; the text says what was found, what was expected and what to do."""
