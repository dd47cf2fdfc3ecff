"""Receives the archives that machines were asked for, and says at the command's topic that one is here."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from edge import wire
from edge.hub.broker.rights import STATION_NAME
from edge.hub.fleet import archives, asking
from edge.hub.fleet.desk import AGENT, LOOK_NS, RECEIVED
from edge.hub.fleet.pieces import Piece, PieceError, Pieces, read_piece
from edge.hub.store import Store
from hardware.host.clock import ClockReading

log = logging.getLogger(__name__)

TOPICS = "udi/+/diagnostics"
KIND = "diagnostics"
MOST_NEWS, MOST_NEWS_EACH = 256, 64
"""Pieces heard between two looks, of all machines and of one: the rest is let go, and comes again."""


class ReceivingDesk:
    """Belongs to the collector's thread.

    Only what this hub asked for and waits for is taken, only from the machine that it asked, and once.
    """

    def __init__(self, store: Store, folder: Path, now: Callable[[], ClockReading]) -> None:
        """Prepare.

        Args:
            store: knows what machines were asked.
            folder: where archives go, see `archives`.
            now: the hub's clock.
        """
        self._store = store
        self._folder = folder
        self._now = now
        self._news: dict[str, list[Piece]] = {}
        """By station."""
        self._pieces = Pieces()
        self._kept: dict[tuple[str, str], str] = {}
        """Hash of what was stored for (station, command): it is not written again."""
        self._look_ns = 0

    def begin(self, now_ns: int) -> None:
        """Connected: machines send again by themselves."""
        self._look_ns = now_ns

    def heard(self, topic: str, payload: bytes) -> None:
        """A piece, or what somebody says is one."""
        station = topic.removeprefix("udi/").partition("/")[0].removesuffix(AGENT)
        if topic != f"udi/{station}{AGENT}/{KIND}" or not STATION_NAME.fullmatch(station):
            return
        if len(self._news.get(station, ())) >= MOST_NEWS_EACH or sum(map(len, self._news.values())) >= MOST_NEWS:
            return
        try:
            self._news.setdefault(station, []).append(read_piece(payload))
        except PieceError as error:
            log.warning("topic=%s not taken: %s", topic, error)

    def due(self, now_ns: int) -> Iterator[tuple[str, bytes]]:
        """Topics and payloads to publish now: that an archive is here."""
        if not self._news or now_ns < self._look_ns:
            return
        self._look_ns = now_ns + LOOK_NS
        news, self._news = self._news, {}
        with self._store.read() as connection:
            waiting = {(each.station, each.ident) for each in asking.waiting(connection) if each.kind == KIND}
        self._pieces.keep_only(waiting)
        self._kept = {key: sha256 for key, sha256 in self._kept.items() if key in waiting}
        here = {}
        for station, pieces in news.items():
            for piece in pieces:
                if (station, piece.command) in waiting and (sha256 := self._take(station, piece)) is not None:
                    here[station, piece.command] = sha256
        for (station, command), sha256 in here.items():
            yield f"udi/{station}{AGENT}/cmd/{KIND}/{command}", received(sha256)

    def _take(self, station: str, piece: Piece) -> str | None:
        """Take a piece; gives the hash of the archive that is here, None while it is not."""
        key = station, piece.command
        if key not in self._kept:
            whole = self._pieces.add(station, piece)
            if whole is None or not self._keep(station, piece.command, whole):
                return None
            self._kept[key] = hashlib.sha256(whole).hexdigest()
        return self._kept[key]

    def _keep(self, station: str, command: str, whole: bytes) -> bool:
        try:
            file = archives.keep(self._folder, station, command, whole)
        except OSError as error:
            log.error("archive of %s not stored: %s; it is sent again", station, error)  # noqa: TRY400 - says it all
            return False
        log.info("station=%s command=%s file=%s bytes=%d", station, command, file, len(whole))
        with self._store.begin() as connection:  # what is said next stands in the place of what the machine said
            asking.answered(connection, command, "executing", "", wire.iso(self._now().at))
        return True


def received(sha256: str) -> bytes:
    """What stands at the command's topic once the archive of this hash is here; the machine's answer follows."""
    return RECEIVED + json.dumps(sha256).encode() + b"}"
