"""The ``udi-station`` command. Each subcommand is imported only when it is asked for: ``run`` never sees numpy."""

from __future__ import annotations

import importlib

import click

_COMMANDS = {
    "run": "edge.station.cli:run",
    "check-config": "edge.station.cli:check_config",
    "room-label": "edge.station.cli:room_label",
    "status": "edge.station.cli:status",
    "signals": "edge.station.signals_cli:signals",
    "wiring": "edge.station.wiring_cli:wiring",
    "bench": "edge.station.bench.cli:bench",
    "journal": "edge.station.journal.cli:journal",
    "camera": "edge.vision.cli:camera",
    "decode": "edge.vision.decode:decode",
    "parse": "edge.udi.cli:parse",
    "catalog": "edge.catalog.cli:catalog",
    "judge": "edge.rules.cli:judge",
}


class _LazyGroup(click.Group):
    """A group that imports a subcommand when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_LazyGroup)
@click.version_option(package_name="udi-station", message="%(prog)s %(version)s")
def main() -> None:
    """UDI scanning station: reads codes, judges them, answers in light and sound, delivers to the hub."""
