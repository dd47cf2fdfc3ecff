"""Cards and badges that were printed, and the lists of revoked ones."""

import sqlalchemy as sa
from alembic import op

from edge.hub.tables import NUMBER

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables; what is there stays as it is."""
    op.create_table(
        "card",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("printed", sa.Text(), nullable=False),
        sa.Column("revoked", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "card_notice",
        sa.Column("version", NUMBER, autoincrement=False, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
