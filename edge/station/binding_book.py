"""The house codes (院内码) that were bound here or elsewhere at the site, kept on the station's card.

What was bound here holds at once, and until the hub has told it to the site: it stands in a file of its own. The hub's
pages stand in a file each. Signatures are checked when a page is taken, not at each start: a key that is replaced must
not end what it signed.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.bindings import BindingError, Page, Symbol, page_of, read_page
from edge.sign import Authority
from hardware.host.files import replace

log = logging.getLogger(__name__)

FOLDER = "bindings"
OWN_FILE = "own.json"
MOST_UNDOABLE = 50
"""Bindings of this run that can still be taken back: more than acts can."""


@dataclass(frozen=True, slots=True)
class Own:
    """The last word of this station on a house code."""

    event: str
    symbol: Symbol | None
    """None: its binding was taken back here."""
    instead: bool = False
    """Of what the hub still says."""


class BindingBook:
    """Asked and told by the desk's thread; pages are taken and everything is written by the uplink's."""

    def __init__(self, folder: Path | None, authorities: Iterable[Authority] = ()) -> None:
        """Read what is kept.

        Args:
            folder: where; made at the first binding. None: nowhere.
            authorities: whose signatures count here.
        """
        self._folder = folder
        self._authorities = tuple(each for each in authorities if "bindings" in each.may)
        self._lock = threading.Lock()
        self._pages: dict[str, Page] = {}
        self._own: dict[str, Own] = {}
        self._payloads: dict[str, bytes] = {}
        """Of pages that are in force and not on the card."""
        self._changes = self._written = 0
        """How often what is kept of this station's own changed, and how much of that is on the card."""
        self._recent: dict[str, int] = {}
        """Codes whose last change is not on the card, and which change that was."""
        self._codes: dict[str, str] = {}
        """Event -> code, of bindings of this run."""
        self._before: dict[str, tuple[str, Own | None]] = {}
        """Event on its way to the card -> code, and what held before."""
        self._load()

    def said(self, code: str) -> list[Symbol | None]:
        """What a code is bound to by this book; None among them: to several by the hub's."""
        own, page = self._own.get(code), self._pages.get(page_of(code))
        found: list[Symbol | None] = []
        if own is not None and own.symbol is not None:
            found.append(own.symbol)
        if page is not None and code in page.bindings and not (own is not None and own.instead):
            found.append(page.bindings[code])
        return found

    def bind(self, event: str, code: str, symbol: Symbol) -> None:
        """A code was bound here; it holds when this returns."""
        if self.said(code) == [symbol]:
            return
        former = self._own.get(code)
        self._codes[event] = code
        for oldest in list(self._codes)[:-MOST_UNDOABLE]:
            del self._codes[oldest]
        self._before[event] = code, former
        self._put(code, Own(event, symbol, former is not None and former.instead))

    def take_back(self, event: str, corrects: str) -> None:
        """The event of a binding was taken back here by another one; any other event means nothing."""
        code = self._codes.get(corrects)
        if code is not None:
            self._before[event] = code, self._own.get(code)
            self._put(code, Own(corrects, None, instead=True))

    def settled(self, event: str, *, recorded: bool) -> None:
        """An event is on the card, or the card refused it: then all is as it was before."""
        code, former = self._before.pop(event, ("", None))
        if code and not recorded:
            self._put(code, former)

    def recent(self) -> list[Any]:
        """What this station did that its own file may not say yet, for what is kept with each event."""
        with self._lock:
            return [_row(code, own) for code in self._recent if (own := self._own.get(code)) is not None]

    def restore(self, recent: Sequence[Any]) -> None:
        """Take what `recent` said before a restart; what the hub has told since stands."""
        for code, own in map(_read_row, recent):
            page = self._pages.get(page_of(code))
            if own.symbol is None or page is None or code not in page.bindings:
                self._put(code, own)

    def take(self, name: str, payload: bytes) -> Page | None:
        """Take a page; it is in force when this returns, and lasts when `write` has said so.

        Returns:
            The page if it is new; None if nothing changed. Empty bytes say nothing.

        Raises:
            BindingError: it is not taken, and nothing changed.
        """
        former = self._pages.get(name)
        if not payload or (former is not None and former.encode() == payload):
            return None
        page = read_page(payload, name)
        if not self._authorities:
            raise BindingError("no [[authority]] here may sign bindings: put the hub's into station.toml")
        page.demand_signed(self._authorities)
        if former is not None and page.version <= former.version:
            raise BindingError(f"version {page.version}, and version {former.version} was taken before")
        self._payloads[name] = payload
        self._turn(page)
        return page

    @property
    def unwritten(self) -> bool:
        """Something holds and is not on the card."""
        return bool(self._payloads) or self._written != self._changes

    def write(self) -> bool:
        """Bring one page, or what was bound here, to the card; whether there is more.

        Raises:
            OSError: it cannot be written; it holds all the same, and the next call tries again.
        """
        name = next(iter(self._payloads), None)
        if self._written != self._changes:
            self._write_own()
        elif name is not None:
            payload = self._payloads[name]
            self._replace(f"{name}.json", payload)
            if self._payloads[name] is payload:
                del self._payloads[name]
        return self.unwritten

    def stats_json(self) -> dict[str, int]:
        """For ``udi-station status``."""
        pages = list(self._pages.values())
        return {"known": sum(len(page.bindings) for page in pages), "own": len(self._own)}

    def _turn(self, page: Page) -> None:
        """A page takes the place of the one before; what it knows of this station's doing need not be kept here."""
        self._pages[page.name] = page
        for code, own in list(self._own.items()):
            if page_of(code) == page.name and _told(page, code, own):
                self._put(code, None)

    def _put(self, code: str, own: Own | None) -> None:
        with self._lock:
            if own is None:
                self._own.pop(code, None)
            else:
                self._own[code] = own
            self._changes += 1
            self._recent[code] = self._changes

    def _write_own(self) -> None:
        with self._lock:
            changes, rows = self._changes, [_row(code, own) for code, own in self._own.items()]
        self._replace(OWN_FILE, json.dumps({"version": 1, "own": rows}, separators=(",", ":")).encode())
        self._written = changes
        with self._lock:
            self._recent = {code: change for code, change in self._recent.items() if change > changes}

    def _replace(self, name: str, data: bytes) -> None:
        if self._folder is not None:
            self._folder.mkdir(exist_ok=True)
            replace(self._folder / name, data)

    def _load(self) -> None:
        if self._folder is None or not self._folder.is_dir():
            return
        for file in sorted(self._folder.glob("??.json")):
            try:
                self._pages[file.stem] = read_page(file.read_bytes(), file.stem)
            except (OSError, BindingError) as error:
                log.error("%s: %s; it comes again from the hub", file, error)  # noqa: TRY400 - the text says it all
        file = self._folder / OWN_FILE
        try:
            rows = json.loads(file.read_bytes())["own"] if file.exists() else []
            self._own = dict(map(_read_row, rows))
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.error("%s: %r; what was bound here comes again from the hub", file, error)  # noqa: TRY400


def _told(page: Page, code: str, own: Own) -> bool:
    """The hub's page says what the station does, or that the code is in conflict."""
    if own.symbol is None:
        return code not in page.bindings
    return code in page.bindings and page.bindings[code] in (None, own.symbol)


def _row(code: str, own: Own) -> list[str | None]:
    payload, symbology = (None, None) if own.symbol is None else (own.symbol.payload.decode(), own.symbol.symbology)
    return [code, own.event, payload, symbology, "instead" if own.instead else None]


def _read_row(row: Any) -> tuple[str, Own]:
    """The inverse of `_row`.

    Raises:
        ValueError: it is none.
    """
    match row:
        case [str(code), str(event), str() | None as payload, str() | None as symbology, "instead" | None as instead]:
            symbol = None if payload is None or symbology is None else Symbol(payload.encode(), symbology)
            return code, Own(event, symbol, instead is not None)
    raise ValueError(f"{row!r:.80}: expected code, event, payload, symbology, instead")
