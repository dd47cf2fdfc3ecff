"""The hub's tables: what is kept for good, and what is made from it.

``inbox`` holds the raw bytes and ``event_key`` says which of them is the event of a ``(station, epoch, seq)``.
Everything in `PROJECTIONS` can be deleted and made again from these two. Times are text in UTC as on the wire.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Index, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

inbox = Table(
    "inbox",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("received", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

event_key = Table(
    "event_key",
    METADATA,
    Column("station", Text, primary_key=True),
    Column("epoch", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("inbox_id", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Index("event_key_id", "event_id"),
    sqlite_with_rowid=False,
)
"""``status``: ``stored``, ``repeat`` (known event_id, the same content), ``conflict`` (known event_id, other content)
or ``poison`` (bytes of this place that cannot be read; they count as committed)."""

key_conflict = Table(
    "key_conflict",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("received", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("inbox_id", Integer, nullable=False),
    Index("key_conflict_key", "station", "epoch", "seq", "digest", unique=True),
)
"""Other bytes for a key that is taken: a cloned card or a journal that was rolled back. Set aside, never dropped."""

poison = Table(
    "poison",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("received", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("payload", LargeBinary, nullable=False),
    Column("why", Text, nullable=False),
)

scan = Table(
    "scan",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("station", Text, nullable=False),
    Column("month", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("place", Text),
    Column("operator", Text),
    Column("witness", Text),
    Column("task", Text),
    Column("training", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("issuer", Text),
    Column("di", Text),
    Column("lot", Text),
    Column("serial", Text),
    Column("expires", Text),
    Column("trace_key", Text),
    Column("document", Text),
    Column("case_id", Text),
    Column("counterparty", Text),
    Column("count", Integer),
    Column("took_ms", Float),
    Column("symbologies", JSON, nullable=False),
    Column("patient_index", Text),
    Index("scan_station_at", "station", "at"),
    Index("scan_at", "at"),
    Index("scan_di", "di", "lot", "serial"),
    Index("scan_lot", "lot"),
    Index("scan_serial", "serial"),
    Index("scan_document", "document"),
    Index("scan_case", "case_id"),
    Index("scan_place_at", "place", "at"),
    Index("scan_patient", "patient_index"),
)

correction = Table(
    "correction",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("corrects", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("operator", Text),
    Column("reason", Text),
    Index("correction_corrects", "corrects"),
)

change = Table(
    "change",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("station", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text),
    Column("what", Text),
    Column("ident", Text),
    Column("why", Text),
    Column("detail", JSON, nullable=False),
    Index("change_station", "station", "kind", "at"),
)
"""Events of kind session, document, clock and station."""

PROJECTIONS = (scan, correction, change)

station_status = Table(
    "station_status",
    METADATA,
    Column("station", Text, primary_key=True),
    Column("session", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("unacknowledged", Integer, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("notices_missing_by", JSON, nullable=False),
    Column("seen", Text, nullable=False),
)

station_state = Table(
    "station_state",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("station", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("received", Text, nullable=False),
    Index("station_state_received", "station", "received"),
)
"""Each change of a station's state as the hub saw it."""

watermark = Table(
    "watermark",
    METADATA,
    Column("station", Text, primary_key=True),
    Column("epoch", Text, primary_key=True),
    Column("through", Integer, nullable=False),
    Column("chain", Text, nullable=False),
)
