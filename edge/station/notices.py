"""What a person should know of the link: in the status while it holds, in the log when it is new and once a day."""

from __future__ import annotations

import logging
from typing import Literal

log = logging.getLogger(__name__)

DAY_NS = 86_400_000_000_000
MOST_REMEMBERED = 100

Subject = Literal[
    "link",
    "certificates",
    "clock",
    "identity",
    "refused",
    "picture",
    "order",
    "order_file",
    "document",
    "document_file",
    "bindings",
    "bindings_file",
    "cards",
    "cards_file",
]


class Notices:
    """Held by one thread; `texts` may be read by any."""

    def __init__(self) -> None:
        """Begin with nothing to say."""
        self._held: dict[Subject, str] = {}
        self._said_ns: dict[str, int] = {}

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that holds now."""
        return tuple(self._held.copy().values())

    def hold(self, subject: Subject, text: str, now_ns: int) -> None:
        """This holds from now on, instead of what was said of the subject before."""
        self._held[subject] = text
        said_ns = self._said_ns.get(text)
        if said_ns is not None and now_ns - said_ns < DAY_NS:
            return
        if len(self._said_ns) >= MOST_REMEMBERED:
            self._said_ns.clear()
        self._said_ns[text] = now_ns
        log.warning("%s", text)

    def drop(self, subject: Subject) -> None:
        """Nothing of this subject holds any more."""
        self._held.pop(subject, None)
