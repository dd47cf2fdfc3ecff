"""The documents that a station knows, kept on its card: there also after a start without network.

A file for each document: the notice as it came. They have a quota; where it is not enough the ones whose day is over go
first, then those that the hub has ended, then the oldest, and never one under which work is open here. Signatures are
checked when a notice is taken, not at each start: a key that is replaced must not end the documents it signed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from edge.document_notices import read_head, read_notice
from edge.documents import Document, DocumentError
from edge.sign import Authority
from hardware.host.files import replace, sync_folder

log = logging.getLogger(__name__)

FOLDER = "documents"
QUOTA_BYTES = 16 * 1024 * 1024
"""On the card: four thousand documents of a hundred lines, and little beside the journal's reserve."""
_BLOCK = 4096
"""A file takes so many bytes of a card, or several times as many."""
_SUFFIX = ".json"
_OVER = ".over"
"""An empty file beside a document that the hub has ended."""


@dataclass(slots=True)
class _Held:
    payload: bytes
    version: int
    expires: date | None
    ended: bool = False
    """The hub has ended it: it goes first where room is needed."""
    on_card: bool = False

    def over(self, today: date | None) -> bool:
        return self.expires is not None and today is not None and today > self.expires


class DocumentBook:
    """Taken by the uplink's thread, asked by the desk's."""

    def __init__(
        self,
        folder: Path | None,
        authorities: Iterable[Authority] = (),
        *,
        is_open: Callable[[str], bool] = lambda _ident: False,
        today: Callable[[], date | None] = lambda: None,
        quota_bytes: int = QUOTA_BYTES,
    ) -> None:
        """Read what is kept.

        Args:
            folder: where; made at the first document. None: nowhere.
            authorities: whose signatures count here.
            is_open: whether work under a document is open here: it is never dropped.
            today: the local day; None if the clock does not know it.
            quota_bytes: of all files together.
        """
        self._folder = folder
        self._authorities = tuple(each for each in authorities if "document" in each.may)
        self._is_open = is_open
        self._today = today
        self._quota = quota_bytes
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        """In the order in which they came."""
        self._used = 0
        self._unwritten: dict[str, None] = {}
        """Those whose files do not say what is held, by number."""
        self._load()

    def get(self, ident: str) -> Document | None:
        """The newest version of a document; also one that is over, for work that was begun."""
        with self._lock:
            held = self._held.get(ident)
        return None if held is None else read_notice(held.payload, ident).said

    @property
    def unwritten(self) -> bool:
        """Something is known and not on the card."""
        return bool(self._unwritten)

    def take(self, ident: str, payload: bytes) -> Document | None:
        """Take a notice; it is known when this returns, and lasts when `write` has said so. Empty bytes end one.

        Returns:
            The document if it is new or a newer version; None if nothing changed.

        Raises:
            DocumentError: it is not taken, and nothing changed.
        """
        held = self._held.get(ident)
        if not payload:
            self._end(ident)
            return None
        if held is not None and held.payload == payload and not held.ended:
            return None
        notice = read_notice(payload, ident)
        said = notice.said
        if held is not None and said.version < held.version:
            raise DocumentError(f"version {said.version} is older than version {held.version}, which was taken before")
        if held is not None and said.version == held.version and read_notice(held.payload, ident).body != notice.body:
            raise DocumentError(f"version {said.version} was taken before, with another content")
        if not self._authorities:
            raise DocumentError("no [[authority]] here may sign documents: put the hub's into station.toml")
        notice.demand_signed(self._authorities)
        self._hold(ident, _Held(payload, said.version, said.expires))
        self._unwritten[ident] = None
        self._drop_beyond_quota()
        return said

    def write(self) -> bool:
        """Bring one document to the card; whether there are more.

        Raises:
            OSError: it cannot be written; it is known all the same, and the next call tries again.
        """
        ident = next(iter(self._unwritten), None)
        if ident is not None:
            if self._folder is not None:
                self._write(self._folder, ident)
            del self._unwritten[ident]
        return bool(self._unwritten)

    def stats_json(self) -> dict[str, int]:
        """For ``udi-station status``."""
        today = self._today()
        with self._lock:
            held = list(self._held.values())
        over = sum(each.ended or each.over(today) for each in held)
        return {"known": len(held), "over": over, "bytes": self._used}

    def _hold(self, ident: str, held: _Held) -> None:
        self._drop(ident)
        with self._lock:
            self._held[ident] = held
        self._used += _cost(held)

    def _drop(self, ident: str) -> None:
        with self._lock:
            former = self._held.pop(ident, None)
        self._used -= 0 if former is None else _cost(former)

    def _end(self, ident: str) -> None:
        held = self._held.get(ident)
        if held is not None and not held.ended:
            held.ended = True
            self._unwritten[ident] = None

    def _drop_beyond_quota(self) -> None:
        for ident in self._by_worth() if self._used > self._quota else ():
            if self._used <= self._quota:
                return
            log.info("document=%s dropped: the quota of %d bytes is used up", ident, self._quota)
            self._drop(ident)
            self._unwritten[ident] = None

    def _by_worth(self) -> list[str]:
        """What may go, first what is needed least."""
        today = self._today()

        def rank(ident: str) -> tuple[int, date]:
            held = self._held[ident]
            return 0 if held.over(today) else 1 if held.ended else 2, held.expires or date.max

        return sorted((ident for ident in self._held if not self._is_open(ident)), key=rank)

    def _write(self, folder: Path, ident: str) -> None:
        folder.mkdir(exist_ok=True)
        held = self._held.get(ident)
        file, over = folder / f"{ident}{_SUFFIX}", folder / f"{ident}{_OVER}"
        if held is None:
            file.unlink(missing_ok=True)
            over.unlink(missing_ok=True)
            sync_folder(folder)
            return
        if not held.on_card:
            replace(file, held.payload)
            held.on_card = True
        if held.ended:
            replace(over, b"")
        else:
            over.unlink(missing_ok=True)

    def _load(self) -> None:
        if self._folder is None or not self._folder.is_dir():
            return
        files = [(file.stat().st_mtime_ns, file) for file in self._folder.glob(f"*{_SUFFIX}")]
        for _, file in sorted(files):
            ident = file.name.removesuffix(_SUFFIX)
            try:
                payload = file.read_bytes()
                head = read_head(payload)
                expires = None if head.expires is None else date.fromisoformat(head.expires)
            except (OSError, ValueError) as error:  # DocumentError is a ValueError
                log.error("%s: %s; it comes again from the hub", file, error)  # noqa: TRY400 - the text says it all
                continue
            ended = file.with_name(f"{ident}{_OVER}").exists()
            self._hold(ident, _Held(payload, head.version, expires, ended, on_card=True))


def _cost(held: _Held) -> int:
    return -(-len(held.payload) // _BLOCK) * _BLOCK
