"""``udi-station signals``: what the panel says, for technicians."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from edge.station.config import ProfileTable
from hardware.profile import manner
from hardware.signals import Profile, load_signals
from hardware.timeline import svg, wav


@click.group()
def signals() -> None:
    """Lights and sounds of the panel."""


@signals.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def render(folder: Path) -> None:
    """Write each signal of each profile into FOLDER: a picture of the lamps over time, and a WAV of the buzzer."""
    for profile in get_args(Profile):
        (folder / profile).mkdir(parents=True, exist_ok=True)
        behaves = manner(night=profile == "night", silent=profile == "silent", stop_sounds=ProfileTable().stop_sounds)
        table = load_signals(behaves.profile, stop_sounds=behaves.stop_sounds)
        for signal, pattern in table.items():
            (folder / profile / f"{signal}.svg").write_text(svg(f"{signal} ({profile})", pattern), encoding="utf-8")
            (folder / profile / f"{signal}.wav").write_bytes(wav(pattern))
        click.echo(f"{folder / profile}: {len(table)} signals")
