"""``udi-hub recall`` as people run it, beside a hub that runs: key files, two signers."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from edge.hub.cli import main
from tests.support.orders import BOTH, DI, KEYS, TABLES


class RecallOffice:
    """Runs the commands with a hub's file, to which it adds the authorities."""

    def __init__(self, config: Path) -> None:
        self._config = config
        with config.open("a", encoding="utf-8") as file:
            file.write(TABLES)
        self._keys = config.parent / "recall-keys"
        self._keys.mkdir(mode=0o700)
        for name in BOTH:
            file_of = self.key(name)
            file_of.touch(mode=0o600)
            file_of.write_bytes(base64.b64encode(KEYS[name]))

    def key(self, name: str) -> Path:
        return self._keys / f"{name}.key"

    def run(self, *words: str, status: int = 0) -> str:
        return self.ask(*words, status=status).stdout

    def ask(self, *words: str, status: int = 0, say: str = "") -> Result:
        where = () if words[0] == "key" else ("--config", str(self._config))
        done = CliRunner().invoke(main, ["recall", *words, *where], input=say)
        assert done.exit_code == status, done.output
        return done

    def draft(self, ident: str, *lots: str, di: str = DI, more: Sequence[str] = ()) -> dict[str, Any]:
        options = [word for lot in lots for word in ("--lots", lot)]
        words = ["draft", "--order", ident, "--authority", "NMPA 2026-12", "--di", di, *options, *more, "--json"]
        found: dict[str, Any] = json.loads(self.run(*words))
        return found

    def sign(self, ident: str, *names: str) -> None:
        for name in names:
            self.run("sign", ident, "--as", name, "--key", str(self.key(name)), "--yes")

    def publish(self, ident: str) -> None:
        self.run("publish", ident, "--yes")

    def withdraw(self, ident: str) -> None:
        """One command, with the keys of both."""
        keys = [word for name in BOTH for word in ("--as", name, "--key", str(self.key(name)))]
        self.run("withdraw", ident, *keys, "--yes")

    def listed(self) -> dict[str, dict[str, Any]]:
        """The last row of each order."""
        return {row["order"]: row for row in json.loads(self.run("list", "--json"))}

    def hits(self, ident: str, *more: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run("hits", ident, "--json", *more))
        return found
