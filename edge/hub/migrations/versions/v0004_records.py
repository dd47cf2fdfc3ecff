"""What records and stock are made of: who, for which line and owner, why, and in the place of what."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
SCAN = ("manufactured", "line", "owner", "house_code", "override_code", "reason", "corrects")
CHANGE = ("place", "operator", "witness", "patient_index")
DERIVED = ("scan", "correction", "change", "event", "repeat", "boot", "restamp")


def upgrade() -> None:
    """Add the columns, and let the hub make all answers again from the raw bytes: rows of before lack them."""
    for name in SCAN:
        op.add_column("scan", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("scan", sa.Column("measurement", sa.JSON(), nullable=True))
    for name in CHANGE:
        op.add_column("change", sa.Column(name, sa.Text(), nullable=True))
    correcting = sa.text("corrects IS NOT NULL")
    op.create_index("scan_corrects", "scan", ["corrects"], sqlite_where=correcting, postgresql_where=correcting)
    op.create_index("change_ident", "change", ["ident", "kind"])
    op.create_index("change_patient", "change", ["patient_index"])
    for name in (*DERIVED, "unprojected"):
        op.execute(sa.table(name).delete())
    numbers = sa.select(sa.table("inbox", sa.column("id")).c.id)
    op.execute(sa.table("unprojected", sa.column("inbox_id")).insert().from_select(["inbox_id"], numbers))
