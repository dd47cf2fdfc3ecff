"""What machines say of themselves, the configurations they shall have, and what they are asked to do."""

import sqlalchemy as sa
from alembic import op

from edge.hub.tables import NUMBER

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables; what is there stays as it is."""
    op.create_table(
        "fleet_machine",
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("health", sa.Text(), nullable=True),
        sa.Column("health_at", sa.Text(), nullable=True),
        sa.Column("reported", sa.Text(), nullable=True),
        sa.Column("reported_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("station"),
    )
    op.create_table(
        "fleet_wanted",
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("rev", NUMBER, autoincrement=False, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("wanted_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("station", "rev"),
    )
    op.create_table(
        "fleet_command",
        sa.Column("ident", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.Text(), nullable=False),
        sa.Column("expires", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ident"),
    )
    op.create_index("fleet_command_status", "fleet_command", ["status"])
