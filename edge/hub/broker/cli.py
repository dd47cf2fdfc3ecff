"""``udi-hub broker-config``: writes the broker's files for a site."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from edge.hub.broker import mosquitto, nats
from edge.hub.broker.config import read_site
from edge.hub.command import USAGE
from hardware.host.files import replace
from hardware.host.toml import ConfigError

FAILED = 1
KINDS = {"mosquitto": mosquitto.files, "nats": nats.files}
_PATH = click.Path(path_type=Path)


@click.command("broker-config")
@click.option("--site", type=_PATH, default="/etc/udi-station/broker.toml", show_default=True, help="The site's file.")
@click.option("--out", type=_PATH, required=True, help="Folder the broker reads, for example /etc/mosquitto.")
@click.option("--stations", "listed", type=_PATH, help="More stations, one a line.")
@click.argument("names", nargs=-1, metavar="[STATION]...")
def broker_config(site: Path, out: Path, listed: Path | None, names: tuple[str, ...]) -> None:
    """Write the broker's configuration and rights. Exit status 0, 1 when not written, 2 for a bad configuration.

    mosquitto for one machine, or with kind = "nats" a folder for each node of a NATS cluster.

    Only stations named in the site's file, by --stations or as arguments get rights. The files hold no secret.
    """
    try:
        table = read_site(site, listed, names)
    except ConfigError as error:
        click.echo(f"{site}: {error}", err=True)
        sys.exit(USAGE)
    try:
        for name, text in KINDS[table.kind](table, out.resolve()).items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            replace(out / name, text.encode(), mode=0o644)
            click.echo(out / name)
    except OSError as error:
        click.echo(f"{out}: not written: {error}; expected a folder this user may write", err=True)
        sys.exit(FAILED)
