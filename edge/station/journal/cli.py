"""``udi-station journal list | stats | export | verify``: looks at the journal, beside the station or without one."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from edge import wire
from edge.station.cli import STATE_DIR
from edge.station.journal.check import Report, inspect
from edge.station.journal.reader import JournalDamaged, JournalReader, Row
from edge.station.journal.stats import stats_of
from hardware.host.files import replace_by_pieces

FILE = "journal.sqlite3"
SHOWN = 20
"""Findings of a check that are printed."""
COLUMNS = ("epoch", "seq", "at", "kind", "outcome", "trace_key")

_state_dir = click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    default=STATE_DIR,
    show_default=True,
    help="The folder that holds the journal.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_since = click.option("--since", type=click.IntRange(min=1), help="From this seq on.")


@click.group()
def journal() -> None:
    """Look at this station's journal. Nothing is written, whether the station runs or not."""


@journal.command("list")
@_state_dir
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most this many.")
@_since
@click.option("--unsent", is_flag=True, help="Only what the hub has not confirmed.")
@_json
def list_(state_dir: Path, limit: int, since: int | None, *, unsent: bool, as_json: bool) -> None:
    """Print the newest events, or the first ones from --since on: one a line, patients stay sealed."""
    show = json.dumps if as_json else _columns
    with _opened(state_dir) as reader:
        first = max(since or 1, reader.head().acked_seq + 1 if unsent else 1)
        rows = reader.newest(first, limit) if since is None else reader.after(first - 1, limit)
        for row in rows:
            click.echo(show(_summary(row)))


@journal.command()
@_state_dir
@_json
def stats(state_dir: Path, *, as_json: bool) -> None:
    """Print how full the journal is, and for how long it lasts at the present rate."""
    with _opened(state_dir) as reader:
        found = dataclasses.asdict(stats_of(reader, state_dir / FILE))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for key, value in found.items():
        click.echo(f"{key:24} {'unknown' if value is None else value}")


@journal.command()
@_state_dir
@click.argument("file", type=click.Path(path_type=Path))
@_since
def export(state_dir: Path, file: Path, since: int | None) -> None:
    """Write the exact bytes of the events to FILE, one event a line (NDJSON); FILE is whole or as it was before."""
    with _opened(state_dir) as reader:
        counted = _Counted(reader.from_seq(since or 1))
        replace_by_pieces(file, counted.pieces())
    click.echo(
        f"{file}: {counted.count} events" + (f", seq {counted.first} to {counted.last}" if counted.count else "")
    )


@journal.command()
@_state_dir
@_json
def verify(state_dir: Path, *, as_json: bool) -> None:
    """Check the whole journal: file, pages, every link of the chain. Exit status 0 good, 1 not, 2 there is none."""
    with _explained(state_dir):
        _demand(state_dir / FILE)
        report = inspect(state_dir / FILE)
    click.echo(json.dumps(_report_json(report), ensure_ascii=False) if as_json else _report_text(report))
    sys.exit(1 if report.wrong else 0)


@dataclasses.dataclass
class _Counted:
    """Lines of a file, counted as they are written."""

    rows: Iterable[Row]
    count: int = 0
    first: int = 0
    last: int = 0

    def pieces(self) -> Iterator[bytes]:
        for row in self.rows:
            if b"\n" in row.line:
                raise JournalDamaged(f"seq {row.seq} is no event line")
            self.first, self.last = self.first or row.seq, row.seq
            self.count += 1
            yield row.line + b"\n"


@contextlib.contextmanager
def _opened(state_dir: Path) -> Iterator[JournalReader]:
    with _explained(state_dir):
        _demand(state_dir / FILE)
        with JournalReader.snapshot(state_dir / FILE) as reader:
            yield reader


def _demand(path: Path) -> None:
    if not path.exists():
        click.echo(
            f"{path}: there is no journal; name its folder with --state-dir, or start the station once", err=True
        )
        sys.exit(2)


@contextlib.contextmanager
def _explained(state_dir: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        click.echo(f"{error}: run this as the station's user: sudo -u udi udi-station journal ...", err=True)
        sys.exit(2)
    except (JournalDamaged, sqlite3.DatabaseError) as error:
        click.echo(f"{state_dir / FILE}: {error}; udi-station journal verify says what is wrong", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def _summary(row: Row) -> dict[str, Any]:
    """What may be shown of an event: never its reads, never its patient."""
    try:
        event = wire.Event.decode(row.line)
    except wire.WireError as error:
        raise JournalDamaged(f"seq {row.seq} cannot be read") from error
    return {
        "epoch": event.epoch,
        "seq": row.seq,
        "at": event.data.get("at"),
        "kind": event.kind,
        "outcome": _within(event, "verdict", "outcome"),
        "trace_key": _within(event, "udi", "trace_key"),
    }


def _within(event: wire.Event, table: str, key: str) -> Any:
    found = event.data.get(table)
    return found.get(key) if isinstance(found, dict) else None


def _columns(summary: dict[str, Any]) -> str:
    return "  ".join(_plain(summary[name]) for name in COLUMNS)


def _plain(value: Any) -> str:
    """Text that moves no cursor, whatever the file holds."""
    text = "-" if value is None else str(value)
    return text if text.isprintable() else ascii(text)


def _report_json(report: Report) -> dict[str, Any]:
    found = dataclasses.asdict(report)
    return {
        "good": not report.wrong,
        "first_wrong_seq": report.first_wrong_seq,
        **found,
        "wrong": found["wrong"][:SHOWN],
    }


def _report_text(report: Report) -> str:
    if not report.wrong:
        return f"good: {report.events} events, seq {report.first_seq} to {report.last_seq} of epoch {report.epoch}"
    first = "the file itself" if report.first_wrong_seq is None else f"seq {report.first_wrong_seq}"
    lines = [f"WRONG from {first} on; {report.events} events could be looked at"]
    lines += [_plain(each.message) for each in report.wrong[:SHOWN]]
    if len(report.wrong) > SHOWN:
        lines.append(f"and {len(report.wrong) - SHOWN} more")
    lines.append("the station sets a damaged journal aside when it starts, and keeps all it can read of it")
    return "\n".join(lines)
