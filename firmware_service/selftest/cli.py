"""``udi-firmware selftest``."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import click

from firmware_service.checks import flush, rtc
from firmware_service.checks.finding import BAD
from firmware_service.checks.look import take_look
from firmware_service.places import Places
from firmware_service.selftest import result as results
from firmware_service.selftest.bench import BenchError, Lines, StationBench
from firmware_service.selftest.lead import Lead
from firmware_service.selftest.machine import Found, Measured, SelfTest
from firmware_service.selftest.steps import steps_of, wiring_trial
from hardware.host.board import read_board

STATION = "udi-station"
UNITS = ("udi-station", "udi-camera")
UNIT_S = 60.0
MOST_SAID = 200


@click.command()
@click.option(
    "--simulate", is_flag=True, help="Simulated lamps, buttons and scanner; the card is measured all the same."
)
@click.option("--config", type=click.Path(path_type=Path), help="The station's file, if not the installed one.")
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("/"),
    show_default=True,
    help="Keep the result in this tree and look at its clock.",
)
def selftest(config: Path | None, root: Path, *, simulate: bool) -> None:
    """Go through card, clock, lamps, buzzer, buttons, camera and scanners; answer with y, n or the buttons.

    Exit status 0 passed or for trial only, 1 not passed, 2 cannot begin.
    """
    places = Places(root)
    options = ["--config", str(config or places.station_file)]
    bench = StationBench(station_command(places), options, ["--simulate"] if simulate else [])
    try:
        facts, codes = bench.facts(), bench.codes()
    except BenchError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    with _alone(wanted=not simulate):
        lead = _lead(places, bench, options, buttons=not simulate and bool(facts["buttons"]))
        test = lead.run(SelfTest(steps_of(facts, codes), trial=wiring_trial(facts)))
    kept = results.to_json(test, _where(places, facts["station"]))
    try:
        file = results.keep(places.state, kept)
    except OSError as error:
        click.echo(f"{places.state}: {error.strerror}; the result could not be kept: run it as root", err=True)
        sys.exit(1)
    click.echo("\n".join([*results.to_lines(kept), f"{file}"]))
    sys.exit(1 if test.outcome == "failed" else 0)


def station_command(places: Places) -> Sequence[str]:
    """The station of the slot that runs; on a machine without slots the one that is installed beside this program."""
    slot = places.current / "bin" / STATION
    beside = Path(sys.executable).with_name(STATION)
    return [str(slot if slot.exists() else beside if beside.exists() else STATION)]


def _lead(places: Places, bench: StationBench, options: Sequence[str], *, buttons: bool) -> Lead:
    return Lead(
        bench,
        Lines(sys.stdin.fileno()),
        click.echo,
        card=lambda: _card(places),
        clock=lambda: _clock(places),
        camera=lambda: _camera(bench, options),
        buttons=buttons,
    )


def _card(places: Places) -> Measured | Found:
    try:
        places.state.mkdir(parents=True, exist_ok=True)
        measured = flush.measure(places.state)
        flush.keep(places.state, measured)
    except OSError as error:
        said = f"{places.state}: {error.strerror}"
        return Found(well=False, zh=said, en=said)
    return Measured(measured.p99_ms)


def _clock(places: Places) -> Found:
    found = rtc.look_at(take_look(places))
    zh, _, en = found.todo.partition(" / ")
    return Found(found.state not in BAD, f"{found.value}; {zh}" if zh else str(found.value), en or str(found.value))


def _camera(bench: StationBench, options: Sequence[str]) -> Found:
    try:
        well, text = bench.well("camera", "calibrate", *options)
    except BenchError as error:
        well, text = False, str(error)
    return Found(well, text[-MOST_SAID:], text[-MOST_SAID:])


def _where(places: Places, station: str) -> results.Where:
    board, clock = read_board(places.root), take_look(places).clock
    at = clock.at.isoformat(timespec="seconds")
    return results.Where(station, board.model, board.serial, version("udi-station"), at, clock.quality)


@contextlib.contextmanager
def _alone(*, wanted: bool) -> Iterator[None]:
    """The station rests meanwhile: lamps and scanners have one owner."""
    running = [unit for unit in UNITS if wanted and _systemctl("is-active", unit)]
    for unit in running:
        _systemctl("stop", unit)
    try:
        yield
    finally:
        for unit in running:
            _systemctl("start", unit)


def _systemctl(verb: str, unit: str) -> bool:
    try:
        words = ["systemctl", "--quiet", verb, unit]
        return subprocess.run(words, check=False, timeout=UNIT_S).returncode == 0  # noqa: S603 - fixed words
    except (OSError, subprocess.SubprocessError) as error:
        click.echo(f"systemctl {verb} {unit}: {error}", err=True)
        return False
