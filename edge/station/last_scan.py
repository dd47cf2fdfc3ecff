"""When this station scanned last, as its journal says."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from edge import wire
from edge.station.journal.reader import JournalReader

NEWEST = 60
"""Events looked at; the hub's watermark deletes what is older."""


def last_scan(journal: Path) -> str | None:
    """UTC, ISO 8601; None if none of the newest `NEWEST` events is a scan, or the journal cannot be read now."""
    try:
        with JournalReader.snapshot(journal) as reader:
            rows = reader.newest(0, NEWEST)
    except (OSError, sqlite3.Error):
        return None
    for row in reversed(rows):
        event = json.loads(row.line)
        if event["kind"] == wire.Kind.SCAN:
            return str(event["at"])
    return None
