"""``udi-station bench``: lamps, buzzer, buttons and scanners one by one, for ``udi-firmware selftest`` and by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from edge.station.bench import parts
from edge.station.bench.codes import CODES, BenchCode, Rows, page, to_json
from edge.station.cli import CONFIG, RUN_DIR
from edge.station.config import StationConfig, read_config
from edge.station.panel import Panel, build_panel
from hardware.host.toml import ConfigError

_PATH = click.Path(path_type=Path)
_WAIT_S = 0.2


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--simulate", is_flag=True, help="Simulated lamps, buttons and scanner, on any machine."),
        click.option("--run-dir", type=_PATH, default=RUN_DIR, show_default=True),
        click.option("--config", type=_PATH, default=CONFIG, show_default=True),
    ):
        command = option(command)
    return command


@click.group()
def bench() -> None:
    """Parts one by one; each ends with Enter. Exit status 0, 1 cannot be done, 2 bad configuration."""


def _say(line: Mapping[str, Any]) -> None:
    click.echo(json.dumps(line, ensure_ascii=False))
    sys.stdout.flush()


@contextmanager
def _station(config: Path, run_dir: Path, *, simulate: bool) -> Iterator[StationConfig]:
    try:
        settings = read_config(config)
        if not simulate:
            parts.demand_free(run_dir)
        yield settings
    except ConfigError as error:
        click.echo(f"{config}: {error}", err=True)
        sys.exit(2)
    except parts.BenchError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


@bench.command()
@click.option("--config", type=_PATH, default=CONFIG, show_default=True)
def facts(config: Path) -> None:
    """Print what this station has that can be tested, as one JSON object."""
    with _station(config, RUN_DIR, simulate=True) as settings:
        _say(parts.facts(settings))


@bench.command()
@click.argument("name")
@_options
def lamp(name: str, config: Path, run_dir: Path, *, simulate: bool) -> None:
    """Light the lamp NAME alone: ready, tick, cross, bar, wrench, light, or task:USE and the like."""
    with _station(config, run_dir, simulate=simulate) as settings:
        _until_enter(parts.light_one(settings, name, simulate=simulate))


@bench.command()
@_options
def buzzer(config: Path, run_dir: Path, *, simulate: bool) -> None:
    """Let the buzzer sound low, middle, high."""
    with _station(config, run_dir, simulate=simulate) as settings:
        _until_enter(parts.sound(settings, simulate=simulate))


@bench.command()
@_options
def buttons(config: Path, run_dir: Path, *, simulate: bool) -> None:
    """Print each button that is pressed, as {"button": name}."""
    with _station(config, run_dir, simulate=simulate) as settings:
        panel = build_panel(settings.panel, simulate=simulate)
        if simulate:
            parts.press_all(settings, _say)
        _until_enter(panel)


@bench.command()
@_options
def scan(config: Path, run_dir: Path, *, simulate: bool) -> None:
    """Print what the scanners read, as {"scanner", "bytes", "symbology", "problem"}; bytes in base64."""
    with _station(config, run_dir, simulate=simulate) as settings:
        if simulate:
            parts.scan_all(settings, _say)
            _until_enter(build_panel(None, simulate=True))
        else:
            parts.scan(settings, _say, parts.input_ended)


@bench.command()
@click.argument("out", type=_PATH, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print what a scanner must hand over of each.")
def codes(out: Path | None, *, as_json: bool) -> None:
    """Write the page of test codes (SVG) into OUT, for the scanner's setup and the self-test."""
    if as_json:
        _say({"codes": [to_json(code) for code in CODES]})
    if out is None:
        if not as_json:
            raise click.UsageError("expected OUT, the SVG file to write, or --json")
        return
    try:
        out.write_text(page(_drawn), encoding="utf-8")
    except OSError as error:
        click.echo(f"{out}: {error.strerror}; expected a file that can be written", err=True)
        sys.exit(1)


def _drawn(code: BenchCode) -> Rows:
    from edge.vision.symbols import write_symbol  # noqa: PLC0415 - the parts of a station need no numpy

    rows: Rows = write_symbol(code.text, code.carrier, gs1=code.gs1, scale=1).tolist()
    return rows


def _until_enter(panel: Panel) -> None:
    parts.hear_buttons(panel, _say)
    try:
        while not parts.input_ended(_WAIT_S):
            pass
    finally:
        panel.close()
