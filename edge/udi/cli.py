"""``udi-station parse``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import click

from edge.udi.model import Udi
from edge.udi.parse import Parsed
from edge.udi.parse import parse as parse_code
from edge.udi.recover import Alternative, alternatives, doubt
from edge.udi.report import SCHEMA, to_json, to_text
from edge.udi.wording import Lang

_EXPECTED = '{"raw": text} or {"raw_hex": hex digits}, with "symbology": text if it is known'
_SEPARATOR_PICTURE = "␝"


@click.command()
@click.argument("code", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option(
    "--jsonl", is_flag=True, help='Read lines {"raw" | "raw_hex", "symbology"} from stdin, write one object each.'
)
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language of the messages."
)
def parse(code: str | None, *, as_json: bool, jsonl: bool, lang: Lang) -> None:
    """Say what a code says. Exit status 0 all valid, 1 some not, 2 usage.

    In CODE, U+241D (␝) stands for the separator, and a symbology identifier such as ]d2 may stand in front.
    """
    if jsonl == (code is not None):
        raise click.UsageError("give one CODE, or --jsonl with lines on standard input")
    today = datetime.now(UTC).astimezone().date()
    if code is None:
        sys.exit(_lines(lang, today))
    result = parse_code(os.fsencode(code.replace(_SEPARATOR_PICTURE, "\x1d")), today=today)
    result, others = _looked_at(result, today)
    if as_json:
        _write(to_json(result, lang, others))
    else:
        click.echo(to_text(result, lang, others))
    sys.exit(0 if result.valid else 1)


def _lines(lang: Lang, today: date) -> int:
    status = 0
    for line in sys.stdin.buffer:
        report = _line(line, lang, today)
        status = status if report.get("valid") else 1
        _write(report)
    return status


def _line(line: bytes, lang: Lang, today: date) -> Mapping[str, Any]:
    try:
        raw, symbology = _input(json.loads(line))
    except (ValueError, TypeError, RecursionError) as error:
        return {"schema": SCHEMA, "error": f"expected {_EXPECTED}; found {line[:80]!r}: {error}"}
    result, others = _looked_at(parse_code(raw, symbology, today=today), today)
    return to_json(result, lang, others)


def _input(data: Any) -> tuple[bytes | str, str | None]:
    """Payload and symbology identifier of one input line.

    Raises:
        ValueError, TypeError: the line is of another form.
    """
    if not isinstance(data, dict) or ("raw" in data) == ("raw_hex" in data):
        raise ValueError("one of raw and raw_hex is needed")
    raw = data["raw"] if "raw" in data else bytes.fromhex(data["raw_hex"])
    symbology = data.get("symbology")
    if not isinstance(raw, str | bytes) or not isinstance(symbology, str | None):
        raise TypeError("raw and symbology are texts")
    return raw, symbology


def _looked_at(result: Parsed, today: date) -> tuple[Parsed, Sequence[Alternative]]:
    """The result with what its other readings say against it, and these."""
    others = alternatives(result, today=today)
    doubtful = doubt(result, today=today) if others and isinstance(result, Udi) else None
    if doubtful is not None and all(each.code != doubtful.code for each in result.findings):
        result = replace(result, findings=(*result.findings, doubtful))
    return result, others


def _write(report: Mapping[str, Any]) -> None:
    """One line of JSON; what UTF-8 cannot hold (half a surrogate pair in a symbology identifier) stays escaped."""
    click.echo(json.dumps(report, ensure_ascii=False).encode("utf-8", "backslashreplace"))
