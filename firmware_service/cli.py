"""``udi-firmware``: what a technician does with cards and machines, and the agent that looks after one.

Each subcommand is imported only when it is asked for: a first start on a slow card waits for nothing it does not need.
"""

from __future__ import annotations

import importlib

import click

_COMMANDS = {
    "card": "firmware_service.card.cli:card",
    "authority": "firmware_service.authority.cli:authority",
    "identity": "firmware_service.identity.cli:identity",
    "release": "firmware_service.release.cli:release",
    "update": "firmware_service.update.cli:update",
    "units": "firmware_service.units_cli:units",
    "agent": "firmware_service.agent_cli:agent",
    "health": "firmware_service.checks.cli:health",
    "selftest": "firmware_service.selftest.cli:selftest",
    "sheets": "firmware_service.sheets_cli:sheets",
    "diagnostics": "firmware_service.diagnostics.cli:diagnostics",
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
    """The device's life: from a blank card to a trusted station, and safely through every update."""
