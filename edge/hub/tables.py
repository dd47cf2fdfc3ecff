"""The hub's tables: what is kept for good, and what is made from it.

``inbox`` holds the raw bytes and ``event_key`` says which of them is the event of a ``(station, epoch, seq)``. The
collector writes these two and adds a row to ``unprojected``; nothing of them is ever changed or deleted. The projector
makes everything in `DERIVED` from them later, and can make it again. Times are text in UTC as on the wire.

Projections have a row for each event that counts and are partitioned by ``month`` on PostgreSQL: the month in which the
hub received the event, because a station's own clock may say anything.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

METADATA = MetaData()
NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""64 bits; SQLite's own INTEGER has them, and is a row's number only under that name."""

inbox = Table(
    "inbox",
    METADATA,
    Column("id", NUMBER, primary_key=True),
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
    Column("seq", NUMBER, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("chain", Text),
    Column("inbox_id", NUMBER, nullable=False),
    sqlite_with_rowid=False,
)
"""Not partitioned: PostgreSQL wants the partition's column in every unique key. ``event_id`` is empty for bytes of this
place that cannot be read; they count as committed. ``chain`` is what the event says of the one before it."""

unprojected = Table(
    "unprojected",
    METADATA,
    Column("inbox_id", NUMBER, primary_key=True, autoincrement=False),
)
"""Messages that the projector has not seen. A list, not a mark in a row of numbers: of two collectors' transactions the
one with the smaller numbers may commit last."""

key_conflict = Table(
    "key_conflict",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("received", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("seq", NUMBER, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("chain", Text),
    Column("inbox_id", NUMBER, nullable=False),
    Index("key_conflict_key", "station", "epoch", "seq", "digest", unique=True),
    Index("key_conflict_digest", "digest"),
)
"""Quarantine: other bytes for a key that is taken, from a cloned or a rolled back card: never dropped, and counted like
every event; but somebody has to look for the second card."""

poison = Table(
    "poison",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("received", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("payload", LargeBinary, nullable=False),
    Column("why", Text, nullable=False),
)

picture = Table(
    "picture",
    METADATA,
    Column("sha256", Text, primary_key=True),
    Column("station", Text, nullable=False),
    Column("received", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("picture_received", "received"),
)
"""Sealed pictures by the SHA-256 of their bytes; the one table of what stations send that forgets, see
`edge.hub.pictures`."""

watermark = Table(
    "watermark",
    METADATA,
    Column("station", Text, primary_key=True),
    Column("epoch", Text, primary_key=True),
    Column("through", NUMBER, nullable=False),
    Column("chain", Text, nullable=False),
)
"""From where to look on. The key table decides; only a gap that a person closed is known here alone, see `gap`."""

gap = Table(
    "gap",
    METADATA,
    Column("station", Text, primary_key=True),
    Column("epoch", Text, primary_key=True),
    Column("first", NUMBER, primary_key=True, autoincrement=False),
    Column("last", NUMBER, nullable=False),
    Column("closed", Text, nullable=False),
    Column("why", Text, nullable=False),
)
"""Events that no station has any more and that this store never had, or has no more: closed by a person."""

site_order = Table(
    "site_order",
    METADATA,
    Column("order_id", Text, primary_key=True),
    Column("version", NUMBER, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    Column("drafted", Text, nullable=False),
    Column("published", Text),
)
"""Recalls and other orders: a row for each version, never changed but for its publication; see `edge.hub.recall`."""

site_order_signature = Table(
    "site_order_signature",
    METADATA,
    Column("order_id", Text, primary_key=True),
    Column("version", NUMBER, primary_key=True, autoincrement=False),
    Column("authority", Text, primary_key=True),
    Column("sig", Text, nullable=False),
    Column("signed", Text, nullable=False),
)

card = Table(
    "card",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("rights", Text, nullable=False),
    Column("printed", Text, nullable=False),
    Column("revoked", Text),
)
"""Every card that was printed, by its own number; whose name stands on a badge is nowhere; see `edge.hub.cards`."""

card_notice = Table(
    "card_notice",
    METADATA,
    Column("version", NUMBER, primary_key=True, autoincrement=False),
    Column("payload", LargeBinary, nullable=False),
)
"""Signed lists of revoked cards, the exact bytes; the highest version counts."""

station_status = Table(
    "station_status",
    METADATA,
    Column("station", Text, primary_key=True),
    Column("session", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("unacknowledged", NUMBER, nullable=False),
    Column("capacity", NUMBER, nullable=False),
    Column("pressure", Float),
    Column("notices_missing_by", JSON, nullable=False),
    Column("seen", Text, nullable=False),
)

document = Table(
    "document",
    METADATA,
    Column("ident", Text, primary_key=True),
    Column("version", NUMBER, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("expires", Text),
    Column("source", Text, nullable=False),
    Column("imported", Text, nullable=False),
    Column("closed", Text),
)
"""Documents of ERP, WMS or SPD in their newest version, as stations get them; see `edge.hub.documents.keeping`."""

document_line = Table(
    "document_line",
    METADATA,
    Column("ident", Text, primary_key=True),
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("di", Text),
    Column("item", Text),
    Column("lot", Text),
    Column("quantity", NUMBER, nullable=False),
    Column("in_scope", Boolean),
    Index("document_line_di", "di"),
)
"""What was ordered or announced, for questions that compare it with what was scanned."""

station_state = Table(
    "station_state",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("station", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("received", Text, nullable=False),
    Index("station_state_received", "station", "received"),
)
"""Each change of a station's state as the hub saw it."""

event = Table(
    "event",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("inbox_id", NUMBER, nullable=False),
    sqlite_with_rowid=False,
)
"""Every event that counts, once: the first of its ``event_id`` that the projector saw, and where its bytes are."""

repeat = Table(
    "repeat",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("inbox_id", NUMBER, nullable=False),
    Column("same", Boolean, nullable=False),
    Index("repeat_event", "event_id"),
)
"""A known ``event_id`` under a new key. ``same``: the content is that of the first; else somebody has to look."""

_CORRECTING = text("corrects IS NOT NULL")
"""Hardly any scan takes the place of another one."""
_HOUSE = text("house_code IS NOT NULL")

scan = Table(
    "scan",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("station", Text, nullable=False),
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
    Column("manufactured", Text),
    Column("expires", Text),
    Column("trace_key", Text),
    Column("document", Text),
    Column("line", Text),
    Column("owner", Text),
    Column("case_id", Text),
    Column("counterparty", Text),
    Column("count", NUMBER),
    Column("took_ms", Float),
    Column("symbologies", JSON, nullable=False),
    Column("patient_index", Text),
    Column("house_code", Text),
    Column("measurement", JSON),
    Column("override_code", Text),
    Column("reason", Text),
    Column("corrects", Text),
    Index("scan_station_at", "station", "at"),
    Index("scan_at", "at"),
    Index("scan_di", "di", "lot", "serial"),
    Index("scan_lot", "lot"),
    Index("scan_serial", "serial"),
    Index("scan_document", "document"),
    Index("scan_case", "case_id"),
    Index("scan_place_at", "place", "at"),
    Index("scan_patient", "patient_index"),
    Index("scan_corrects", "corrects", sqlite_where=_CORRECTING, postgresql_where=_CORRECTING),
    Index("scan_house_code", "house_code", sqlite_where=_HOUSE, postgresql_where=_HOUSE),
    postgresql_partition_by="LIST (month)",
)

binding = Table(
    "binding",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("house_code", Text, nullable=False),
    Column("page", Text, nullable=False),
    Column("trace_key", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("symbology", Text, nullable=False),
    Index("binding_house_code", "house_code"),
    Index("binding_on_page", "page", "house_code"),
    sqlite_with_rowid=False,
)
"""House codes (绑码) with what a symbol of the UDI holds that each was bound to. Who did it and when is in the scan of
the same ``event_id``, which also says whether it still counts."""

binding_page = Table("binding_page", METADATA, Column("page", Text, primary_key=True), Column("number", NUMBER))
"""How often something about the bindings of a page changed: so the hub looks only at what it has to tell anew."""

binding_end = Table(
    "binding_end",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("at", Text, nullable=False),
)
"""Bindings that a person at the hub ended: of several for one code the wrong ones. Nothing makes this again."""

correction = Table(
    "correction",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("corrects", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("operator", Text),
    Column("reason", Text),
    Index("correction_corrects", "corrects"),
    postgresql_partition_by="LIST (month)",
)

change = Table(
    "change",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("station", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text),
    Column("what", Text),
    Column("ident", Text),
    Column("why", Text),
    Column("place", Text),
    Column("operator", Text),
    Column("witness", Text),
    Column("patient_index", Text),
    Column("detail", JSON, nullable=False),
    Index("change_station", "station", "kind", "at"),
    Index("change_ident", "ident", "kind"),
    Index("change_patient", "patient_index"),
    postgresql_partition_by="LIST (month)",
)
"""Events of kind session, document, clock and station. ``patient_index``: of a case whose patient was said later."""

boot = Table(
    "boot",
    METADATA,
    Column("station", Text, primary_key=True),
    Column("boot", Text, primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("first_seq", NUMBER, nullable=False),
    Column("first_mono_ns", NUMBER, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("anchor_at", Text),
    Column("anchor_mono_ns", NUMBER, nullable=False),
    Column("anchor_seq", NUMBER, nullable=False),
)
"""Each start of a station's machine, and the event under a good clock that dates it; see `edge.hub.restamp`."""

restamp = Table(
    "restamp",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("station", Text, nullable=False),
    Column("boot", Text, nullable=False),
    Column("mono_ns", NUMBER, nullable=False),
    Column("told", Text, nullable=False),
    Column("received", Text, nullable=False),
    Column("earliest", Text),
    Column("latest", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Index("restamp_station", "station", "boot"),
)
"""When an event happened whose station did not know the time: an instant (``anchor``), or ``between`` two."""

PROJECTIONS = (scan, correction, change)
DERIVED = (*PROJECTIONS, binding, event, repeat, boot, restamp)
"""What `edge.hub.projector.rebuild` makes again."""
