"""A site's authority and its devices: real HTTPS, folders that stand for machines."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import CliRunner, Result

from firmware_service.authority.config import AuthorityTable
from firmware_service.authority.limits import Limits
from firmware_service.authority.office import Office, open_office
from firmware_service.authority.server import AuthorityServer
from firmware_service.authority.tokens import LASTS, make_token
from firmware_service.cli import main
from firmware_service.identity.client import AuthorityClient, AuthoritySite
from firmware_service.identity.enrol import Enroller, Step
from firmware_service.identity.holding import Holding
from firmware_service.places import Places
from hardware.host import files
from tests.support.site import free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, "-c", "from firmware_service.cli import main; main()"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}
NO_SEAL = "/no/such/tool"


class TestedAuthority:
    """In this process, with a clock that the test moves."""

    __test__ = False

    def __init__(self, folder: Path, *, ahead: timedelta = timedelta(), limits: Limits | None = None) -> None:
        self.ahead = ahead
        table = AuthorityTable("Test", ("localhost",), "127.0.0.1", free_port(), folder / "authority")
        self.office: Office = open_office(table)
        self.office.keyring.make_first(table.name, self.now())
        self.office.tend(self.now())
        self.site = AuthoritySite(f"https://localhost:{table.port}", self.office.keyring.signing().pin)
        self._server = AuthorityServer(self.office, self.now, limits or Limits(most=1e6, most_in_total=1e6))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def token(self, station: str | None = None, board: str | None = None, lasts: timedelta = LASTS) -> str:
        text, token = make_token(station, board, self.now(), lasts)
        self.office.registrar.add_token(token, self.now())
        return text

    def states(self, station: str) -> list[tuple[str, str]]:
        with self.office.registrar.store.transaction() as rows:
            return [(each.role, each.state) for each in rows.issued(station=station)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.office.registrar.store.close()


class AuthorityProcess:
    """The command, as a site runs it."""

    def __init__(self, folder: Path, on_change: list[str] | None = None) -> None:
        self.port = free_port()
        self.state = folder / "authority"
        self.config = folder / "authority.toml"
        words = ", ".join(f'"{word}"' for word in on_change or [])
        self.config.write_text(
            f'[authority]\nname = "Test"\nhosts = ["localhost", "127.0.0.1"]\nlisten = "127.0.0.1"\n'
            f'port = {self.port}\nstate = "{self.state}"\non_change = [{words}]\n',
            encoding="utf-8",
        )
        self.pin = re.findall("[0-9a-f]{64}", self.run("init").output)[0]
        self.log = folder / "authority.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def site(self) -> AuthoritySite:
        return AuthoritySite(f"https://localhost:{self.port}", self.pin)

    def run(self, *words: str, good: bool = True) -> Result:
        done = CliRunner().invoke(main, ["authority", "--config", str(self.config), *words])
        assert (done.exit_code == 0) == good, done.output or done.exception
        return done

    def start(self) -> None:
        words = [*PROGRAM, "authority", "--config", str(self.config), "serve"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(words, stderr=log, env=ENVIRONMENT)
        wait_for(self._listens, "the authority to listen")

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        code = self._process.wait(20)
        self._process = None
        return code


@dataclass
class Device:
    """A machine's tree, with a board, a site file and a token."""

    root: Path
    board: str = "10000000abcd0001"
    station: str = "OR-03"
    creds: str = NO_SEAL
    steps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.root / "proc/device-tree").mkdir(parents=True)
        self.places.token.parent.mkdir(parents=True)
        self.places.station_file.parent.mkdir(parents=True)
        self.move_to(self.board)

    @property
    def places(self) -> Places:
        return Places(self.root)

    @property
    def holding(self) -> Holding:
        return Holding(self.places, self.creds)

    @property
    def token(self) -> Path:
        return self.places.token

    def move_to(self, board: str) -> None:
        self.board = board
        (self.root / "proc/device-tree/serial-number").write_bytes(board.encode() + b"\0")

    def prepare(self, site: AuthoritySite, token: str | None) -> None:
        self.places.site_file.write_text(f'[authority]\nurl = "{site.url}"\npin = "{site.pin}"\n', encoding="utf-8")
        if token is not None:
            files.replace(self.token, token.encode())

    def enroller(self, site: AuthoritySite, reached: Callable[[Step], None] | None = None) -> Enroller:
        client = AuthorityClient(site)
        told = reached or self.steps.append
        return Enroller(self.holding, client, self.station, self.board, self.token, told)

    def enrol(self, site: AuthoritySite, token: str | None) -> None:
        self.prepare(site, token)
        self.enroller(site).run()

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [*PROGRAM, "identity", "--root", str(self.root), *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT)


def dying(act: str, device: Device, site: AuthoritySite, step: str) -> int:
    """Enrol or renew in a process of its own that is killed when it reaches a step; its exit status."""
    words = [act, str(device.root), device.board, device.station, site.url, site.pin, step]
    command = [sys.executable, "-m", "tests.support.dying_device", *words]
    return subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, check=False, timeout=60).returncode
