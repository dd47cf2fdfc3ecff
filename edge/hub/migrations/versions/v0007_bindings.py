"""What stations bound to house codes, and scans by house code."""

import sqlalchemy as sa
from alembic import op

from edge.hub.tables import NUMBER

revision = "0007"
down_revision = "0006"
DERIVED = ("scan", "correction", "change", "event", "repeat", "boot", "restamp")


def upgrade() -> None:
    """Make the tables, and let the hub make all answers again: bindings of before are in the raw bytes only."""
    op.create_table(
        "binding",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("house_code", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("trace_key", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("symbology", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("binding_house_code", "binding", ["house_code"], unique=False)
    op.create_index("binding_on_page", "binding", ["page", "house_code"], unique=False)
    op.create_table(
        "binding_page",
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("number", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("page"),
    )
    op.create_table(
        "binding_end",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    read = sa.text("house_code IS NOT NULL")
    op.create_index("scan_house_code", "scan", ["house_code"], sqlite_where=read, postgresql_where=read)
    for name in (*DERIVED, "unprojected"):
        op.execute(sa.table(name).delete())
    numbers = sa.select(sa.table("inbox", sa.column("id")).c.id)
    op.execute(sa.table("unprojected", sa.column("inbox_id")).insert().from_select(["inbox_id"], numbers))
