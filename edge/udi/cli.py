"""``udi-station parse``."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from typing import Any

import click

from edge.udi.parse import parse as parse_code
from edge.udi.recover import alternatives
from edge.udi.report import to_json, to_text
from edge.udi.wording import Lang


@click.command()
@click.argument("code", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--jsonl", is_flag=True, help='Read lines {"raw" | "raw_hex", "symbology"} from stdin.')
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def parse(code: str | None, *, as_json: bool, jsonl: bool, lang: Lang) -> None:
    """Say what a code says. Exit status 0 all valid, 1 some not, 2 usage."""
    if jsonl == (code is not None):
        raise click.UsageError("give one CODE, or --jsonl with lines on standard input")
    today = datetime.now(UTC).astimezone().date()
    if code is None:
        sys.exit(_lines(lang, today))
    result = parse_code(code.replace("␝", "\x1d"), today=today)
    report = to_json(result, lang, alternatives(result, today=today))
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else to_text(result, lang))
    sys.exit(0 if report["kind"] == "udi" and report["valid"] else 1)


def _lines(lang: Lang, today: date) -> int:
    bad = False
    for line in sys.stdin.buffer:
        report = _line(line, lang, today)
        bad = bad or not report.get("valid", False)
        click.echo(json.dumps(report, ensure_ascii=False))
    return 1 if bad else 0


def _line(line: bytes, lang: Lang, today: date) -> dict[str, Any]:
    try:
        data = json.loads(line)
        raw = bytes.fromhex(data["raw_hex"]) if "raw_hex" in data else data["raw"]
        symbology = data.get("symbology")
        if not isinstance(raw, str | bytes) or not (symbology is None or isinstance(symbology, str)):
            raise TypeError("raw and symbology are texts")  # noqa: TRY301 - one answer for every bad line
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return {"schema": 1, "error": f'expected {{"raw": text}} or {{"raw_hex": hex}}, found {line[:80]!r}: {error}'}
    result = parse_code(raw, symbology, today=today)
    return to_json(result, lang, alternatives(result, today=today))
