"""The parts of the station, through its own command: the agent never imports the station."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firmware_service.selftest.reading import Expected

ANSWER_S = 30.0
END_S = 5.0


class BenchError(Exception):
    """The station's command cannot be used; the text is what it said."""


class Lines:
    """Lines of a file descriptor as they come, without waiting."""

    def __init__(self, fd: int) -> None:
        """Nothing has come yet."""
        self._fd = fd
        self._rest = b""
        self.closed = False

    def fileno(self) -> int:
        """For `wait`."""
        return self._fd

    def take(self) -> str | None:
        """The next whole line that has come, without its end."""
        line, end, rest = self._rest.partition(b"\n")
        if not end:
            return None
        self._rest = rest
        return line.decode("utf-8", "replace").strip()

    def fill(self) -> None:
        """Read what is there; call it after `wait` said that something is."""
        data = os.read(self._fd, 65_536)
        self.closed = not data
        self._rest += data


def wait(sources: Sequence[Lines], timeout_s: float) -> list[Lines]:
    """Those that have something to read, or have ended."""
    ready = select.select([each for each in sources if not each.closed], [], [], max(0.0, timeout_s))[0]
    for each in ready:
        each.fill()
    return list(ready)


@dataclass(frozen=True, slots=True)
class StationBench:
    """``udi-station bench``.

    Attributes:
        command: how ``udi-station`` is called here.
        config: options of every call, such as ``--config FILE``.
        options: further ones of those that touch parts, such as ``--simulate``.
    """

    command: Sequence[str]
    config: Sequence[str] = ()
    options: Sequence[str] = ()

    def facts(self) -> Mapping[str, Any]:
        """What this station has that can be tested.

        Raises:
            BenchError: the configuration is bad, or there is no station installed.
        """
        found: Mapping[str, Any] = self._ask("facts", *self.config)
        return found

    def codes(self) -> tuple[Expected, ...]:
        """The test codes as a scanner must hand them over.

        Raises:
            BenchError: there is no station installed.
        """
        rows = self._ask("codes", "--json")["codes"]
        return tuple(Expected(row["name"], base64.b64decode(row["bytes"]), row["symbology"]) for row in rows)

    def well(self, *words: str) -> tuple[bool, str]:
        """Run another command of the station to its end: whether it went well, and what it said."""
        ended = self._run([*self.command, *words])
        return ended.returncode == 0, (ended.stdout + ended.stderr).strip()

    @contextlib.contextmanager
    def running(self, *words: str) -> Iterator[tuple[Lines, subprocess.Popen[bytes]]]:
        """A part at work, with the lines it prints; it ends when its input does."""
        call = [*self.command, "bench", *words, *self.config, *self.options]
        pipe = subprocess.PIPE
        with self._started(call, pipe) as process:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            try:
                yield Lines(process.stdout.fileno()), process
            finally:
                _end(process)

    def _started(self, call: list[str], pipe: int) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(call, stdin=pipe, stdout=pipe, stderr=pipe)  # noqa: S603 - the station's own command
        except OSError as error:
            raise BenchError(f"{call[0]}: {error.strerror}; expected the station to be installed") from error

    def _ask(self, *words: str) -> Any:
        ended = self._run([*self.command, "bench", *words])
        if ended.returncode != 0:
            raise BenchError(ended.stderr.strip() or f"exit status {ended.returncode}")
        return json.loads(ended.stdout)

    def _run(self, call: list[str]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(call, capture_output=True, check=False, text=True, timeout=ANSWER_S)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            raise BenchError(f"{' '.join(call[:3])}: {error}; expected the station to be installed") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()


def said(process: subprocess.Popen[bytes]) -> str:
    """Why a part has ended by itself."""
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
    text = b"" if process.stderr is None else process.stderr.read()
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"exit status {process.returncode}"
