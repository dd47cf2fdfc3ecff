"""The orders that a station knows, kept on its card: in force for the next scan, also after a start without network.

One file, a notice on each line, only ever appended to; of several versions of an order the highest counts. What was
signed is checked when it is taken, not at each start: a key that is replaced must not end the recalls it signed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

from edge.catalog.notices import Notice, is_new, read_notice
from edge.catalog.orders import OrderError, di_key
from edge.catalog.product import Order, Product
from edge.sign import Authority
from hardware.host.files import replace_by_pieces, sync_folder

log = logging.getLogger(__name__)

FILE = "orders.ndjson"
MOST_REFUSED = 1000
"""So many refused notices are remembered over a restart."""


class OrderBook:
    """Belongs to one thread; only `log` and `notices` may be read by any other."""

    def __init__(self, file: Path | None, authorities: Iterable[Authority] = ()) -> None:
        """Read what is kept.

        Args:
            file: where; made at the first order. None: nowhere.
            authorities: whose signatures count here.
        """
        self._file = file
        self.authorities = tuple(each for each in authorities if "order" in each.may)
        self.notices: dict[str, Notice] = {}
        """By the order's number; withdrawn and ended ones too, so that no older version comes back."""
        self.log: list[str] = []
        """The number of each order that was taken, in that order; an index follows it."""
        self.problem: str | None = None
        """What was found damaged at the start."""
        self._refused: dict[str, None] = {}
        self._unwritten: list[bytes] = []
        self._load()

    @property
    def unwritten(self) -> bool:
        """Something is in force and not on the card."""
        return bool(self._unwritten)

    def take(self, ident: str, payload: bytes) -> Notice | None:
        """Take a notice; it is in force when this returns, and lasts when `write` has returned.

        Returns:
            The notice if it changes something; None if it was known.

        Raises:
            OrderError: it is not taken, and nothing changed.
        """
        notice = read_notice(payload, ident)
        known = self.notices.get(ident)
        if not is_new(notice, known):
            return None
        if not self.authorities:
            raise OrderError("this station has no [[authority]] that may sign orders: put the site's into station.toml")
        notice.demand_signed(self.authorities)
        self._keep(notice)
        self._unwritten.append(notice.encode())
        return notice

    def refuse(self, payload: bytes) -> bool:
        """Remember that these bytes were refused; whether that is new."""
        digest = hashlib.sha256(payload).hexdigest()
        if digest in self._refused:
            return False
        self._remember(digest)
        self._unwritten.append(_refusal(digest))
        return True

    def write(self) -> None:
        """Bring what is new to the card, with one flush.

        Raises:
            OSError: it cannot be written; it is in force all the same, and the next call tries again.
        """
        if self._file is None:
            self._unwritten.clear()
        if not self._unwritten or self._file is None:
            return
        fd = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "ab", buffering=0) as file:
            size = os.fstat(fd).st_size
            try:
                _write_all(file.fileno(), b"".join(line + b"\n" for line in self._unwritten))
                os.fsync(fd)
            except OSError:
                with contextlib.suppress(OSError):  # half a line would be taken for damage
                    os.ftruncate(fd, size)
                raise
        sync_folder(self._file.parent)
        self._unwritten.clear()

    def _keep(self, notice: Notice) -> None:
        ident = notice.said.order.order
        self.notices[ident] = notice
        self.log.append(ident)

    def _remember(self, digest: str) -> None:
        self._refused[digest] = None
        if len(self._refused) > MOST_REFUSED:
            del self._refused[next(iter(self._refused))]

    def _load(self) -> None:
        if self._file is None or not self._file.exists():
            return
        lines = self._file.read_bytes().split(b"\n")
        torn = lines.pop()  # what a power cut left of the last line: its notice comes again
        damaged = sum(not self._read(line) for line in lines)
        if damaged:
            aside = _free_name(self._file)
            self._file.rename(aside)
            self.problem = (
                f"{damaged} of {len(lines)} lines of {self._file} are damaged; it is set aside as {aside.name}, and "
                "what was in them comes again from the hub: let this station connect"
            )
        if damaged or torn or len(lines) > len(self.notices) + len(self._refused):
            replace_by_pieces(self._file, self._lines())

    def _read(self, line: bytes) -> bool:
        """Whether a line is as it was written."""
        try:
            data = json.loads(line)
            if data.keys() == {"refused"}:
                self._remember(data["refused"])
                return True
            notice = read_notice(line, data["id"])
            if is_new(notice, self.notices.get(data["id"])):
                self._keep(notice)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):  # OrderError is a ValueError
            return False
        return True

    def _lines(self) -> Iterator[bytes]:
        yield from (notice.encode() + b"\n" for notice in self.notices.values())
        yield from (_refusal(digest) + b"\n" for digest in self._refused)


class OrderIndex:
    """Finds the orders of a packaging tree; belongs to one thread, which is not the book's.

    An order that names any DI of a tree means the whole of it: what a catalogue knows of the orders' own DIs is asked
    once for each order, and not while somebody waits for a light.
    """

    def __init__(self, book: OrderBook, lookup: Callable[[str], Product | None]) -> None:
        """Index what the book has.

        Args:
            book: followed from now on.
            lookup: of the catalogue in service; another catalogue needs another index.
        """
        self._book = book
        self._lookup = lookup
        self._seen = 0
        self._found: dict[str, frozenset[str]] = {}
        """DI -> numbers of the orders that name it, or another one of its tree."""
        self._named: dict[str, frozenset[str]] = {}
        """Number of an order -> the DIs that stand for it."""
        self._follow()

    def with_lookup(self, lookup: Callable[[str], Product | None]) -> OrderIndex:
        """The index of another catalogue."""
        return OrderIndex(self._book, lookup)

    def orders(self, di: str, product: Product | None, today: date | None) -> tuple[Order, ...]:
        """The orders in force that name a DI or another one of its packaging tree.

        Args:
            di: the scanned one.
            product: what the catalogue says of it.
            today: the local day; None if the clock does not know: then no order ends.
        """
        if self._seen < len(self._book.log):
            self._follow()
        idents: set[str] = set()
        for each in tree_of(di, product):
            idents |= self._found.get(each, frozenset())
        said = (self._book.notices[ident].said for ident in sorted(idents))
        return tuple(each.order for each in said if each.holds(today))

    def _follow(self) -> None:
        end = len(self._book.log)
        for ident in self._book.log[self._seen : end]:
            self._put(ident, self._book.notices[ident].said.order)
        self._seen = end

    def _put(self, ident: str, order: Order) -> None:
        for di in self._named.get(ident, frozenset()):
            self._found[di] -= {ident}
        meant: set[str] = set()
        for di in order.dis:
            meant |= tree_of(di, self._lookup(di_key(di)))
        self._named[ident] = frozenset(meant)
        for di in meant:
            self._found[di] = self._found.get(di, frozenset()) | {ident}


def tree_of(di: str, product: Product | None) -> frozenset[str]:
    """The DIs of a packaging tree as far as a product tells them, each as `di_key` gives it."""
    if product is None:
        return frozenset({di_key(di)})
    packs = (each for pack in product.packs for each in (pack.di, pack.of))
    return frozenset(di_key(each) for each in (di, product.di, product.sale_unit, *packs) if each)


def _refusal(digest: str) -> bytes:
    return b'{"refused":"%s"}' % digest.encode()


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _free_name(file: Path) -> Path:
    number = 1
    while (aside := file.with_name(f"{file.name}.damaged-{number}")).exists():
        number += 1
    return aside
