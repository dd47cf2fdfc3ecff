"""Commands from the hub, each a retained state machine in its own topic: ``udi/<station>.fw/cmd/<type>/<id>``.

The hub writes ``{"schema": 1, "status": "init", "expires": "...Z", "args": {...}}``; this machine answers in the same
topic with ``executing``, then ``successful`` or ``failed`` and what there is to say. The hub clears it. A command is
done once, whatever the broker repeats; one that has expired is not done, nor is any while this machine does not know
the time.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from hardware.host import files
from hardware.host.clock import TRUSTED, ClockReading

log = logging.getLogger(__name__)

SCHEMA = 1
IDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
MOST_KEPT = 200
"""Answers that are kept against a broker that repeats; the oldest go first."""
MOST_SAID = 2_000
"""Characters of an answer."""
MOST_BYTES = 8 * 1024

Status = Literal["init", "executing", "successful", "failed"]


class CommandFailed(RuntimeError):  # noqa: N818 - reads as what it is
    """It could not be done; the text says why."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        kind: what is asked, such as ``restart``.
        ident: its own name; the same name is the same command.
        expires: UTC; it is not begun after this.
        args: what it needs to know.
    """

    kind: str
    ident: str
    expires: datetime
    args: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GoesOn:
    """A command was begun, and `CommandDesk.finish` will be told how it ended.

    Attributes:
        said: for people, meanwhile.
    """

    said: str


Run = Callable[[Command], str | GoesOn]
"""Carries a command out and says what there is to say; raises `CommandFailed`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How far a command has come; on the card.

    Attributes:
        status: ``executing``, ``successful`` or ``failed``.
        said: for people.
        boot: in which boot that was.
    """

    status: Status
    said: str
    boot: str


class CommandError(ValueError):
    """No command; the text says why."""


def read_command(kind: str, ident: str, payload: bytes) -> Command | None:
    """A command as it came; None where the topic holds an answer, or nothing any more.

    Raises:
        CommandError: it is neither.
    """
    if not payload:
        return None
    if len(payload) > MOST_BYTES or not IDENT.fullmatch(ident):
        raise CommandError(f"{len(payload)} bytes for {ident!r}: expected at most {MOST_BYTES}, and a plain name")
    try:
        told = json.loads(payload)
        status, schema = told["status"], told["schema"]
        if status != "init":
            return None
        expires, args = datetime.fromisoformat(told["expires"]), told.get("args", {})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CommandError(f"{len(payload)} bytes are no command: {type(error).__name__}") from None
    texts = isinstance(args, dict) and all(isinstance(value, str) for value in args.values())
    if schema != SCHEMA or expires.tzinfo is None or not texts:
        raise CommandError(f"schema {schema!r}: expected {SCHEMA}, a time with its zone, and args of texts")
    return Command(kind, ident, expires.astimezone(UTC), args)


class CommandDesk:
    """Takes commands, carries out one at a time, remembers what became of them; belongs to one thread."""

    def __init__(
        self,
        file: Path,
        runs: Mapping[str, Run],
        now: Callable[[], ClockReading],
        say: Callable[[str, str, bytes], None],
        goes_on: Callable[[str, str], bool] = lambda _kind, _ident: False,
    ) -> None:
        """Take up what was begun before this process; what was in the midst has failed, unless it goes on.

        Args:
            file: where answers are kept.
            runs: what can be asked, by kind.
            now: the clock and its quality.
            say: kind, ident and payload: what becomes of a command; no payload: there is nothing to say any more.
            goes_on: kind and ident: whether a command that was begun before this process is still under way.
        """
        self._file = file
        self._runs = runs
        self._now = now
        self._say_to = say
        self._waiting: dict[tuple[str, str], Command] = {}
        self._answers = _read(file)
        for (kind, ident), answer in list(self._answers.items()):
            if answer.status == "executing" and not goes_on(kind, ident):
                self._close(kind, ident, *self._after_the_break(kind, answer))
            else:
                self._say(kind, ident)

    def hear(self, kind: str, ident: str, payload: bytes) -> None:
        """A message of a command's topic."""
        key = (kind, ident)
        if not payload:
            self._waiting.pop(key, None)
            if key in self._answers:
                del self._answers[key]
                self._write()
                self._say_to(kind, ident, b"")
            return
        try:
            command = read_command(kind, ident, payload)
        except CommandError as error:
            log.warning("command=%r/%r not taken: %s", kind, ident, error)
            return
        if command is None:
            return
        if key in self._answers:
            self._say(kind, ident)
        else:
            self._waiting.setdefault(key, command)

    def tick(self) -> None:
        """Carry out the next command, if the time is known."""
        reading = self._now()
        if not self._waiting or reading.quality not in TRUSTED:
            return
        command = self._waiting.pop(next(iter(self._waiting)))
        kind, ident = command.kind, command.ident
        if reading.at >= command.expires:
            self._close(kind, ident, "failed", f"expired at {command.expires:%Y-%m-%d %H:%M} UTC, before it was begun")
            return
        run = self._runs.get(kind)
        if run is None:
            self._close(kind, ident, "failed", f"{kind!r} is unknown here; expected one of {', '.join(self._runs)}")
            return
        self._close(kind, ident, "executing", "")
        try:
            said = run(command)
            if isinstance(said, GoesOn):
                self._close(kind, ident, "executing", said.said)
            else:
                self._close(kind, ident, "successful", said)
        except (CommandFailed, OSError) as error:  # a full card is an answer too
            self._close(kind, ident, "failed", str(error))

    def finish(self, kind: str, ident: str, status: Status, said: str) -> None:
        """A command that went on ended so; one that the hub cleared meanwhile is forgotten."""
        if (kind, ident) in self._answers:
            self._close(kind, ident, status, said)

    def under_way(self, kind: str) -> set[str]:
        """Names of the commands of a kind that were begun and have not ended."""
        return {
            ident for (each, ident), answer in self._answers.items() if (each, answer.status) == (kind, "executing")
        }

    def _after_the_break(self, kind: str, answer: Answer) -> tuple[Status, str]:
        if kind == "reboot" and answer.boot != self._now().boot:
            return "successful", "the machine started anew"
        return "failed", "the machine or its agent went down while it ran: ask again"

    def _close(self, kind: str, ident: str, status: Status, said: str) -> None:
        log.info("command=%s/%s status=%s", kind, ident, status)
        self._answers[kind, ident] = Answer(status, said[:MOST_SAID], self._now().boot)
        for old in list(self._answers)[:-MOST_KEPT]:
            del self._answers[old]
        self._write()
        self._say(kind, ident)

    def _say(self, kind: str, ident: str) -> None:
        answer = self._answers[kind, ident]
        body = {"schema": SCHEMA, "status": answer.status, "said": answer.said}
        self._say_to(kind, ident, json.dumps(body, ensure_ascii=False).encode())

    def _write(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        rows = [[kind, ident, asdict(answer)] for (kind, ident), answer in self._answers.items()]
        files.replace(self._file, json.dumps(rows, ensure_ascii=False).encode())


def _read(file: Path) -> dict[tuple[str, str], Answer]:
    try:
        return {(kind, ident): Answer(**answer) for kind, ident, answer in json.loads(file.read_bytes())}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        log.error("%s cannot be read: %s; answers of before are forgotten", file, error)  # noqa: TRY400 - says it all
        return {}
