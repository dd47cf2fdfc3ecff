"""What lay under the camera when the station ended: it is not presented a second time while it still lies there.

The journal is asked, because only there does a presentation begin to count: what lay there and was not journaled any
more is presented after the restart. The camera process says which reads hold as soon as the station is back, and what
is another package, or an empty view, ends it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from edge import wire
from edge.station.journal.store import JournalReader
from edge.udi.read import Read

NEWEST = 60
"""Events looked at: badges and scans by hand may stand behind it. The hub's watermark deletes from 50 on."""


def last_seen(journal: JournalReader, boot: str) -> tuple[Read, ...]:
    """The camera's reads of the newest event that has some; empty if none of the newest `NEWEST` has.

    Args:
        journal: as the station left it.
        boot: id of this boot. Reads of another have a `t0_ns` of 0: that clock means nothing now.
    """
    for row in reversed(journal.newest(0, NEWEST)):
        reads = _camera_reads(row.line, boot)
        if reads:
            return reads
    return ()


def _camera_reads(line: bytes, boot: str) -> tuple[Read, ...]:
    event = json.loads(line)
    if event["kind"] != wire.Kind.SCAN:
        return ()
    this = event["clock"]["boot"] == boot
    return tuple(
        Read(base64.b64decode(each["bytes"]), each["symbology"], "camera", each["t0_ns"] if this else 0)
        for each in _whole(event["reads"])
    )


def _whole(reads: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the camera with all their bytes; a picture has none."""
    return [each for each in reads if each["source"] == "camera" and each["bytes"] and "length" not in each]
