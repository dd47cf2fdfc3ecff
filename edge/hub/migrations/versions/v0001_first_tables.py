"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make everything in an empty database."""
    op.create_table(
        "boot",
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("first_seq", NUMBER, nullable=False),
        sa.Column("first_mono_ns", NUMBER, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("anchor_at", sa.Text(), nullable=True),
        sa.Column("anchor_mono_ns", NUMBER, nullable=False),
        sa.Column("anchor_seq", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("station", "boot"),
    )
    op.create_table(
        "change",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("what", sa.Text(), nullable=True),
        sa.Column("ident", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "month"),
        postgresql_partition_by="LIST (month)",
    )
    op.create_index("change_station", "change", ["station", "kind", "at"], unique=False)
    op.create_table(
        "correction",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("corrects", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "month"),
        postgresql_partition_by="LIST (month)",
    )
    op.create_index("correction_corrects", "correction", ["corrects"], unique=False)
    op.create_table(
        "event",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("inbox_id", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event_key",
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("seq", NUMBER, autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=True),
        sa.Column("inbox_id", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("station", "epoch", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "gap",
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("first", NUMBER, autoincrement=False, nullable=False),
        sa.Column("last", NUMBER, nullable=False),
        sa.Column("closed", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("station", "epoch", "first"),
    )
    op.create_table(
        "inbox",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("received", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "key_conflict",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("received", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=True),
        sa.Column("inbox_id", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("key_conflict_digest", "key_conflict", ["digest"], unique=False)
    op.create_index("key_conflict_key", "key_conflict", ["station", "epoch", "seq", "digest"], unique=True)
    op.create_table(
        "poison",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("received", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "repeat",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("inbox_id", NUMBER, nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("repeat_event", "repeat", ["event_id"], unique=False)
    op.create_table(
        "restamp",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("mono_ns", NUMBER, nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("received", sa.Text(), nullable=False),
        sa.Column("earliest", sa.Text(), nullable=True),
        sa.Column("latest", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("restamp_station", "restamp", ["station", "boot"], unique=False)
    op.create_table(
        "scan",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("operator", sa.Text(), nullable=True),
        sa.Column("witness", sa.Text(), nullable=True),
        sa.Column("task", sa.Text(), nullable=True),
        sa.Column("training", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("di", sa.Text(), nullable=True),
        sa.Column("lot", sa.Text(), nullable=True),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("expires", sa.Text(), nullable=True),
        sa.Column("trace_key", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("counterparty", sa.Text(), nullable=True),
        sa.Column("count", NUMBER, nullable=True),
        sa.Column("took_ms", sa.Float(), nullable=True),
        sa.Column("symbologies", sa.JSON(), nullable=False),
        sa.Column("patient_index", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "month"),
        postgresql_partition_by="LIST (month)",
    )
    op.create_index("scan_at", "scan", ["at"], unique=False)
    op.create_index("scan_case", "scan", ["case_id"], unique=False)
    op.create_index("scan_di", "scan", ["di", "lot", "serial"], unique=False)
    op.create_index("scan_document", "scan", ["document"], unique=False)
    op.create_index("scan_lot", "scan", ["lot"], unique=False)
    op.create_index("scan_patient", "scan", ["patient_index"], unique=False)
    op.create_index("scan_place_at", "scan", ["place", "at"], unique=False)
    op.create_index("scan_serial", "scan", ["serial"], unique=False)
    op.create_index("scan_station_at", "scan", ["station", "at"], unique=False)
    op.create_table(
        "station_state",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("station_state_received", "station_state", ["station", "received"], unique=False)
    op.create_table(
        "station_status",
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("unacknowledged", NUMBER, nullable=False),
        sa.Column("capacity", NUMBER, nullable=False),
        sa.Column("pressure", sa.Float(), nullable=True),
        sa.Column("notices_missing_by", sa.JSON(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("station"),
    )
    op.create_table(
        "unprojected",
        sa.Column("inbox_id", NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("inbox_id"),
    )
    op.create_table(
        "watermark",
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("through", NUMBER, nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("station", "epoch"),
    )
