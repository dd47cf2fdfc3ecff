"""A configuration from the hub: checked, tried, kept or taken back.

A file that the installed station calls wrong is never put in place. One that it calls right may still be wrong for this
room (a scanner that is not there, a broker that does not answer): it runs on trial, and what was there before comes
back by itself. Each step is on the card before it is done, so that a power cut in the midst ends the same way.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from firmware_service.remote.desired import Desired
from hardware.host import files

log = logging.getLogger(__name__)

SCHEMA = 1
TRIAL_S = 30.0
"""So long the station has to be well without a break."""
DEADLINE_S = 180.0
"""Within this time after its restart."""
MOST_STARTS = 2
"""Of the same trial: a file that takes the machine down is not tried for ever."""
MOST_ERRORS = 20
STATE, TRIED, KEPT = "configuration.json", "tried.toml", "kept.toml"


class Station(Protocol):
    """What is asked of the station, through its own commands and systemd."""

    def check(self, file: Path) -> Sequence[str]:
        """What is wrong with a file, a text each; empty when it can be used."""

    def restart(self) -> None:
        """Have it read its file anew."""

    def well(self) -> bool:
        """It runs, answers and has no fault."""

    def busy(self) -> bool:
        """Something is open that a restart would disturb."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the configuration has come; on the card.

    Attributes:
        kept: revision that runs and was found well; 0: what the card brought.
        trying: revision on trial.
        starts: how often the trial was begun.
        refused: the last revision that was not taken, or was taken back.
        errors: why.
    """

    kept: int = 0
    trying: int | None = None
    starts: int = 0
    refused: int | None = None
    errors: tuple[str, ...] = ()

    @property
    def newest(self) -> int:
        """The highest revision that was looked at."""
        return max(self.kept, self.trying or 0, self.refused or 0)


@dataclass(slots=True)
class _Trial:
    """The one that runs.

    Attributes:
        since_s: monotonic time of its start.
        well_since_s: since when the station has been well.
    """

    since_s: float
    well_since_s: float | None = None

    def look(self, now_s: float, *, well: bool) -> bool | None:
        """True: keep it. False: take it back. None: wait."""
        self.well_since_s = (self.well_since_s or now_s) if well else None
        if self.well_since_s is not None and now_s - self.well_since_s >= TRIAL_S:
            return True
        return False if now_s - self.since_s >= DEADLINE_S else None


@dataclass(slots=True)
class Configurator:
    """Belongs to one thread; `tick` once a second or so.

    Attributes:
        folder: of what has to outlive a power cut; for root only, a configuration may name what nobody else need know.
        file: the station's.
        station: asked to check, restart and say how it is.
        report: told what became of the newest revision, as the hub reads it.
        now_s: monotonic seconds.
    """

    folder: Path
    file: Path
    station: Station
    report: Callable[[dict[str, Any]], None]
    now_s: Callable[[], float] = time.monotonic
    _progress: Progress = field(default_factory=Progress)
    _wanted: Desired | None = None
    _trial: _Trial | None = None

    def __post_init__(self) -> None:
        """Take up what was begun before a power cut."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._progress = _read(self.folder / STATE)
        self._say()

    def want(self, desired: Desired) -> None:
        """The hub wants this; an older revision than the newest that was looked at is nothing new."""
        if desired.rev > self._progress.newest:
            self._wanted = desired

    @property
    def trying(self) -> bool:
        """One is on trial: the file may be taken back."""
        return self._progress.trying is not None

    def tick(self) -> None:
        """Do the next step."""
        if self._progress.trying is not None:
            self._go_on()
        elif self._wanted is not None and not self.station.busy():
            wanted, self._wanted = self._wanted, None
            self._begin(wanted)

    def _begin(self, wanted: Desired) -> None:
        tried = self.folder / TRIED
        files.replace(tried, wanted.body.encode())
        errors = self.station.check(tried)
        if errors:
            log.warning("configuration=refused rev=%d errors=%d", wanted.rev, len(errors))
            self._save(replace(self._progress, refused=wanted.rev, errors=tuple(errors[:MOST_ERRORS])))
            return
        files.replace(self.folder / KEPT, self.file.read_bytes())
        self._save(replace(self._progress, trying=wanted.rev, starts=0, refused=None, errors=()))

    def _go_on(self) -> None:
        if self._trial is None:
            self._start()
            return
        verdict = self._trial.look(self.now_s(), well=self.station.well())
        if verdict is True:
            log.info("configuration=kept rev=%d", self._progress.trying)
            self._save(replace(self._progress, kept=self._progress.trying or 0, trying=None))
            self._trial = None
        elif verdict is False:
            self._take_back(f"the station was not well for {TRIAL_S:.0f} s within {DEADLINE_S:.0f} s")

    def _start(self) -> None:
        if self._progress.starts >= MOST_STARTS:
            self._take_back(f"the machine went down {MOST_STARTS} times while it was tried")
            return
        self._save(replace(self._progress, starts=self._progress.starts + 1))
        log.info("configuration=trying rev=%d start=%d", self._progress.trying, self._progress.starts)
        self._put(self.folder / TRIED)
        self._trial = _Trial(self.now_s())

    def _take_back(self, why: str) -> None:
        log.warning("configuration=taken_back rev=%d why=%s", self._progress.trying, why)
        self._put(self.folder / KEPT)
        self._trial = None
        self._save(replace(self._progress, trying=None, refused=self._progress.trying, errors=(why,)))

    def _put(self, source: Path) -> None:
        """The former file's owner and rights stay: the station runs as a user of its own."""
        former = self.file.stat()
        files.replace(self.file, source.read_bytes(), mode=former.st_mode & 0o777, owner=(former.st_uid, former.st_gid))
        self.station.restart()

    def _save(self, progress: Progress) -> None:
        files.replace(self.folder / STATE, json.dumps(asdict(progress)).encode())
        self._progress = progress
        self._say()

    def _say(self) -> None:
        self.report(reported(self._progress))


def reported(progress: Progress) -> dict[str, Any]:
    """What the hub reads: ``udi/<station>.fw/config/reported``."""
    rev, status = progress.kept, "kept"
    if progress.trying is not None:
        rev, status = progress.trying, "trying"
    elif progress.refused is not None and progress.refused > progress.kept:
        rev, status = progress.refused, "refused"
    errors = list(progress.errors) if status == "refused" else []
    return {"schema": SCHEMA, "rev": rev, "status": status, "kept": progress.kept, "errors": errors}


def _read(file: Path) -> Progress:
    try:
        told = json.loads(file.read_bytes())
        return Progress(**{**told, "errors": tuple(told["errors"])})
    except FileNotFoundError:
        return Progress()
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.error("%s cannot be read: %s; the station's file stays as it is", file, error)  # noqa: TRY400 - says it all
        return Progress()
