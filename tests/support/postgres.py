"""A real PostgreSQL server for tests: its own data folder, a Unix socket, no network, every commit flushed."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.support.site import wait_for

_DEBIAN = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda path: int(path.parent.name))
_FOUND = shutil.which("initdb") or (str(_DEBIAN[-1] / "initdb") if _DEBIAN else None)
BIN = None if _FOUND is None else Path(_FOUND).resolve().parent
"""Where the server's programs are; None if it is not installed."""
OWNER = "postgres"
_AS_OWNER = () if os.geteuid() else ("setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--clear-groups", "--")
"""PostgreSQL refuses to run as root."""


class Postgres:
    """One server; `database` gives an empty database each time."""

    def __init__(self) -> None:
        assert BIN is not None
        self._bin = BIN
        self._folder = Path(tempfile.mkdtemp(prefix="udi-postgres-"))  # pytest's own folders are closed to other users
        if os.geteuid() == 0:
            shutil.chown(self._folder, OWNER, OWNER)
        self._data = self._folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._run("initdb", "-D", str(self._data), "-U", "udi", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")

    def start(self) -> None:
        words = [
            *_AS_OWNER, str(self._bin / "postgres"), "-D", str(self._data), "-k", str(self._folder),
            "-c", "listen_addresses=", "-c", "max_connections=40", "-c", "log_min_messages=fatal",
        ]  # fmt: skip
        self._process = subprocess.Popen(words, stderr=subprocess.DEVNULL, cwd="/")
        wait_for(self._answers, "PostgreSQL to answer")

    def stop(self, number: int = signal.SIGINT) -> None:
        """SIGINT ends it in order; SIGKILL as a power cut does, but for what the kernel holds."""
        if self._process is None:
            return
        if number == signal.SIGKILL and self.alive:
            kill_server(self._process.pid)
        else:
            self._process.send_signal(number)
        self._process.wait()
        self._process = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "PostgreSQL does not run"
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        """End it and remove everything."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder)

    def database(self) -> str:
        """A new, empty database: its URL."""
        name = f"udi{next(self._numbers)}"
        self._sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql://udi@/{name}?host={self._folder}"

    def _answers(self) -> bool:
        words = [str(self._bin / "pg_isready"), "-q", "-h", str(self._folder), "-U", "udi", "-d", "postgres"]
        return subprocess.run(words, check=False).returncode == 0

    def _sql(self, statement: str) -> None:
        self._run("psql", "-q", "-h", str(self._folder), "-U", "udi", "-d", "postgres", "-c", statement)

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [*_AS_OWNER, str(self._bin / program), *words], check=False, capture_output=True, text=True, cwd="/"
        )
        assert done.returncode == 0, f"{program} {' '.join(words)}: {done.stderr}"


def kill_server(pid: int) -> None:
    """kill -9 of a server and of its children, which would serve on for a while without it."""
    os.kill(pid, signal.SIGSTOP)  # no further child meanwhile
    for each in (*_children(pid), pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(each) for each in text.split()]
