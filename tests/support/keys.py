"""A hub's key folder and the command line on it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner, Result

from edge.hub.cli import main
from edge.hub.keys import INDEX_KEY, KeyFolder

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
HOLDERS = ("chief-pharmacist", "director", "it")


class KeyHub:
    """A key folder with its hub.toml, and the command line on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = KeyFolder(home / "keys")
        self.config = home / "hub.toml"
        self.config.write_text(
            f'[hub]\nstore = "{home}/hub.sqlite3"\nsite = "ward"\nkeys = "{self.folder.path}"\n'
            '[link]\nhost = "127.0.0.1"\nport = 1883\nbench = true\n',
            encoding="utf-8",
        )

    def run(self, *words: str, text: str = "", config: bool = True) -> Result:
        more = ["--config", str(self.config)] if config else []
        return CliRunner().invoke(main, ["keys", *words, *more], input=text)

    def done(self, *words: str, text: str = "", config: bool = True) -> str:
        result = self.run(*words, text=text, config=config)
        assert result.exit_code == 0, result.output
        return result.stdout

    def secrets(self) -> list[str]:
        files = [*self.folder.path.rglob("*.key"), self.folder.path / INDEX_KEY]
        return [file.read_text(encoding="ascii") for file in files]

    def escrow(self) -> dict[str, str]:
        """Two keys, one of them retired, in escrow for two of three holders; gives their papers."""
        for kid in ("old", "new"):
            self.folder.new(kid, NOW)
        self.folder.retire("old")
        papers = {holder: self.done("escrow", "new-recovery-key", holder) for holder in HOLDERS}
        self.done("escrow", "write", str(self.home / "escrow.json"))
        return papers
