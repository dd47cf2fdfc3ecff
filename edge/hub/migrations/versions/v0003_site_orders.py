"""Recalls and other orders of the site, and who signed them."""

import sqlalchemy as sa
from alembic import op

from edge.hub.tables import NUMBER

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables; what is there stays as it is."""
    op.create_table(
        "site_order",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("version", NUMBER, autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("drafted", sa.Text(), nullable=False),
        sa.Column("published", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("order_id", "version"),
    )
    op.create_table(
        "site_order_signature",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("version", NUMBER, autoincrement=False, nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("sig", sa.Text(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "version", "authority"),
    )
